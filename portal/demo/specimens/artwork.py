"""The printed background of a specimen: guilloche lines and a rosette, drawn by code from a random source."""

import math
from random import Random

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Colour = tuple[int, int, int]
PALETTES: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((239, 243, 248), (150, 180, 208), (206, 176, 190)),
    ((243, 245, 238), (160, 192, 160), (210, 190, 150)),
    ((246, 241, 238), (206, 168, 160), (160, 176, 206)),
)


def background(width: int, height: int, random: Random) -> Image.Image:
    paper, first, second = random.choice(PALETTES)
    canvas = np.empty((height, width, 3), dtype=np.uint8)
    canvas[:] = paper
    for family, colour in enumerate((first, second)):
        _waves(canvas, colour, random, slant=0.15 if family else -0.1)
    _rosette(canvas, second, (int(width * 0.72), int(height * 0.42)), height * 0.3, random)
    _rosette(canvas, first, (int(width * 0.2), int(height * 0.4)), height * 0.36, random)
    softened = cv2.GaussianBlur(canvas, (0, 0), 0.6)
    return Image.fromarray(np.asarray(softened, dtype=np.uint8))


def _waves(canvas: npt.NDArray[np.uint8], colour: Colour, random: Random, *, slant: float) -> None:
    height, width = canvas.shape[:2]
    x = np.arange(-10, width + 10, 4, dtype=np.float64)
    period, swing = width / random.uniform(2.5, 4.5), height * random.uniform(0.04, 0.08)
    phase = random.uniform(0, 6)
    for row in range(-int(height * 0.2), int(height * 1.2), max(6, height // 70)):
        y = row + slant * x + swing * np.sin(x / period * 2 * math.pi + phase + row / height * 2)
        y += swing * 0.3 * np.sin(x / period * 9 + row / height * 5)
        _polyline(canvas, x, y, colour)


def _rosette(
    canvas: npt.NDArray[np.uint8], colour: Colour, centre: tuple[int, int], radius: float, random: Random
) -> None:
    turns, petals = random.choice((7, 9, 11)), random.choice((12, 16, 18))
    angle = np.linspace(0, 2 * math.pi * turns, 1600)
    for ring in range(5):
        reach = radius * (0.55 + 0.1 * ring) * (1 + 0.18 * np.cos(petals / turns * angle + ring))
        _polyline(canvas, centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle), colour)


def _polyline(
    canvas: npt.NDArray[np.uint8], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], colour: Colour
) -> None:
    points = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(canvas, [points], False, colour, 1, cv2.LINE_AA)
