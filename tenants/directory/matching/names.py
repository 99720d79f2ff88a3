"""Names as words that can be compared: case, diacritics, hyphens and apostrophes aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from anyascii import anyascii

from tenants.directory.matching import east_asian, folding, nicknames, semitic
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
            return semitic.latin_consonants(semitic.indic_spelling(plain(self.text)))
        return frozenset(found for form in self.forms for found in semitic.latin_consonants(form))


@lru_cache(maxsize=16_384)
def word_of(text: str) -> Word:
    return Word(text)


def joined(parts: Iterable[Word]) -> Word:
    """Words written as one: `De La Cruz` and `Delacruz`."""
    return word_of("".join(part.text for part in parts))


class Name:
    """One field of a name, taken apart, made once for each text and shared. `named` is without titles, `core` without
    particles too; `trouble` says why it is not compared.

    `keys` holds a key of every way in which this field can agree, exactly or relaxed: names without one in common differ,
    which most do, and that is all the time they take.
    """

    __slots__ = (
        "_fuzzy",
        "_weak",
        "core",
        "generation",
        "has_initial",
        "is_odd",
        "keys",
        "named",
        "trouble",
        "width",
        "words",
    )

    def __init__(self, parts: tuple[str, ...] = (), trouble: Trouble | None = None) -> None:
        named = without_titles(parts)
        self.words = tuple(map(word_of, parts))
        self.named = tuple(map(word_of, named))
        self.core = tuple(map(word_of, core_of(named)))
        self.generation = generation_of(parts)
        self.trouble = trouble
        self.keys = frozenset(key for word in self._written() for key in word.relaxed)
        # Letters and gaps in the narrowest spelling, as a zone counts them.
        self.width = sum(len(forms_of(part)[0]) for part in parts) + max(0, len(parts) - 1)
        # Words that may agree weakly, without such a key in common.
        self.has_initial = any(word.is_initial for word in self.words)
        self.is_odd = any(word.hides_vowels or word.script == "HANGUL" for word in self.words)
        self._fuzzy: dict[bool, frozenset[str]] = {}
        self._weak: frozenset[str] | None = None

    def _written(self) -> list[Word]:
        """Its words, and words next to each other written as one."""
        found = list(dict.fromkeys((*self.words, *self.core)))
        for line in {self.words, self.named, self.core}:
            for length in {2, 3, len(line)} - {0, 1}:
                found += [joined(line[at : at + length]) for at in range(len(line) - length + 1)]
        return found

    def fuzzy_keys(self, *, is_given: bool) -> frozenset[str]:
        if is_given not in self._fuzzy:
            found = (key for word in self._written() for key in word.fuzzy(is_given=is_given))
            self._fuzzy[is_given] = frozenset(found)
        return self._fuzzy[is_given]

    def weak_keys(self) -> frozenset[str]:
        """Consonants, and what spellings of Korean share, marked apart."""
        if self._weak is None:
            written = self._written()
            found = {f"c{key}" for word in written for key in word.consonants()}
            found |= {f"k{east_asian.korean_sound(form)}" for word in written for form in word.forms}
            self._weak = frozenset(found)
        return self._weak

    @property
    def is_missing(self) -> bool:
        return not self.words


@lru_cache(maxsize=16_384)
def name_of(text: str) -> Name:
    """The field as it stands in a directory or on a document. Bounded by the length `clean` allows."""
    cleaned, trouble = clean(text)
    if trouble is not None:
        return Name(trouble=trouble)
    parts = _split(cleaned)
    if any(not part.isascii() and mixes_scripts(part) for part in parts):
        return Name(trouble=Trouble.MIXED_SCRIPTS)
    if len(parts) > MAX_WORDS:
        return Name(trouble=Trouble.TOO_LONG)
    if all(part in STAND_INS for part in parts):
        return Name()
    return Name(parts)


def _split(cleaned: str) -> tuple[str, ...]:
    bare = BRACKETED.sub(" ", CHILD_OF.sub(" ", cleaned)) if not cleaned.isalpha() else cleaned
    parts = _GAPS.split(unicodedata.normalize("NFC", bare.translate(_APOSTROPHES).casefold()))
    return tuple(part for part in parts if part and forms_of(part))
