"""Cuts the portrait out of a document, and accepts a close-up of it where a card was photographed from too far.

Protects: the comparison that follows, from portraits too small to compare and from a close-up of somebody else. It
does not tell a portrait printed by an issuer from one pasted in.
"""

from dataclasses import dataclass, field

import numpy as np

from ..comparison import feature_of, similarity_of
from ..detection import find_faces, find_upright
from ..images import decode_image
from ..portraits import crop_portrait
from .limits import DOCUMENT_LIMITS
from .locate import Page, Retake
from .outcome import Check, CheckOutcome, Outcome

# Face width in pixels of the photograph; below it the similarity of one face with itself falls off.
LEAST_FACE = 64
SAME_PORTRAIT = 0.50


@dataclass(frozen=True, slots=True)
class FoundPortrait:
    """`face_width` counts pixels of the photograph, not of the flat page."""

    jpeg: bytes = field(repr=False)
    face_width: float
    score: float

    @property
    def large_enough(self) -> bool:
        return self.face_width >= LEAST_FACE


@dataclass(frozen=True, slots=True)
class PortraitReading:
    """What a close-up gave. `portrait_jpeg` is empty unless the outcome is passed."""

    outcome: Outcome
    retake_reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    portrait_jpeg: bytes = field(repr=False, default=b"")


def find_portrait(page: Page) -> FoundPortrait | None:
    """The largest face on the flat page; a second, smaller one is the ghost image many documents carry."""
    faces = find_faces(page.picture)
    if not faces:
        return None
    return FoundPortrait(crop_portrait(page.picture, faces[0]), faces[0].width * page.scale, faces[0].score)


def read_closeup(image: bytes, *, small_portrait: bytes) -> PortraitReading:
    """A second photograph, of the portrait alone: the same face as the small one, and large enough.

    Never refuses: a small portrait is weak evidence of a difference, so the answer is another photograph."""
    photo = decode_image(image, limits=DOCUMENT_LIMITS)
    upright, faces = find_upright(photo)
    if not faces:
        return _again(Retake.PORTRAIT_MISSING, CheckOutcome.NOT_DONE)
    face = faces[0]
    if face.width < LEAST_FACE:
        return _again(Retake.PORTRAIT_TOO_SMALL, CheckOutcome.NOT_DONE)
    small = _feature(small_portrait)
    if small is None:
        return _again(Retake.PORTRAIT_MISSING, CheckOutcome.NOT_DONE)
    if similarity_of(small, feature_of(upright, face)) < SAME_PORTRAIT:
        return _again(Retake.NOT_THE_SAME_PORTRAIT, CheckOutcome.FAILED)
    checks = (Check("portrait_same", CheckOutcome.PASSED, ""),)
    return PortraitReading(Outcome.PASSED, (), checks, crop_portrait(upright, face))


def _again(reason: Retake, outcome: CheckOutcome) -> PortraitReading:
    return PortraitReading(Outcome.RETAKE, (reason.value,), (Check("portrait_same", outcome, reason.value),))


def _feature(jpeg: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None":
    if not jpeg:
        return None
    pixels = decode_image(jpeg, limits=DOCUMENT_LIMITS)
    faces = find_faces(pixels)
    return feature_of(pixels, faces[0]) if faces else None
