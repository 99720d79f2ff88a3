"""Looks at each frame of a clip once and keeps only numbers: where the face is, how it is turned, how it is lit."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..comparison import Feature, feature_of
from ..detection import FRAME_DETECTION_SIDE, Face, find_faces, only_face
from ..images import FRAME_LIMITS, decode_image
from ..mesh import Mesh, find_mesh, skin_mask
from ..portraits import crop_portrait, sharpness_of
from .clip import Clip, Frame

Floats = NDArray[np.float32]

# Light adds up in linear values; what the camera stores is bent by the sRGB curve.
_STORED = np.arange(256) / 255
LINEAR = np.where(_STORED <= 0.04045, _STORED / 12.92, ((_STORED + 0.055) / 1.055) ** 2.4).astype(np.float32)

_MIN_GROUND = 0.01


@dataclass(frozen=True)
class Look:
    """One frame, measured. `skin` and `ground` are linear B, G, R; `patches` the same at each point of the mesh."""

    frame: Frame = field(repr=False)
    phase: int
    moment_ms: float
    face: Face = field(repr=False)
    mesh: Mesh = field(repr=False)
    skin: Floats = field(repr=False)
    ground: Floats = field(repr=False)
    patches: Floats = field(repr=False)
    sharpness: float
    fingerprint: int = field(repr=False)
    feature: Feature | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Missed:
    """A frame without exactly one face."""

    phase: int
    reason: str


def look_at(clip: Clip, frame: Frame, *, before: Mesh | None, recognise: bool) -> Look | Missed:
    """Measure a frame. `before` is the mesh of the frame before; `recognise` also takes the face's feature."""
    pixels = decode_image(frame.jpeg, limits=FRAME_LIMITS)
    faces = find_faces(pixels, side=FRAME_DETECTION_SIDE)
    face = only_face(faces)
    if face is None:
        return Missed(frame.phase, "several_faces" if faces else "no_face")
    mesh = find_mesh(pixels, face, before=before)
    # Light is smooth, so it is measured on a small copy in which noise has already been averaged away.
    scale = min(1.0, 64 / max(mesh.eye_distance, 1.0))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    shrunk = Mesh(mesh.points * scale, mesh.presence)
    linear = LINEAR[small]
    return Look(
        frame=frame,
        phase=frame.phase,
        moment_ms=clip.moment_ms(frame),
        face=face,
        mesh=mesh,
        skin=_mean_where(linear, skin_mask(shrunk, (small.shape[0], small.shape[1]))),
        ground=_mean_where(linear, _ground_mask(shrunk, (small.shape[0], small.shape[1]))),
        patches=_patches(linear, shrunk),
        sharpness=sharpness_of(pixels, face),
        fingerprint=hash(pixels.tobytes()),
        feature=feature_of(pixels, face) if recognise else None,
    )


def identify(look: Look) -> tuple[Feature, bytes]:
    """The feature of the face in this frame, and the portrait cut from it."""
    pixels = decode_image(look.frame.jpeg, limits=FRAME_LIMITS)
    return feature_of(pixels, look.face), crop_portrait(pixels, look.face)


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
