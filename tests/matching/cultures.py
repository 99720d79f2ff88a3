"""The naming cultures of the labelled set: lists of names that others published, and the rules by which documents spell them.

Names: the person lists of Faker (MIT), each with the locale it is for. Spellings never come from the matcher's own tables, as
one table used both ways proves nothing: zones by the document engine's writer (ICAO Doc 9303), other scripts by Interscript
(BSD; ICAO 9303, ELOT 743, BGN/PCGN, UN and national systems) and pypinyin (MIT; ISO 7098).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

import interscript
from pypinyin import lazy_pinyin

from vendors.facecheck.engine.documents.transliteration import transliterate

Spell = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Culture:
    """`spell` is how documents write a name of the list; `registers` are other spellings that registers hold."""

    label: str
    locale: str
    spell: Spell = transliterate
    registers: tuple[Spell, ...] = ()
    rules: frozenset[str] = field(default_factory=frozenset)
    source: str = "zone: ICAO 9303-3, 6A"


# The first list that a locale has. Those of one sex, so that no name stands there in the forms of both.
GIVEN = ("first_names_male", "first_names_unisex", "first_names")
FAMILY = (
    "last_names_male",
    "last_names_common",
    "unisex_last_names",
    "last_names_without_suffix",
    "last_names",
)


def names(locale: str, lists: Iterable[str]) -> list[str]:
    """Every name of the first of these lists that is there, once, in the order of the package."""
    provider = import_module(f"faker.providers.person.{locale}").Provider
    found = next((getattr(provider, label) for label in lists if len(getattr(provider, label, ())) > 3), ())
    texts = (name if isinstance(name, str) else str(name[0]) for name in found)
    return [name for name in dict.fromkeys(map(str.strip, texts)) if name]


def bare(name: str) -> str:
    """As a register that lost its marks: only for alphabets whose marks can be lost."""
    kept = name.translate(str.maketrans("łŁøØđĐıæÆœŒ", "lLoOdDiaAoO")).replace("ß", "ss")
    return "".join(char for char in unicodedata.normalize("NFKD", kept) if not unicodedata.combining(char))


def by(system: str, *, upper: bool = False) -> Spell:
    """A table of Interscript; empty where it leaves a letter as it was, so that the pair is not made."""

    @cache
    def spell(name: str) -> str:
        if system.startswith("icao-fas") and "ة" in name:
            return ""  # a letter of Arabic that the table of Persian spells in another way
        interscript.load_map(system)
        written = interscript.transliterate(system, name.upper() if upper else name)
        plain = "".join(
            char for char in unicodedata.normalize("NFKD", written) if not unicodedata.combining(char)
        )
        plain = re.sub("['’ʼʹʺ`ʻʿʾь]", "", plain)
        return plain.upper() if re.fullmatch("[A-Za-z -]+", plain) else ""

    return spell


def pinyin(name: str) -> str:
    return "".join(lazy_pinyin(name)).upper()


def pinyin_apart(name: str) -> str:
    return " ".join(lazy_pinyin(name)).upper()


def _latin(label: str, locale: str, *rules: str) -> Culture:
    return Culture(label, locale, registers=(str, bare), rules=frozenset(rules))


def _other(label: str, locale: str, system: str, *registers: Spell, upper: bool = False) -> Culture:
    return Culture(label, locale, by(system, upper=upper), (str, *registers), source=f"Interscript {system}")


CULTURES = (
    _latin("German", "de_DE", "umlaut", "hyphen", "title"),
    _latin("Austrian", "de_AT", "umlaut", "title"),
    _latin("Swiss", "de_CH", "umlaut", "hyphen"),
    _latin("French", "fr_FR", "hyphen", "particle"),
    _latin("Quebec", "fr_CA", "hyphen"),
    _latin("Spanish", "es_ES", "two_family_names"),
    _latin("Mexican", "es_MX", "two_family_names"),
    _latin("Argentine", "es_AR", "two_family_names"),
    _latin("Portuguese", "pt_PT", "two_family_names", "particle"),
    _latin("Brazilian", "pt_BR", "two_family_names", "generation"),
    _latin("Italian", "it_IT"),
    _latin("Dutch", "nl_NL", "particle"),
    _latin("Polish", "pl_PL", "hyphen"),
    _latin("Czech", "cs_CZ", "title"),
    _latin("Slovak", "sk_SK"),
    _latin("Hungarian", "hu_HU", "order"),
    _latin("Romanian", "ro_RO", "hyphen"),
    _latin("Swedish", "sv_SE", "umlaut"),
    _latin("Danish", "da_DK", "umlaut"),
    _latin("Norwegian", "no_NO", "umlaut"),
    _latin("Finnish", "fi_FI", "hyphen"),
    _latin("Estonian", "et_EE"),
    _latin("Latvian", "lv_LV"),
    _latin("Lithuanian", "lt_LT"),
    _latin("Croatian", "hr_HR"),
    _latin("Slovene", "sl_SI"),
    _latin("Turkish", "tr_TR"),
    _latin("Icelandic", "is_IS", "patronymic"),
    _latin("Irish", "ga_IE", "apostrophe"),
    _latin("British", "en_GB", "title", "generation"),
    _latin("Indonesian", "id_ID", "one_name"),
    _latin("Indian, in Latin", "en_IN", "one_field"),
    _latin("Pakistani", "en_PK", "one_field"),
    _latin("Nigerian, Igbo", "ig_NG"),
    _latin("Ghanaian, Twi", "tw_GH"),
    _latin("Vietnamese", "vi_VN", "order"),
    _other("Russian", "ru_RU", "icao-rus-Cyrl-Latn-9303", by("bgnpcgn-rus-Cyrl-Latn-1947"), upper=True),
    _other("Ukrainian", "uk_UA", "icao-ukr-Cyrl-Latn-9303", upper=True),
    _other("Bulgarian", "bg_BG", "bgnpcgn-bul-Cyrl-Latn-2013"),
    _other("Macedonian", "mk_MK", "bgnpcgn-mkd-Cyrl-Latn-2013"),
    _other("Greek", "el_GR", "elot-ell-Grek-Latn-743-2001-ts"),
    _other("Georgian", "ka_GE", "ggg-kat-Geor-Latn-2002"),
    _other("Persian", "fa_IR", "icao-fas-Arab-Latn-9303"),
    _other("Arabic", "ar_AA", "icao-fas-Arab-Latn-9303"),
    _other("Hebrew", "he_IL", "icao-heb-Hebr-Latn-9303"),
    _other("Korean", "ko_KR", "moct-kor-Hang-Latn-2000"),
    _other("Hindi", "hi_IN", "un-hin-Deva-Latn-2016"),
    _other("Marathi", "mr_IN", "un-mar-Deva-Latn-2016"),
    Culture("Chinese", "zh_CN", pinyin, (str, pinyin_apart), frozenset(["order"]), "pypinyin, ISO 7098"),
    Culture("Taiwanese", "zh_TW", pinyin, (str, pinyin_apart), frozenset(["order"]), "pypinyin, ISO 7098"),
)
