"""One word of a name, and everything it may be compared by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from tenants.directory.matching import folding, nicknames, semitic, shapes
from tenants.directory.matching.spelling import ABJADS, INDIC, forms_of, plain, script

# A million people bear few distinct words; beyond these the oldest is made again when it is met again.
WORDS_KEPT = 32_768


class Word:
    """Made once for each spelling and shared. A slot is filled when it is first asked for: most words turn out to differ long
    before all of it is needed.

    `shapes`, `given_shapes` and `family_shapes`: words that agree exactly or relaxed, or that are alike in one of the fields,
    have one in common (`shapes`). Sets of bits, as each is asked for once for nearly every comparison.
    """

    __slots__ = (
        "consonants",
        "family_shapes",
        "forms",
        "fuzzy_family",
        "fuzzy_given",
        "given_shapes",
        "hides_vowels",
        "is_initial",
        "is_plain",
        "relaxed",
        "script",
        "shapes",
        "text",
    )
    text: str
    # Letters a to z and digits alone: it has one spelling, itself.
    is_plain: bool
    is_initial: bool
    hides_vowels: bool
    script: str
    forms: frozenset[str]
    relaxed: frozenset[str]
    # What sounds alike; of given names what is called alike, of family names what both sexes share.
    fuzzy_given: frozenset[str]
    fuzzy_family: frozenset[str]
    consonants: frozenset[str]
    shapes: int
    given_shapes: int
    family_shapes: int

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_plain = text.isascii() and text.isalnum()

    def __getattr__(self, name: str) -> Any:
        found = _SLOTS[name](self)
        setattr(self, name, found)
        return found

    def fuzzy(self, *, is_given: bool) -> frozenset[str]:
        return self.fuzzy_given if is_given else self.fuzzy_family

    def fuzzy_shapes(self, *, is_given: bool) -> int:
        return self.given_shapes if is_given else self.family_shapes


@lru_cache(maxsize=WORDS_KEPT)
def word_of(text: str) -> Word:
    return Word(text)


def joined(parts: Iterable[Word]) -> Word:
    """Words written as one: `De La Cruz` and `Delacruz`."""
    return word_of("".join(part.text for part in parts))


def _script(word: Word) -> str:
    return "LATIN" if word.text.isascii() else script(word.text)


def _is_initial(word: Word) -> bool:
    return len(word.text) == 1 and word.script in ("LATIN", "CYRILLIC", "GREEK")


def _hides_vowels(word: Word) -> bool:
    return not word.is_plain and (word.script in ABJADS or word.script in INDIC)


def _forms(word: Word) -> frozenset[str]:
    return frozenset((word.text,) if word.is_plain else forms_of(word.text))


def _relaxed(word: Word) -> frozenset[str]:
    found = {key for form in word.forms for key in folding.relaxed(form)} | word.forms
    if word.script == "ARABIC":
        found.add(semitic.zone_form(semitic.one_spelling(word.text), "ARABIC"))
    return frozenset(found)


def _fuzzy_given(word: Word) -> frozenset[str]:
    """What sounds alike, and what is called alike."""
    called = (line for form in word.forms for line in nicknames.given_name_groups(form))
    return frozenset([*(folding.sound(form) for form in word.forms), *called])


def _fuzzy_family(word: Word) -> frozenset[str]:
    keys = {folding.sound(form) for form in word.forms}
    keys |= {key for form in word.forms for key in folding.ungendered(form)}
    keys |= {line for form in word.forms for line in nicknames.family_name_groups(form)}
    return frozenset(keys)


def _consonants(word: Word) -> frozenset[str]:
    if word.script in ABJADS:
        return frozenset([semitic.consonants(word.text, word.script)])
    if word.script in INDIC:
        return semitic.latin_consonants(semitic.indic_spelling(plain(word.text)))
    return frozenset(found for form in word.forms for found in semitic.latin_consonants(form))


def shapes_of(text: str) -> int:
    """What stands in `Word.shapes`, without a word made of it."""
    return shapes.bits(_shapes_of(text))


def _shapes_of(text: str) -> tuple[str, ...]:
    found = shapes.shape_of(text)
    if found is not None:
        return (found,)
    spelt = forms_of(text)
    if script(text) == "ARABIC":
        spelt = (*spelt, semitic.zone_form(semitic.one_spelling(text), "ARABIC"))
    return tuple(map(shapes.shape_of_form, spelt))


def given_shapes_of(text: str) -> int:
    if text.isascii() and text.isalnum():
        found = shapes.bit(shapes.sound_shape_of_form(text))
        groups: Iterable[str] = nicknames.given_name_groups(text)
    else:
        written = _shapes_of(text)
        found = shapes.bits(map(shapes.sound_shape, written))
        groups = _groups(text, written, nicknames.given_name_groups)
    return found | shapes.bits(groups) if groups else found


def family_shapes_of(text: str) -> int:
    if text.isascii() and text.isalnum():
        whole = shapes.sound_shape_of_form(text)
        found = shapes.bit(whole) | shapes.bits(shapes.without_ending(text, whole))
        groups: Iterable[str] = nicknames.family_name_groups(text)
    else:
        written = _shapes_of(text)
        ended = (shape for one in written for shape in (one, *shapes.without_ending(text, one)))
        found = shapes.bits(map(shapes.sound_shape, ended))
        groups = _groups(text, written, nicknames.family_name_groups)
    return found | shapes.bits(groups) if groups else found


def _groups(text: str, written: Iterable[str], of_form: Callable[[str], frozenset[str]]) -> set[str]:
    """The lines it stands in; its forms are only looked at if a name with such a shape stands in any."""
    if _listed_shapes().isdisjoint(written):
        return set()
    return {line for form in forms_of(text) for line in of_form(form)}


@lru_cache(maxsize=1)
def _listed_shapes() -> frozenset[str]:
    return frozenset(map(shapes.shape_of_form, nicknames.listed_forms()))


def _of_text(of: Callable[[str], int]) -> Callable[[Word], int]:
    return lambda word: of(word.text)


_SLOTS: dict[str, Callable[[Word], object]] = {
    "consonants": _consonants,
    "family_shapes": _of_text(family_shapes_of),
    "forms": _forms,
    "fuzzy_family": _fuzzy_family,
    "fuzzy_given": _fuzzy_given,
    "given_shapes": _of_text(given_shapes_of),
    "hides_vowels": _hides_vowels,
    "is_initial": _is_initial,
    "relaxed": _relaxed,
    "script": _script,
    "shapes": _of_text(shapes_of),
}
