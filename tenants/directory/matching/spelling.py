"""Every way a document may spell one word in the letters a to z.

Sources: ICAO Doc 9303 part 3, section 6, tables A (Latin), B (Cyrillic) and C (Arabic); ELOT 743 for Greek; the modules
beside this one. Scripts that have no table here are read by `anyascii` (ISC licence).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import product

from anyascii import anyascii

from tenants.directory.matching import cyrillic, east_asian, greek, semitic
from tenants.directory.matching.letters import Table, scripts_of

# Table A: letters that may lose their mark or be written out. The form without the mark comes first.
LATIN: dict[str, tuple[str, ...]] = {
    "ä": ("a", "ae"),
    "å": ("a", "aa"),
    "æ": ("ae",),
    "ð": ("d", "dh"),
    "đ": ("d", "dj"),
    "ə": ("e", "a"),
    "ħ": ("h",),
    "ı": ("i",),
    "ĳ": ("ij",),
    "ĸ": ("q",),
    "ł": ("l",),
    "ñ": ("n", "nxx"),
    "ŋ": ("n", "ng"),
    "ö": ("o", "oe"),
    "ő": ("o", "oe"),
    "ø": ("o", "oe"),
    "œ": ("oe",),
    "ß": ("ss",),
    "þ": ("th",),
    "ŧ": ("t",),
    "ü": ("u", "ue", "uxx"),
    "ű": ("u", "ue"),
}
MOST_FORMS = 24
# Scripts whose letters leave the vowels out: their words are compared with Latin ones by consonants.
ABJADS = ("ARABIC", "HEBREW")
INDIC = frozenset(
    [
        "DEVANAGARI",
        "BENGALI",
        "GURMUKHI",
        "GUJARATI",
        "ORIYA",
        "TAMIL",
        "TELUGU",
        "KANNADA",
        "MALAYALAM",
        "SINHALA",
        "THAI",
        "LAO",
        "KHMER",
        "MYANMAR",
        "TIBETAN",
        "THAANA",
        "ETHIOPIC",
    ]
)
_NO_LETTER = re.compile("[^a-z0-9]+")


def plain(text: str) -> str:
    """Letters a to z and digits, whatever the script."""
    return text.translate(_PLAIN)


_PLAIN = Table(lambda character: _NO_LETTER.sub("", anyascii(character).casefold()))


@lru_cache(maxsize=16_384)
def forms_of(word: str) -> tuple[str, ...]:
    """Every spelling of one lower-case word, the plainest first; none for a word of signs alone."""
    if word.isascii():
        return (word,) if word.isalnum() else tuple(filter(None, (_NO_LETTER.sub("", word),)))
    found = _by_script(word)
    together = "".join(found)
    if together.isascii() and together.isalnum() and all(found):
        return found if len(found) == 1 else tuple(dict.fromkeys(found))
    return tuple(dict.fromkeys(filter(None, map(_bare, found))))


def script(word: str) -> str:
    """The one that decides how the word is read."""
    found = scripts_of(word)
    return min(found) if found else ""


def _bare(form: str) -> str:
    return form if form.isascii() and form.isalnum() else _NO_LETTER.sub("", form)


def _by_script(word: str) -> tuple[str, ...]:
    read = _READERS.get(script(word))
    return (plain(word),) if read is None else read(word)


def _one_choice(letter: str) -> str:
    """A letter without its mark, or the sign for one that documents spell in several ways."""
    choices = LATIN.get(letter) or (unmarked(letter),)
    return choices[0] if len(choices) == 1 else _SEVERAL


_SEVERAL = "\0"
_CHOICES = Table(_one_choice)


def _latin(word: str) -> tuple[str, ...]:
    word = unicodedata.normalize("NFC", word)
    only = word.translate(_CHOICES)
    if _SEVERAL not in only:
        return (only,)
    choices = [LATIN.get(letter) or (letter.translate(_CHOICES),) for letter in word]
    number = 1
    for choice in choices:
        number *= len(choice)
    if number <= MOST_FORMS:
        return tuple("".join(row) for row in product(*choices))
    most = max(map(len, choices))
    return tuple("".join(choice[min(rank, len(choice) - 1)] for choice in choices) for rank in range(most))


def unmarked(letter: str) -> str:
    if letter.isascii():
        return letter
    decomposed = unicodedata.normalize("NFKD", letter)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare if bare.isascii() else plain(bare)


def _cyrillic(word: str) -> tuple[str, ...]:
    bare = unicodedata.normalize("NFC", word.replace("\u0301", ""))
    return _in_ascii(cyrillic.latin_forms(bare))


def _in_ascii(forms: tuple[str, ...]) -> tuple[str, ...]:
    return forms if "".join(forms).isascii() else tuple(map(_ascii, forms))


def _ascii(form: str) -> str:
    return form if form.isascii() else plain(form)


def _greek(word: str) -> tuple[str, ...]:
    return _in_ascii(greek.latin_forms(word))


def _arabic(word: str) -> tuple[str, ...]:
    return semitic.zone_form(word, "ARABIC"), plain(word)


def _hebrew(word: str) -> tuple[str, ...]:
    zone = semitic.zone_form(word, "HEBREW")
    return zone, zone.replace("sh", "s"), plain(word)


_READERS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "LATIN": _latin,
    "CYRILLIC": _cyrillic,
    "GREEK": _greek,
    "ARABIC": _arabic,
    "HEBREW": _hebrew,
    "HANGUL": east_asian.hangul_forms,
}
