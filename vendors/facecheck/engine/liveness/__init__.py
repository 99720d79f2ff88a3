"""Liveness: a challenge drawn by the server, and the decision about the clip that answers it."""

from .challenge import Challenge, Phase, make_challenge
from .clip import Clip, Frame, read_clip, write_clip
from .decision import LivenessDecision, check_liveness

__all__ = [
    "Challenge",
    "Clip",
    "Frame",
    "LivenessDecision",
    "Phase",
    "check_liveness",
    "make_challenge",
    "read_clip",
    "write_clip",
]
