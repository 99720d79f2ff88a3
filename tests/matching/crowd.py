"""Pairs without end, each of two names that stand together nowhere else: what a directory and a stream of documents meet. Made
by rule from the lists of `cultures`; the same ones for the same seed. No labels: for measuring time and for holding two ways to
one answer against each other.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from functools import cache

from tests.matching.cultures import CULTURES, FAMILY, GIVEN, Culture, bare, names

Written = tuple[str, str]
SIGNS = ("-", " ", "'", "’", ". ", ", ", " / ")
BEFORE = ("VAN DER ", "de la ", "bin ", "O'", "Dr. ", "al-", "Mac ", "St. ", "d'", "абу ", "Ben ")
BEHIND = (" Jr.", " III", " Sr", " PhD", "-Smith", " e Silva", " bint Ali", " y López", " X", "-né")
ALONE = (
    "",
    ".",
    "FNU",
    "XXX",
    "J",
    "Ж",
    "Li",
    "O",
    "김",
    "محمد",
    "דוד",
    "राम",
    "Γιώργος",
    "李小龍",
    "ゆうこ",
)
DISGUISES = ("\u200b", "\u0301", "\u0430", "\u202e", "\x00", "\u3164", "\u0251", "\u200d", "\u0337" * 5)


@cache
def _people(culture: Culture) -> tuple[list[str], list[str]]:
    given, family = names(culture.locale, GIVEN), names(culture.locale, FAMILY)
    return [name for name in given if name.strip()], [name for name in family if name.strip()]


def pairs(number: int, seed: int = 1) -> Iterator[tuple[Written, Written]]:
    """(document, account). Six of ten are two people, two one person spelt in two ways, two nearly the same name."""
    chance = random.Random(seed)
    seen: set[tuple[Written, Written]] = set()
    while len(seen) < number:
        one = _pair(chance)
        if one not in seen:
            seen.add(one)
            yield one


def _pair(chance: random.Random) -> tuple[Written, Written]:
    culture = chance.choice(CULTURES)
    held = _somebody(culture, chance)
    kind = chance.random()
    if kind < 0.3:
        return _spelt(culture, _somebody(culture, chance)), held
    if kind < 0.6:
        other = chance.choice(CULTURES)
        return _spelt(other, _somebody(other, chance)), held
    if kind < 0.8:
        return _spelt(culture, held), held
    shown = _spelt(culture, held)
    return (shown[0], _somebody(culture, chance)[1]) if chance.random() < 0.5 else _changed(
        shown, chance
    ), held


def _somebody(culture: Culture, chance: random.Random) -> Written:
    given, family = _people(culture)
    first, last = chance.choice(given), chance.choice(family)
    if chance.random() < 0.35:
        first += chance.choice(" -") + chance.choice(given)
    if chance.random() < 0.2:
        last += chance.choice(" -") + chance.choice(family)
    return first, last


def _spelt(culture: Culture, name: Written) -> Written:
    """As a document spells it; what its table does not know stays as it is."""
    first, last = (" ".join(culture.spell(word) or word for word in part.split()) for part in name)
    return first.upper(), last.upper()


def odd_pairs(number: int, seed: int = 2) -> Iterator[tuple[Written, Written]]:
    """The same with what people, registers and attackers do to a name: several things at once, on both sides."""
    chance = random.Random(seed)
    for shown, held in pairs(number, seed):
        one, other = shown, held
        for _ in range(chance.randrange(3)):
            one = _changed(one, chance)
        for _ in range(chance.randrange(3)):
            other = _changed(other, chance)
        yield one, other


def _changed(name: Written, chance: random.Random) -> Written:
    given, family = name
    place = chance.randrange(16)
    if place == 0:
        return family, given
    if place == 1:
        return "", f"{given} {family}"
    if place == 2:
        return given, chance.choice(ALONE)
    if place == 3:
        return chance.choice(ALONE), family
    if place == 4:
        return given.split(" ")[0], family
    if place == 5:
        return given, family.split(" ")[-1]
    if place == 6:
        return given[:1], family
    if place == 7:
        return f"{given} {family.split(' ')[0]}", family.split(" ")[-1]
    if place == 8:
        return (given + "x" * 40)[: max(2, 37 - len(family))], family
    if chance.random() < 0.5:
        return _written_otherwise(given, chance), family
    return given, _written_otherwise(family, chance)


def _written_otherwise(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    made = (
        lambda: chance.choice(BEFORE) + text,
        lambda: text + chance.choice(BEHIND),
        lambda: text[:at] + chance.choice(SIGNS) + text[at:],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + chance.choice("aeiouyhknscxjz") + text[at:],
        lambda: text[: at + 1] + text[at : at + 1] + text[at + 1 :],
        lambda: bare(text),
        lambda: unicodedata.normalize(chance.choice(["NFD", "NFC", "NFKD"]), text),
        lambda: " ".join(reversed(text.split(" "))),
        lambda: text.replace(" ", "").replace("-", ""),
        lambda: text[:at] + chance.choice(DISGUISES) + text[at:],
        lambda: text[:at],
    )
    return chance.choice(made)()
