"""How a document would print a name that a directory holds. Pure.

A rehearsal matches these spellings back, so they must not come from the matcher's tables: one table used both ways agrees
with itself whatever it says. Names in Latin letters are printed as they are, and as the zone has them, by the document
reader's table (ICAO Doc 9303-3, 6A), which is held to photographs of real specimens. Other scripts are spelled by Interscript
(BSD; the tables of ICAO 9303, ELOT 743, of states and of BGN/PCGN) and pypinyin (MIT; ISO 7098). Decision 0029 says where
this is weak. What it does not do: know which of several lawful spellings a person chose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import interscript

from recovery.readiness.judging import Printed
from vendors.facecheck.engine.documents.mrz import Format
from vendors.facecheck.engine.documents.mrz_writer import MrzFields, write_mrz
from vendors.facecheck.engine.documents.transliteration import transliterate

# The table that spells a script, of those that passports follow.
SYSTEMS: dict[str, str] = {
    "CYRILLIC": "icao-rus-Cyrl-Latn-9303",
    "GREEK": "elot-ell-Grek-Latn-743-2001-ts",
    "ARABIC": "icao-fas-Arab-Latn-9303",
    "HEBREW": "icao-heb-Hebr-Latn-9303",
    "GEORGIAN": "ggg-kat-Geor-Latn-2002",
    "ARMENIAN": "bgnpcgn-arm-Armn-Latn-1981",
    "HANGUL": "moct-kor-Hang-Latn-2000",
    "DEVANAGARI": "un-hin-Deva-Latn-2016",
    "HIRAGANA": "mofa-jpn-Hrkt-Latn-1989",
    "KATAKANA": "mofa-jpn-Hrkt-Latn-1989",
    "CJK": "pinyin",
}
# Letters that say whose Cyrillic it is.
_BY_LETTERS = (
    ("іїєґ", "icao-ukr-Cyrl-Latn-9303"),
    ("ў", "icao-bel-Cyrl-Latn-9303"),
    ("ђћ", "icao-srp-Cyrl-Latn-9303"),
    ("ѓќѕ", "icao-mkd-Cyrl-Latn-9303"),
    ("ъ", "bgnpcgn-bul-Cyrl-Latn-2013"),
)
# Tables that are written for capital letters.
_CAPITALS = ("icao-rus", "icao-ukr", "icao-bel", "icao-srp", "icao-mkd")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|“[^”]*”|\"[^\"]*\"")
# An abbreviation ends in a full stop and is no initial: Dr., Prof., Dipl.-Ing., Jr.
_TITLE = re.compile(r"(?<!\S)[^\W\d_]{2,}(?:\.-?[^\W\d_]+)*\.(?=\s|,|$)")
_PRINTED = "'’‘`ʼʻʾʿ-‐‑–·・"
_NO_LETTER = re.compile("['’ʼʹʺ`ʻʿʾьЬ]")
_LETTERS = re.compile("[A-Za-z -]+")
# A letter of Arabic that the table, written for Persian, spells in another way than Arab states do.
_OTHERWISE = "ة"
_LATER = date(2035, 1, 1)
# The room for names in the zone of a passport and of a card.
ROOMS = ((Format.TD3, 39), (Format.TD1, 30))


def divided(given_names: str, family_name: str) -> list[tuple[str, str]]:
    """Given names and family name as a document has them apart; of a whole name in one field the family name is its last word
    or its first. Nothing where a name is missing: what the document says there nobody here knows."""
    if given_names.strip() and family_name.strip():
        return [(given_names, family_name)]
    words = f"{given_names} {family_name}".split()
    if len(words) < 2:
        return []
    return [(" ".join(words[:-1]), words[-1]), (" ".join(words[1:]), words[0])]


def prints_of(given_names: str, family_name: str) -> list[Printed]:
    """Every way that a passport or a card may say it, once each; none for a script nobody here can spell."""
    given, family = _on_paper(given_names), _on_paper(family_name)
    found = list(_spelled(given, family))
    return list(dict.fromkeys([*found, *(cut for one in found for cut in _cut(one))]))


def _on_paper(name: str) -> str:
    """What of a field is printed: no title, nothing in brackets, no digit and no sign, nothing that cannot be seen."""
    bare = _TITLE.sub(" ", _BRACKETED.sub(" ", name)).partition(",")[0]
    return " ".join("".join(_on_paper_one(char) for char in bare).split())


def _on_paper_one(char: str) -> str:
    """A letter or a mark stays, and so do hyphens and apostrophes; what cannot be seen goes, anything else is a gap."""
    kind = unicodedata.category(char)
    if kind[0] in "LM" or char in _PRINTED:
        return char
    return "" if kind[0] == "C" else " "


def _spelled(given: str, family: str) -> Iterator[Printed]:
    scripts = {script_of(given), script_of(family)} - {""}
    if scripts <= {"LATIN"}:
        yield Printed(given, family)
        if not (given.isascii() and family.isascii()):
            yield Printed(transliterate(given), transliterate(family))
        return
    cyrillic = _cyrillic_of(f"{given} {family}")
    spelled = [_in_latin(name, cyrillic) for name in (given, family)]
    if all(spelled):
        yield Printed(spelled[0], spelled[1])


def _in_latin(name: str, cyrillic: str) -> str:
    if script_of(name) == "LATIN" or not name:
        return transliterate(name)
    written = " ".join(spell(word, cyrillic) for word in name.split())
    return written if _LETTERS.fullmatch(written) else ""


@lru_cache(maxsize=8_192)
def spell(word: str, cyrillic: str = SYSTEMS["CYRILLIC"]) -> str:
    """One word in capital letters A to Z; empty where the table leaves a letter as it was, or there is no table."""
    script = script_of(word)
    if script == "CJK":
        return "".join(_pinyin().lazy_pinyin(word)).upper()
    system = cyrillic if script == "CYRILLIC" else SYSTEMS.get(script, "")
    if not system or (script == "ARABIC" and _OTHERWISE in word):
        return ""
    interscript.load_map(system)
    text = word.upper() if system.startswith(_CAPITALS) else word
    written = interscript.transliterate(system, unicodedata.normalize("NFC", text))
    bare = "".join(char for char in unicodedata.normalize("NFKD", written) if not unicodedata.combining(char))
    return _NO_LETTER.sub("", bare).upper()


@cache
def _pinyin() -> Any:
    """Its dictionary of phrases takes a second to load, and few processes ever print a Chinese name."""
    return import_module("pypinyin")


def _cyrillic_of(name: str) -> str:
    """Whose Cyrillic it is, by the letters of the whole name."""
    lowered = name.casefold()
    by_letters = (system for letters, system in _BY_LETTERS if any(letter in lowered for letter in letters))
    return next(by_letters, SYSTEMS["CYRILLIC"])


def script_of(text: str) -> str:
    """The script of the first letter that has one; empty for none."""
    if text.isascii():
        return "LATIN" if any(map(str.isalpha, text)) else ""
    letters = (unicodedata.name(char, "").split(" ", 1)[0] for char in text if char.isalpha())
    return next((name for name in letters if name), "")


def _cut(printed: Printed) -> Iterator[Printed]:
    """What a zone has left of names that are too long for its line. No letter is written out as more than two."""
    if 2 * (len(printed.given_names) + len(printed.family_name)) + 2 <= ROOMS[-1][1]:
        return
    given, family = transliterate(printed.given_names), transliterate(printed.family_name)
    length = len(given) + len(family) + 2
    for form, room in ROOMS:
        if length > room and given and family:
            yield _read_back(_line(given, family, form))


def _line(given: str, family: str, form: Format) -> str:
    fields = MrzFields("P", "UTO", family, given, "L898902C3", "UTO", None, "F", _LATER)
    lines = write_mrz(fields, form)
    return lines[0][5:] if form is Format.TD3 else lines[-1]


def _read_back(line: str) -> Printed:
    family, _gap, given = line.partition("<<")
    return Printed(given.replace("<", " ").strip(), family.replace("<", " ").strip())
