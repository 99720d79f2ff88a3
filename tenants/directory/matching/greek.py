"""Greek letters in Latin as passports spell them (ELOT 743, which ISO 843 took over), and as older registers do."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_PLAIN = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
            "a",
            "v",
            "g",
            "d",
            "e",
            "z",
            "i",
            "th",
            "i",
            "k",
            "l",
            "m",
            "n",
            "x",
            "o",
            "p",
            "r",
            "s",
            "s",
            "t",
            "y",
            "f",
            "ch",
            "ps",
            "o",
        ],
        strict=True,
    )
)
# Before a vowel or one of these the second letter of αυ, ευ, ηυ is voiced.
_VOICED = "βγδζλμνραεηιουω"
_PAIRS = (
    ("γγ", "ng"),
    ("γξ", "nx"),
    ("γχ", "nch"),
    ("ου", "ou"),
    ("ντ", "nt"),
)
_OLDER = {"χ": "h", "β": "v", "υ": "i", "ξ": "ks"}
_CLASSIC = {"η": "e", "φ": "ph", "β": "b", "υ": "y", "κ": "c"}


_VOICED_PAIRS = tuple(
    (f"{vowel}υ", re.compile(f"{vowel}υ(?=[{_VOICED}])"), spelt)
    for vowel, spelt in (("α", "a"), ("ε", "e"), ("η", "i"))
)
_PLAIN_TABLE, _OLDER_TABLE, _CLASSIC_TABLE = (
    str.maketrans(table) for table in (_PLAIN, _PLAIN | _OLDER, _PLAIN | _CLASSIC)
)
_LETTER_TABLES = tuple(
    (letter, str.maketrans(_PLAIN | {letter: spelt}))
    for letter, spelt in (("χ", "h"), ("χ", "kh"), ("φ", "ph"))
)
_Y_BEFORE_VOWEL = re.compile("^γι(?=[αεοωυη])")


def _without_accents(word: str) -> str:
    # A diaeresis keeps two vowels apart, so it is noticed before it goes.
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _elot(word: str) -> str:
    if word.startswith("μπ"):
        word = "b" + word[2:]
    for pair, spelt in _PAIRS:
        word = word.replace(pair, spelt)
    for pair, voiced, spelt in _VOICED_PAIRS:
        if pair in word:
            word = voiced.sub(f"{spelt}v", word).replace(pair, f"{spelt}f")
    return word


@lru_cache(maxsize=4_096)
def latin_forms(word: str) -> tuple[str, ...]:
    """Every way a document may spell this lower-case Greek word, the standard one first."""
    plain = _without_accents(word)
    standard = _elot(plain)
    spoken = plain
    for pair, spelt in (("γκ", "g"), ("ντ", "d")):
        if spoken.startswith(pair):
            spoken = spelt + spoken[2:]
    for pair, spelt in (("μπ", "b"), ("ου", "u"), ("αι", "e"), ("ει", "i"), ("οι", "i")):
        spoken = spoken.replace(pair, spelt)
    forms = [
        standard.translate(_PLAIN_TABLE),
        standard.translate(_OLDER_TABLE),
        _elot(spoken).translate(_OLDER_TABLE),
        plain.translate(_PLAIN_TABLE),
        standard.translate(_CLASSIC_TABLE),
        _Y_BEFORE_VOWEL.sub("y", standard).translate(_PLAIN_TABLE),
        *(standard.translate(table) for letter, table in _LETTER_TABLES if letter in standard),
    ]
    return tuple(dict.fromkeys(forms))
