"""Cuts a face out as the recogniser was taught to see it: 112 pixels square, eyes, nose and mouth in fixed places.

OpenCV's class does the same, but loads the whole network with it: thirty-six megabytes for every thread that cuts.
"""

from __future__ import annotations

import cv2
import numpy as np

from .detection import Points
from .images import Pixels
from .recogniser import SIDE

# Eyes, nose, and corners of the mouth, as a person looks out of the picture: where ArcFace and SFace want them.
_PLACES = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)


def cut_out(pixels: Pixels, points: Points) -> Pixels:
    """`points` are the five of the detector, one a row. They are turned, scaled and moved, never stretched or mirrored: the
    nearest such move by least squares, which in complex numbers is one quotient."""
    seen = points.astype(np.float64)
    here, there = seen.mean(axis=0), _PLACES.mean(axis=0)
    found, wanted = (seen - here) @ (1, 1j), (_PLACES - there) @ (1, 1j)
    move = np.vdot(found, wanted) / max(float(np.vdot(found, found).real), 1e-9)
    turn = np.array([(move.real, -move.imag), (move.imag, move.real)])
    matrix = np.column_stack([turn, there - turn @ here])
    return np.asarray(cv2.warpAffine(pixels, matrix, (SIDE, SIDE)), dtype=np.uint8)
