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


def _without_accents(word: str) -> str:
    # A diaeresis keeps two vowels apart, so it is noticed before it goes.
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _elot(word: str) -> str:
    word = re.sub(r"^μπ", "b", word)
    for pair, spelt in _PAIRS:
        word = word.replace(pair, spelt)
    for vowel, spelt in (("α", "a"), ("ε", "e"), ("η", "i")):
        word = re.sub(f"{vowel}υ(?=[{_VOICED}])", f"{spelt}v", word)
        word = word.replace(f"{vowel}υ", f"{spelt}f")
    return word


@lru_cache(maxsize=4_096)
def latin_forms(word: str) -> tuple[str, ...]:
    """Every way a document may spell this lower-case Greek word, the standard one first."""
    plain = _without_accents(word)
    standard = _elot(plain)
    spoken = re.sub("^ντ", "d", re.sub("^γκ", "g", plain))
    spoken = (
        spoken.replace("μπ", "b").replace("ου", "u").replace("αι", "e").replace("ει", "i").replace("οι", "i")
    )
    forms = [
        _spell(standard, _PLAIN),
        _spell(standard, _PLAIN | _OLDER),
        _spell(_elot(spoken), _PLAIN | _OLDER),
        _spell(plain, _PLAIN),
        _spell(standard, _PLAIN | _CLASSIC),
        _spell(re.sub("^γι(?=[αεοωυη])", "y", standard), _PLAIN),
        _spell(standard, _PLAIN | {"χ": "h"}),
        _spell(standard, _PLAIN | {"χ": "kh"}),
        _spell(standard, _PLAIN | {"φ": "ph"}),
    ]
    return tuple(dict.fromkeys(forms))


def _spell(word: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in word)
