"""From the model's similarity to a confidence of 0 to 100.

The map is data with a version: a confidence is only comparable with another of the same version, and both the version
and the raw similarity are recorded with every check so that a later, better fit can be judged on what was seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEFAULT_THRESHOLD = 70
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 50, 100


@dataclass(frozen=True)
class Calibration:
    """A piecewise-linear, rising map of (similarity, confidence) points."""

    version: str
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise ValueError("a calibration needs at least two points")
        pairs = zip(self.points, self.points[1:], strict=False)
        if any(after[0] <= before[0] or after[1] < before[1] for before, after in pairs):
            raise ValueError("a calibration never falls")

    def confidence(self, similarity: float) -> int:
        """Rounded down: a pair just under the threshold stays under it."""
        if not similarity > self.points[0][0]:  # also catches a similarity that is not a number
            return int(self.points[0][1])
        for (low, at_low), (high, at_high) in zip(self.points, self.points[1:], strict=False):
            if similarity <= high:
                return int(at_low + (at_high - at_low) * (similarity - low) / (high - low) + 1e-9)
        return int(self.points[-1][1])


@cache
def current_calibration() -> Calibration:
    """The map shipped with this version."""
    read = json.loads(Path(__file__).with_name("calibration.json").read_text("utf-8"))
    points = tuple((float(similarity), float(confidence)) for similarity, confidence in read["points"])
    return Calibration(str(read["version"]), points)
