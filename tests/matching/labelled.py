"""The labelled set: pairs of a document and an account, made by rule from published names; always the same ones.

Each culture gives genuine pairs (one person, written as their document and as their directory write them) and strangers (two
people). `near` strangers share one name and have neighbours of the alphabet for the other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tenants.directory.matching import NameKind, OtherName
from tests.matching.cultures import CULTURES, FAMILY, GIVEN, Culture, names

EACH = 14
# What somebody from elsewhere is called at work: in no document of theirs.
CALLED = ("Jack", "Lucy", "Tony", "Nina", "Alex", "Grace", "Max")


@dataclass(frozen=True, slots=True)
class Pair:
    culture: str
    kind: str
    shown: tuple[str, str]
    held: tuple[str, str]
    is_same: bool
    source: str


@dataclass(frozen=True, slots=True)
class NamedPair:
    """A pair whose account has another name beside its own."""

    pair: Pair
    other: OtherName


@lru_cache(maxsize=1)
def labelled() -> tuple[Pair, ...]:
    return tuple(pair for culture in CULTURES for pair in pairs_of(culture))


@lru_cache(maxsize=1)
def labelled_with_other_names() -> tuple[NamedPair, ...]:
    """`former`: the account took another family name, the document has the old one. `script`: the account has what somebody
    is called at work, and the name in their own script beside it. Strangers and near names against the other name."""
    return tuple(pair for culture in CULTURES for pair in _other_named(culture))


def _other_named(culture: Culture) -> Iterator[NamedPair]:
    given = [name for name in names(culture.locale, GIVEN) if culture.spell(name)]
    family = [name for name in names(culture.locale, FAMILY) if culture.spell(name)]
    writes_otherwise = any(
        char.isalpha() and not unicodedata.name(char).startswith("LATIN") for char in "".join(family)
    )
    for at, (first, last) in enumerate(zip(_cycle(given), _cycle(family), strict=True)):
        taken = family[(family.index(last) + len(family) // 3 + 1) % len(family)]
        variants = [("former", (first, taken), NameKind.FORMER)]
        if writes_otherwise:
            variants.append(
                ("script", (CALLED[at % len(CALLED)], culture.spell(taken).title()), NameKind.SCRIPT)
            )
        for label, held, kind in variants:
            other = OtherName(first, last, kind)
            shown = culture.spell(first), culture.spell(last)
            yield NamedPair(Pair(culture.label, label, shown, held, True, culture.source), other)
            for wrong in _strangers(culture, first, last, at, given, family):
                if wrong.shown[1] != culture.spell(taken):
                    yield NamedPair(
                        Pair(culture.label, wrong.kind, wrong.shown, held, False, culture.source), other
                    )


def _sample(values: list[str], number: int) -> list[str]:
    """Spread over the whole list, so that no letter of the alphabet is left out."""
    step = max(1, len(values) // number)
    return values[::step][:number]


def pairs_of(culture: Culture) -> Iterator[Pair]:
    given = [name for name in names(culture.locale, GIVEN) if culture.spell(name)]
    family = [name for name in names(culture.locale, FAMILY) if culture.spell(name)]
    for at, (first, last) in enumerate(zip(_cycle(given), _cycle(family), strict=True)):
        yield from _genuine(culture, first, last, at, given, family)
        yield from _strangers(culture, first, last, at, given, family)


def _cycle(values: list[str]) -> list[str]:
    found = _sample(values, EACH)
    return [found[at % len(found)] for at in range(EACH)]


def _genuine(
    culture: Culture, first: str, last: str, at: int, given: list[str], family: list[str]
) -> Iterator[Pair]:
    def pair(kind: str, shown: tuple[str, str], held: tuple[str, str]) -> Pair:
        return Pair(culture.label, kind, shown, held, True, culture.source)

    zone = culture.spell(first), culture.spell(last)
    for number, register in enumerate(culture.registers):
        held = register(first), register(last)
        if all(held):
            yield pair(f"register {number}", zone, held)
    second = given[(at * 7 + 3) % len(given)]
    if second != first:
        yield pair("further given name", (f"{zone[0]} {culture.spell(second)}", zone[1]), (first, last))
    other = family[(at * 5 + 2) % len(family)]
    for rule in sorted(culture.rules):
        made = _by_rule(rule, zone, (first, last), culture.spell(other), other)
        if made:
            yield pair(rule, *made)


def _by_rule(
    rule: str, zone: tuple[str, str], held: tuple[str, str], spelt: str, other: str
) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """One thing that documents or directories of a culture do to names; None where it does not apply."""
    (first, last), (given, family) = zone, held
    whole = f"{first} {last}"
    made = {
        "umlaut": (
            zone,
            (given, family.replace("ö", "o").replace("ä", "a").replace("ü", "u").replace("å", "a")),
        ),
        "hyphen": ((first, f"{last} {spelt}"), (given, f"{family}-{other}")),
        "title": (zone, (f"Dr. {given}", family)),
        "particle": ((first, f"VAN DEN {last}"), (given, family)),
        "two_family_names": ((first, f"{last} {spelt}"), (given, family)),
        "generation": ((first, last), (given, f"{family} Jr.")),
        "order": ((last, first), (given, family)),
        "patronymic": ((first, last), (f"{given}", family.upper())),
        "apostrophe": ((first, last.replace(" ", "")), (given, family)),
        "one_name": (("", first), (given, given)),
        "one_field": (("", whole), (given, family)),
    }
    found = made[rule]
    return None if rule == "umlaut" and found[1] == held else found


def _strangers(
    culture: Culture, first: str, last: str, at: int, given: list[str], family: list[str]
) -> Iterator[Pair]:
    def pair(kind: str, shown: tuple[str, str]) -> Pair | None:
        spelt = culture.spell(shown[0]), culture.spell(shown[1])
        same = spelt == (culture.spell(first), culture.spell(last))
        return None if same else Pair(culture.label, kind, spelt, (first, last), False, culture.source)

    by_letter, surnames = sorted(given), sorted(family)
    neighbour = by_letter[(by_letter.index(first) + 1) % len(given)]
    kin = surnames[(surnames.index(last) + 1) % len(family)]
    far = given[(given.index(first) + len(given) // 2) % len(given)]
    made = [
        pair("stranger", (far, last)),
        pair("stranger", (first, family[(family.index(last) + len(family) // 2) % len(family)])),
        pair("near", (neighbour, last)),
        pair("near", (first, kin)),
    ]
    yield from (one for one in made if one)
