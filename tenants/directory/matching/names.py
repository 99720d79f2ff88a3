"""Names as words that can be compared: case, diacritics, hyphens and apostrophes aside."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

# Several spellings in official documents of one letter (ICAO 9303 part 3, section 6): a document may carry either.
_EXPANSIONS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "ß": "ss"}
# What `anyascii` leaves is ASCII.
_NO_WORD = re.compile(r"[^a-z0-9]+")
PARTICLES = frozenset(
    [
        "af",
        "al",
        "auf",
        "av",
        "d",
        "da",
        "das",
        "de",
        "del",
        "della",
        "den",
        "der",
        "des",
        "di",
        "do",
        "dos",
        "du",
        "el",
        "het",
        "in",
        "l",
        "la",
        "las",
        "le",
        "los",
        "op",
        "of",
        "ter",
        "ten",
        "van",
        "von",
        "vom",
        "y",
        "zu",
        "zum",
        "zur",
        "'t",
    ]
)


def normalise(text: str) -> str:
    """Lower case, Latin letters and digits, single spaces. `Müller-Lüdenscheidt` → `muller ludenscheidt`."""
    folded = anyascii(unicodedata.normalize("NFC", text)).casefold()
    return _NO_WORD.sub(" ", folded.replace("'", "")).strip()


def words(text: str) -> tuple[str, ...]:
    return tuple(normalise(text).split())


def spellings(text: str) -> frozenset[str]:
    """The normalised text, and the one with the document's expansions (`Müller`: `muller`, `mueller`)."""
    lowered = unicodedata.normalize("NFC", text).casefold()
    expanded = "".join(_EXPANSIONS.get(character, character) for character in lowered)
    return frozenset({normalise(text), normalise(expanded)})


def same_name(left: str, right: str) -> bool:
    """Equal but for case, diacritics and the spellings documents use."""
    return bool(spellings(left) & spellings(right)) and normalise(left) != ""


def core_words(text: str) -> frozenset[str]:
    """The words that carry a family name: without its particles, unless there is nothing else."""
    found = frozenset(words(text))
    return (found - PARTICLES) or found
