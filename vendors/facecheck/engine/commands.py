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
from .images import PORTRAIT_LIMITS
from .liveness.challenge import Challenge
from .liveness.clip import read_clip_path
from .liveness.decision import check_liveness

YES, NO, UNUSABLE = 0, 1, 2
_MAX_CHALLENGE_BYTES = 64 * 1024


def compare_faces_json(portrait_path: Path, probe_path: Path, threshold: int) -> tuple[int, dict[str, Any]]:
    """Is the face in the probe the face in the portrait, at this confidence?"""
    if not LOWEST_THRESHOLD <= threshold <= HIGHEST_THRESHOLD:
        return UNUSABLE, _unusable("threshold_out_of_range")
    try:
        compared = compare_faces(_read(portrait_path), _read(probe_path))
    except (OSError, EngineError) as error:
        return UNUSABLE, _unusable(_code(error))
    told = {
        "same": compared.reaches(threshold),
        "confidence": compared.confidence,
        "similarity": compared.similarity,
        "threshold": threshold,
        "calibration_version": compared.calibration_version,
        "quality_reasons": list(compared.quality_reasons),
    }
    if compared.confidence is None:
        return UNUSABLE, told | {"error": "no_comparable_face"}
    return (YES if compared.reaches(threshold) else NO), told


def check_liveness_json(clip_path: Path, challenge_path: Path) -> tuple[int, dict[str, Any]]:
    """Does the clip answer the challenge? A stored pair is judged as if the clip had arrived right after it was taken."""
    try:
        if challenge_path.stat().st_size > _MAX_CHALLENGE_BYTES:
            return UNUSABLE, _unusable("challenge_too_long")
        challenge = Challenge.from_json(json.loads(challenge_path.read_bytes()))
        clip = read_clip_path(clip_path, challenge=challenge)
    except (OSError, ValueError, RecursionError, EngineError) as error:
        return UNUSABLE, _unusable(_code(error))
    arrived = challenge.issued_at + timedelta(milliseconds=challenge.duration_ms)
    decision = check_liveness(clip, challenge=challenge, now=arrived)
    return (YES if decision.passed else NO), decision.to_json()


def _read(path: Path) -> bytes:
    if path.stat().st_size > PORTRAIT_LIMITS.max_bytes:
        raise EngineError("image_too_many_bytes")
    return path.read_bytes()


def _code(error: Exception) -> str:
    if isinstance(error, EngineError):
        return error.code
    return "file_unreadable" if isinstance(error, OSError) else "challenge_malformed"


def _unusable(code: str) -> dict[str, Any]:
    return {"error": code}
