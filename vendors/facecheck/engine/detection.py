"""Finds faces in a picture (YuNet, five points a face)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .images import Pixels, shrink
from .models import models

Points = NDArray[np.float32]

# The detector looks at a copy of this size: larger finds nothing more in a selfie and costs four times as much.
DETECTION_SIDE = 640
FRAME_DETECTION_SIDE = 320
_TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
_SURELY_UPRIGHT, _BETTER = 0.91, 0.03


@dataclass(frozen=True)
class Face:
    """One face. `row` is the detector's own answer, in pixels of the picture it was asked about.

    Points in order: right eye, left eye, nose tip, right and left corner of the mouth, as the person would say it.
    """

    row: Points

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        x, y, width, height = (float(value) for value in self.row[:4])
        return x, y, width, height

    @property
    def points(self) -> Points:
        return self.row[4:14].reshape(5, 2)

    @property
    def score(self) -> float:
        return float(self.row[14])

    @property
    def width(self) -> float:
        return float(self.row[2])

    @property
    def eye_distance(self) -> float:
        return float(np.linalg.norm(self.points[0] - self.points[1]))


def find_faces(pixels: Pixels, *, side: int = DETECTION_SIDE) -> list[Face]:
    """Every face, the largest first."""
    small = shrink(pixels, side)
    scale = pixels.shape[1] / small.shape[1]
    detector = models().detector
    detector.setInputSize((small.shape[1], small.shape[0]))
    _, rows = detector.detect(small)
    if rows is None:
        return []
    faces = []
    for row in rows:
        enlarged = row.astype(np.float32)
        enlarged[:14] *= scale
        faces.append(Face(enlarged))
    return sorted(faces, key=lambda face: -face.box[2] * face.box[3])


def find_upright(pixels: Pixels) -> tuple[Pixels, list[Face]]:
    """The faces, in the picture turned as it shows the largest best: a phone is held as it comes.

    The detector finds a face that lies on its side or head, but not where its eyes are; it is less sure of it then."""
    best = pixels, find_faces(pixels)
    if best[1] and best[1][0].score >= _SURELY_UPRIGHT:
        return best
    for turn in _TURNS:
        view: Pixels = np.asarray(cv2.rotate(pixels, turn), dtype=np.uint8)
        faces = find_faces(view)
        if faces and (not best[1] or faces[0].score > best[1][0].score + _BETTER):
            best = view, faces
    return best


def only_face(faces: list[Face]) -> Face | None:
    """The face that is meant, when there is no doubt: a face in the crowd behind is less than a third as wide."""
    if not faces:
        return None
    if len(faces) > 1 and faces[1].width > faces[0].width / 3:
        return None
    return faces[0]
