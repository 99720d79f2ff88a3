"""468 points on a face (MediaPipe's face landmark model on OpenCV), the pose they show and the skin between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .detection import Face
from .images import Pixels
from .models import models

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]

_INPUT = 192
_ENLARGE = 1.5
_OUTPUTS = ("conv2d_21", "conv2d_31")
# Faces score above 0.9999 and walls below 0.01.
_PRESENT = 0.999
# A frame that is off by more than this part of the face's size already bends the mesh a little.
_STEP = 0.08

# Points of the model, by number: the hull of the face and the holes in its skin.
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
        150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
_RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
_LEFT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
_RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
_LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
_HOLES = (_RIGHT_EYE, _LEFT_EYE, _LIPS, _RIGHT_BROW, _LEFT_BROW)
_RIGHT_CHEEK, _LEFT_CHEEK, _FOREHEAD, _CHIN = 234, 454, 10, 152
_RIGHT_EYE_CORNER, _LEFT_EYE_CORNER = 33, 263
_EYE_CORNERS = ((33, 133), (263, 362))
_NOSE_AND_MOUTH = (4, 61, 291)


@dataclass(frozen=True)
class Mesh:
    """`points` are x, y in pixels of the picture and z in the same scale, growing away from the camera."""

    points: Floats
    presence: float

    @cached_property
    def yaw(self) -> float:
        """Degrees; positive when the person has turned to their own left."""
        across = self.points[_LEFT_CHEEK] - self.points[_RIGHT_CHEEK]
        return math.degrees(math.atan2(float(across[2]), float(np.hypot(across[0], across[1]))))

    @cached_property
    def pitch(self) -> float:
        """Degrees; positive when the chin is raised."""
        down = self.points[_CHIN] - self.points[_FOREHEAD]
        return -math.degrees(math.atan2(float(down[2]), float(np.hypot(down[0], down[1]))))

    @cached_property
    def eye_distance(self) -> float:
        return float(np.linalg.norm(self.points[_RIGHT_EYE_CORNER, :2] - self.points[_LEFT_EYE_CORNER, :2]))

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def find_mesh(pixels: Pixels, face: Face) -> Mesh:
    """The mesh of this face. The second look, framed by the first one's points, is the one that counts."""
    x, y, width, height = face.box
    centre = (x + width / 2, y + height / 2)
    return _look_again(
        pixels, _look(pixels, centre, max(width, height) * _ENLARGE, face.points[0], face.points[1])
    )


def follow_mesh(pixels: Pixels, before: Mesh) -> Mesh | None:
    """The mesh of the face that was there in the frame before; None when it is not certain that it is still there.

    Framed by the frame before's points, so that no detector is asked; a face that moved on has to be searched.
    """
    found = _look_again(pixels, before)
    return found if found.presence >= _PRESENT and _moved(before, found) <= _STEP else None


def _look_again(pixels: Pixels, before: Mesh) -> Mesh:
    x, y, width, height = before.box
    eyes = before.points[[_RIGHT_EYE_CORNER, _LEFT_EYE_CORNER], :2]
    centre = (x + width / 2, y + height / 2)
    return _look(pixels, centre, max(width, height) * _ENLARGE, eyes[0], eyes[1])


def _moved(before: Mesh, after: Mesh) -> float:
    """By how much of its size the face moved or grew."""
    x, y, width, height = before.box
    across, down, wide, high = after.box
    side, now = max(width, height), max(wide, high)
    moved = math.hypot(across + wide / 2 - x - width / 2, down + high / 2 - y - height / 2) / side
    return max(moved, abs(math.log(max(now, 1e-6) / side)))


def five_points(mesh: Mesh) -> Floats:
    """Right eye, left eye, nose tip, right and left corner of the mouth, as the detector gives them."""
    points = mesh.points[:, :2]
    eyes = [points[list(corners)].mean(axis=0) for corners in _EYE_CORNERS]
    return np.stack([*eyes, *points[list(_NOSE_AND_MOUTH)]])


def skin_mask(mesh: Mesh, shape: tuple[int, int]) -> Mask:
    """255 on skin: the oval without eyes, brows and lips, and a little inside its rim where hair begins."""
    mask: Mask = np.zeros(shape, dtype=np.uint8)
    cv2.fillPoly(mask, [_outline(mesh, OVAL)], 255)
    margin = max(1, round(mesh.eye_distance * 0.08))
    mask[:] = cv2.erode(mask, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))
    holes = np.zeros(shape, dtype=np.uint8)
    for hole in _HOLES:
        cv2.fillPoly(holes, [_outline(mesh, hole)], 255)
    holes = cv2.dilate(holes, np.ones((margin + 1, margin + 1), np.uint8))
    mask[holes > 0] = 0
    return mask


@cache
def skin_points() -> NDArray[np.int64]:
    """The numbers of the points that lie on skin: neither on eyes, brows and lips nor on the rim."""
    outside = {number for hole in (*_HOLES, OVAL) for number in hole}
    return np.array([number for number in range(468) if number not in outside])


def normals(mesh: Mesh) -> Floats:
    """The direction in which the surface looks at each point; z is negative towards the camera.

    Fitted to the neighbours on the mesh, so that no list of triangles is needed.
    """
    points = mesh.points.astype(np.float64)
    between = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=2)
    near = np.argsort(between, axis=1)[:, :16]
    around = points[near] - points[near].mean(axis=1, keepdims=True)
    _, _, axes = np.linalg.svd(around, full_matrices=False)
    found = axes[:, 2, :]
    found *= -np.sign(found[:, 2:] + 1e-12)
    result: Floats = found.astype(np.float32)
    return result


def facing(mesh: Mesh) -> Floats:
    """For each point how squarely the surface there faces the camera, 0 to 1."""
    return -normals(mesh)[:, 2]


def _outline(mesh: Mesh, numbers: tuple[int, ...]) -> NDArray[np.int32]:
    return cv2.convexHull(mesh.points[list(numbers), :2].astype(np.int32)).astype(np.int32)  # type: ignore[no-any-return]


def _look(pixels: Pixels, centre: tuple[float, float], side: float, right: Floats, left: Floats) -> Mesh:
    angle = math.degrees(math.atan2(float(left[1] - right[1]), float(left[0] - right[0])))
    scale = _INPUT / side
    turn = cv2.getRotationMatrix2D(centre, angle, scale)
    turn[:, 2] += _INPUT / 2 - np.array(centre)
    crop = cv2.warpAffine(
        pixels, turn, (_INPUT, _INPUT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    net = models().mesh
    net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255, swapRB=True))
    raw, presence = net.forward(_OUTPUTS)
    points = raw.reshape(468, 3).astype(np.float32)
    back = cv2.invertAffineTransform(turn)
    flat = points[:, :2] @ back[:, :2].T + back[:, 2]
    found = np.column_stack([flat, points[:, 2] / scale]).astype(np.float32)
    return Mesh(found, 1 / (1 + math.exp(-float(presence.ravel()[0]))))
