"""What is decided when names agree or nearly do: birth dates, documents held before, other names, slips."""

from __future__ import annotations

from datetime import date

import pytest

from tenants.directory.matching import HeldDocument, MatchPolicy, Mode, compare
from tests.matching.people import BORN, account, compared, document

SWAPPED, ONE_DIGIT, OTHER = date(1985, 10, 12), date(1985, 12, 11), date(1990, 1, 1)
FUZZY = MatchPolicy.in_mode("fuzzy")


def decided(shown: date | None, held: date | None, policy: MatchPolicy | None = None) -> tuple[str, str]:
    found = compare(
        document("Ada / Lovelace", shown), account("Ada / Lovelace", held), policy or MatchPolicy()
    )
    return found.decision.value, found.reasons[-1]


def test_a_birth_date_agrees_or_a_slip_is_told_and_never_accepted():
    assert decided(BORN, BORN) == ("match", "birthdate_agrees")
    assert decided(SWAPPED, BORN) == ("review", "birthdate_day_and_month_swapped")
    assert decided(ONE_DIGIT, BORN) == ("review", "birthdate_one_digit_differs")
    assert decided(OTHER, BORN) == ("no_match", "birthdate_differs")
    assert decided(None, BORN) == ("review", "birthdate_not_known")
    assert decided(None, BORN, MatchPolicy(birthdate_required=False)) == ("match", "names_agree")


def test_a_slip_of_a_birth_date_is_not_excused_by_a_document_held_before():
    found = compare(document("Ada / Lovelace", SWAPPED, "d1"), account("Ada / Lovelace", digests="d1"), FUZZY)
    assert found.decision.value == "review"


def test_names_that_are_only_alike_need_a_birth_date_beside_them():
    policy = MatchPolicy.in_mode("fuzzy", birthdate_required=False)
    weak = document("WEI / ZHANG", None), account("Zhang / Wei")
    assert compare(*weak, policy).reasons == ("names_agree_too_weakly",)
    strong = document("WEI / ZHANG", None), account("Wei / Zhang")
    assert compare(*strong, policy).decision.value == "match"


def test_another_document_than_the_one_held_is_told_or_decides():
    shown, held = document("Ada / Lovelace", digest="d2"), account("Ada / Lovelace", digests="d1")
    told = compare(shown, held, MatchPolicy())
    assert (told.decision.value, told.reasons[-1]) == ("match", "another_document_than_held")
    decides = compare(shown, held, MatchPolicy(held_document=HeldDocument.DECIDES))
    assert (decides.decision.value, decides.reasons) == ("review", ("another_document_than_held",))


def test_each_attribute_has_a_mode_of_its_own():
    nickname = document("ROBERT / SMITH"), account("Bob / Smith")
    assert compare(*nickname, MatchPolicy(given_names=Mode.FUZZY)).decision.value == "match"
    assert compare(*nickname, MatchPolicy(family_name=Mode.FUZZY)).decision.value == "no_match"
    surname = document("ADA / GARCIA LOPEZ"), account("Ada / Garcia")
    assert compare(*surname, MatchPolicy(family_name=Mode.RELAXED)).decision.value == "match"
    assert compare(*surname, MatchPolicy(given_names=Mode.RELAXED)).decision.value == "no_match"


def test_a_former_name_agrees_whole_or_not_at_all():
    renamed = account("Ada / King", others=("Augusta / Byron",))
    assert compare(document("AUGUSTA / BYRON"), renamed, MatchPolicy()).decision.value == "match"
    assert compare(document("ADA / BYRON"), renamed, MatchPolicy()).decision.value == "no_match"
    assert compare(document("AUGUSTA / KING"), renamed, FUZZY).decision.value == "no_match"


@pytest.mark.parametrize("held", ["Robet / Smith", "Robert / Smtih", "Robert / Smiths", "Roberto / Smith"])
def test_one_letter_that_differs_is_told_in_fuzzy_mode_and_never_accepted(held: str):
    found = compared("ROBERT / SMITH", held, "fuzzy")
    assert (found.decision.value, found.reasons) == ("review", ("names_differ", "one_letter_differs"))
    assert compared("ROBERT / SMITH", held, "relaxed").reasons == ("names_differ",)
    assert compared("ROBERT / SMITH", held, "fuzzy", None).decision.value == "no_match"


def test_a_name_that_its_zone_cut_agrees_up_to_the_cut():
    """A name field of TD1 holds thirty characters."""
    cut = "NILAVADHANANANDA / ARASURATHA"
    whole = "Nilavadhanananda / Arasurathanamurthy"
    assert compared(cut, whole, "relaxed").decision.value == "no_match"
    flagged = document(cut, is_cut=True), account(whole)
    assert compare(*flagged, MatchPolicy.in_mode("relaxed")).decision.value == "match"
    assert compare(*flagged, MatchPolicy()).decision.value == "no_match"
    filled = "ALEXANDERBARTHOL / MONTGOMERYAB"
    assert compared(filled, "Alexanderbartholomew / Montgomeryab", "relaxed").decision.value == "match"
    shorter = "ALEXANDERBARTHO / MONTGOMERYAB"
    assert compared(shorter, "Alexanderbartholomew / Montgomeryab", "relaxed").decision.value == "no_match"


def test_confidence_falls_with_every_difference_and_is_nothing_where_names_differ():
    asked = [
        compared("ADA / LOVELACE", "Ada / Lovelace", "fuzzy"),
        compared("ADA AUGUSTA / LOVELACE", "Ada / Lovelace", "fuzzy"),
        compared("ROBERT / SMITH", "Bob / Smith", "fuzzy"),
        compared("MOHAMMED / AL SAYED", "محمد / السيد", "fuzzy"),
        compared("GRACE / HOPPER", "Ada / Lovelace", "fuzzy"),
    ]
    figures = [found.confidence for found in asked]
    assert figures == sorted(figures, reverse=True) and figures[0] == 100 and figures[-1] == 0


def test_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="lenient"):
        MatchPolicy.in_mode("lenient")


def test_a_directory_with_the_whole_name_in_one_field_agrees_word_for_word_and_with_nobody_else():
    for held in ("FNU / Gul Mohammad", "Gul Mohammad / LNU"):
        for shown, is_same in (
            ("GUL / MOHAMMAD", True),
            ("GUL / AHMAD", False),
            ("GUL / MOHAMMAD AHMAD", False),
            ("GUL AGHA / MOHAMMAD", False),
            ("GUL / GUL", False),
        ):
            found = compare(document(shown), account(held), MatchPolicy.in_mode("relaxed"))
            assert (found.decision.value == "match") is is_same, (held, shown)
            assert compare(document(shown), account(held), MatchPolicy()).decision.value == "no_match"
    policy = MatchPolicy.in_mode("relaxed", birthdate_required=False)
    other_order = compare(document("MOHAMMAD / GUL", None), account("FNU / Gul Mohammad"), policy)
    assert other_order.reasons == ("names_agree_too_weakly",)
