import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendors.facecheck.engine.documents.mrz import (
    LINES,
    Format,
    MrzUnusable,
    ProblemCode,
    check_digit,
    parse_mrz,
)
from vendors.facecheck.engine.documents.mrz_writer import MrzFields, write_mrz

VECTORS = json.loads((Path(__file__).parent / "vectors" / "mrz.json").read_text())
TODAY = date(2026, 6, 1)
TD3 = VECTORS["vectors"][0]["lines"]


def codes(mrz):
    return {(problem.code, problem.field) for problem in mrz.problems}


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_the_specimens_of_icao_are_read_as_printed(vector):
    mrz = parse_mrz(vector["lines"], today=date.fromisoformat(VECTORS["today"]))
    assert mrz.problems == ()
    read = {
        "format": mrz.format,
        "document_code": mrz.document_code,
        "issuing_state": mrz.issuing_state,
        "family_name": mrz.names.family_name,
        "given_names": mrz.names.given_names,
        "document_number": mrz.document_number,
        "nationality": mrz.nationality,
        "birthdate": mrz.birthdate.isoformat(),
        "sex": mrz.sex,
        "expiry": mrz.expiry.isoformat(),
        "optional_data": mrz.optional_data,
    }
    assert read == {key: vector[key] for key in read}


@pytest.mark.parametrize("field", ["AB2134", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "520727", "<<<<<<"])
def test_a_check_digit_is_one_digit(field):
    assert check_digit(field) in "0123456789"


def test_the_worked_check_digits_of_part_3_come_out():
    assert check_digit("520727") == "3"
    assert check_digit("AB2134<<<") == "5"


@pytest.mark.parametrize(
    ("place", "field"),
    [(0, "document_number"), (13, "birthdate"), (21, "expiry"), (28, "optional_data"), (43, "composite")],
)
def test_each_changed_digit_of_a_passport_is_named(place, field):
    lower = TD3[1]
    changed = lower[:place] + ("7" if lower[place] != "7" else "8") + lower[place + 1 :]
    assert (ProblemCode.CHECK_DIGIT_WRONG, field) in codes(parse_mrz([TD3[0], changed], today=TODAY))


def test_a_changed_name_breaks_no_check_digit():
    changed = parse_mrz([TD3[0].replace("ANNA", "ANNE"), TD3[1]], today=TODAY)
    assert changed.check_digits_right


@pytest.mark.parametrize(
    ("code", "form", "known"),
    [
        ("P", Format.TD3, True),
        ("I", Format.TD3, False),
        ("P", Format.TD2, False),
        ("P", Format.TD1, False),
        ("IP", Format.TD1, True),
        ("AR", Format.TD2, True),
        ("V", Format.TD2, False),
    ],
)
def test_a_document_code_belongs_to_a_format(code, form, known):
    fields = MrzFields(code, "UTO", "ERIKSSON", "ANNA", "L898902C3", "UTO", TODAY, "F", TODAY)
    mrz = parse_mrz(write_mrz(fields, form), today=TODAY)
    assert ((ProblemCode.DOCUMENT_CODE_UNKNOWN, "document_code") in codes(mrz)) is not known


def test_an_impossible_birthdate_is_none_with_a_problem():
    lower = TD3[1][:13] + "741332" + check_digit("741332") + TD3[1][20:]
    mrz = parse_mrz([TD3[0], lower], today=TODAY)
    assert mrz.birthdate is None
    assert (ProblemCode.DATE_IMPOSSIBLE, "birthdate") in codes(mrz)


def test_an_unknown_birthday_is_none_without_a_problem():
    lower = TD3[1][:13] + "74<<<<" + check_digit("74<<<<") + TD3[1][20:]
    mrz = parse_mrz([TD3[0], lower], today=TODAY)
    assert mrz.birthdate is None
    assert (ProblemCode.DATE_IMPOSSIBLE, "birthdate") not in codes(mrz)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "wrong_shape"),
        ([TD3[0]], "wrong_shape"),
        ([TD3[0][:-1], TD3[1]], "wrong_shape"),
        ([TD3[0].lower(), TD3[1]], "foreign_character"),
        ([TD3[0].replace("<", "«"), TD3[1]], "foreign_character"),
    ],
)
def test_what_is_no_zone_is_unusable(lines, code):
    with pytest.raises(MrzUnusable) as refusal:
        parse_mrz(lines, today=TODAY)
    assert refusal.value.code == code


def test_a_german_code_of_one_letter_is_known_and_an_invented_state_is_not():
    german = parse_mrz([TD3[0].replace("UTO", "D<<"), TD3[1]], today=TODAY)
    invented = parse_mrz([TD3[0].replace("UTO", "QQQ"), TD3[1]], today=TODAY)
    assert german.issuing_state == "D"
    assert (ProblemCode.STATE_UNKNOWN, "issuing_state") not in codes(german)
    assert (ProblemCode.STATE_UNKNOWN, "issuing_state") in codes(invented)


@pytest.mark.parametrize(
    ("digits", "born"),
    [("260601", date(2026, 6, 1)), ("260602", date(1926, 6, 2)), ("000101", date(2000, 1, 1))],
)
def test_nobody_is_born_tomorrow(digits, born):
    lower = TD3[1][:13] + digits + check_digit(digits) + TD3[1][20:]
    assert parse_mrz([TD3[0], lower], today=TODAY).birthdate == born


@pytest.mark.parametrize(
    ("digits", "expiry"),
    [("360101", date(2036, 1, 1)), ("560101", date(2056, 1, 1)), ("990101", date(1999, 1, 1))],
)
def test_an_expiry_lies_at_most_thirty_years_ahead(digits, expiry):
    lower = TD3[1][:21] + digits + check_digit(digits) + TD3[1][28:]
    assert parse_mrz([TD3[0], lower], today=TODAY).expiry == expiry


def test_a_name_that_fills_its_field_may_be_truncated():
    fields = MrzFields(
        "P", "UTO", "NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", "L898902C3", "UTO", TODAY, "F", TODAY
    )
    lines = write_mrz(fields, Format.TD3)
    assert lines[0] == "P<UTONILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"
    assert parse_mrz(lines, today=TODAY).names.truncated


WORD = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=9)
NAME = st.lists(WORD, min_size=1, max_size=2).map(" ".join)
ALNUM = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=9)


@given(
    family=WORD,
    given_names=NAME,
    number=ALNUM,
    long_tail=st.text("0123456789", max_size=3),
    birthdate=st.dates(date(1927, 1, 1), TODAY),
    expiry=st.dates(date(1999, 1, 1), date(2056, 12, 31)),
    sex=st.sampled_from("MFX"),
    form=st.sampled_from(Format),
)
def test_what_is_written_is_read(family, given_names, number, long_tail, birthdate, expiry, sex, form):
    if len(number) == 9 and form is not Format.TD3:
        number += long_tail
    fields = MrzFields(
        "P" if form is Format.TD3 else "I", "UTO", family, given_names, number, "UTO", birthdate, sex, expiry
    )
    lines = write_mrz(fields, form)
    assert [len(line) for line in lines] == [LINES[form][1]] * LINES[form][0]
    mrz = parse_mrz(lines, today=TODAY)
    assert mrz.problems == ()
    assert mrz.names.family_name == family
    assert mrz.names.given_names == given_names or mrz.names.truncated
    assert (mrz.document_number, mrz.birthdate, mrz.expiry, mrz.sex) == (number, birthdate, expiry, sex)


def test_a_name_with_marks_is_written_as_the_table_says():
    fields = MrzFields("P", "UTO", "Müller-Østergård", "Zoë D'Arcy", "X1", "UTO", TODAY, "F", TODAY)
    assert write_mrz(fields, Format.TD3)[0].startswith("P<UTOMUELLER<OESTERGAARD<<ZOE<DARCY<<<")
    assert write_mrz(replace(fields, family_name="Щукин"), Format.TD3)[0].startswith("P<UTOSHCHUKIN<<")
