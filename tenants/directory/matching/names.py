"""Names as words that can be compared: case, diacritics, hyphens and apostrophes aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from tenants.directory.matching import folding, nicknames, semitic
from tenants.directory.matching.letters import Trouble, clean, mixes_scripts
from tenants.directory.matching.parts import (
    BRACKETED,
    CHILD_OF,
    STAND_INS,
    core_of,
    generation_of,
    without_titles,
)
from tenants.directory.matching.spelling import ABJADS, INDIC, LATIN, forms_of, plain, script

# What `anyascii` leaves is ASCII.
_NO_WORD = re.compile(r"[^a-z0-9]+")
# Documents leave apostrophes out and write a gap for a hyphen (ICAO Doc 9303 part 3, section 4.6); `<` is a zone's gap.
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´ʼʻʾʿʹ′＇׳״·"))
_GAPS = re.compile(r"[\s\-‐‑‒–—−/_<.,;:|\\・･־]+")
MAX_WORDS = 16


def normalise(text: str) -> str:
    """Lower case, Latin letters and digits, single spaces. `Müller-Lüdenscheidt` → `muller ludenscheidt`."""
    folded = anyascii(unicodedata.normalize("NFC", text)).casefold()
    return _NO_WORD.sub(" ", folded.replace("'", "")).strip()


def words(text: str) -> tuple[str, ...]:
    return tuple(normalise(text).split())


def spellings(text: str) -> frozenset[str]:
    """The normalised text, and the one with the document's expansions (`Müller`: `muller`, `mueller`)."""
    lowered = unicodedata.normalize("NFC", text).casefold()
    expanded = "".join(LATIN.get(character, (character,))[:2][-1] for character in lowered)
    return frozenset({normalise(text), normalise(expanded)})


class Word:
    """One word of a name with everything it may be compared by. Made once for each spelling and shared."""

    __slots__ = ("_family", "_given", "forms", "relaxed", "script", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.script = script(text) if not text.isascii() else "LATIN"
        self.forms = frozenset(forms_of(text))
        self.relaxed = frozenset(key for form in self.forms for key in folding.relaxed(form)) | self.forms
        if self.script == "ARABIC":
            self.relaxed |= {semitic.zone_form(semitic.one_spelling(text), "ARABIC")}
        self._given: frozenset[str] | None = None
        self._family: frozenset[str] | None = None

    @property
    def is_initial(self) -> bool:
        return len(self.text) == 1 and self.script in ("LATIN", "CYRILLIC", "GREEK")

    def fuzzy(self, *, is_given: bool) -> frozenset[str]:
        """What sounds alike, and for given names what is called alike."""
        return self._fuzzy_given() if is_given else self._fuzzy_family()

    def _fuzzy_given(self) -> frozenset[str]:
        if self._given is None:
            called = (line for form in self.forms for line in nicknames.given_name_groups(form))
            self._given = frozenset([*(folding.sound(form) for form in self.forms), *called])
        return self._given

    def _fuzzy_family(self) -> frozenset[str]:
        if self._family is None:
            keys = {folding.sound(form) for form in self.forms}
            keys |= {key for form in self.forms for key in folding.ungendered(form)}
            keys |= {line for form in self.forms for line in nicknames.family_name_groups(form)}
            self._family = frozenset(keys)
        return self._family

    @property
    def hides_vowels(self) -> bool:
        return self.script in ABJADS or self.script in INDIC

    def consonants(self) -> frozenset[str]:
        if self.script in ABJADS:
            return frozenset([semitic.consonants(self.text, self.script)])
        if self.script in INDIC:
            return semitic.latin_consonants(plain(self.text))
        return frozenset(found for form in self.forms for found in semitic.latin_consonants(form))


@lru_cache(maxsize=16_384)
def word_of(text: str) -> Word:
    return Word(text)


def joined(parts: Iterable[Word]) -> Word:
    """Words written as one: `De La Cruz` and `Delacruz`."""
    return word_of("".join(part.text for part in parts))


@dataclass(frozen=True, slots=True)
class Name:
    """One field of a name, taken apart. `core` is without titles and particles; `trouble` says why it is not compared."""

    words: tuple[Word, ...]
    named: tuple[Word, ...]
    core: tuple[Word, ...]
    generation: str
    trouble: Trouble | None = None

    @property
    def is_missing(self) -> bool:
        return not self.words


_NOTHING = Name((), (), (), "")


@lru_cache(maxsize=16_384)
def name_of(text: str) -> Name:
    """The field as it stands in a directory or on a document. Bounded by the length `clean` allows."""
    cleaned, trouble = clean(text)
    if trouble is not None:
        return Name((), (), (), "", trouble)
    parts = _split(cleaned)
    if any(not part.isascii() and mixes_scripts(part) for part in parts):
        return Name((), (), (), "", Trouble.MIXED_SCRIPTS)
    if len(parts) > MAX_WORDS:
        return Name((), (), (), "", Trouble.TOO_LONG)
    if not parts or all(part in STAND_INS for part in parts):
        return _NOTHING
    named = without_titles(parts)
    bearing = tuple(map(word_of, parts))
    return Name(
        bearing,
        tuple(map(word_of, named)),
        tuple(map(word_of, core_of(named))),
        generation_of(parts),
    )


def _split(cleaned: str) -> tuple[str, ...]:
    bare = BRACKETED.sub(" ", CHILD_OF.sub(" ", cleaned)) if not cleaned.isalpha() else cleaned
    parts = _GAPS.split(unicodedata.normalize("NFC", bare.translate(_APOSTROPHES).casefold()))
    return tuple(part for part in parts if part and forms_of(part))
