"""Is a picture fit to be compared, and what exactly is wrong with it if not; cuts the portrait that is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .detection import Face, find_upright, only_face
from .images import PORTRAIT_LIMITS, ImageLimits, Pixels, decode_image, encode_jpeg
from .mesh import Mesh, find_mesh

# A credential's portrait: 240 pixels wide, 300 high, as measured in the calibration.
PORTRAIT_WIDTH, PORTRAIT_HEIGHT = 240, 300

# Reasons that do not keep two faces from being compared: they lower the similarity, they never raise it.
COMPARABLE = frozenset({"too_blurred", "too_dark", "too_bright", "turned_away", "cut_off"})


@dataclass(frozen=True)
class Gate:
    """What a picture must reach. Sharpness is the contrast-normalised detail of the face at 112 pixels."""

    min_face_width: int
    min_sharpness: float
    darkest: float = 40.0
    brightest: float = 225.0
    max_turn: float = 25.0


# A 96-pixel photo claim holds a face of about 60 pixels and was measured to be enough.
PORTRAIT_GATE = Gate(min_face_width=36, min_sharpness=0.004)
PROBE_GATE = Gate(min_face_width=64, min_sharpness=0.005)
CAPTURE_GATE = Gate(min_face_width=112, min_sharpness=0.010, max_turn=20.0)


@dataclass(frozen=True)
class Examined:
    """A picture, the face that is meant, and everything that is wrong with it."""

    pixels: Pixels = field(repr=False)
    face: Face | None = field(repr=False)
    mesh: Mesh | None = field(repr=False)
    reasons: tuple[str, ...]
    measures: dict[str, float]


@dataclass(frozen=True)
class Portrait:
    """A cropped, re-encoded portrait. The bytes never show in a log."""

    jpeg: bytes = field(repr=False)
    reasons: tuple[str, ...]
    measures: dict[str, float]

    @property
    def fit(self) -> bool:
        return bool(self.jpeg) and not self.reasons


def examine(pixels: Pixels, *, gate: Gate) -> Examined:
    """Find the one face, whichever way the picture is turned, and judge it against the gate."""
    pixels, faces = find_upright(pixels)
    face = only_face(faces)
    if face is None:
        return Examined(pixels, None, None, ("several_faces" if faces else "no_face",), {"faces": len(faces)})
    mesh = find_mesh(pixels, face)
    measures = _measure(pixels, face, mesh)
    return Examined(pixels, face, mesh, _reasons(measures, gate), measures)


def cut_portrait(
    unverified: bytes, *, limits: ImageLimits = PORTRAIT_LIMITS, gate: Gate = CAPTURE_GATE
) -> Portrait:
    """The portrait in a picture: head and shoulders, 240 pixels wide. Empty bytes when there is no one face."""
    examined = examine(decode_image(unverified, limits=limits), gate=gate)
    if examined.face is None:
        return Portrait(b"", examined.reasons, examined.measures)
    return Portrait(crop_portrait(examined.pixels, examined.face), examined.reasons, examined.measures)


def crop_portrait(pixels: Pixels, face: Face) -> bytes:
    """The face upright in the middle, with the edge repeated where the picture ends."""
    eyes = face.points[:2].mean(axis=0)
    mouth = face.points[3:5].mean(axis=0)
    reach = max(float(np.linalg.norm(mouth - eyes)), face.eye_distance)
    scale = PORTRAIT_HEIGHT * 0.24 / max(reach, 1.0)
    centre = (eyes + mouth) / 2
    move = np.array(
        [
            [scale, 0, PORTRAIT_WIDTH / 2 - scale * centre[0]],
            [0, scale, PORTRAIT_HEIGHT * 0.54 - scale * centre[1]],
        ]
    )
    softened = pixels if scale >= 0.5 else cv2.GaussianBlur(pixels, (0, 0), 0.35 / scale)
    cut = cv2.warpAffine(
        softened,
        move,
        (PORTRAIT_WIDTH, PORTRAIT_HEIGHT),
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return encode_jpeg(cut, quality=88)


def sharpness_of(pixels: Pixels, box: tuple[float, float, float, float]) -> float:
    """Detail of the face at a fixed size, relative to its contrast: 0 is a smear."""
    return _sharpness(_face_grey(pixels, box))


def _sharpness(grey: cv2.typing.MatLike) -> float:
    spread = float(grey.std())
    if spread < 1:
        return 0.0
    return float(cv2.Laplacian(grey, cv2.CV_32F, ksize=3).var()) / (spread * spread) / 10


def _face_grey(pixels: Pixels, box: tuple[float, float, float, float]) -> cv2.typing.MatLike:
    height, width = pixels.shape[:2]
    x, y, wide, high = box
    left, top = max(0, int(x)), max(0, int(y))
    right, bottom = min(width, int(x + wide) + 1), min(height, int(y + high) + 1)
    if right - left < 4 or bottom - top < 4:
        return np.zeros((112, 112), np.float32)
    grey = cv2.cvtColor(pixels[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (112, 112), interpolation=cv2.INTER_AREA).astype(np.float32)


def _measure(pixels: Pixels, face: Face, mesh: Mesh) -> dict[str, float]:
    height, width = pixels.shape[:2]
    points = mesh.points[:, :2]
    grey = _face_grey(pixels, face.box)
    outside = (points < 0).any(axis=1) | (points[:, 0] >= width) | (points[:, 1] >= height)
    return {
        "faces": 1,
        "face_width": round(face.width, 1),
        "sharpness": round(_sharpness(grey), 4),
        "brightness": round(float(grey.mean()), 1),
        "yaw": round(mesh.yaw, 1),
        "pitch": round(mesh.pitch, 1),
        "outside": round(float(outside.mean()), 3),
        "presence": round(mesh.presence, 3),
    }


def _reasons(measures: dict[str, float], gate: Gate) -> tuple[str, ...]:
    turned = max(abs(measures["yaw"]), abs(measures["pitch"]))
    found = {
        "too_small": measures["face_width"] < gate.min_face_width,
        "too_blurred": measures["sharpness"] < gate.min_sharpness,
        "too_dark": measures["brightness"] < gate.darkest,
        "too_bright": measures["brightness"] > gate.brightest,
        "turned_away": turned > gate.max_turn,
        "cut_off": measures["outside"] > 0.03,
    }
    return tuple(reason for reason, holds in found.items() if holds)
