"""Turns a flat picture of a document into a plausible photograph of it, for tests and for the puppet."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Level = Literal["scan", "good", "average", "poor"]
Background = Literal["plain", "desk", "busy"]
Picture = npt.NDArray[np.uint8]
STRIP = 256  # rows


@dataclass(frozen=True, slots=True)
class _Conditions:
    fill: float  # share of the frame's smaller fit that the document takes
    tilt: float  # degrees in the plane
    perspective: float  # movement of the corners, as a share of the document's height
    blur: float
    noise: float
    glare: float
    quality: int


CONDITIONS: dict[Level, _Conditions] = {
    "scan": _Conditions(0.96, 0.0, 0.0, 0.0, 1.0, 0.0, 95),
    "good": _Conditions(0.92, 4.0, 0.03, 0.5, 3.0, 0.10, 92),
    "average": _Conditions(0.85, 8.0, 0.06, 0.8, 6.0, 0.25, 85),
    "poor": _Conditions(0.55, 14.0, 0.09, 1.3, 10.0, 0.5, 65),
}


def photograph_of(
    document: bytes,
    *,
    background: Background,
    level: Level,
    random: Random,
    size: tuple[int, int] = (1920, 1080),
    turn: int = 0,
    other_page: bool = False,
) -> bytes:
    """A JPEG of `size`. `turn` is 0, 90, 180 or 270 degrees; `other_page` shows a passport opened flat."""
    page = cv2.imdecode(np.frombuffer(document, np.uint8), cv2.IMREAD_COLOR)
    if page is None:
        raise ValueError("not a picture")
    noise = np.random.default_rng(random.getrandbits(32))
    sheet = (
        _opened(np.asarray(page, dtype=np.uint8), noise) if other_page else np.asarray(page, dtype=np.uint8)
    )
    conditions = CONDITIONS[level]
    canvas = _surface(background, size, random, noise)
    placed = _place(canvas, sheet, conditions, random, turn)
    shot = _camera(placed, _Light.of(size, conditions, random), conditions, noise)
    done, out = cv2.imencode(".jpg", shot, [cv2.IMWRITE_JPEG_QUALITY, conditions.quality])
    if not done:
        raise ValueError("the photograph could not be written")
    return out.tobytes()


def _opened(page: Picture, noise: np.random.Generator) -> Picture:
    """A passport opened flat: above the data page lies the page before it, with lines of print of its own."""
    above = np.full_like(page, 226)
    above[:, :, 0] = 218
    height, width = page.shape[:2]
    for row in range(8):
        y = int(height * (0.15 + 0.09 * row))
        words = "".join(chr(noise.integers(97, 123)) if noise.random() > 0.18 else " " for _ in range(52))
        cv2.putText(
            above,
            words,
            (width // 12, y),
            cv2.FONT_HERSHEY_SIMPLEX,
            width / 1700,
            (96, 90, 90),
            2,
            cv2.LINE_AA,
        )
    fold = np.full((max(2, height // 160), width, 3), 150, dtype=np.uint8)
    return np.vstack([above, fold, page])


def _surface(
    background: Background, size: tuple[int, int], random: Random, noise: np.random.Generator
) -> Picture:
    width, height = size
    base = np.array([random.randrange(40, 110), random.randrange(50, 120), random.randrange(60, 140)])
    phase = random.uniform(0, 6) if background != "plain" else 0.0
    canvas = np.empty((height, width, 3), dtype=np.uint8)
    for rows in _strips(height):
        grain = noise.normal(0, 5, (rows.stop - rows.start, width))
        if background != "plain":  # wood: slow waves along the width
            y = np.arange(rows.start, rows.stop)[:, None] / height
            x = np.arange(width)[None, :] / width
            grain = grain + 14 * np.sin(40 * y + 3 * np.sin(5 * x) + phase)
        for channel in range(3):
            canvas[rows, :, channel] = np.clip(base[channel] + grain, 0, 255)
    if background == "busy":
        _clutter(canvas, random)
    return canvas


def _clutter(canvas: Picture, random: Random) -> None:
    """Paper, a keyboard's keys, cables and print around the document."""
    height, width = canvas.shape[:2]
    for _ in range(14):
        x, y = random.randrange(width), random.randrange(height)
        reach = random.randrange(width // 14, width // 4)
        colour = tuple(random.randrange(20, 250) for _ in range(3))
        box = cv2.boxPoints(((x, y), (reach, reach * random.uniform(0.3, 1.0)), random.uniform(0, 90)))
        cv2.fillPoly(canvas, [box.astype(np.int32)], colour, cv2.LINE_AA)
    for _ in range(10):
        at = (random.randrange(width), random.randrange(height))
        text = "".join(random.choice("abcdefghijklm nopqrstuvwxyz") for _ in range(24))
        cv2.putText(
            canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, random.uniform(0.5, 1.2), (30, 30, 30), 2, cv2.LINE_AA
        )
    for _ in range(5):
        ends = [(random.randrange(width), random.randrange(height)) for _ in range(2)]
        cv2.line(canvas, ends[0], ends[1], (20, 20, 20), random.randrange(3, 10), cv2.LINE_AA)


def _place(canvas: Picture, sheet: Picture, conditions: _Conditions, random: Random, turn: int) -> Picture:
    """Lays the sheet on the surface under a random camera position; its shadow falls beside it."""
    height, width = canvas.shape[:2]
    sheet_height, sheet_width = sheet.shape[:2]
    angle = math.radians(turn + random.uniform(-conditions.tilt, conditions.tilt))
    reach_x = abs(sheet_width * math.cos(angle)) + abs(sheet_height * math.sin(angle))
    reach_y = abs(sheet_width * math.sin(angle)) + abs(sheet_height * math.cos(angle))
    scale = conditions.fill * min(width / reach_x, height / reach_y)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (
        sheet_width * scale / 2,
        sheet_height * scale / 2,
    )
    corners = corners @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    wander = conditions.perspective * sheet_height * scale * min(1.0, 2 * (1 - conditions.fill) + 0.4)
    corners += np.array([[random.uniform(-wander, wander) for _ in range(2)] for _ in range(4)])
    corners += (width / 2, height / 2)
    low, high = corners.min(axis=0), corners.max(axis=0)
    corners += np.maximum(0, 2 - low) - np.maximum(0, high - (width - 3, height - 3))
    source = np.array(
        [(0, 0), (sheet_width, 0), (sheet_width, sheet_height), (0, sheet_height)], dtype=np.float32
    )
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    interpolation = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
    shrunk = scale < 0.7  # warping down by much would alias: shrink first
    if shrunk:
        small = cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=interpolation)
        matrix = matrix @ np.diag([1 / scale, 1 / scale, 1.0])
    else:
        small = sheet
    warped = cv2.warpPerspective(small, matrix, (width, height), flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full(small.shape[:2], 255, np.uint8), matrix, (width, height))
    shadows = cv2.GaussianBlur(np.roll(mask, (6, 6), axis=(0, 1)), (0, 0), 9)
    for rows in _strips(height):
        shadow, share = (part[rows].astype(np.float32)[:, :, None] / 255 for part in (shadows, mask))
        ground = canvas[rows] * (1 - 0.45 * shadow)
        canvas[rows] = warped[rows] * share + ground * (1 - share)
    return canvas


@dataclass(frozen=True, slots=True)
class _Light:
    """Uneven light and, at the worse levels, a soft reflection."""

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    slopes: tuple[float, float, float]
    spot: tuple[float, float]
    glare: float

    @classmethod
    def of(cls, size: tuple[int, int], conditions: _Conditions, random: Random) -> "_Light":
        width, height = size
        return cls(
            np.linspace(-1, 1, width, dtype=np.float32)[None, :],
            np.linspace(-1, 1, height, dtype=np.float32)[:, None],
            (random.uniform(-0.12, 0.12), random.uniform(-0.1, 0.1), random.uniform(0.86, 0.98)),
            (random.uniform(-0.8, 0.8), random.uniform(-0.8, 0.8)),
            conditions.glare,
        )

    def on(self, picture: Picture, rows: slice) -> npt.NDArray[np.float32]:
        across, down, level = self.slopes
        x, y = self.x, self.y[rows]
        slope = across * x + down * y + level
        spot = np.exp(-(((x - self.spot[0]) / 0.25) ** 2 + ((y - self.spot[1]) / 0.3) ** 2))
        lit = picture[rows].astype(np.float32) * slope[:, :, None] + 110 * self.glare * spot[:, :, None]
        return np.asarray(lit, dtype=np.float32)


def _camera(placed: Picture, light: _Light, conditions: _Conditions, noise: np.random.Generator) -> Picture:
    """Lens blur is given for a frame 1920 wide; a smaller frame has less of it in pixels."""
    height, width = placed.shape[:2]
    sigma = conditions.blur * max(0.75, max(width, height) / 1920)
    reach = round(5 * sigma) + 2 if conditions.blur else 0
    shot = np.empty_like(placed)
    for rows in _strips(height):
        wide = slice(max(0, rows.start - reach), min(height, rows.stop + reach))
        lit = light.on(placed, wide)
        if conditions.blur:
            lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), sigma), dtype=np.float32)
        lit = lit[rows.start - wide.start : rows.stop - wide.start]
        grain = noise.normal(0, conditions.noise, lit.shape)
        grain += lit
        shot[rows] = np.clip(grain, 0, 255, out=grain)
    return shot


def _strips(height: int) -> Iterator[slice]:
    """A photograph of fifty megapixels takes gigabytes where every number of it is worked out at once."""
    for top in range(0, height, STRIP):
        yield slice(top, min(height, top + STRIP))
