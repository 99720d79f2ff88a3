"""Loads the three face models.

OpenCV's networks keep their buffers between calls and are not safe to share, so every thread has its own set;
the vision process therefore runs few engine threads. All of them share one recogniser.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2

from .errors import ModelsMissing
from .recogniser import Recogniser

DETECTOR = "face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER = "face_recognition_sface_2021dec_int8bq.onnx"
MESH = "face_landmark.tflite"
DIGESTS = {
    DETECTOR: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    RECOGNISER: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    MESH: "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
}

# Low enough for a worn print in a document; the quality gates judge what is found.
DETECTOR_SCORE = 0.6
DETECTOR_OVERLAP = 0.3


@dataclass(frozen=True)
class Models:
    """One thread's networks."""

    detector: Any
    mesh: Any
    recogniser: Recogniser


_of_thread = threading.local()
_building = threading.Lock()


def models() -> Models:
    """The networks of the calling thread, loaded at first use."""
    loaded: Models | None = getattr(_of_thread, "models", None)
    if loaded is None:
        loaded = _of_thread.models = _load(models_folder())
    return loaded


def models_folder() -> Path:
    return Path(os.environ.get("READMIT_MODELS") or Path(sys.prefix, "models"))


def _load(folder: Path) -> Models:
    """One thread at a time: OpenCV fills its tables of layers while it reads the first network, and a second that is read
    meanwhile finds layers missing that are not."""
    with _building:
        _verify_files(folder)
        detector = cv2.FaceDetectorYN.create(
            str(folder / DETECTOR), "", (320, 320), DETECTOR_SCORE, DETECTOR_OVERLAP, 50
        )
        mesh = cv2.dnn.readNetFromTFLite(str(folder / MESH))
        return Models(detector, mesh, _recogniser(folder))


@cache
def _recogniser(folder: Path) -> Recogniser:
    return Recogniser((folder / RECOGNISER).read_bytes())


@cache
def _verify_files(folder: Path) -> None:
    """Another model under the same name would silently change every threshold."""
    for name, known in DIGESTS.items():
        path = folder / name
        if not path.is_file():
            raise ModelsMissing("models_missing", f"{name} is not in {folder}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != known:
            raise ModelsMissing("models_unknown", f"{name} is not the measured file")
