"""Han, kana and Hangul in Latin.

Han is read as Mandarin (Hanyu Pinyin, ISO 7098, by `anyascii`): Japanese, Korean and Cantonese readings of ideographs
cannot be known from the letters alone, so such people need their name in Latin or kana on file as well. Kana follows the
Hepburn spelling of Japanese passports, with the long vowels they allow. Korean passports allow free spellings: the family
names below are those that the National Institute of Korean Language found on passports; syllables are compared coarsely.
"""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

from tenants.directory.matching.rules import FIRST, fold, rules

SURNAMES = {
    "김": "kim gim",
    "이": "lee yi rhee li i",
    "박": "park pak bak",
    "최": "choi choe",
    "정": "jung jeong chung cheong",
    "강": "kang gang",
    "조": "cho jo",
    "윤": "yoon yun youn",
    "장": "jang chang",
    "임": "lim im",
    "림": "lim rim",
    "한": "han",
    "오": "oh o",
    "서": "seo suh",
    "신": "shin sin",
    "권": "kwon gwon",
    "황": "hwang",
    "안": "ahn an",
    "송": "song",
    "류": "ryu yoo",
    "유": "yoo yu you ryu",
    "전": "jeon jun chun",
    "홍": "hong",
    "고": "ko go koh",
    "문": "moon mun",
    "양": "yang",
    "손": "son sohn",
    "배": "bae pae",
    "백": "baek paik",
    "허": "heo hur huh",
    "남": "nam",
    "심": "shim sim",
    "노": "noh roh no",
    "하": "ha",
    "곽": "kwak gwak",
    "성": "sung seong",
    "차": "cha",
    "주": "joo ju",
    "우": "woo u wu",
    "구": "koo gu ku",
    "민": "min",
    "나": "na ra",
    "진": "jin chin",
    "지": "ji chi",
    "엄": "eom um",
    "원": "won",
    "천": "cheon chun",
    "방": "bang pang",
    "공": "kong gong",
    "현": "hyun hyeon",
    "함": "ham",
    "변": "byun byeon",
    "염": "yeom yum",
    "여": "yeo",
    "추": "choo chu",
    "도": "do",
    "소": "so",
    "석": "seok suk",
    "선": "sun seon",
    "설": "seol sul",
    "마": "ma",
    "길": "gil kil",
    "연": "yeon",
    "위": "wi",
    "표": "pyo",
    "명": "myung myeong",
    "기": "ki gi",
    "반": "ban pan",
    "왕": "wang",
    "금": "geum keum",
    "옥": "ok",
    "육": "yook yuk",
    "인": "in",
    "맹": "maeng",
    "제": "je",
    "모": "mo",
}
_KOREAN = rules(
    ("h", "h(?=$|[^aeiouyw])", ""),
    ("yeo yo yu", "yeo|you|yoo|yo|yu", "Y"),
    ("ee ui yi", "ee|eui|ui|yi", "i"),
    ("ai e", "ae|ai|e(?=[^ouey]|$)", "E"),
    ("o u", "eo|eu|oo|ou|u|o", "o"),
    ("sh", "sh", "s"),
    ("ch j z", "ch|j|z", "c"),
    ("g q", "g|q", "k"),
    ("d", "d", "t"),
    ("b", "b", "p"),
    ("r", "r", "l"),
    ("", r"(.)\1+", FIRST),
)
_JAPANESE = re.compile(
    r"(?:(?:[kstcpg](?=[kstcpg]))?(?:[kgsztdnhbpmrj]y?|ch|sh|ts|f|y|w)?[aiueo]h?|n|m(?=[bpm]))+"
)
_NO_LETTER = re.compile("[^a-z]")
_NOT_JAPANESE = frozenset("lqvx")
_M_FOR_N = re.compile("m(?=[bpm])")
_LONG = ((re.compile("o[uho](?![aiueoy])|ou|oo"), "o"), (re.compile("uu|uh(?![aiueoy])"), "u"))


@lru_cache(maxsize=4_096)
def hangul_forms(word: str) -> tuple[str, ...]:
    """The Revised Romanization, and for a family name the spellings on passports."""
    revised = _NO_LETTER.sub("", anyascii(word).casefold())
    return tuple(dict.fromkeys([revised, *SURNAMES.get(word, "").split()]))


@lru_cache(maxsize=16_384)
def korean_sound(latin: str) -> str:
    """What the free spellings of a Korean name share; only meant for comparing with Hangul."""
    return fold(latin, _KOREAN)


@lru_cache(maxsize=16_384)
def japanese_sound(latin: str) -> str:
    """A Japanese word in Latin without the marks of long vowels (Ōno, Ohno, Oono, Ouno); empty if it is no such word."""
    if not _NOT_JAPANESE.isdisjoint(latin) or not _JAPANESE.fullmatch(latin):
        return ""
    if "o" in latin or "u" in latin:
        for pattern, sign in _LONG:
            latin = pattern.sub(sign, latin)
    return _M_FOR_N.sub("n", latin) if "m" in latin else latin
