"""A person in front of a screen, computed: a frame of a real clip, lit by a colour and turned by an angle.

The puppet is an injection attack on our own liveness check: it computes what the light of the challenge would do. How
often it gets through is printed by tests/benchmarks/bench_faces.py and stands among the known limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from vendors.facecheck.engine.detection import find_faces
from vendors.facecheck.engine.images import Pixels
from vendors.facecheck.engine.mesh import OVAL, Mesh, find_mesh, normals

Floats = NDArray[np.float32]
Rgb = tuple[int, int, int]

WIDTH, HEIGHT = 640, 480
_STORED = np.arange(256) / 255
_LINEAR = np.where(_STORED <= 0.04045, _STORED / 12.92, ((_STORED + 0.055) / 1.055) ** 2.4).astype(np.float32)


@dataclass(frozen=True)
class Light:
    """The screen as a lamp: its strength over the room's light at the face, and where it stands."""

    strength: float = 0.25
    direction: tuple[float, float, float] = (0.0, 0.15, -1.0)
    body: float = 0.35
    ground: float = 0.04


@dataclass(frozen=True)
class Scene:
    """One frame of a clip with the mesh of the face in it."""

    pixels: Pixels = field(repr=False)
    mesh: Mesh = field(repr=False)

    @classmethod
    def of(cls, pixels: Pixels) -> Scene:
        framed = fit(pixels)
        return cls(framed, find_mesh(framed, find_faces(framed)[0]))

    @cached_property
    def linear(self) -> Floats:
        return _LINEAR[self.pixels]

    def exposure(self, light: Light) -> Floats:
        """How much of the screen's light reaches each pixel: round on the face, some on the body, little behind."""
        height, width = self.pixels.shape[:2]
        x, y, wide, high = self.mesh.box
        towards = np.array(light.direction) / np.linalg.norm(light.direction)
        lit = np.clip(normals(self.mesh) @ towards, 0.05, 1).astype(np.float32)
        face = _spread(self.mesh.points[:, :2], lit, (height, width), self.mesh.eye_distance * 0.12)
        person = np.full((height, width), 0.0, np.float32)
        shoulders = (int(x + wide / 2), int(y + 2.3 * high))
        cv2.ellipse(person, shoulders, (int(wide * 1.5), int(high * 1.25)), 0, 0, 360, 1.0, -1)
        cv2.ellipse(
            person,
            (int(x + wide / 2), int(y + high * 0.42)),
            (int(wide * 0.66), int(high * 0.8)),
            0,
            0,
            360,
            1.0,
            -1,
        )
        person = cv2.GaussianBlur(person, (0, 0), wide * 0.03)
        oval = np.zeros((height, width), np.float32)
        cv2.fillPoly(oval, [self.mesh.points[list(OVAL), :2].astype(np.int32)], 1.0)
        oval = cv2.GaussianBlur(oval, (0, 0), wide * 0.025)
        around = light.ground + (light.body - light.ground) * person
        result: Floats = around * (1 - oval) + face * oval
        return result

    def lit(self, colour: Rgb, light: Light) -> Pixels:
        """The frame with the screen shining this colour on it."""
        lamp = np.float32(light.strength / 255) * np.array(colour[::-1], np.float32)
        return stored(self.linear * (1 + self._exposure(light)[..., None] * lamp))

    def _exposure(self, light: Light) -> Floats:
        known: dict[Light, Floats] = self.__dict__.setdefault("_exposures", {})
        if light not in known:
            known[light] = self.exposure(light)
        return known[light]


# Corners are drawn to a sixteenth of a pixel.
_SHARE_BITS = 4
_SHARE = 1 << _SHARE_BITS
_LEVELS = 4096
_EVEN = np.arange(_LEVELS) / (_LEVELS - 1)
_BENT = np.where(_EVEN <= 0.0031308, _EVEN * 12.92, 1.055 * _EVEN ** (1 / 2.4) - 0.055)
_STORE = (_BENT * 255 + 0.5).astype(np.uint8)


def stored(linear: Floats) -> Pixels:
    """Linear light as a camera stores it."""
    pixels: Pixels = _STORE[(np.clip(linear, 0, 1) * (_LEVELS - 1)).astype(np.uint16)]
    return pixels


def fit(pixels: Pixels) -> Pixels:
    """Cut and scaled to the camera's format."""
    height, width = pixels.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    large = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_CUBIC)
    left, top = (large.shape[1] - WIDTH) // 2, (large.shape[0] - HEIGHT) // 3
    return np.ascontiguousarray(large[top : top + HEIGHT, left : left + WIDTH])


def turned(scene: Scene, degrees: float) -> Pixels:
    """The frame with the head turned about its neck, positive to the person's left: points moved in space."""
    source, target, depth = _moved_points(scene, degrees)
    height, width = scene.pixels.shape[:2]
    triangles = cv2.Subdiv2D((-2, -2, width + 4, height + 4))
    for x, y in source:
        triangles.insert((float(x), float(y)))
    found = np.array(triangles.getTriangleList()).reshape(-1, 3, 1, 2)
    corners = ((source - found) ** 2).sum(axis=3).argmin(axis=2)
    a, b, c = corners.T
    corners = corners[(a != b) & (b != c) & (a != c)]
    # What is far is drawn first; what is near lies over it.
    corners = corners[np.argsort(-depth[corners].mean(axis=1), kind="stable")]
    where = _map_back(target[corners], source[corners], (height, width))
    warped: Pixels = cv2.remap(
        scene.pixels, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return warped


def _moved_points(scene: Scene, degrees: float) -> tuple[Floats, Floats, Floats]:
    mesh = scene.mesh
    x, y, wide, high = mesh.box
    centre = np.array([x + wide / 2, y + high / 2])
    # Every point on the face would make slivers; a hundred and sixty carry its shape.
    inner = mesh.points[::3].astype(np.float64)
    oval = mesh.points[list(OVAL)].astype(np.float64)
    oval_depth = float(oval[:, 2].mean())
    rings = []
    for growth, behind in ((1.22, 0.22), (1.5, 0.45)):
        ring = oval.copy()
        ring[:, :2] = centre + (oval[:, :2] - centre) * growth
        ring[:, 2] = oval_depth + behind * wide
        rings.append(ring)
    head = np.vstack([inner, oval, rings[0]])
    moved_head = _rotated(head, centre, oval_depth + 0.35 * wide, degrees)
    moved_hair = _rotated(rings[1], centre, oval_depth + 0.35 * wide, degrees * 0.4)
    below = rings[1][:, 1] > y + high
    moved_hair[below] = rings[1][below]
    height, width = scene.pixels.shape[:2]
    edge = np.array([[a * (width - 1), b * (height - 1), 4 * wide] for a in np.linspace(0, 1, 5) for b in np.linspace(0, 1, 5) if a in (0, 1) or b in (0, 1)])  # fmt: skip
    source = np.vstack([head, rings[1], edge])
    target = np.vstack([moved_head, moved_hair, edge])
    inside = (source[:, 0] >= 0) & (source[:, 0] < width) & (source[:, 1] >= 0) & (source[:, 1] < height)
    return (
        source[inside, :2].astype(np.float32),
        target[inside, :2].astype(np.float32),
        target[inside, 2].astype(np.float32),
    )


def _rotated(
    points: NDArray[np.float64], centre: NDArray[np.float64], axis_depth: float, degrees: float
) -> NDArray[np.float64]:
    angle = math.radians(degrees)
    across, deep = points[:, 0] - centre[0], points[:, 2] - axis_depth
    result = points.copy()
    result[:, 0] = centre[0] + across * math.cos(angle) - deep * math.sin(angle)
    result[:, 2] = axis_depth + across * math.sin(angle) + deep * math.cos(angle)
    return result


def _map_back(target: Floats, source: Floats, shape: tuple[int, int]) -> Floats:
    """For each pixel of the new picture, where it comes from in the old one: triangle by triangle, later ones on top."""
    spread = np.dstack([target, np.ones((len(target), 3, 1))]).astype(np.float64)
    drawn = np.abs(np.linalg.det(spread)) >= 1e-3
    moves = np.linalg.solve(spread[drawn], source[drawn].astype(np.float64))
    # One more that moves nothing, for pixels in no triangle.
    moves = np.concatenate([moves, [[[1, 0], [0, 1], [0, 0]]]])
    numbers = np.full(shape, len(moves) - 1, np.int32)
    for number, triangle in enumerate(np.round(target[drawn] * _SHARE).astype(np.int32)):
        cv2.fillConvexPoly(numbers, triangle, number, shift=_SHARE_BITS)
    rows, columns = np.indices(shape)
    move = moves[numbers]
    result: Floats = (
        columns[..., None] * move[..., 0, :] + rows[..., None] * move[..., 1, :] + move[..., 2, :]
    ).astype(np.float32)
    return result


def _spread(points: Floats, values: Floats, shape: tuple[int, int], radius: float) -> Floats:
    """Values known at points, smoothly everywhere between them."""
    sums, counts = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    columns = np.clip(points[:, 0].astype(int), 0, shape[1] - 1)
    rows = np.clip(points[:, 1].astype(int), 0, shape[0] - 1)
    np.add.at(sums, (rows, columns), values)
    np.add.at(counts, (rows, columns), 1)
    result: Floats = cv2.GaussianBlur(sums, (0, 0), radius) / (
        cv2.GaussianBlur(counts, (0, 0), radius) + 1e-6
    )
    return result
