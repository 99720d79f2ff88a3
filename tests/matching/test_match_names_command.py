"""`manage.py match_names`: a decision, its reasons, an exit code, and one sentence for whatever cannot be used."""

from __future__ import annotations

import io
import json
import time

import pytest

from tenants.directory.management.commands.match_names import Command

BOB = {"id": "bob", "given_names": "Bob", "family_name": "Smith", "birthdate": "1985-12-10"}
ROBERT = {"givenName": "ROBERT", "surname": "SMITH", "dateOfBirth": "1985-12-10"}


def run(directory: object, document: object, mode: str = "fuzzy", **options: object) -> tuple[int, dict, str]:
    """Exit code, the JSON, and standard error. What is no text is written as JSON first."""
    out, err = io.StringIO(), io.StringIO()
    command = Command(stdout=out, stderr=err)
    texts = [
        given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        for given in (directory, document)
    ]
    told = {"claimed": None, "without_birthdate": False, "json": True} | options
    status = command.answer(told | {"directory": texts[0], "document": texts[1], "mode": mode})
    printed = out.getvalue()
    return status, json.loads(printed) if told["json"] and printed else {}, err.getvalue() or printed


def codes(told: dict) -> list[str]:
    return [reason["code"] for reason in told["reasons"]]


def test_a_match_is_0_and_no_match_is_1():
    status, told, _printed = run(BOB, ROBERT)
    assert (status, told["decision"], told["account"], told["confidence"]) == (0, "match", "bob", 85)
    assert codes(told) == ["names_agree", "birthdate_agrees"] and told["given_names"]["level"] == "fuzzy"
    status, told, _printed = run(BOB, ROBERT, "exact")
    assert (status, told["decision"], told["account"], codes(told)) == (1, "no_match", None, ["names_differ"])


def test_people_read_lines_and_no_name_stands_in_them():
    status, _told, printed = run(BOB, ROBERT, json=False)
    assert status == 0 and printed.startswith("match, confidence 85 of 100, mode fuzzy\n  The names agree.")
    assert "Bob" not in printed and "SMITH" not in printed


def test_who_else_would_match_is_named_and_never_guessed():
    twin = BOB | {"id": "twin"}
    other = {"id": "ada", "given_names": "Ada", "family_name": "Lovelace", "birthdate": "1815-12-10"}
    status, told, _printed = run([other, BOB, twin], ROBERT)
    assert (status, told["decision"], codes(told), told["others"]) == (
        1,
        "review",
        ["several_accounts_fit"],
        ["twin"],
    )
    assert run([other, BOB], ROBERT)[1]["account"] == "bob"
    status, told, _printed = run([other, BOB], ROBERT, claimed="ada")
    assert (status, told["decision"], codes(told)[-1]) == (1, "no_match", "another_account_fits")
    assert codes(run([other, other | {"id": "b"}], ROBERT)[1]) == ["nobody_fits"]


def test_a_document_held_before_tells_two_namesakes_apart():
    held = BOB | {"document_numbers": ["X-123 456"]}
    shown = ROBERT | {"documentNumber": "x123456"}
    assert run([held, BOB | {"id": "twin"}], shown)[0] == 0
    assert codes(run(held, ROBERT | {"documentNumber": "Y1"})[1]) == ["another_document_than_held"]
    status, told, _printed = run([held, BOB | {"id": "twin"}], shown, claimed="twin")
    assert (status, codes(told)) == (1, ["document_of_another_account"])


def test_names_in_a_zone_and_former_names_are_understood():
    zone = {"name": "ERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "birthdate": "1985-12-10"}
    anna = {"given_names": "Anna", "family_name": "Berg", "birthdate": "1985-12-10"}
    former = [{"given_names": "Anna", "family_name": "Eriksson"}]
    assert run(anna, zone, "relaxed")[0] == 1
    assert run(anna | {"former_names": former}, zone, "relaxed")[0] == 0


UNUSABLE = {
    "document_not_json": ["{", '{"a":', '{"given_names": NaN}', '{"a":' * 50_000, '{"a": "\\ud800'],
    "not_an_object": ["[]", '["a"]', "[[[[[[[[[[]]]]]]]]]]"],
    "no_name": ["{}", '{"given_names": " ", "family_name": ""}', '{"birthdate": "1985-12-10"}'],
    "not_text": [
        '{"given_names": 5, "family_name": "x"}',
        '{"name": ["x"]}',
        '{"name": "x", "birthdate": 19851210}',
    ],
    "too_long": ['{"given_names": "' + "x" * 100_000 + '", "family_name": "x"}'],
    "birthdate_not_a_date": [
        '{"name": "x", "birthdate": "10.12.1985"}',
        '{"name": "x", "birthdate": "1985-02-30"}',
        '{"name": "x", "birthdate": "١٩٨٥-١٢-١٠"}',
        '{"name": "x", "birthdate": "19851210"}',
    ],
    "key_twice": ['{"name": "x", "name": "y"}'],
    "field_twice": ['{"givenName": "x", "first_name": "y", "family_name": "z"}'],
    "not_a_list": ['{"name": "x", "document_numbers": "y"}'],
    "document_too_large": ['{"name": "' + "x" * 5_000_000 + '"}'],
    "document_unreadable": ["", "nothing/here.json", "\x00", "/"],
}


@pytest.mark.parametrize(
    ("code", "text"),
    [(code, text) for code, texts in UNUSABLE.items() for text in texts],
    ids=[f"{code} {at}" for code, texts in UNUSABLE.items() for at in range(len(texts))],
)
def test_what_cannot_be_used_is_2_with_one_sentence_soon(code: str, text: str):
    began = time.process_time()
    status, told, sentence = run(BOB, text)
    assert time.process_time() - began < 1
    assert (status, told["error_code"]) == (2, code)
    assert told["error"] == sentence.strip() and sentence.strip().endswith(".") and len(sentence) < 200


def test_a_directory_is_refused_in_the_same_way():
    assert run([], ROBERT)[1]["error_code"] == "directory_empty"
    assert run([BOB, BOB], ROBERT)[1]["error_code"] == "directory_id_twice"
    assert run([BOB, 5], ROBERT)[1]["error_code"] == "not_an_object"
    assert run([BOB] * 20_001, ROBERT)[1]["error_code"] == "directory_too_long"
    assert run(BOB, ROBERT, claimed="ada")[1]["error_code"] == "claimed_unknown"


@pytest.mark.parametrize("label", ["\ud800", "bob\nmatch", "bob\u202e", "b\x00b"])
def test_an_id_that_cannot_be_printed_is_refused_and_never_printed(label: str):
    status, told, sentence = run(json.dumps([BOB | {"id": label}]), ROBERT)
    assert (status, told["error_code"]) == (2, "id_not_printable") and label not in sentence


def test_json_may_begin_with_a_byte_order_mark():
    assert run(f"\ufeff{json.dumps(BOB)}", f"\ufeff {json.dumps(ROBERT)}")[0] == 0


def test_a_name_in_disguise_is_no_match_and_the_answer_says_why():
    for name, trouble in (
        ("B\u043eb", "mixed_scripts"),
        ("Bo\u200bb", "hidden_characters"),
        ("Bob\x00", "hidden_characters"),
    ):
        status, told, _printed = run(BOB | {"given_names": name}, BOB)
        assert (status, codes(told)) == (1, ["names_not_usable", trouble])


def test_names_made_to_be_slow_are_answered_soon():
    worst = [
        "ä" * 200,
        "a b " * 8,
        "щ" * 200,
        "μπ" * 100,
        "ö-" * 16,
        "\u0644\u0627" * 100,
        "김" * 200,
        "(" * 200,
        "a/l " * 50,
    ]
    began = time.process_time()
    for one in worst:
        for other in worst:
            run({"given_names": one, "family_name": other}, {"given_names": other, "family_name": one})
    assert time.process_time() - began < 3
