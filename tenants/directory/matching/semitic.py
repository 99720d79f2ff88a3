"""Arabic and Hebrew letters: as the machine-readable zone spells them, and as the consonants a Latin spelling shares.

Sources: ICAO Doc 9303 part 3, section 6, table C (Arabic, with the letters of Persian, Urdu and Pashto); the Academy of
the Hebrew Language's rules of 2006. Both scripts leave most vowels out, so a Latin spelling can only be compared by its
consonants: محمد, Mohammed and Muhammad are all m-h-m-d. That is weak: it counts as fuzzy, and never without a birth date.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tenants.directory.matching.letters import Table
from tenants.directory.matching.rules import FIRST, fold, rules

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
_LATIN_PAIRS = rules(
    ("tz ts", "tz|ts", "z"),
    ("kh ch", "kh|ch(?=[aou])", "h"),
    ("sh ch", "sch|sh|ch", "s"),
    ("th", "th", "t"),
    ("dh", "dh", "d"),
    ("dj", "dj", "j"),
    ("gh", "gh", "g"),
    ("ph", "ph", "f"),
    ("c", "c(?=[eiy])", "s"),
    ("q c x", "[qcx]", "k"),
    ("p", "p", "b"),
)
_ARABIC_ARTICLE = re.compile("^ال(?=..)")
_LAST_H = re.compile("(?<=[aeiou])h$")
_NO_CONSONANT = re.compile("[^bcdfghjklmnrstz]+")
_DOUBLED = re.compile(r"(.)\1+")
_ONE_SPELLING = str.maketrans(
    dict(
        pair.split("=")
        for pair in ["أ=ا", "إ=ا", "آ=ا", "ٱ=ا", "ى=ي", "ة=ه", "ک=ك", "ی=ي", "ہ=ه", "ھ=ه", "ؤ=و", "ئ=ي"]
    )
)
_ABD = re.compile(r"^(bd)l")
_ARTICLE = re.compile(r"^(?:al|el|ul|as|ash|ar|an|ad|at|az)(?=[^aeiou])")


def _spelt_by(table: dict[str, str]) -> Table:
    """Points and whatever the table does not know are left out."""
    return Table(lambda letter: table.get(letter, ""))


_ARABIC_ZONE, _HEBREW_ZONE = _spelt_by(ARABIC_ZONE), _spelt_by(HEBREW)
_ARABIC_SOUND, _HEBREW_SOUND = _spelt_by(_ARABIC_SOUNDS), _spelt_by(_HEBREW_SOUNDS)
_POINTS = Table(lambda letter: "" if unicodedata.combining(letter) else letter)


def zone_form(word: str, script: str) -> str:
    """As the zone spells it: without points, letter by letter."""
    if script != "ARABIC":
        return word.translate(_HEBREW_ZONE)
    bare = word.translate(_POINTS)
    if bare.endswith("ة"):
        return bare[:-1].translate(_ARABIC_ZONE) + "xah"
    return bare.translate(_ARABIC_ZONE)


def one_spelling(word: str) -> str:
    """Arabic letters that registers write for one another: alef with and without hamza, final ya, ta marbuta, Persian kaf
    and ya."""
    return word.translate(_POINTS).translate(_ONE_SPELLING)


@lru_cache(maxsize=4_096)
def consonants(word: str, script: str) -> str:
    """The consonants of a word in either script, in the signs that `latin_consonants` uses."""
    bare = word.translate(_POINTS)
    if script == "HEBREW":
        # At the beginning פ is p, which the Latin side writes with the sign for b.
        begins = "ב" + bare[1:] if bare.startswith("פ") else bare
        return _once(begins.removesuffix("ה").translate(_HEBREW_SOUND))
    bare = _ARABIC_ARTICLE.sub("", bare)
    found = _once((bare.removesuffix("ه") if len(bare) > 3 else bare).translate(_ARABIC_SOUND))
    return _ABD.sub(FIRST, found)


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
    word = fold(word, _LATIN_PAIRS)
    word = _NO_CONSONANT.sub("", _LAST_H.sub("", word) if word.endswith("h") else word)
    return _ABD.sub(FIRST, _once(word))


def _once(text: str) -> str:
    """Doubled consonants once: neither script writes the doubling."""
    return _DOUBLED.sub(FIRST, text)
