"""Compares two faces (SFace): is the person before the camera the person in the portrait?

Protects an account from whoever holds somebody else's document or credential. It says how alike two pictures are; that
a picture was taken from a living person now is the liveness check's to say, and twins it does not tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .alignment import cut_out
from .calibration import Calibration, current_calibration
from .detection import Face
from .errors import ImageRefused
from .images import Pixels, decode_image
from .models import models
from .portraits import COMPARABLE, PORTRAIT_GATE, PROBE_GATE, Examined, examine

Feature = NDArray[np.float32]


@dataclass(frozen=True)
class FaceComparison:
    """How alike portrait and probe are. `confidence` is None when one of them cannot be compared: never a match."""

    confidence: int | None
    similarity: float | None
    calibration_version: str
    quality_reasons: tuple[str, ...]

    def reaches(self, threshold: int) -> bool:
        return self.confidence is not None and self.confidence >= threshold


def compare_faces(portrait: bytes, probe: bytes, *, calibration: Calibration | None = None) -> FaceComparison:
    """Compare the portrait of a document or credential with a probe from the camera."""
    scale = calibration or current_calibration()
    first, first_reasons = _looked_at(portrait, "portrait")
    second, second_reasons = _looked_at(probe, "probe")
    reasons = first_reasons + second_reasons
    if first is None or second is None:
        return FaceComparison(None, None, scale.version, reasons)
    similarity = similarity_of(first, second)
    return FaceComparison(scale.confidence(similarity), round(similarity, 4), scale.version, reasons)


def feature_of(pixels: Pixels, face: Face) -> Feature:
    """The face as 128 numbers of length one."""
    return feature_of_aligned(cut_out(pixels, face.points))


def feature_of_aligned(cut: Pixels) -> Feature:
    """The same of a face that has been cut out as the model wants it, 112 pixels square."""
    raw = models().recogniser.feature(cut)
    unit: Feature = raw / max(float(np.linalg.norm(raw)), 1e-9)
    return unit


def similarity_of(first: Feature, second: Feature) -> float:
    """The cosine between two features."""
    return float(np.dot(first, second))


def _looked_at(unverified: bytes, name: str) -> tuple[Feature | None, tuple[str, ...]]:
    gate = PORTRAIT_GATE if name == "portrait" else PROBE_GATE
    try:
        examined: Examined = examine(decode_image(unverified), gate=gate)
    except ImageRefused as refused:
        return None, (f"{name}_{refused.code}",)
    reasons = tuple(f"{name}_{reason}" for reason in examined.reasons)
    if examined.face is None or not COMPARABLE.issuperset(examined.reasons):
        return None, reasons
    return feature_of(examined.pixels, examined.face), reasons
