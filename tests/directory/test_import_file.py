"""What a file of people may look like, and what is said about one that may not."""

from __future__ import annotations

from datetime import date

import pytest

from portal.kit import sheet_file
from portal.kit.errors import Invalid
from portal.kit.sheets import plain_cell, safe_cell, sheet_lines
from tenants.directory import import_file
from tenants.directory.import_file import read_people

HEAD = "user_name,given_names,family_name,email,employee_number,birthdate,department\n"
ADA = "ada,Ada,Lovelace,ada@x.example,1,1990-04-12,Maths\n"


def only_problem(text: str) -> tuple[int, str]:
    (problem,) = read_people(text.encode()).problems
    return problem.line, problem.sentence


def test_a_file_in_utf16_is_read_by_its_mark():
    """What a spreadsheet calls “Unicode text”."""
    (row,) = read_people((HEAD + ADA).replace("Ada", "Łucja").replace(",", "\t").encode("utf-16")).rows
    assert (row.given_names, row.department) == ("Łucja", "Maths")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_file_is_read_with_or_without_a_mark_and_with_any_delimiter(mark, delimiter, ending):
    text = (HEAD + ADA).replace(",", delimiter).replace("\n", ending)
    (row,) = read_people(mark + text.encode()).rows
    assert (row.user_name, row.family_name, row.emails) == ("ada", "Lovelace", ("ada@x.example",))
    assert row.birthdate == date(1990, 4, 12)


def test_columns_are_known_by_the_names_people_give_them():
    text = "First Name;Surname;E-Mail;Login;Shoe size\nAda;Lovelace;ada@x.example;ada;38\n"
    read = read_people(text.encode())
    assert read.rows[0].given_names == "Ada" and read.ignored_columns == ["Shoe size"]


def test_a_file_that_is_not_utf8_says_where():
    with pytest.raises(Invalid) as refused:
        read_people((HEAD + ADA + "jürgen").encode("latin-1"))
    assert "UTF-8" in refused.value.sentence and "line 3" in refused.value.sentence


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf \n", "columns_missing"),
        (HEAD.encode(), "file_empty"),
        ((HEAD + ADA).encode("utf-16-le"), "file_not_text"),
        (b"\xff\xfe\x00\xd8" + HEAD.encode("utf-16-le"), "file_not_in_its_letters"),
        (b"PK\x03\x04\x00\x00\x08", "file_is_spreadsheet"),
        (b"name,email\nAda,a@x.example\n", "columns_missing"),
        (b"user_name,login,given_names,family_name,email\n", "column_twice"),
        ((HEAD + '"ada,Ada\n').encode(), "file_broken"),
        ((HEAD + 'a"b,"x"y,z\n').encode(), "file_broken"),
        ((HEAD + "x" * 200_000 + "\n").encode(), "file_broken"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(body, code):
    with pytest.raises(Invalid) as refused:
        read_people(body)
    assert refused.value.code == code and refused.value.sentence


def test_more_than_fits_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(import_file, "MAX_ROWS", 3)
    rows = "".join(f"u{n},A,B,u{n}@x.example,,,\n" for n in range(4))
    with pytest.raises(Invalid) as refused:
        read_people((HEAD + rows).encode())
    assert refused.value.code == "too_many_rows"
    monkeypatch.setattr(sheet_file, "MAX_BYTES", 50)
    with pytest.raises(Invalid) as refused:
        read_people((HEAD + ADA).encode())
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",Ada,Lovelace,ada@x.example,,,\n", "“user_name” is empty"),
        ("ada,,Lovelace,ada@x.example,,,\n", "“given_names” is empty"),
        ("ada,Ada,Lovelace,ada at x,,,\n", "“ada at x” is not an e-mail address"),
        ("ada,Ada,,ada@x.example,,,\n", "“family_name” is empty. Who has one name only has it in both"),
        ("ada,Ada,Lovelace,ada@x.example,,12.04.1990,\n", "Write dates as 1990-04-12"),
        ("ada,Ada,Lovelace,ada@x.example,,1990-02-30,\n", "not a date"),
        ("ada,Ada,Lovelace,ada@x.example,,0090-02-03,\n", "not a date of birth"),
        ("ada,Ada,Lovelace,ada@x.example,,,,more\n", "8 cells"),
        (f"ada,{'A' * 121},Lovelace,ada@x.example,,,\n", "longer than 120"),
        ('ada,"A\nda",Lovelace,ada@x.example,,,\n', "line break"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_line(row, said):
    line, sentence = only_problem(HEAD + "first,F,F,f@x.example,,,\n" + row)
    assert line == 3 and said in sentence


@pytest.mark.parametrize(
    "row",
    [
        "ADA,B,C,b@x.example,,,\n",
        "b,B,C,ADA@x.example,,,\n",
        "b,B,C,b@x.example,1,,\n",
        "b,B,C,b@x.example,ada,,\n",
    ],
)
def test_a_name_for_somebody_stands_once_in_a_file(row):
    line, sentence = only_problem(HEAD + ADA + row)
    assert line == 3 and "also on line 2" in sentence


def test_the_line_is_right_after_a_cell_with_line_breaks():
    line, _sentence = only_problem(HEAD + 'ada,Ada,Lovelace,ada@x.example,,,"a\nb"\n')
    assert line == 2
    problems = read_people(
        (HEAD + 'ada,A,L,a@x.example,,,"a\nb"\n' + "b,,L,b@x.example,,,\n").encode()
    ).problems
    assert [problem.line for problem in problems] == [2, 4]


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "＝1+1", "\t=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_cannot_run_when_it_leaves(text):
    assert safe_cell(text).startswith("'")
    assert plain_cell(safe_cell(text)) == text
    assert safe_cell("O'Neil") == "O'Neil" and plain_cell("'t Hooft") == "'t Hooft"


@pytest.mark.parametrize("text", [text for text in FORMULAS if text == text.strip()])
@pytest.mark.parametrize("mark", ["", "'"])
def test_a_formula_keeps_its_line_out(text, mark):
    line, sentence = only_problem(HEAD + f'ada,"{mark}{text}",L,a@x.example,,,\n')
    assert line == 2 and "formula" in sentence


def test_a_telephone_number_begins_with_a_plus_and_a_dash_stands_for_nothing():
    read = read_people(b"user_name,given_names,family_name,email,phone\nada,-,L,a@x.example,+49 30 1234567\n")
    assert read.problems == [] and read.rows[0].phones == ("+49 30 1234567",)


def test_what_leaves_can_come_back():
    lines = "".join(sheet_lines(HEAD.strip().split(","), [("ada", "-", "L", "a@x.example", "", "", "")]))
    (row,) = read_people(lines.encode()).rows
    assert row.given_names == "-"


def test_everything_that_is_wrong_with_a_line_is_said_at_once():
    _line, said = only_problem(
        "user_name,given_names,family_name,email,phone,birthdate\nada,,Muster,ada,none of yours,1990-13-45\n"
    )
    assert said.count("“") == 4 and "given_names" in said
    assert all(word in said for word in ("e-mail address", "telephone number", "is not a date"))
