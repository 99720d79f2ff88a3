"""Looks at each frame of a clip once: where the face is, how it is turned, how it is lit, and what it looks like.

A face is searched for in the first frame and wherever it was lost; in between the mesh follows it. Kept until the decision
are numbers, the face cut out as the recogniser wants it, and a small copy of the frame, in which a second face is searched
for where the identity is judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ..alignment import cut_out
from ..comparison import Feature, feature_of_aligned
from ..detection import FRAME_DETECTION_SIDE, Face, find_faces, only_face
from ..images import FRAME_LIMITS, Pixels, decode_image
from ..mesh import Mesh, find_mesh, five_points, follow_mesh, skin_mask
from ..portraits import crop_portrait, sharpness_of
from .clip import Clip, Frame

Floats = NDArray[np.float32]

# Light adds up in linear values; what the camera stores is bent by the sRGB curve.
_STORED = np.arange(256) / 255
LINEAR = np.where(_STORED <= 0.04045, _STORED / 12.92, ((_STORED + 0.055) / 1.055) ** 2.4).astype(np.float32)

_MIN_GROUND = 0.01
# Light is smooth, so it is measured on a small copy in which noise has already been averaged away.
_LIGHT_EYE_DISTANCE = 64


@dataclass(frozen=True)
class Lit:
    """How a frame is lit: linear B, G, R of skin and background, and of the skin at each point of the mesh."""

    skin: Floats
    ground: Floats
    patches: Floats


@dataclass(frozen=True)
class Look:
    """One frame, measured; its sharpness in the first phase only, its light only where colours shone."""

    frame: Frame = field(repr=False)
    phase: int
    moment_ms: float
    mesh: Mesh = field(repr=False)
    fingerprint: int = field(repr=False)
    small: Pixels = field(repr=False)
    aligned: Pixels = field(repr=False)
    sharpness: float = 0.0
    lit: Lit | None = field(repr=False, default=None)

    full_width: int = 0

    @property
    def width(self) -> float:
        """The face's width in pixels; the detector's box is as wide."""
        return self.mesh.box[2]

    @cached_property
    def appearance(self) -> Floats:
        return _appearance(self.aligned)


@dataclass(frozen=True)
class Missed:
    """A frame without exactly one face."""

    phase: int
    reason: str


def look_at(clip: Clip, frame: Frame, *, before: Look | None, light: bool) -> Look | Missed:
    """Measure a frame. `before` is the look at the frame before it, from which the face is followed."""
    pixels = decode_image(frame.jpeg, limits=FRAME_LIMITS)
    mesh = (follow_mesh(pixels, before.mesh) if before else None) or _searched(pixels, frame)
    if isinstance(mesh, Missed):
        return mesh
    half = _half(pixels)
    return Look(
        frame=frame,
        phase=frame.phase,
        moment_ms=clip.moment_ms(frame),
        mesh=mesh,
        fingerprint=hash(half.tobytes()),
        small=half,
        aligned=_aligned(pixels, mesh),
        sharpness=sharpness_of(pixels, mesh.box) if frame.phase == 0 else 0.0,
        lit=_light(pixels, half, mesh) if light else None,
        full_width=pixels.shape[1],
    )


def recognise(look: Look) -> Feature | Missed:
    """Search the frame for faces again: there must be one, the one that was measured. Its feature."""
    face = _one_face(look.small, look.frame)
    if isinstance(face, Missed):
        return face
    scale = look.small.shape[1] / look.full_width
    x, y, wide, high = (value / scale for value in face.box)
    left, top, across, down = look.mesh.box
    apart = np.hypot(x + wide / 2 - left - across / 2, y + high / 2 - top - down / 2)
    return Missed(look.phase, "several_faces") if apart > look.width / 2 else feature_of_aligned(look.aligned)


def portrait_of(look: Look) -> bytes | Missed:
    """The probe: a portrait cut from the frame at its full size."""
    pixels = decode_image(look.frame.jpeg, limits=FRAME_LIMITS)
    face = _one_face(pixels, look.frame)
    return face if isinstance(face, Missed) else crop_portrait(pixels, face)


def likeness(before: Look, after: Look) -> float:
    """How alike two faces look, feature by feature, from -1 to 1: cheap, and enough to notice that one was exchanged.

    One face in two frames a fifth of a second apart stays above 0.7 (measured on footage), two people below 0.4."""
    return float(np.dot(before.appearance, after.appearance))


def _appearance(aligned: Pixels) -> Floats:
    """Fine brightness on a grid, without what light and colour change."""
    grey = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY)[8:104, 8:104].astype(np.float32)
    fine = cv2.resize(grey, (48, 48), interpolation=cv2.INTER_AREA)
    fine -= cv2.GaussianBlur(fine, (0, 0), 4)
    strength = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 6)) + 2
    grid = cv2.resize(fine / strength, (24, 24), interpolation=cv2.INTER_AREA).ravel()
    grid -= grid.mean()
    unit: Floats = grid / max(float(np.linalg.norm(grid)), 1e-6)
    return unit


def _aligned(pixels: Pixels, mesh: Mesh) -> Pixels:
    return cut_out(pixels, five_points(mesh))


def _searched(pixels: Pixels, frame: Frame) -> Mesh | Missed:
    face = _one_face(pixels, frame)
    return face if isinstance(face, Missed) else find_mesh(pixels, face)


def _one_face(pixels: Pixels, frame: Frame) -> Face | Missed:
    faces = find_faces(pixels, side=FRAME_DETECTION_SIDE)
    face = only_face(faces)
    return face or Missed(frame.phase, "several_faces" if faces else "no_face")


def _half(pixels: Pixels) -> Pixels:
    """Half the size: exactly half is many times cheaper than nearly half."""
    height, width = pixels.shape[:2]
    halved: Pixels = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return halved


def _light(pixels: Pixels, half: Pixels, mesh: Mesh) -> Lit:
    small, scale = pixels, 1.0
    while mesh.eye_distance * scale > _LIGHT_EYE_DISTANCE:
        small, scale = (half if scale == 1.0 else _half(small)), scale / 2
    shrunk = Mesh(mesh.points * scale, mesh.presence)
    linear: Floats = cv2.LUT(small, LINEAR)
    shape = (small.shape[0], small.shape[1])
    return Lit(
        skin=_mean_where(linear, skin_mask(shrunk, shape)),
        ground=_mean_where(linear, _ground_mask(shrunk, shape)),
        patches=_patches(linear, shrunk),
    )


def _mean_where(linear: Floats, mask: NDArray[np.uint8]) -> Floats:
    if not mask.any():
        return np.full(3, np.nan, np.float32)
    return np.array(cv2.mean(linear, mask=mask)[:3], dtype=np.float32)


def _ground_mask(mesh: Mesh, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """What lies behind the head: left, right and above it, but not the shoulders, which the screen lights too."""
    height, width = shape
    x, y, wide, high = mesh.box
    mask = np.full(shape, 255, dtype=np.uint8)
    left, right = max(0, int(x - 0.45 * wide)), min(width, int(x + 1.45 * wide))
    top, bottom = max(0, int(y - 0.5 * high)), min(height, int(y + 0.85 * high))
    mask[top:, left:right] = 0
    mask[bottom:, :] = 0
    if mask.mean() / 255 < _MIN_GROUND:
        mask[:] = 0
    return mask


def _patches(linear: Floats, mesh: Mesh) -> Floats:
    radius = max(1, round(mesh.eye_distance * 0.06))
    smooth = cv2.blur(linear, (2 * radius + 1, 2 * radius + 1))
    height, width = linear.shape[:2]
    columns = np.clip(mesh.points[:, 0].round().astype(int), 0, width - 1)
    rows = np.clip(mesh.points[:, 1].round().astype(int), 0, height - 1)
    sampled: Floats = smooth[rows, columns]
    return sampled
