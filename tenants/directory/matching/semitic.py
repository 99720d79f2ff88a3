"""Arabic and Hebrew letters: as the machine-readable zone spells them, and as the consonants a Latin spelling shares.

Sources: ICAO Doc 9303 part 3, section 6, table C (Arabic, with the letters of Persian, Urdu and Pashto); the Academy of
the Hebrew Language's rules of 2006. Both scripts leave most vowels out, so a Latin spelling can only be compared by its
consonants: محمد, Mohammed and Muhammad are all m-h-m-d. That is weak: it counts as fuzzy, and never without a birth date.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

ARABIC_ZONE: dict[str, str] = dict(
    pair.split("=")
    for pair in [
        "ء=xe",
        "آ=xaa",
        "أ=xae",
        "ؤ=u",
        "إ=i",
        "ئ=xi",
        "ا=a",
        "ب=b",
        "ة=xta",
        "ت=t",
        "ث=xth",
        "ج=j",
        "ح=xh",
        "خ=xkh",
        "د=d",
        "ذ=xdh",
        "ر=r",
        "ز=z",
        "س=s",
        "ش=xsh",
        "ص=xss",
        "ض=xdz",
        "ط=xtt",
        "ظ=xzz",
        "ع=e",
        "غ=g",
        "ف=f",
        "ق=q",
        "ك=k",
        "ل=l",
        "م=m",
        "ن=n",
        "ه=h",
        "و=w",
        "ى=xay",
        "ي=y",
        "ٱ=xxa",
        "ٹ=xxt",
        "پ=p",
        "چ=xc",
        "ڈ=xxd",
        "ڑ=xxr",
        "ژ=xj",
        "ک=xkk",
        "گ=xgg",
        "ں=xnn",
        "ھ=xdo",
        "ہ=xxg",
        "ی=xya",
        "ے=xyb",
        "ټ=xrt",
        "ډ=xdr",
        "ړ=xrr",
        "ښ=xxs",
        "ڼ=xxn",
        "ځ=xke",
        "څ=xxh",
        "ږ=xrx",
        "ۀ=xyh",
        "ې=y",
    ]
)
HEBREW: dict[str, str] = dict(
    pair.split("=")
    for pair in [
        "א=",
        "ב=v",
        "ג=g",
        "ד=d",
        "ה=h",
        "ו=v",
        "ז=z",
        "ח=ch",
        "ט=t",
        "י=y",
        "כ=ch",
        "ך=ch",
        "ל=l",
        "ם=m",
        "מ=m",
        "ן=n",
        "נ=n",
        "ס=s",
        "ע=",
        "ף=f",
        "פ=f",
        "ץ=tz",
        "צ=tz",
        "ק=q",
        "ר=r",
        "ש=sh",
        "ת=t",
    ]
)
# One sign for the consonants that the spellings of one letter share; vowels and their carriers are left out.
_ARABIC_SOUNDS = dict(
    pair.split("=")
    for pair in [
        "ب=b",
        "پ=b",
        "ت=t",
        "ط=t",
        "ة=",
        "ث=t",
        "ج=j",
        "چ=j",
        "ژ=j",
        "ح=h",
        "خ=h",
        "ه=h",
        "ھ=h",
        "ہ=h",
        "د=d",
        "ذ=d",
        "ض=d",
        "ر=r",
        "ز=z",
        "ظ=z",
        "س=s",
        "ص=s",
        "ش=s",
        "غ=g",
        "گ=g",
        "ف=f",
        "ق=k",
        "ك=k",
        "ک=k",
        "ل=l",
        "م=m",
        "ن=n",
        "ں=n",
    ]
)
_HEBREW_SOUNDS = dict(
    pair.split("=")
    for pair in [
        "ב=b",
        "ג=g",
        "ד=d",
        "ה=h",
        "ז=z",
        "ח=h",
        "ט=t",
        "כ=k",
        "ך=k",
        "ל=l",
        "מ=m",
        "ם=m",
        "נ=n",
        "ן=n",
        "ס=s",
        "פ=f",
        "ף=f",
        "צ=z",
        "ץ=z",
        "ק=k",
        "ר=r",
        "ש=s",
        "ת=t",
    ]
)
_LATIN_PAIRS = (
    (r"tz|ts", "z"),
    (r"kh|ch(?=[aou])", "h"),
    (r"sch|sh|ch", "s"),
    (r"th", "t"),
    (r"dh", "d"),
    (r"dj", "j"),
    (r"gh", "g"),
    (r"ph|p(?=h)", "f"),
    (r"c(?=[eiy])", "s"),
    (r"[qcx]", "k"),
    (r"p", "b"),
)
_ONE_SPELLING = str.maketrans(
    dict(
        pair.split("=")
        for pair in ["أ=ا", "إ=ا", "آ=ا", "ٱ=ا", "ى=ي", "ة=ه", "ک=ك", "ی=ي", "ہ=ه", "ھ=ه", "ؤ=و", "ئ=ي"]
    )
)
_ABD = re.compile(r"^(bd)l")
_ARTICLE = re.compile(r"^(?:al|el|ul|as|ash|ar|an|ad|at|az)(?=[^aeiou])")


def zone_form(word: str, script: str) -> str:
    """As the zone spells it: without points, letter by letter."""
    bare = "".join(char for char in word if not unicodedata.combining(char))
    table = ARABIC_ZONE if script == "ARABIC" else HEBREW
    if script == "ARABIC" and bare.endswith("ة"):
        return _spell(bare[:-1], table) + "xah"
    return _spell(bare, table)


def one_spelling(word: str) -> str:
    """Arabic letters that registers write for one another: alef with and without hamza, final ya, ta marbuta, Persian kaf
    and ya."""
    bare = "".join(char for char in word if not unicodedata.combining(char))
    return bare.translate(_ONE_SPELLING)


def _spell(word: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, "") for letter in word)


@lru_cache(maxsize=4_096)
def consonants(word: str, script: str) -> str:
    """The consonants of a word in either script, in the signs that `latin_consonants` uses."""
    bare = "".join(char for char in word if not unicodedata.combining(char))
    if script == "HEBREW":
        # At the beginning פ is p, which the Latin side writes with the sign for b.
        begins = "ב" + bare[1:] if bare.startswith("פ") else bare
        return _once(_spell(begins.removesuffix("ה"), _HEBREW_SOUNDS))
    bare = re.sub("^ال(?=..)", "", bare)
    found = _once(_spell(bare.removesuffix("ه") if len(bare) > 3 else bare, _ARABIC_SOUNDS))
    return _ABD.sub(r"\1", found)


@lru_cache(maxsize=16_384)
def latin_consonants(word: str) -> frozenset[str]:
    """The consonants of a Latin spelling, with and without what may be an article; only where two or more are left."""
    spelt = {word, _ARTICLE.sub("", word)}
    # As in Chaim, and as in Chand.
    spelt |= {one.replace("ch", "sh") for one in spelt}
    return frozenset(found for found in map(_latin, spelt) if len(found) >= 2)


def indic_spelling(plain: str) -> str:
    """What `anyascii` makes of an Indic word, nearer to how such names are written in Latin."""
    return re.sub("c(?!h)", "ch", plain.replace("ngk", "nk"))


def _latin(word: str) -> str:
    for pattern, sign in _LATIN_PAIRS:
        word = re.sub(pattern, sign, word)
    word = re.sub(r"(?<=[aeiou])h$", "", word)
    return _ABD.sub(r"\1", _once(re.sub(r"[^bcdfghjklmnrstz]", "", word)))


def _once(text: str) -> str:
    """Doubled consonants once: neither script writes the doubling."""
    return re.sub(r"(.)\1+", r"\1", text)
