from datetime import date

import numpy as np

from vendors.facecheck.engine.documents.checks import LEAST_EVENNESS
from vendors.facecheck.engine.documents.lookalikes import may_be_misread
from vendors.facecheck.engine.documents.mrz import Format, parse_mrz
from vendors.facecheck.engine.documents.mrz_writer import MrzFields, write_mrz
from vendors.facecheck.engine.documents.ocr import Line
from vendors.facecheck.engine.documents.zones import (
    evenness,
    fit_to_pitch,
    repair,
    settle,
    without_doubles,
    without_stray_letters,
)

TODAY = date(2026, 6, 1)


def line_of(text, *, gone=(), rivals=None):
    """A line as the recogniser gives it, on a fixed pitch; characters at `gone` were swallowed."""
    kept = [(place, char) for place, char in enumerate(text) if place not in gone]
    return Line(
        "".join(char for _, char in kept),
        tuple(0.99 for _ in kept),
        tuple((place + 0.5) / len(text) for place, _ in kept),
        tuple((rivals or {}).get(place, ("A", 0.0)) for place, _ in kept),
    )


def zone(number):
    fields = MrzFields(
        "P", "UTO", "ERIKSSON", "ANNA", number, "UTO", date(1974, 8, 12), "F", date(2030, 4, 15)
    )
    return write_mrz(fields, Format.TD3)


def test_swallowed_fillers_are_restored_where_they_were():
    upper = zone("L898902C3")[0]
    assert fit_to_pitch(line_of(upper, gone=(13, 20, 30)), 44).text == upper


def test_fillers_seen_twice_are_dropped():
    upper = zone("L898902C3")[0]
    assert fit_to_pitch(line_of(upper + "<<"), 44).text == upper


def test_what_was_read_twice_is_dropped_and_what_stands_twice_is_kept():
    upper = zone("L898902C3")[0].replace("ERIKSSON", "VOORBEEL")
    line = line_of(upper)
    twice = [*range(7), 6, *range(7, 44)]  # one O read as 0 and as O, a third of the pitch apart
    text = "".join("0" if at == 6 and place == 6 else upper[at] for place, at in enumerate(twice))
    places = tuple(line.places[at] + (0.3 / 44 if place == 7 else 0) for place, at in enumerate(twice))
    doubled = Line(text, (0.9,) * 6 + (0.5, 0.9) + (0.9,) * 37, places, (("A", 0.0),) * 45)
    assert without_doubles(doubled).text == upper
    assert without_doubles(line) == line


def test_letters_seen_in_the_fillers_behind_the_names_are_fillers():
    upper = zone("L898902C3")[0]
    noisy = upper[:24] + "CA<<C" + upper[29:]
    assert without_stray_letters(line_of(noisy), 5).text == upper
    one_name = "P<UTOERIKSSON<<<<<CC<<A".ljust(44, "<")
    assert without_stray_letters(line_of(one_name), 5).text == "P<UTOERIKSSON".ljust(44, "<")


def test_names_and_letters_no_filler_looks_like_are_left():
    for text in ("P<UTOERIKSSON<<ANNA<CACE", "P<UTOERIKSSON<<ANNA<<MARIA", "P<UTOCAKE<ACE", "P<UTOLI<<<KIM"):
        line = line_of(text.ljust(44, "<"))
        assert without_stray_letters(line, 5) == line


def test_letters_stand_where_letters_stand_and_digits_where_digits_stand():
    assert settle("UT0740812", "aaannnnnn") == "UTO740812"
    assert settle("O40B12", "nnnnnn") == "040812"


def test_a_lookalike_in_the_number_is_healed_by_its_check_digits():
    right = zone("L898902C3")
    misread = (right[0], right[1].replace("L898902C3", "L8989O2C3", 1))
    lines = [line_of(misread[0]), line_of(misread[1], rivals={5: ("0", 0.2)})]
    healed = repair(parse_mrz(misread, today=TODAY), lines, today=TODAY)
    assert healed is not None
    assert healed.document_number == "L898902C3"


def test_a_number_the_recogniser_was_sure_of_is_not_healed():
    right = zone("L898902C3")
    forged = (right[0], right[1].replace("L898902C3", "L8989O2C3", 1))
    lines = [line_of(text) for text in forged]
    assert repair(parse_mrz(forged, today=TODAY), lines, today=TODAY) is None


def test_a_changed_number_is_not_healed():
    right = zone("L898902C3")
    forged = (right[0], right[1].replace("L898902C3", "L898907C3", 1))
    lines = [line_of(text) for text in forged]
    assert repair(parse_mrz(forged, today=TODAY), lines, today=TODAY) is None


def test_a_wrong_date_is_not_healed_by_changing_the_number():
    right = zone("L898902C3")
    forged = (right[0], right[1].replace("740812", "750812", 1))
    lines = [line_of(text) for text in forged]
    assert repair(parse_mrz(forged, today=TODAY), lines, today=TODAY) is None


def test_a_number_that_lookalikes_would_heal_may_be_misread_and_another_forged_one_may_not():
    right = zone("B8S5O0I12")
    misread = parse_mrz((right[0], right[1].replace("O0I", "00I")), today=TODAY)
    forged = parse_mrz((right[0], right[1].replace("I12", "I13")), today=TODAY)
    other = parse_mrz((right[0], right[1].replace("740812", "750812")), today=TODAY)
    assert not misread.check_digits_right
    assert [may_be_misread(mrz, today=TODAY) for mrz in (misread, other)] == [True, False]
    plain = zone("X34777777")
    changed = parse_mrz((plain[0], plain[1].replace("X3477", "X3497")), today=TODAY)
    assert not may_be_misread(changed, today=TODAY) and not forged.check_digits_right


def test_a_fixed_pitch_is_even_and_proportional_type_is_not():
    upper = zone("L898902C3")[0]
    even = line_of(upper)
    widths = [{"I": 0.3, "<": 1.3, "M": 1.5}.get(char, 0.9) for char in upper]
    places = tuple(sum(widths[:at]) / sum(widths) for at in range(len(upper)))
    assert evenness(even, 44) > 0.98
    assert evenness(Line(upper, even.sureness, places, even.rivals), 44) < LEAST_EVENNESS


def _set(text, widths):
    """A line whose characters are as wide as `widths` says, else one wide."""
    ends = np.cumsum([widths.get(char, 1.0) for char in text])
    places = (ends - np.array([widths.get(char, 1.0) for char in text]) / 2) / ends[-1]
    return Line(text, (0.99,) * len(text), tuple(places), (("A", 0.0),) * len(text))


def test_proportional_type_is_uneven_and_a_fixed_pitch_is_not():
    upper = zone("L898902C3")[0]
    proportional = {
        "I": 0.45,
        "<": 0.95,
        "S": 1.1,
        "O": 1.3,
        "N": 1.2,
        "K": 1.1,
        "A": 1.1,
        "E": 1.1,
        "R": 1.2,
    }
    assert evenness(_set(upper, {}), 44) > 0.99
    assert evenness(_set(upper, proportional), 44) < LEAST_EVENNESS


def test_one_name_in_proportional_type_among_even_fillers_is_uneven():
    upper = zone("L898902C3")[0]
    line = _set(upper, {})
    shifted = [place + (0.5 / 44 if 6 <= at < 13 and at % 2 else 0) for at, place in enumerate(line.places)]
    assert evenness(Line(upper, line.sureness, tuple(shifted), line.rivals), 44) < LEAST_EVENNESS
