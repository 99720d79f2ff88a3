"""What of a text may be compared as a name, and what may not.

Protects the comparison from texts that look like a name and are another: letters of two scripts in one word, characters
that cannot be seen, marks piled on a letter, endless texts. A text with such a trouble agrees with nothing. What it
does not do: judge whether a text is anybody's name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

# A field of the directory holds 120 characters, a document's zone 39.
MAX_NAME = 200
# What is left after composing: Hebrew and Arabic with points carry four on one letter, everybody else two.
MAX_MARKS, MAX_POINTS = 2, 4
# Characters a table remembers: more than all living scripts but the ideographs together.
MOST_KEPT = 16_384
# Joiners that belong to the spelling of these scripts and to no other.
_JOINERS = "\u200c\u200d"
_JOINED_SCRIPTS = frozenset(
    [
        "ARABIC",
        "SYRIAC",
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
        "KHMER",
        "MYANMAR",
        "MONGOLIAN",
        "TIBETAN",
    ]
)
# Marks of direction that come along when a name is copied out of a right-to-left text.
_DIRECTIONS = "\u200e\u200f\u061c"
_RIGHT_TO_LEFT = frozenset(["ARABIC", "HEBREW", "SYRIAC", "THAANA"])
# Characters that show nothing although Unicode counts them as letters or marks.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_SAME_AS = {
    "HIRAGANA": "KANA",
    "KATAKANA": "KANA",
    "KATAKANA-HIRAGANA": "KANA",
    "IDEOGRAPHIC": "HAN",
    "CJK": "HAN",
    "KANGXI": "HAN",
    "BOPOMOFO": "HAN",
    "COMBINING": "",
    "MODIFIER": "",
}
# UTS 39, section 5.1: scripts that are written together.
_TOGETHER = (frozenset({"HAN", "KANA"}), frozenset({"HAN", "HANGUL"}))
# Letters of the phonetic alphabet that also stand in the names of living languages.
_IN_NAMES = frozenset("ɓɖɗɛəɣɩɲɔʊʋʒŋƙƴ")
_PHONETIC = re.compile("[\u0250-\u02af\u1d00-\u1dbf\ua720-\ua7ff]")
# The general categories of signs: some look like letters (a letter in a black circle), and none stands in a name.
_SIGN_CATEGORIES = frozenset(["So", "Sc", "Sm", "No", "Nl", "Me"])
_SIGNS_OF_WRITING = frozenset("<|−+=~")
# The general categories of what cannot be seen: controls, formats, surrogates, private use, not assigned, ends of lines.
_UNSEEN = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])


class Table(dict[int, str]):
    """For `str.translate`: what stands for a character is found out when it is first met. Bounded."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str:
        found = self._of(chr(code))
        if len(self) < MOST_KEPT:
            self[code] = found
        return found


class Trouble(StrEnum):
    """Why a text is not compared."""

    TOO_LONG = "too_long"
    HIDDEN_CHARACTERS = "hidden_characters"
    MIXED_SCRIPTS = "mixed_scripts"
    UNUSUAL_LETTERS = "unusual_letters"
    TOO_MANY_MARKS = "too_many_marks"


@lru_cache(maxsize=8_192)
def script_of(character: str) -> str:
    """The script of a letter, by its Unicode name; empty for what belongs to none."""
    if not character.isalpha() and not unicodedata.category(character).startswith("M"):
        return ""
    # Ideographs that this Unicode gives no name are none of the scripts that are read here, and mix with none.
    first = unicodedata.name(character, "UNNAMED").split(" ", 1)[0]
    return _SAME_AS.get(first, first)


def scripts_of(text: str) -> frozenset[str]:
    return frozenset(map(script_of, text)) - {""}


def mixes_scripts(word: str) -> bool:
    """Whether one word is written in letters of several scripts that are never written together."""
    found = scripts_of(word)
    return len(found) > 1 and not any(found <= allowed for allowed in _TOGETHER)


_LOOK, _OF_NO_SCRIPT = "?", " "
_SIGNS: dict[str, str] = {"": _OF_NO_SCRIPT}


def _kind(character: str) -> str:
    """One sign for each script if nothing is to be said against the character, wherever it stands; else `_LOOK`."""
    script = script_of(character)
    is_plain = (
        unicodedata.category(character) not in _UNSEEN
        and not unicodedata.category(character).startswith("M")
        and character not in _BLANK
        and not _is_selector(character)
        and not _PHONETIC.match(character)
        and not _is_sign(character)
        and unicodedata.normalize("NFKC", character) == character
        and not scripts_of(character.casefold()) - {script}
    )
    return _SIGNS.setdefault(script, chr(0x100 + len(_SIGNS))) if is_plain else _LOOK


_KINDS = Table(_kind)


def clean(text: str) -> tuple[str, Trouble | None, bool]:
    """The text in one normal form (NFKC, no joiners), or the first trouble with it; and whether it is plain: one script at most,
    and nothing in it depends on what stands beside it. Linear in the text's length."""
    if len(text) > MAX_NAME:
        return "", Trouble.TOO_LONG, False
    if text.isascii():
        return (text, None, True) if text.isprintable() else ("", Trouble.HIDDEN_CHARACTERS, False)
    kinds = set(text.translate(_KINDS))
    if _LOOK not in kinds and unicodedata.is_normalized("NFKC", text):
        return text, None, len(kinds - {_OF_NO_SCRIPT}) < 2
    return *_looked_at(text), False


def _looked_at(text: str) -> tuple[str, Trouble | None]:
    seen = _without_joiners(text)
    if any(unicodedata.category(character) in _UNSEEN or character in _BLANK for character in seen):
        return "", Trouble.HIDDEN_CHARACTERS
    composed = unicodedata.normalize("NFKC", seen)
    if len(composed) > MAX_NAME:
        return "", Trouble.TOO_LONG
    if _marks_in_a_row(composed) > (MAX_POINTS if scripts_of(composed) & _RIGHT_TO_LEFT else MAX_MARKS):
        return "", Trouble.TOO_MANY_MARKS
    if any(map(_is_unusual, composed)):
        return "", Trouble.UNUSUAL_LETTERS
    return composed, None


@lru_cache(maxsize=8_192)
def _is_unusual(character: str) -> bool:
    if _PHONETIC.match(character):
        return character not in _IN_NAMES
    return _is_sign(character)


def _is_sign(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Mn":  # letters written above others, as in old manuscripts
        name = unicodedata.name(character, "")
        return name.startswith("COMBINING ") and " LETTER " in name
    return category in _SIGN_CATEGORIES and character not in _SIGNS_OF_WRITING


def _without_joiners(text: str) -> str:
    """Joiners, marks of direction and variants of ideographs go where the script knows them; elsewhere they stay, and are
    found."""
    found = scripts_of(text)
    if found & _JOINED_SCRIPTS:
        text = text.translate(dict.fromkeys(map(ord, _JOINERS)))
    if found & _RIGHT_TO_LEFT:
        text = text.translate(dict.fromkeys(map(ord, _DIRECTIONS)))
    return "".join(character for character in text if not _is_selector(character))


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _marks_in_a_row(text: str) -> int:
    most = here = 0
    for character in text:
        here = here + 1 if unicodedata.combining(character) else 0
        most = max(most, here)
    return most
