"""The engine on the command line: paths in, an exit code and one JSON object out.

Exit codes: 0 yes, 1 no, 2 the input cannot be used.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from .calibration import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from .comparison import compare_faces
from .errors import EngineError
from .files import read_file
from .images import PORTRAIT_LIMITS
from .liveness.challenge import Challenge
from .liveness.clip import Clip, read_clip_path
from .liveness.decision import check_liveness

YES, NO, UNUSABLE = 0, 1, 2
_MAX_CHALLENGE_BYTES = 64 * 1024


def compare_faces_json(portrait_path: Path, probe_path: Path, threshold: int) -> tuple[int, dict[str, Any]]:
    """Is the face in the probe the face in the portrait, at this confidence?"""
    if not LOWEST_THRESHOLD <= threshold <= HIGHEST_THRESHOLD:
        return UNUSABLE, {"error": "threshold_out_of_range"}
    try:
        compared = compare_faces(_read(portrait_path), _read(probe_path))
    except EngineError as error:
        return UNUSABLE, {"error": error.code}
    told = {
        "same": compared.reaches(threshold),
        "confidence": compared.confidence,
        "similarity": compared.similarity,
        "threshold": threshold,
        "calibration_version": compared.calibration_version,
        "quality_reasons": list(compared.quality_reasons),
    }
    if compared.confidence is None:
        return UNUSABLE, told | {"error": _why(compared.quality_reasons)}
    return (YES if compared.reaches(threshold) else NO), told


def check_liveness_json(clip_path: Path, challenge_path: Path) -> tuple[int, dict[str, Any]]:
    """Does the clip answer the challenge? A stored pair is judged as if the clip had arrived right after it was taken."""
    try:
        content = read_file(challenge_path, most=_MAX_CHALLENGE_BYTES, too_long="challenge_too_long")
        challenge = Challenge.from_json(json.loads(content))
        clip = read_clip_path(clip_path, challenge=challenge)
    except EngineError as error:
        return UNUSABLE, {"error": error.code}
    except (ValueError, RecursionError):
        return UNUSABLE, {"error": "challenge_malformed"}
    arrived = challenge.issued_at + timedelta(milliseconds=_lasted_ms(clip, challenge))
    decision = check_liveness(clip, challenge=challenge, now=arrived)
    broken = [reason for reason in decision.reasons if reason.startswith("image_")]
    if broken:
        return UNUSABLE, {"error": broken[0]}
    return (YES if decision.passed else NO), decision.to_json()


def _lasted_ms(clip: Clip, challenge: Challenge) -> float:
    ends = [clip.moment_ms(frame) for frame in clip.frames]
    return max([float(challenge.duration_ms), *ends])


def _read(path: Path) -> bytes:
    return read_file(path, most=PORTRAIT_LIMITS.max_bytes, too_long="image_too_many_bytes")


def _why(reasons: tuple[str, ...]) -> str:
    """A picture that is none says so; else one of the two shows no single face."""
    broken = [reason.partition("_")[2] for reason in reasons if "_image_" in reason]
    return broken[0] if broken else "no_comparable_face"
