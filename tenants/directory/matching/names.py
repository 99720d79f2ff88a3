"""Names as words that can be compared: case, diacritics, hyphens and apostrophes aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from anyascii import anyascii

from tenants.directory.matching import east_asian
from tenants.directory.matching.letters import MAX_NAME, Table, Trouble, clean, mixes_scripts
from tenants.directory.matching.parts import (
    BRACKETED,
    CHILD_OF,
    NO_NAMES,
    STAND_INS,
    core_of,
    generation_of,
    without_titles,
)
from tenants.directory.matching.shapes import shape_of
from tenants.directory.matching.spelling import LATIN, forms_of
from tenants.directory.matching.wording import (
    WORDS_KEPT,
    Word,
    family_shapes_of,
    given_shapes_of,
    shapes_of,
    word_of,
)

# What `anyascii` leaves is ASCII.
_NO_WORD = re.compile(r"[^a-z0-9]+")
# Documents leave apostrophes out and write a gap for a hyphen (ICAO Doc 9303 part 3, section 4.6); `<` is a zone's gap.
_APOSTROPHES = frozenset("'’‘`´ʼʻʾʿʹ′＇׳״·")
_GAPS = frozenset("-‐‑‒–—−/_<.,;:|\\・･־")
_ASCII_GAPS = str.maketrans({"'": None, "`": None, **dict.fromkeys("-/_<.,;:|\\", " ")})
_LOWER_AND_GAPS = Table(
    lambda sign: "" if sign in _APOSTROPHES else " " if sign in _GAPS else sign.casefold()
)
# What stands between them, and before a slash, goes as a whole.
_BRACKETS = frozenset('([“"/')
_PLAIN_LETTER = re.compile("[a-z]")
MAX_WORDS = 16
# Of several words; those of one word are kept with the word.
NAMES_KEPT = 8_192


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


class Name:
    """One field of a name, taken apart, made once for each text and shared. `named` is without titles, `core` without
    particles too; `trouble` says why it is not compared. Slots that most comparisons never need are filled when asked for.

    `keys` holds a key of every way in which this field can agree, exactly or relaxed: names without one in common differ.
    `shapes` say the same of most, and take less.
    """

    __slots__ = (
        "consonants",
        "core",
        "family_shapes",
        "generation",
        "given_shapes",
        "has_hangul",
        "has_initial",
        "hides_vowels",
        "is_regular",
        "keys",
        "korean_sounds",
        "named",
        "parts",
        "shapes",
        "trouble",
        "width",
        "words",
        "written",
    )
    parts: tuple[str, ...]
    trouble: Trouble | None
    words: tuple[Word, ...]
    named: tuple[Word, ...]
    core: tuple[Word, ...]
    generation: str
    written: tuple[str, ...]
    keys: frozenset[str]
    consonants: frozenset[str]
    korean_sounds: frozenset[str]
    shapes: int
    given_shapes: int
    family_shapes: int
    # Letters and gaps in the narrowest spelling, as a zone counts them.
    width: int
    # Words that may agree weakly, without such a key in common.
    has_initial: bool
    hides_vowels: bool
    has_hangul: bool
    # None of these three.
    is_regular: bool

    def __init__(self, parts: tuple[str, ...] = (), trouble: Trouble | None = None) -> None:
        self.parts = parts
        self.trouble = trouble
        self.words = self.named = self.core = tuple(map(word_of, parts))
        self.generation = ""
        if len(parts) > 1 and not NO_NAMES.isdisjoint(parts):
            named = without_titles(parts)
            self.named = tuple(map(word_of, named))
            self.core = tuple(map(word_of, core_of(named)))
            self.generation = generation_of(parts)

    def __getattr__(self, name: str) -> Any:
        found = _SLOTS[name](self)
        setattr(self, name, found)
        return found

    @property
    def is_missing(self) -> bool:
        return not self.words

    def fuzzy_shapes(self, *, is_given: bool) -> int:
        return self.given_shapes if is_given else self.family_shapes


def _written(name: Name) -> tuple[str, ...]:
    """Its words, and words next to each other written as one."""
    parts = name.parts
    if len(parts) == 1:
        return parts
    if name.core is name.words and len(parts) == 2:
        return *parts, parts[0] + parts[1]
    found = [word.text for word in (*name.words, *name.core)]
    for line in {name.words, name.named, name.core}:
        texts = [word.text for word in line]
        for length in {2, 3, len(line)} - {0, 1}:
            found += ["".join(texts[at : at + length]) for at in range(len(line) - length + 1)]
    return tuple(dict.fromkeys(found))


def _of_all(sets: str) -> Callable[[Name], frozenset[str]]:
    """What stands in this slot of all its words, joined ones too."""

    def union(name: Name) -> frozenset[str]:
        if len(name.words) == 1:
            only: frozenset[str] = getattr(name.words[0], sets)
            return only
        return frozenset().union(*(getattr(word_of(text), sets) for text in name.written))

    return union


def _shapes_by(slot: str, of_text: Callable[[str], int]) -> Callable[[Name], int]:
    """Likewise, without making words of what is only written as one to be looked at once."""

    def union(name: Name) -> int:
        found: int = getattr(name.words[0], slot) if name.words else 0
        if len(name.words) < 2:
            return found
        if len(name.words) == 2 and name.core is name.words:
            one, other = name.words
            found |= getattr(other, slot)
            return found | of_text(one.text + other.text)
        alone = {word.text: getattr(word, slot) for word in name.words}
        for text in name.written:
            found |= alone[text] if text in alone else of_text(text)
        return found

    return union


def _is_regular(name: Name) -> bool:
    for word in name.words:
        if len(word.text) == 1 or not (word.is_plain or word.script in _REGULAR):
            return not (name.has_initial or name.hides_vowels or name.has_hangul)
    return True


_REGULAR = frozenset(["LATIN", "CYRILLIC", "GREEK"])


def _width(name: Name) -> int:
    letters = sum(len(word.text) if word.is_plain else len(forms_of(word.text)[0]) for word in name.words)
    return letters + max(0, len(name.parts) - 1)


def _korean_sounds(name: Name) -> frozenset[str]:
    return frozenset(east_asian.korean_sound(form) for text in name.written for form in word_of(text).forms)


_SLOTS: dict[str, Callable[[Name], object]] = {
    "consonants": _of_all("consonants"),
    "family_shapes": _shapes_by("family_shapes", family_shapes_of),
    "given_shapes": _shapes_by("given_shapes", given_shapes_of),
    "has_hangul": lambda name: any(not word.is_plain and word.script == "HANGUL" for word in name.words),
    "has_initial": lambda name: any(word.is_initial for word in name.words),
    "hides_vowels": lambda name: any(word.hides_vowels for word in name.words),
    "is_regular": _is_regular,
    "keys": _of_all("relaxed"),
    "korean_sounds": _korean_sounds,
    "shapes": _shapes_by("shapes", shapes_of),
    "width": _width,
    "written": _written,
}


def name_of(text: str) -> Name:
    """The field as it stands in a directory or on a document. Bounded by the length `clean` allows."""
    if text.isascii() and text.isalpha() and len(text) <= MAX_NAME:
        return _of_one_word(text.lower())
    return _name_of(text)


@lru_cache(maxsize=NAMES_KEPT)
def _name_of(text: str) -> Name:
    if len(text) > MAX_NAME:
        return Name(trouble=Trouble.TOO_LONG)
    parts: tuple[str, ...] = ()
    for token in text.replace("-", " ").split(" "):
        found = _parts_of(token)
        if found is None:
            return _looked_at(text)
        parts += found
    return _of_words(parts)


@lru_cache(maxsize=WORDS_KEPT)
def _parts_of(token: str) -> tuple[str, ...] | None:
    """The words between two gaps, or None where what stands beside them has a say."""
    if not _BRACKETS.isdisjoint(token):
        return None
    cleaned, trouble, is_plain = clean(token)
    return _split(cleaned) if is_plain and trouble is None else None


def _looked_at(text: str) -> Name:
    cleaned, trouble, _is_plain = clean(text)
    if trouble is not None:
        return Name(trouble=trouble)
    parts = _split(BRACKETED.sub(" ", CHILD_OF.sub(" ", cleaned)))
    if any(not part.isascii() and mixes_scripts(part) for part in parts):
        return Name(trouble=Trouble.MIXED_SCRIPTS)
    return _of_words(parts)


def _of_words(parts: tuple[str, ...]) -> Name:
    if len(parts) == 1:
        return _of_one_word(parts[0])
    if len(parts) > MAX_WORDS:
        return Name(trouble=Trouble.TOO_LONG)
    return Name() if STAND_INS.issuperset(parts) else Name(parts)


@lru_cache(maxsize=WORDS_KEPT)
def _of_one_word(part: str) -> Name:
    """Most fields are one word, and most words are borne by many."""
    return Name() if part in STAND_INS else Name((part,))


def _split(cleaned: str) -> tuple[str, ...]:
    if cleaned.isascii():
        found = cleaned.lower().translate(_ASCII_GAPS).split()
        if "".join(found).isalnum():
            return tuple(found)
    else:
        found = unicodedata.normalize("NFC", cleaned.translate(_LOWER_AND_GAPS)).split()
    return tuple(filter(_is_read, found))


def _is_read(part: str) -> bool:
    """Whether anything is left of it in the letters a to z, by the quickest way to know."""
    return bool(_PLAIN_LETTER.search(part) or shape_of(part) or forms_of(part))
