"""Are the letters of the zone those of OCR-B?

Protects the reading from a zone set anew in whatever typeface a forger had at hand: 9303-3, 4.5 asks for OCR-B in size
1. It compares shapes, so it does not notice a zone that was set in OCR-B by anybody. Blur makes all typefaces alike:
what cannot be told apart says nothing.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product
from statistics import mean, median

import cv2
import numpy as np
import numpy.typing as npt

from ..images import Pixels as Picture
from .bands import Strip
from .ocr_b import STROKES, lines_of

Grey = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

PITCH = 22  # pixels from letter to letter where they are compared
_GLYPH = (
    30,
    20,
)  # height and width of a letter's box; narrower than the pitch, so that neighbours stay out of it
_NEAR, _FAR = (
    (4, 3),
    (6, 9),
)  # how far around its place a letter is looked for, down and across: at the end, and at first
_FINE = 8
# In pitches: how high capitals are between the middles of their strokes, how thick the pen is, how blurred it is.
_HEIGHTS = (0.76, 0.83, 0.9, 0.97)
_WIDTHS = (0.84, 0.94, 1.04)
_PENS = (0.11, 0.15)
_BLURS = (0.04,)
_USUAL = (0.86, 0.92, 0.13, 0.05)
_FORMS = tuple(product(_HEIGHTS, _WIDTHS, _PENS, _BLURS))
_FOUND = 0.6
_MOST = 3  # of one letter: more of them say little more
# A typeface differs in some letters and hardly in others: the least alike third of them tells.
_TELLING = 3


@dataclass(frozen=True, slots=True)
class Typeface:
    """`likeness` is 1 where even the least alike letters have the shape of OCR-B; `letters` counts the different ones."""

    likeness: float
    letters: int


# Where a line lies, its text, and where each letter stands, from 0 at the strip's begin to 1 at its end.
Lettering = tuple[Strip, str, tuple[float, ...]]


def typeface_of(photo: Picture, lines: list[Lettering]) -> Typeface:
    """The letters of the zone's lines against those of OCR-B."""
    cells: dict[str, list[Grey]] = {}
    for strip, text, places in lines:
        for letter, cell in zip(text, _aligned(photo, strip, text, places), strict=True):
            found = cells.setdefault(letter, [])
            if len(found) < _MOST:
                found.append(cell)
    if not cells:
        return Typeface(0.0, 0)
    alike = [[_likeness(found, _glyph(letter, form)) for letter, found in cells.items()] for form in _FORMS]
    best = sorted(max(alike, key=mean))
    return Typeface(mean(best[: max(1, len(best) // _TELLING)]), len(best))


def likeness_of(photo: Picture, line: Lettering, places: list[int], letters: str) -> list[dict[str, float]]:
    """How alike what stands at each of these places is to each of the letters, in whatever form it is most alike."""
    cells = _aligned(photo, *line)
    return [
        {letter: max(_likeness([cells[at]], _glyph(letter, form)) for form in _FORMS) for letter in letters}
        for at in places
    ]


def _likeness(cells: list[Grey], glyph: Grey) -> float:
    return median(float(cv2.matchTemplate(cell, glyph, cv2.TM_CCOEFF_NORMED).max()) for cell in cells)


def _aligned(photo: Picture, strip: Strip, text: str, places: tuple[float, ...]) -> list[Grey]:
    """What is around each letter, upright, with letters `PITCH` pixels apart.

    The reader's places are rough: each letter is looked for around its own, and a smooth curve laid through where the
    letters were found."""
    index = np.linspace(-1, 1, len(places))
    along = _smooth(index, np.array(places), 3)
    pitch = float(np.ptp(along)) / max(len(places) - 1, 1) * strip.length
    rough = _cut(photo, strip, along, np.zeros(len(places)), pitch, _FAR)
    found = [_find(cell, _glyph(letter, _USUAL)) for letter, cell in zip(text, rough, strict=True)]
    weights = np.array([max(alike, 0.0) ** 4 if alike > _FOUND else 1e-3 for alike, _, _ in found])
    across, down = (np.array([place[at] for place in found]) * pitch / PITCH for at in (1, 2))
    along = along + _smooth(index, across, 3, weights) / strip.length
    return _cut(photo, strip, along, _smooth(index, down, 2, weights), pitch, _NEAR)


def _smooth(index: Floats, values: Floats, degree: int, weights: Floats | None = None) -> Floats:
    return np.asarray(np.polyval(np.polyfit(index, values, degree, w=weights), index), dtype=np.float64)


def _find(cell: Grey, glyph: Grey) -> tuple[float, float, float]:
    """How alike the best place in the cell is, and how far it lies from the middle, across and down."""
    _, best, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(cell, glyph, cv2.TM_CCOEFF_NORMED))
    height, width = cell.shape[0] - glyph.shape[0], cell.shape[1] - glyph.shape[1]
    return float(best), x - width / 2, y - height / 2


def _cut(
    photo: Picture, strip: Strip, along: Floats, below: Floats, pitch: float, reach: tuple[int, int]
) -> list[Grey]:
    """The letters' boxes, and `reach` around them. `along` is from 0 to 1, `below` in pixels of the photograph."""
    across, down = strip.direction, np.array([-strip.direction[1], strip.direction[0]])
    scale = pitch / PITCH
    height, width = (side + 2 * more for side, more in zip(_GLYPH, reach, strict=True))
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cells = []
    for place, low in zip(along, below, strict=True):
        centre = strip.begin + across * place * strip.length + down * low
        matrix = np.column_stack([across * scale, down * scale, centre])
        matrix[:, 2] -= matrix[:, :2] @ middle
        cut = cv2.warpAffine(photo, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        cells.append(cv2.cvtColor(cut, cv2.COLOR_BGR2GRAY).astype(np.float32))
    return cells


@cache
def _glyph(letter: str, form: tuple[float, float, float, float]) -> Grey:
    """The letter dark on bright, in a box of `_GLYPH`."""
    height, width, pen, blur = form
    unit = np.array([width, height]) * PITCH * _FINE / np.array([6 / 0.97, 6])
    middle = np.array([_GLYPH[1], _GLYPH[0]]) * _FINE / 2
    canvas = np.full((_GLYPH[0] * _FINE, _GLYPH[1] * _FINE), 255, np.uint8)
    thick = max(1, round(pen * PITCH * _FINE))
    for line in lines_of(STROKES[letter]):
        points = (np.array(line) - np.array([2, 3])) * unit + middle
        cv2.polylines(canvas, [points.round().astype(np.int32)], False, 0, thick, cv2.LINE_AA)
    small = cv2.resize(canvas, (_GLYPH[1], _GLYPH[0]), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), blur * PITCH), dtype=np.float32)
