"""Did the head turn to the side that was asked, and is it round?

Stops a photograph or screen that is held up and turned: (1) before the turn the face looks ahead; (2) it moves
through the angles in between, (3) far enough, (4) to the side that was asked and not first to the other; (5) the points
do not move as the points of one plane do. A recording of turns is stopped by sides and times that were drawn anew. A mask or a live-rendered fake turns like a head; this check cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..mesh import Mesh
from .looks import Look

MIN_TURN = 20.0
MAX_WRONG_TURN = 12.0
MIN_DEPTH = 0.05
MAX_START = 15.0
# Between somebody's quickest and slowest start of a turn after its prompt.
MAX_UNEVEN_MS = 1200


@dataclass(frozen=True)
class TurnMeasures:
    """Degrees towards the asked side and away from it, frames in between, and how unlike a plane the points moved."""

    towards: float
    away: float
    between: int
    depth: float
    soonest_ms: int
    start: float


def measure_turn(
    before: list[Look], during: list[Look], *, straight: float, side: str, asked_ms: float
) -> TurnMeasures:
    """`before` are the last frames of the phase before, `during` the frames of the turn.

    `straight` is the yaw of the frame the probe is cut from.
    """
    sign = 1.0 if side == "left" else -1.0
    start = float(np.median([look.mesh.yaw for look in before]))
    turned = np.array([sign * (look.mesh.yaw - start) for look in during])
    ordered = np.sort(turned)
    # The second largest: one misread frame turns nobody's head.
    towards, away = float(ordered[-2]), float(-ordered[1])
    between = int(((turned > 0.2 * towards) & (turned < 0.8 * towards)).sum())
    arrived = [look.moment_ms for look, angle in zip(during, turned, strict=True) if angle > MIN_TURN / 2]
    furthest = during[int(np.argsort(turned)[-2])]
    return TurnMeasures(
        towards=round(towards, 1),
        away=round(max(away, 0.0), 1),
        between=between,
        depth=round(float(np.median([plane_residual(look.mesh, furthest.mesh) for look in before])), 4),
        soonest_ms=round(min(arrived) - asked_ms) if arrived else -1,
        start=round(start - straight, 1),
    )


def judge_turn(measures: TurnMeasures) -> tuple[str, ...]:
    """What speaks against it."""
    turned = measures.towards >= MIN_TURN
    found = {
        "head_not_straight": not abs(measures.start) <= MAX_START,
        "head_not_turned": not turned,
        "head_turned_wrong_way": not measures.away <= MAX_WRONG_TURN,
        "head_jumped": turned and measures.between < 1,
        # Nobody has read the prompt and turned half-way within a tenth of a second.
        "head_turned_unasked": turned and measures.soonest_ms < 100,
        "head_flat": turned and not measures.depth >= MIN_DEPTH,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def judge_starts(turns: Sequence[TurnMeasures]) -> tuple[str, ...]:
    """A person follows each prompt about as quickly; a recording keeps its own time, which drifts off the prompts."""
    starts = [turn.soonest_ms for turn in turns if turn.soonest_ms >= 0]
    uneven = len(starts) > 1 and max(starts) - min(starts) > MAX_UNEVEN_MS
    return ("head_turned_unevenly",) if uneven else ()


def plane_residual(first: Mesh, second: Mesh) -> float:
    """How far the points are from having moved as one plane seen by a camera, in eye distances (root mean square)."""
    start, end = first.points[:, :2].astype(np.float64), second.points[:, :2].astype(np.float64)
    plane, _ = cv2.findHomography(start, end, 0)
    if plane is None:
        return 0.0
    moved = cv2.perspectiveTransform(start[None], plane)[0]
    return float(np.sqrt(((moved - end) ** 2).sum(axis=1).mean())) / max(first.eye_distance, 1.0)
