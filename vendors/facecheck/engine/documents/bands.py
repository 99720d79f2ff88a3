"""Finds the lines of a machine-readable zone in a photograph: two or three long, parallel, neighbouring lines of text.

The zone is the best anchor a travel document has: its lines are the longest on the page, their pitch and length are
fixed by ICAO Doc 9303, and they give place, direction and scale whatever lies around the document.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from ..images import Pixels as Picture
from .ocr import Quad, find_text

SEARCH_SIDES = (960, 1440)  # the second finds a document that is small in the frame
LEAST_ASPECT = 9.0
MOST_CANDIDATES = 8
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strip:
    """A line of text as a slanted box: both ends of its centre line, and its thickness.

    What follows from them is computed once: on a crowded page each strip is held against every other."""

    begin: Vector
    end: Vector
    thickness: float
    length: float = field(init=False)
    direction: Vector = field(init=False)
    centre: Vector = field(init=False)

    def __post_init__(self) -> None:
        along = self.end - self.begin
        length = float(np.linalg.norm(along))
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "direction", along / max(length, 1e-6))
        object.__setattr__(self, "centre", (self.begin + self.end) / 2)

    def quad(self) -> Quad:
        """Top-left, top-right, bottom-right, bottom-left when read from begin to end."""
        down = np.array([-self.direction[1], self.direction[0]]) * self.thickness / 2
        corners = [self.begin - down, self.end - down, self.end + down, self.begin + down]
        return np.asarray(corners, dtype=np.float32)

    def turned(self) -> "Strip":
        return Strip(self.end, self.begin, self.thickness)


@dataclass(frozen=True, slots=True)
class Band:
    """Lines from the first to the last, each read from begin to end."""

    strips: tuple[Strip, ...]

    def turned(self) -> "Band":
        return Band(tuple(strip.turned() for strip in reversed(self.strips)))

    @property
    def length(self) -> float:
        return max(strip.length for strip in self.strips)


def text_strips(picture: Picture, side: int) -> list[Strip]:
    """Every line of text found on a copy whose longer side is `side`, in the picture's own pixels."""
    scale = min(1.0, side / max(picture.shape[:2]))
    small = (
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    )
    return [_strip(quad / scale) for quad in find_text(np.asarray(small, dtype=np.uint8))]


def find_bands(strips: list[Strip]) -> list[Band]:
    """Candidate zones, most likely first. Their direction is known only up to half a turn."""
    bands: list[Band] = []
    for found in (strips, _joined(strips)):  # print beside the document may join a line of it: try both
        lines = [line for line in found if line.length / line.thickness >= LEAST_ASPECT]
        for line in lines:
            stack = _neighbours(line, lines)
            bands.extend(
                _level(stack[at : at + size]) for size in (3, 2) for at in range(len(stack) - size + 1)
            )
    unique = {tuple(sorted(tuple(strip.centre.round()) for strip in band.strips)): band for band in bands}
    ranked = sorted(unique.values(), key=_likeness, reverse=True)
    return ranked[:MOST_CANDIDATES]


def _level(strips: list[Strip]) -> Band:
    """The lines of a zone end together: one that was found short is drawn out to the reach of the others."""
    longest = max(strips, key=lambda strip: strip.length)
    out = []
    for strip in strips:
        begin = float(np.dot(longest.begin - strip.centre, strip.direction))
        end = float(np.dot(longest.end - strip.centre, strip.direction))
        begin = min(begin, float(np.dot(strip.begin - strip.centre, strip.direction)))
        end = max(end, float(np.dot(strip.end - strip.centre, strip.direction)))
        out.append(
            Strip(
                strip.centre + strip.direction * begin, strip.centre + strip.direction * end, strip.thickness
            )
        )
    return Band(tuple(out if longest.length < 1.2 * min(strip.length for strip in strips) else strips))


def _likeness(band: Band) -> float:
    """Long, alike, evenly spaced lines that stand wider apart than running text."""
    lengths = [strip.length for strip in band.strips]
    thickness = float(np.mean([strip.thickness for strip in band.strips]))
    gaps = [float(np.linalg.norm(_across(a, b))) for a, b in pairwise(band.strips)]
    even = min(gaps) / max(gaps)
    return float(min(lengths) ** 2 / max(lengths) * even / thickness * len(band.strips) ** 0.25)


def _across(one: Strip, other: Strip) -> Vector:
    between = other.centre - one.centre
    return np.asarray(between - np.dot(between, one.direction) * one.direction)


def _neighbours(line: Strip, lines: list[Strip]) -> list[Strip]:
    """The lines parallel and close to this one, from top to bottom as read."""
    down = np.array([-line.direction[1], line.direction[0]])
    stack: list[tuple[float, Strip]] = []
    for other in lines:
        same = float(np.dot(other.direction, line.direction))
        aligned = other if same > 0 else other.turned()
        if abs(same) < 0.985 or not 0.6 < aligned.length / line.length < 1.65:
            continue
        offset = float(np.dot(aligned.centre - line.centre, down))
        shift = abs(float(np.dot(aligned.centre - line.centre, line.direction)))
        if abs(offset) < 6.5 * line.thickness and shift < 0.25 * line.length:
            stack.append((offset, aligned))
    return [strip for _, strip in sorted(stack, key=lambda item: item[0])]


def _strip(quad: Quad) -> Strip:
    """The box along its longer side."""
    points = quad.astype(np.float64)
    if np.linalg.norm(points[1] - points[0]) >= np.linalg.norm(points[3] - points[0]):
        begin, end = (points[0] + points[3]) / 2, (points[1] + points[2]) / 2
        thickness = np.linalg.norm(points[3] - points[0]) + np.linalg.norm(points[2] - points[1])
    else:
        begin, end = (points[0] + points[1]) / 2, (points[2] + points[3]) / 2
        thickness = np.linalg.norm(points[1] - points[0]) + np.linalg.norm(points[2] - points[3])
    return Strip(begin, end, max(1.0, float(thickness) / 2))


def _joined(strips: list[Strip]) -> list[Strip]:
    """Joins pieces that lie on one line; a run of fillers is often found apart from the letters."""
    left = sorted(strips, key=lambda strip: strip.length, reverse=True)
    done: list[Strip] = []
    while left:
        line = left.pop(0)
        while True:
            piece = next((other for other in left if _continues(line, other)), None)
            if piece is None:
                break
            left = [other for other in left if other is not piece]
            line = _join(line, piece)
        done.append(line)
    return done


def _continues(line: Strip, other: Strip) -> bool:
    if not 0.5 < other.thickness / line.thickness < 1.6:
        return False
    if other.length > 1.5 * other.thickness and abs(float(np.dot(line.direction, other.direction))) < 0.97:
        return False
    if float(np.linalg.norm(_across(line, other))) > 0.5 * line.thickness:
        return False
    along = abs(float(np.dot(other.centre - line.centre, line.direction)))
    return along - (line.length + other.length) / 2 < 1.5 * line.thickness


def _join(line: Strip, other: Strip) -> Strip:
    ends = [line.begin, line.end, other.begin, other.end]
    reach = [float(np.dot(end - line.centre, line.direction)) for end in ends]
    order = np.argsort(reach)
    return Strip(ends[order[0]], ends[order[-1]], max(line.thickness, other.thickness))
