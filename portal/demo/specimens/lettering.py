"""Lettering for specimens that needs no font file: the zone's letters as strokes, and marks for the built-in face.

The machine-readable zone of a document is set in OCR-B (ISO 1073-2, size 1). Where Debian's fonts-ocr-b is installed
it is used; elsewhere the letters are drawn here, as centre lines with a round pen, which is what OCR-B is made of.
The built-in face of Pillow has only the letters of ASCII; accents are drawn over them.
"""

import unicodedata
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from vendors.facecheck.engine.documents.ocr_b import STROKES, Point, lines_of

OCR_B = Path("/usr/share/fonts/opentype/ocr-b/OCRB.otf")

# In the cells of the zone's letters: four wide, capitals from 0 to 6 downwards.
_MARKS = {
    "\u0300": "1.2,-1.9 2.2,-1.1",
    "\u0301": "2.8,-1.9 1.8,-1.1",
    "\u0302": "1,-1.1 2,-1.9 3,-1.1",
    "\u0303": "0.9,-1.2 1.6,-1.7 2.4,-1.2 3.1,-1.7",
    "\u0304": "1,-1.4 3,-1.4",
    "\u0306": "@2,-1.9,0.9,0.8,0,180",
    "\u0307": "2,-1.4 2,-1.3",
    "\u0308": "1.1,-1.4 1.1,-1.3;2.9,-1.4 2.9,-1.3",
    "\u030a": "@2,-1.3,0.7,0.6,0,360",
    "\u030b": "1.8,-1.9 1.1,-1.1;3.2,-1.9 2.5,-1.1",
    "\u030c": "1,-1.9 2,-1.1 3,-1.9",
    "\u0326": "2,6.7 1.7,7.6",
    "\u0327": "2,6 @2,6.8,0.6,0.6,-60,120",
    "\u0328": "3,6 @3.2,6.9,0.7,0.7,-150,-300",
}
_THROUGH = {"Ø": ("O", "3.9,-0.4 0.1,6.4"), "Ł": ("L", "-0.4,3.9 2.4,2.3"), "Đ": ("D", "-0.5,3 1.7,3")}
_PAIRS = {"ß": "ss", "ẞ": "SS", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ð": "D"}


def draw_mrz_line(
    page: Image.Image,
    text: str,
    *,
    left: float,
    top: float,
    pitch: float,
    height: float,
    built_in: bool = False,
) -> None:
    """Draws one line of the zone on a fixed pitch; `top` and `height` are those of the capital letters."""
    if OCR_B.exists() and not built_in:
        _draw_with_ocr_b(page, text, left, top, pitch, height)
        return
    draw = ImageDraw.Draw(page)
    unit = height / 6
    for place, letter in enumerate(text):
        origin = (left + place * pitch + (pitch - 4 * unit) / 2, top)
        _stroke(draw, STROKES[letter], origin, unit, unit * 0.8, (20, 20, 24))


def _draw_with_ocr_b(
    page: Image.Image, text: str, left: float, top: float, pitch: float, height: float
) -> None:
    font = _ocr_b(round(height / 0.7))
    draw = ImageDraw.Draw(page)
    box = font.getbbox("H")
    for place, letter in enumerate(text):
        shift = (pitch - font.getlength(letter)) / 2
        draw.text((left + place * pitch + shift, top - box[1]), letter, font=font, fill=(20, 20, 24))


@cache
def _ocr_b(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(OCR_B), size)


@cache
def face(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's built-in face in a size."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType")
    return font


def draw_text(
    page: Image.Image, text: str, *, at: Point, size: int, fill: tuple[int, int, int], bold: bool = False
) -> float:
    """Draws text in the built-in face with its accents; returns where it ends."""
    draw = ImageDraw.Draw(page)
    font = face(size)
    x, y = at
    for letter, marks, through in _letters(text):
        draw.text((x, y), letter, font=font, fill=fill, stroke_width=1 if bold else 0, stroke_fill=fill)
        box = font.getbbox(letter)
        unit = (box[3] - box[1]) / 6 if letter.strip() else 1
        middle = x + (box[0] + box[2]) / 2
        for strokes in (*marks, *through):
            _stroke(draw, strokes, (middle - 2 * unit, y + box[1]), unit, max(1.0, size / 14), fill)
        x += font.getlength(letter)
    return x


def _letters(text: str) -> list[tuple[str, list[str], list[str]]]:
    """Each letter as its ASCII base with the strokes of its marks."""
    out: list[tuple[str, list[str], list[str]]] = []
    for char in unicodedata.normalize("NFC", text):
        if char.upper() in _THROUGH:
            base, stroke = _THROUGH[char.upper()]
            out.append((base if char.isupper() else base.lower(), [], [stroke]))
            continue
        first, *rest = list(unicodedata.normalize("NFD", _PAIRS.get(char, char)))
        if rest and rest[0] in _MARKS:
            out.append((first, [_MARKS[mark] for mark in rest if mark in _MARKS], []))
        else:
            out.extend((plain, [], []) for plain in (first, *rest) if not unicodedata.combining(plain))
    return out


def _stroke(
    draw: ImageDraw.ImageDraw,
    strokes: str,
    origin: Point,
    unit: float,
    pen: float,
    fill: tuple[int, int, int],
) -> None:
    for line in lines_of(strokes):
        points = [(origin[0] + x * unit, origin[1] + y * unit) for x, y in line]
        draw.line(points, fill=fill, width=max(1, round(pen)), joint="curve")
        radius = max(1, round(pen)) / 2
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
