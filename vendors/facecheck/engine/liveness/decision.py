"""Decides whether a clip shows one living person answering this challenge, now.

Protects an account from whoever shows the camera, or feeds the page, anything else than the person: a photograph, a
recording, an answer to another challenge. It refuses whenever something is missing, and says what it measured. It does
not see through a mask cut to a face or a face rendered live behind a virtual camera.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from ..comparison import Feature, similarity_of
from ..errors import ImageRefused
from .challenge import Challenge, Phase
from .clip import Clip, label_of
from .flash import judge_flash, measure_flash
from .looks import Look, Missed, likeness, look_at, portrait_of, recognise
from .turn import judge_starts, judge_turn, measure_turn

# The clip cannot have been taken faster than the challenge lasts; clocks and networks get this much.
_CLOCK_TOLERANCE = timedelta(milliseconds=300)
_SLOWEST_PHASE = 2.5
_SLOWEST_PHASE_MS = 700.0
_LONGEST_GAP_MS = 900.0
_MIN_FRAME_SHARE = 0.5
_MAX_MISSED = 0.1
_MAX_REPEATED = 0.3
_MIN_FACE_WIDTH = 60.0
_MAX_PROBE_TURN = 16.0
_SAME_FACE = 0.45
_SAME_FACE_TURNED = 0.33
_TURNED = 12.0
# Neighbours less alike than this are both recognised; at most so many pairs, the least alike first.
_ALIKE = 0.5
_MOST_CHANGES = 4
_TOO_DIM = "light_too_weak"
_NOT_TURNED = frozenset({"head_not_turned", "head_flat"})
_JUMP = 0.75
_GROWTH = 1.6


@dataclass(frozen=True)
class LivenessDecision:
    """Passed or not, why not, and what was measured. `probe` is a portrait cut from the clip, kept out of logs."""

    passed: bool
    reasons: tuple[str, ...]
    measures: dict[str, Any]
    probe: bytes = field(default=b"", repr=False)

    def to_json(self) -> dict[str, Any]:
        return {"passed": self.passed, "reasons": list(self.reasons), "measures": self.measures}


def check_liveness(
    clip: Clip, *, challenge: Challenge, now: datetime, random: Callable[[int], bytes] = secrets.token_bytes
) -> LivenessDecision:
    """Decide. What must hold, in order; the first group that does not hold ends it:

    1. the clip names this challenge's nonce, arrives before it expires and not sooner than it lasts, by the challenge's
       count or by its own;
    2. it shows each phase asked for, in order, long enough, with frames throughout;
    3. each frame decodes, hardly any lacks its one face, and few repeat;
    4. the face never jumps, and the faces of each phase and on both sides of each change are one person's;
    5. the light of the colours falls on it as on a living face (flash.py);
    6. each turn of the head is the one asked for and is that of a solid head (turn.py);
    7. a frame is good enough to be compared with a portrait.
    """
    refused = _judge_binding(clip, challenge, now) or _judge_frames(clip, challenge)
    refused = refused or _judge_duration(clip, challenge, now)
    if refused:
        return LivenessDecision(False, refused, {"frames": len(clip.frames)})
    try:
        looks, missed = _look(clip, challenge)
    except ImageRefused as broken:
        return LivenessDecision(False, (broken.code,), {"frames": len(clip.frames)})
    measures: dict[str, Any] = {"frames": len(clip.frames), "missed": len(missed)}
    reasons = _judge_looks(looks, missed, challenge)
    if reasons:
        return LivenessDecision(False, reasons, measures)
    best, anchor, probe = _best(looks)
    if best is None or anchor is None:
        return LivenessDecision(False, ("no_frontal_frame",), measures)
    reasons = _judge_identity(anchor, best, looks, challenge, random, measures)
    reasons += _judge_answers(clip, looks, best, challenge, random, measures)
    return LivenessDecision(not reasons, reasons, measures, b"" if reasons else probe)


def _judge_binding(clip: Clip, challenge: Challenge, now: datetime) -> tuple[str, ...]:
    if not secrets.compare_digest(clip.nonce.encode(), challenge.nonce.encode()):
        return ("other_challenge",)
    if now > challenge.expires_at:
        return ("challenge_expired",)
    lasted = timedelta(milliseconds=challenge.duration_ms)
    if now < challenge.issued_at + lasted - _CLOCK_TOLERANCE:
        return ("answered_too_soon",)
    return ()


def _judge_duration(clip: Clip, challenge: Challenge, now: datetime) -> tuple[str, ...]:
    """Times that reach beyond the moment of arrival were not kept by a clock."""
    last = timedelta(milliseconds=clip.moment_ms(clip.frames[-1]))
    return ("answered_too_soon",) if now < challenge.issued_at + last - _CLOCK_TOLERANCE else ()


def _judge_frames(clip: Clip, challenge: Challenge) -> tuple[str, ...]:
    asked = tuple(label_of(challenge, number) for number in range(len(challenge.phases)))
    if clip.shown != asked:
        return ("other_phases",)
    ends = [*clip.started_ms[1:], float("inf")]
    for number, (phase, start, end) in enumerate(zip(challenge.phases, clip.started_ms, ends, strict=True)):
        last = number == len(challenge.phases) - 1
        times = [frame.at_ms for frame in clip.frames if frame.phase == number]
        if not _phase_holds(phase, times, float(phase.duration_ms) if last else end - start):
            return ("times_do_not_fit",)
        if len(times) < max(2, _MIN_FRAME_SHARE * phase.duration_ms / phase.every_ms):
            return ("frames_missing",)
    moments = [clip.moment_ms(frame) for frame in clip.frames]
    gaps = np.diff(moments)
    if (gaps <= 0).any():
        return ("times_do_not_fit",)
    return ("frames_missing",) if (gaps > _LONGEST_GAP_MS).any() else ()


def _phase_holds(phase: Phase, times: list[float], lasted: float) -> bool:
    longest = phase.duration_ms * _SLOWEST_PHASE + _SLOWEST_PHASE_MS
    if not 0.8 * phase.duration_ms <= lasted <= longest:
        return False
    return all(0 <= at <= lasted + phase.every_ms for at in times)


def _look(clip: Clip, challenge: Challenge) -> tuple[list[Look], list[Missed]]:
    looks: list[Look] = []
    missed: list[Missed] = []
    seen: Look | Missed | None = None
    for frame in clip.frames:
        lit = challenge.phases[frame.phase].kind == "colour"
        seen = look_at(clip, frame, before=seen if isinstance(seen, Look) else None, light=lit)
        if isinstance(seen, Missed):
            missed.append(seen)
        else:
            looks.append(seen)
        if len(missed) > _MAX_MISSED * len(clip.frames):
            break
    return looks, missed


def _judge_looks(looks: list[Look], missed: list[Missed], challenge: Challenge) -> tuple[str, ...]:
    if len(missed) > _MAX_MISSED * (len(looks) + len(missed)):
        return (missed[-1].reason,)
    reasons = []
    for number, phase in enumerate(challenge.phases):
        seen = [look for look in looks if look.phase == number]
        if len(seen) < (4 if phase.kind == "turn" else 2):
            return ("face_lost",)
    if float(np.median([look.width for look in looks])) < _MIN_FACE_WIDTH:
        reasons.append("face_too_small")
    repeated = len(looks) - len({look.fingerprint for look in looks})
    if repeated > _MAX_REPEATED * len(looks):
        reasons.append("frames_repeated")
    if _jumps(looks):
        reasons.append("face_jumped")
    return tuple(reasons)


def _jumps(looks: list[Look]) -> bool:
    for before, after in pairwise(looks):
        width = before.width
        moved = np.linalg.norm(before.mesh.points[:, :2].mean(axis=0) - after.mesh.points[:, :2].mean(axis=0))
        grown = max(after.width / width, width / after.width)
        if moved > _JUMP * width or grown > _GROWTH:
            return True
    return False


def _judge_identity(
    anchor: Feature,
    best: Look,
    looks: list[Look],
    challenge: Challenge,
    random: Callable[[int], bytes],
    measures: dict[str, Any],
) -> tuple[str, ...]:
    """The faces of chosen frames against the one the probe is cut from; a turned head looks less like itself.

    Every frame is held against the one before it, so that a run of exchanged frames shows at its two ends."""
    straight, turned = [1.0], [1.0]
    changes = _changes(looks)
    for group in [*_chosen_for_identity(best, looks, challenge, random), *changes]:
        look, seen = _recognised_of(group)
        if seen is None:
            return ("face_lost",)
        side = turned if abs(look.mesh.yaw - best.mesh.yaw) > _TURNED else straight
        side.append(similarity_of(anchor, seen))
    measures["identity"] = {
        "frames": len(straight) + len(turned) - 1,
        "changes": len(changes),
        "lowest": round(min(straight), 3),
        "lowest_turned": round(min(turned), 3),
    }
    same = min(straight) >= _SAME_FACE and min(turned) >= _SAME_FACE_TURNED
    return () if same else ("identity_changed",)


def _recognised_of(group: list[Look]) -> tuple[Look, Feature | None]:
    """The first of these frames in which the one face is found; two tries, since a turning head may be blurred."""
    for look in group[:2]:
        seen = recognise(look)
        if not isinstance(seen, Missed):
            return look, seen
    return group[0], None


def _chosen_for_identity(
    best: Look, looks: list[Look], challenge: Challenge, random: Callable[[int], bytes]
) -> list[list[Look]]:
    """Groups of frames, each in the order of preference, one of which is recognised.

    Of every turn the frame in which the head is turned furthest, on which the judgement of the turn rests. Of every other
    phase one that cannot be foreseen. The rest of the turns only shows that the head did not jump: of all of it together
    one that cannot be foreseen, and the one that looks least like both the straight face and the turned one.
    """
    chosen, turns, odd = [], [], []
    for number, phase in enumerate(challenge.phases):
        seen = [look for look in looks if look.phase == number]
        if phase.kind == "turn":
            sign = 1 if phase.side == "left" else -1
            furthest = sorted(seen, key=lambda look: -sign * look.mesh.yaw)[1:]
            chosen.append(furthest)
            turns += seen
            odd += [(max(likeness(best, look), likeness(furthest[0], look)), look) for look in seen]
        else:
            chosen.append(_shuffled(seen, random))
    odd.sort(key=lambda found: found[0])
    return [*chosen, _shuffled(turns, random), [look for _alike, look in odd]]


def _changes(looks: list[Look]) -> list[list[Look]]:
    """The frames on both sides of where the face looks least like itself a moment before, if it does so at all."""
    pairs = [(likeness(before, after), number) for number, (before, after) in enumerate(pairwise(looks))]
    odd = [number for alike, number in sorted(pairs)[:_MOST_CHANGES] if not alike >= _ALIKE]
    return [[looks[number]] for number in sorted({side for at in odd for side in (at, at + 1)})]


def _shuffled(looks: list[Look], random: Callable[[int], bytes]) -> list[Look]:
    keys = {id(look): random(4) for look in looks}
    return sorted(looks, key=lambda look: keys[id(look)])


def _judge_answers(
    clip: Clip,
    looks: list[Look],
    best: Look,
    challenge: Challenge,
    random: Callable[[int], bytes],
    measures: dict[str, Any],
) -> tuple[str, ...]:
    reasons: tuple[str, ...] = ()
    if challenge.flashing:
        lit = [look for look in looks if challenge.phases[look.phase].kind == "colour"]
        flash = measure_flash(clip, lit, challenge=challenge, random=random)
        measures["flash"] = asdict(flash)
        reasons += judge_flash(flash)
    turns = []
    for number, phase in enumerate(challenge.phases):
        if phase.kind != "turn":
            continue
        before = [look for look in looks if look.phase < number][-4:]
        during = [look for look in looks if look.phase == number]
        turn = measure_turn(
            before, during, straight=best.mesh.yaw, side=phase.side, asked_ms=clip.started_ms[number]
        )
        turns.append((phase.side, turn))
        reasons += judge_turn(turn)
    measures["turns"] = [{"side": side, **asdict(turn)} for side, turn in turns]
    reasons += judge_starts([turn for _side, turn in turns])
    return not_in_the_dark(reasons)


def not_in_the_dark(reasons: Iterable[str]) -> tuple[str, ...]:
    """Each reason once. A face that neither answers the light nor turns is a picture, and no person in a bright room."""
    found = list(dict.fromkeys(reasons))
    if _TOO_DIM in found and _NOT_TURNED.intersection(found):
        found[found.index(_TOO_DIM)] = "colours_not_answered"
    return tuple(found)


def _best(looks: list[Look]) -> tuple[Look | None, Feature | None, bytes]:
    """The straightest, sharpest frame taken before the colours or turns began, in which one face is found: the frame, its
    feature and the probe cut from it."""
    first = [look for look in looks if look.phase == 0]
    straight = [look for look in first if max(abs(look.mesh.yaw), abs(look.mesh.pitch)) <= _MAX_PROBE_TURN]
    straight.sort(key=lambda look: look.sharpness - 0.005 * abs(look.mesh.yaw), reverse=True)
    for look in straight[:2]:
        seen, probe = recognise(look), portrait_of(look)
        if not isinstance(seen, Missed) and not isinstance(probe, Missed):
            return look, seen, probe
    return None, None, b""
