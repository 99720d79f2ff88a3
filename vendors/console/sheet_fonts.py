"""Letters for paper: a name in any script is drawn, and never as an empty box.

Noto Sans (SIL Open Font License) comes with a package and is embedded. Chinese, Japanese and Korean are drawn with the
standard fonts that PDF readers bring for them, so they are not embedded. What no font has stands as its code, `(U+10300)`.
What this does not do: joining Arabic letters and stacking Indic ones; they stand side by side.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from itertools import groupby
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

PLAIN = "NotoSans"
# By the first word of a character's name in Unicode.
SCRIPTS = frozenset(
    [
        "ARABIC",
        "ARMENIAN",
        "BENGALI",
        "DEVANAGARI",
        "ETHIOPIC",
        "GEORGIAN",
        "GUJARATI",
        "GURMUKHI",
        "HEBREW",
        "KANNADA",
        "KHMER",
        "LAO",
        "MALAYALAM",
        "MYANMAR",
        "ORIYA",
        "SINHALA",
        "TAMIL",
        "TELUGU",
        "THAI",
    ]
)
ASIAN = {
    "CJK": "STSong-Light",
    "IDEOGRAPHIC": "STSong-Light",
    "FULLWIDTH": "STSong-Light",
    "HIRAGANA": "HeiseiMin-W3",
    "KATAKANA": "HeiseiMin-W3",
    "HALFWIDTH": "HeiseiMin-W3",
    "HANGUL": "HYSMyeongJo-Medium",
}
FROM_RIGHT = frozenset({"R", "AL"})


@cache
def _embedded(name: str) -> frozenset[int]:
    """Register a font of the package; the characters it has."""
    font = TTFont(name, str(files("manimgx_fonts") / f"{name}[wght].ttf"))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


@cache
def _standard(name: str) -> str:
    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


def plain_font() -> str:
    _embedded(PLAIN)
    return PLAIN


@cache
def font_of(character: str) -> str:
    """The font that has it; empty where none has."""
    if ord(character) in _embedded(PLAIN):
        return PLAIN
    script = unicodedata.name(character, "NONE").split(maxsplit=1)[0].split("-")[0]
    if script in ASIAN:
        return _standard(ASIAN[script])
    wanted = [f"NotoSans{script.title()}"] if script in SCRIPTS else ["NotoSansSymbols", "NotoEmoji"]
    return next((name for name in wanted if ord(character) in _embedded(name)), "")


def marked_up(text: str) -> str:
    """Text for a paragraph, each stretch in a font that has it. Whoever writes it cannot write markup."""
    ordered = "".join(_from_right(text))
    told = []
    for name, stretch in groupby(_drawn(ordered), key=lambda pair: pair[0]):
        words = escape("".join(character for _name, character in stretch))
        told.append(words if name == PLAIN else f'<font name="{name}">{words}</font>')
    return "".join(told)


def _drawn(text: str) -> list[tuple[str, str]]:
    drawn = []
    for character in text:
        name = font_of(character)
        drawn += [(name, character)] if name else [(PLAIN, sign) for sign in f"(U+{ord(character):04X})"]
    return drawn


def _from_right(text: str) -> list[str]:
    """Stretches of letters that are read from the right, with the spaces between them, in the order they are drawn."""
    parts, stretch, waiting = [], "", ""
    for character in text:
        if unicodedata.bidirectional(character) in FROM_RIGHT or (
            stretch and unicodedata.bidirectional(character) == "NSM"
        ):
            stretch, waiting = stretch + waiting + character, ""
        elif stretch and character.isspace():
            waiting += character
        else:
            parts += [stretch[::-1], waiting, character]
            stretch = waiting = ""
    return [*parts, stretch[::-1], waiting]
