"""A tenant's accent colour, moved until it can be read (WCAG 2.2, 1.4.3 and 1.4.11). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEX = re.compile(r"#[0-9a-f]{6}")
WHITE, BLACK = "#ffffff", "#000000"
LIGHT_PAGES = ("#ffffff", "#f6f7f9")
DARK_PAGES = ("#16181d", "#101216")
CONTROL, TEXT = 3.0, 4.5

Rgb = tuple[int, int, int]


def parse_colour(text: str) -> str:
    """`#1F5EFF` or `1f5eff` as `#1f5eff`. ValueError for anything else."""
    cleaned = "#" + text.strip().lower().removeprefix("#")
    if HEX.fullmatch(cleaned) is None:
        raise ValueError("not a colour of six hexadecimal digits")
    return cleaned


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    parts = [value / 255 for value in _rgb(colour)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _mixed(colour: str, towards: str, share: float) -> str:
    values = (round(a + (b - a) * share) for a, b in zip(_rgb(colour), _rgb(towards), strict=True))
    return "#" + "".join(f"{value:02x}" for value in values)


def readable(colour: str, pages: tuple[str, ...], ratio: float, towards: str) -> str:
    """`colour`, moved towards black or white only as far as `ratio` on every one of `pages` needs."""
    for percent in range(101):
        moved = _mixed(colour, towards, percent / 100)
        if all(contrast(moved, page) >= ratio for page in pages):
            return moved
    return towards


def text_on(colour: str) -> str:
    """Black or white, whichever reads better; one of them always reaches 4.5:1."""
    return WHITE if contrast(WHITE, colour) >= contrast(BLACK, colour) else BLACK


@dataclass(frozen=True, slots=True)
class Palette:
    accent: str
    on_accent: str
    accent_text: str


def palette(accent: str, *, dark: bool = False) -> Palette:
    """What pages use: the accent on controls, the text on it, and the accent as text."""
    pages, towards = (DARK_PAGES, WHITE) if dark else (LIGHT_PAGES, BLACK)
    control = readable(accent, pages, CONTROL, towards)
    return Palette(control, text_on(control), readable(accent, pages, TEXT, towards))
