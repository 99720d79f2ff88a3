"""Where a document prints the value of a label, and what its print says against its zone. No picture is read here."""

from dataclasses import replace
from datetime import date

import pytest

from vendors.facecheck.engine.documents.bands import Band
from vendors.facecheck.engine.documents.checks import choose_layout, judge_print
from vendors.facecheck.engine.documents.mrz import Format, parse_mrz
from vendors.facecheck.engine.documents.mrz_writer import MrzFields, write_mrz
from vendors.facecheck.engine.documents.visual import Print, label_of, split_label, visual_zone
from vendors.facecheck.engine.documents.zones import ZoneReading

TODAY = date(2026, 6, 1)
FIELDS = MrzFields(
    "P", "UTO", "ERIKSSON", "ANNA MARIA", "L898902C3", "UTO", date(1974, 8, 12), "F", date(2032, 4, 15)
)
ROWS = {
    "Document No. / No du document": "L898902C3",
    "Surname / Nom": "ERIKSSON",
    "Given names / Prénoms": "ANNA MARIA",
    "Date of birth / Date de naissance": "12 AUG 1974",
    "Sex / Sexe": "F",
    "Date of issue / Date de délivrance": "16 APR 2022",
    "Date of expiry / Date d'expiration": "15 APR 2032",
}


def zone_of(fields=FIELDS, form=Format.TD3):
    mrz = parse_mrz(write_mrz(fields, form), today=TODAY)
    return ZoneReading(
        mrz, Band(()), sureness=1, name_sureness=1, evenness=0.9, repaired=False, stray=0, agreeing=1
    )


def line(text, left, top, height):
    return Print(text, 0.99, left, top, left + 0.55 * height * len(text), top + height)


def below(rows):
    return [
        item
        for at, (label, value) in enumerate(rows.items())
        for item in (line(label, 360, 100 + 64 * at, 20), line(value, 361, 122 + 64 * at, 32))
    ]


def above(rows):
    return [
        item
        for at, (label, value) in enumerate(rows.items())
        for item in (line(value, 360, 100 + 62 * at, 30), line(label, 361, 131 + 62 * at, 20))
    ]


def in_one_line(rows):
    return [
        line(f"{label.split(' /')[0]}: {value}", 360, 100 + 60 * at, 30)
        for at, (label, value) in enumerate(rows.items())
    ]


def in_columns(rows):
    return [
        item
        for at, (label, value) in enumerate(rows.items())
        for item in (
            line(label.split(" /")[0], 360, 104 + 60 * at, 22),
            line(value, 640, 100 + 60 * at, 30),
        )
    ]


def outcomes(prints, zone=None):
    zone = zone or zone_of()
    visual = choose_layout(zone, visual_zone(tuple(prints)), today=TODAY)
    return {item.check.name: item.check.outcome.value for item in judge_print(zone, visual, today=TODAY)}


LAYOUTS = pytest.mark.parametrize("laid_out", [below, above, in_one_line, in_columns])


@LAYOUTS
def test_every_layout_is_read_by_its_labels(laid_out):
    found = outcomes(laid_out(ROWS))
    assert {name for name, outcome in found.items() if outcome != "passed"} == {"type_match"}


@LAYOUTS
@pytest.mark.parametrize(
    ("label", "value", "check"),
    [
        ("Surname / Nom", "LINDQVIST", "family_name_match"),
        ("Given names / Prénoms", "VIKTORIA", "given_names_match"),
        ("Document No. / No du document", "L898903C3", "document_number_match"),
        ("Date of birth / Date de naissance", "12 AUG 1976", "birthdate_match"),
        ("Date of expiry / Date d'expiration", "15 APR 2037", "expiry_match"),
        ("Sex / Sexe", "M", "sex_match"),
        ("Date of issue / Date de délivrance", "16 APR 2027", "issue_plausible"),
    ],
)
def test_one_forged_field_differs_in_every_layout(laid_out, label, value, check):
    found = outcomes(laid_out(ROWS | {label: value}))
    assert {name for name, outcome in found.items() if outcome == "failed"} == {check}


def test_a_word_beside_the_number_s_label_is_no_other_number():
    label = "Document No. / No du document"
    elsewhere = [*below(ROWS | {label: "UTO"}), line("L898902C3", 1000, 122, 32)]
    assert outcomes(elsewhere)["document_number_match"] == "passed"
    assert outcomes(below(ROWS | {label: "UTO"}))["document_number_match"] == "not_done"
    assert (
        outcomes([*below(ROWS | {label: "UTO"}), line("L898903C3", 1000, 122, 32)])["document_number_match"]
        == "not_done"
    )


@LAYOUTS
def test_names_that_changed_places_differ(laid_out):
    swapped = ROWS | {"Surname / Nom": "ANNA MARIA", "Given names / Prénoms": "ERIKSSON"}
    found = outcomes(laid_out(swapped))
    assert (found["family_name_match"], found["given_names_match"]) == ("failed", "failed")


def test_a_date_of_expiry_that_stands_nowhere_is_not_agreed():
    missing = {label: value for label, value in ROWS.items() if "expiry" not in label}
    assert outcomes(below(missing))["expiry_match"] == "not_done"


@pytest.mark.parametrize(
    ("title", "form", "outcome"),
    [
        ("PASSPORT", Format.TD3, "passed"),
        ("REISEPASS PASSPORT PASSEPORT", Format.TD3, "passed"),
        ("PASSPORT", Format.TD2, "failed"),
        ("IDENTITY CARD", Format.TD3, "failed"),
        ("IDENTITY CARD", Format.TD1, "passed"),
        ("UTOPIA", Format.TD3, "not_done"),
    ],
)
def test_the_title_of_the_page_belongs_to_the_kind_of_zone(title, form, outcome):
    for code in ("P", "I"):
        zone = zone_of(replace(FIELDS, document_code=code), form)
        assert outcomes([line(title, 40, 20, 40), *below(ROWS)], zone)["type_match"] == outcome


def test_a_line_with_label_and_value_is_taken_apart():
    assert split_label("Date of birth: 12 AUG 1974") == ("birthdate", "12 AUG 1974")
    assert split_label("Passport No. L898902C3") == ("document_number", "L898902C3")
    assert split_label("ANNA MARIA") is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Dato of expiry", "expiry"),
        ("Daturn narozeni", None),
        ("8. Gültig bis / Valid until", "expiry"),
        ("FECHA DE NACIMIENTO", "birthdate"),
        ("Data ważności", "expiry"),
        ("Fødselsdato", "birthdate"),
        ("Etternavn / Surname", "family_name"),
    ],
)
def test_labels_are_known_with_one_letter_misread(text, field):
    assert label_of(text) == field
