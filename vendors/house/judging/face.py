"""Is the living person in front of the camera the person in the document? Pure.

A failure to match and a failure to look alive read the same, so that neither tells which of the two was passed. Only
what concerns the picture itself (light, distance, a second face) is told, because it tells nothing about a match.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vendors.house.judging.evidence import LiveEvidence
from vendors.house.provider.verified_claims import CheckMade

MAX_FACES = 3
THRESHOLD = 70

# Reasons of the vision process that concern the picture alone, and the hint that goes with each.
HINTS = {
    "no_face": "face_lost",
    "face_lost": "face_lost",
    "several_faces": "several_faces",
    "face_too_small": "face_too_small",
    "too_dark": "too_dark",
    "too_bright": "too_bright",
    "light_too_weak": "light_too_weak",
    "frames_missing": "slow_device",
    "times_do_not_fit": "slow_device",
    "challenge_expired": "took_too_long",
    "clip_unreadable": "slow_device",
}


class FaceVerdict(StrEnum):
    VERIFIED = "verified"
    AGAIN = "again"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FaceDecision:
    verdict: FaceVerdict
    notice: str
    reasons: tuple[str, ...]
    checks: tuple[CheckMade, ...]


def decide_face(live: LiveEvidence, *, tries: int) -> FaceDecision:
    """1. the person is alive and answered this challenge;  2. the face reaches the threshold: 50 to 69 is a case for a
    closer look, and nobody looks closer here, so it counts as not verified;  3. otherwise once more, three times in all.
    """
    matches = live.passed and live.confidence is not None and live.confidence >= THRESHOLD
    checks = (CheckMade("liveness", "bvr", live.passed), CheckMade("face_match", "bvr", matches))
    if matches:
        return FaceDecision(FaceVerdict.VERIFIED, "", (), checks)
    if tries >= MAX_FACES:
        return FaceDecision(FaceVerdict.FAILED, "", ("not_confirmed",), checks)
    hints = [HINTS[reason] for reason in live.reasons if reason in HINTS]
    return FaceDecision(FaceVerdict.AGAIN, hints[0] if hints else "not_confirmed", (), checks)
