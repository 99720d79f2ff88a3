from datetime import date

import pytest

from vendors.facecheck.engine.documents.crosscheck import (
    Agreement,
    compare_dates,
    compare_names,
    compare_numbers,
    edit_distance,
)
from vendors.facecheck.engine.documents.printed_dates import dates_in
from vendors.facecheck.engine.documents.transliteration import admissible_forms, transliterate
from vendors.facecheck.engine.documents.visual import label_of


@pytest.mark.parametrize(
    ("printed", "zone"),
    [
        ("Müller", "MUELLER"),
        ("Müller", "MULLER"),
        ("MÜLLER", "MUXXLLER"),
        ("Ñandú", "NANDU"),
        ("Weiß", "WEISS"),
        ("O'Connor", "OCONNOR"),
        ("Smith-Jones", "SMITH JONES"),
        ("van der Berg", "VAN DER BERG"),
        ("Berg van der", "VAN DER BERG"),
        ("Æbelø", "AEBELOE"),
        ("Þórsdóttir", "THORSDOTTIR"),
        ("Łukasz", "LUKASZ"),
        ("Щукин", "SHCHUKIN"),
        ("ANNA Z0E", "ANNA ZOE"),
        ("MULLER-OSTERGARD", "MUELLER OESTERGAARD"),
    ],
)
def test_every_admissible_form_of_a_name_is_the_same_name(printed, zone):
    assert compare_names(printed, zone, truncated=False, sureness=1.0) is Agreement.SAME


@pytest.mark.parametrize(
    ("printed", "zone"), [("Jansen", "JENSEN"), ("Anna", "ANNE"), ("Berg", "BURG"), ("Li", "LIN")]
)
def test_one_other_letter_is_another_name_when_the_print_is_sharp(printed, zone):
    assert compare_names(printed, zone, truncated=False, sureness=0.99) is Agreement.DIFFERENT


def test_one_other_letter_is_unclear_when_the_print_is_not_sharp():
    assert compare_names("Jansen", "JENSEN", truncated=False, sureness=0.6) is Agreement.UNCLEAR


def test_another_name_is_different_however_poor_the_print():
    assert compare_names("Lindqvist", "MUELLER", truncated=False, sureness=0.3) is Agreement.DIFFERENT


def test_a_truncated_name_agrees_by_its_beginning_and_only_then():
    assert compare_names("Krasuang", "KRASU", truncated=True, sureness=1.0) is Agreement.SAME
    assert compare_names("Krasuang", "KRASU", truncated=False, sureness=1.0) is Agreement.DIFFERENT
    assert compare_names("Hubert", "HU", truncated=True, sureness=1.0) is Agreement.DIFFERENT
    assert compare_names("Hubert", "HU", truncated=True, sureness=1.0, shortest=1) is Agreement.SAME
    assert compare_names("Anna", "HU", truncated=True, sureness=1.0, shortest=1) is Agreement.DIFFERENT


def test_an_unread_name_never_agrees():
    assert compare_names("", "MUELLER", truncated=False, sureness=1.0) is not Agreement.SAME
    assert compare_names("--", "MUELLER", truncated=True, sureness=1.0) is not Agreement.SAME


def test_lookalikes_in_a_number_are_the_same_and_other_digits_are_not():
    assert compare_numbers("L898 9O2C3", "L898902C3", sureness=1.0) is Agreement.SAME
    assert compare_numbers("L898902C4", "L898902C3", sureness=1.0) is Agreement.DIFFERENT


def test_g_and_6_which_no_check_digit_tells_apart_must_read_alike():
    assert compare_numbers("G44301245", "644301245", sureness=1.0) is Agreement.UNCLEAR
    assert compare_numbers("G44301245", "G44301245", sureness=1.0) is Agreement.SAME


@pytest.mark.parametrize(
    "printed",
    [
        "12 AUG/AOÛT 74",
        "12 AUG 1974",
        "12.08.1974",
        "12/08/1974",
        "1974-08-12",
        "08/12/1974",
        "12 août 1974",
        "12AUG1974",
        "l2.O8.1974",
    ],
)
def test_dates_are_read_as_documents_print_them(printed):
    assert date(1974, 8, 12) in dates_in(printed)


@pytest.mark.parametrize("printed", ["210CT2034", "21 0CT 2034", "2I OCT 2O34", "21.1O.2034"])
def test_letters_and_digits_that_look_alike_make_the_same_date(printed):
    assert dates_in(printed) == {date(2034, 10, 21)}


@pytest.mark.parametrize("printed", ["21 0C7 2034", "Z0 AMAUROT", "AUTHORITY", "ISSUED 31 BOS 2"])
def test_what_is_no_date_does_not_become_one(printed):
    assert dates_in(printed) == frozenset()


def test_other_dates_and_no_dates_do_not_agree():
    assert compare_dates(dates_in("13 AUG 1981"), date(1974, 8, 12), sureness=1.0) is Agreement.DIFFERENT
    assert compare_dates(dates_in("AUTHORITY"), date(1974, 8, 12), sureness=1.0) is Agreement.UNCLEAR


def test_a_long_name_full_of_choices_has_few_forms():
    assert len(admissible_forms("ÄÖÜÑ" * 10)) <= 64


def test_the_recommended_form_is_written():
    assert transliterate("Jürgen  Ångström-Œuvre") == "JUERGEN AANGSTROEM OEUVRE"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Surname/Nom", "family_name"),
        ("Date of expiry/Date d'expiration", "expiry"),
        ("Vornamen", "given_names"),
        ("Numéro de document", "document_number"),
        ("Identifiant primaire", "family_name"),
        ("Valide jusqu’au", "expiry"),
        ("ERIKSSON", None),
    ],
)
def test_labels_are_known_in_several_languages(text, field):
    assert label_of(text) == field


def test_edit_distance_counts_changes():
    assert [edit_distance("ABC", other) for other in ("ABC", "ABD", "AB", "XABC", "")] == [0, 1, 1, 1, 3]
