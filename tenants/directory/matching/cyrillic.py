"""Cyrillic letters as documents spell them in Latin: each state has a table of its own, and changed it over the years.

Sources: ICAO Doc 9303 part 3, section 6, table B (with the notes for Belarus, Bulgaria, North Macedonia, Serbia and
Ukraine); Ukraine, Cabinet resolution 55 of 2010; Bulgaria, Transliteration Act of 2009; Russian passports before 2010
(GOST R 52535.1) and before 1997 (after French); BGN/PCGN 1947, which English-speaking registers use.
A table is a whole: forms are never mixed letter by letter, so that their number stays small.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяґєіїўђѓѕјќљњћџѫѳѵғқңөұүһәҳӣӯҷ"
_ICAO = [
    "a",
    "b",
    "v",
    "g",
    "d",
    "e",
    "e",
    "zh",
    "z",
    "i",
    "i",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "r",
    "s",
    "t",
    "u",
    "f",
    "kh",
    "ts",
    "ch",
    "sh",
    "shch",
    "ie",
    "y",
    "-",
    "e",
    "iu",
    "ia",
    "g",
    "ie",
    "i",
    "i",
    "u",
    "d",
    "g",
    "dz",
    "j",
    "k",
    "lj",
    "nj",
    "c",
    "dz",
    "u",
    "f",
    "i",
    "g",
    "q",
    "n",
    "o",
    "u",
    "u",
    "h",
    "a",
    "h",
    "i",
    "u",
    "j",
]
ICAO = {letter: form.strip("-") for letter, form in zip(_LETTERS, _ICAO, strict=True)}
_ENGLISH = {"й": "y", "ъ": "", "ю": "yu", "я": "ya", "є": "ye", "ї": "yi", "ё": "yo"}
SYSTEMS: tuple[dict[str, str], ...] = (
    ICAO,
    ICAO | {"ё": "io"},
    ICAO | _ENGLISH,
    ICAO | _ENGLISH | {"ё": "e"},
    # GOST R 52535.1 of 2006
    ICAO | {"ц": "tc", "ъ": ""},
    # French, on Soviet and early Russian passports
    ICAO | {"у": "ou", "ж": "j", "ч": "tch", "ш": "ch", "щ": "chtch", "ю": "iou", "х": "kh", "ъ": ""},
    # Ukraine 2010
    ICAO | {"г": "h", "и": "y", "й": "i", "ь": "", "ъ": ""},
    ICAO | {"г": "h", "и": "y", "й": "y", "ю": "yu", "я": "ya", "є": "ye", "ї": "yi", "ь": ""},
    # Belarus
    ICAO | {"г": "h", "ё": "io", "ь": ""},
    # Bulgaria 2009
    ICAO | {"й": "y", "х": "h", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya"},
    ICAO | {"й": "i", "х": "kh", "щ": "sht", "ъ": "u", "ь": "", "ю": "iu", "я": "ia"},
    # Serbia: the Latin alphabet of the same language, without its marks
    ICAO | {"ж": "z", "ч": "c", "ш": "s", "ц": "c", "х": "h", "ђ": "dj", "џ": "dz"},
    ICAO | {"ж": "z", "ч": "c", "ш": "s", "ц": "c", "х": "h", "ђ": "d", "џ": "dz"},
    # North Macedonia
    ICAO | {"ѓ": "gj", "ќ": "kj", "х": "h", "ц": "c", "џ": "dj", "ч": "ch"},
    ICAO | {"ѓ": "g", "ќ": "k", "х": "h", "ц": "c", "џ": "dzh", "ч": "ch"},
    # Kazakhstan, Kyrgyzstan, Mongolia
    ICAO | {"қ": "k", "ғ": "gh", "ң": "ng", "ө": "u", "ү": "u", "й": "y", "ю": "yu", "я": "ya", "ж": "zh"},
    ICAO | {"ж": "j", "ө": "u", "х": "kh", "й": "i", "ц": "ts", "ю": "yu", "я": "ya"},
)
# What registers write for the endings, whatever their table says.
_ENDINGS = (("ый", "y"), ("ий", "y"), ("ый", "yi"), ("ій", "iy"))
_VOWELS = frozenset("аеёиоуыэюяіїєъь")


# Each table for `str.translate`, with the letters that it spells in another way than the first one.
_TABLES = tuple(
    (str.maketrans(table), frozenset(letter for letter in table if table[letter] != ICAO.get(letter)))
    for table in SYSTEMS
)
_FIRST_TABLE, _ENGLISH_TABLE = _TABLES[0][0], _TABLES[2][0]
# BGN/PCGN: е is ye at the beginning and after a vowel or sign.
_YE = re.compile(f"(?:^|(?<=[{''.join(sorted(_VOWELS))}]))е")


@lru_cache(maxsize=4_096)
def latin_forms(word: str) -> tuple[str, ...]:
    """Every way a document may spell this lower-case Cyrillic word, the recommended one first."""
    letters = frozenset(word)
    forms = [word.translate(_FIRST_TABLE)]
    forms += [word.translate(table) for table, own in _TABLES if not own.isdisjoint(letters)]
    forms.append(_YE.sub("ye", word).translate(_ENGLISH_TABLE))
    for ending, spelt in _ENDINGS:
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            forms += [stem.translate(table) + spelt for table, _own in _TABLES[:4]]
    return tuple(dict.fromkeys(forms))
