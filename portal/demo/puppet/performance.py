"""What the camera sees while a challenge runs, frame by frame, for an honest puppet and for several attacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from vendors.facecheck.engine.images import Pixels, encode_jpeg
from vendors.facecheck.engine.liveness.challenge import COLOURS, Challenge
from vendors.facecheck.engine.liveness.clip import Clip, Frame, label_of

from .scene import HEIGHT, WIDTH, Floats, Light, Rgb, Scene, stored, turned

Act = Literal["live", "still_photo", "replay", "flat_print", "other_challenge"]
NEUTRAL: Rgb = (128, 128, 128)
TURN_DEGREES = 34.0
_STEP = 4
# Noise is costly to draw: each frame gets another cut of the same sheet.
_GRAIN = np.random.default_rng(1).standard_normal((HEIGHT + 97, WIDTH + 131, 3), dtype=np.float32)


@dataclass(frozen=True)
class Camera:
    """What a cheap camera adds: noise, drifting white balance and exposure, a delay, compression."""

    noise: float = 2.0
    drift: float = 0.02
    delay_ms: float = 90.0
    quality: int = 80

    def take(self, pixels: Pixels, moment_ms: float, random: np.random.Generator) -> bytes:
        wave = 1 + self.drift * np.sin(
            moment_ms / 1000 * np.array([1.1, 0.7, 0.9]) + np.array([0.0, 1.0, 2.0])
        )
        down, across = (
            random.integers(0, _GRAIN.shape[0] - HEIGHT),
            random.integers(0, _GRAIN.shape[1] - WIDTH),
        )
        grain = _GRAIN[down : down + HEIGHT, across : across + WIDTH]
        noisy = pixels * wave.astype(np.float32) + np.float32(self.noise) * grain
        return encode_jpeg(np.clip(noisy, 0, 255).astype(np.uint8), quality=self.quality)


@dataclass
class Stage:
    """One puppet's frames, lit and turned on demand and kept."""

    scenes: tuple[Scene, ...]
    light: Light = field(default_factory=Light)
    turned_scenes: dict[int, Scene] = field(default_factory=dict)
    views: dict[tuple[int, Rgb, int], Pixels] = field(default_factory=dict)

    def view(self, number: int, colour: Rgb, degrees: float) -> Pixels:
        """The person now: lit by the colour, the head turned."""
        step = round(degrees / _STEP) * _STEP
        wanted = (number % len(self.scenes) if step == 0 else 0, colour, step)
        if wanted not in self.views:
            scene = self.scenes[wanted[0]] if step == 0 else self._turned(step)
            self.views[wanted] = scene.lit(colour, self.light)
        return self.views[wanted]

    def _turned(self, degrees: int) -> Scene:
        if degrees not in self.turned_scenes:
            self.turned_scenes[degrees] = Scene.of(turned(self.scenes[0], degrees))
        return self.turned_scenes[degrees]


def perform(
    stage: Stage,
    challenge: Challenge,
    *,
    act: Act = "live",
    seed: int = 0,
    camera: Camera | None = None,
    other: Challenge | None = None,
) -> Clip:
    """The clip this act makes of the challenge. `other` is the challenge that an old recording answered."""
    random = np.random.default_rng(seed)
    lens = camera or Camera()
    obeyed = other if act in ("other_challenge", "replay") and other else challenge
    timeline = Timeline.of(challenge, random)
    followed = replace(Timeline.of(obeyed, random), started_ms=timeline.started_ms[: len(obeyed.phases)])
    see = _ACTS[act]
    frames: list[Frame] = []
    for phase, at_ms in timeline.frame_times(challenge, random):
        moment = timeline.started_ms[phase] + at_ms
        seen = moment - lens.delay_ms
        pixels = see(stage, followed, obeyed, timeline, challenge, seen, len(frames))
        pixels = _sway(pixels, moment, still=act == "still_photo")
        frames.append(Frame(phase, round(at_ms, 1), lens.take(pixels, moment, random)))
    shown = tuple(label_of(challenge, number) for number in range(len(challenge.phases)))
    return Clip(challenge.nonce, shown, timeline.started_ms, tuple(frames))


@dataclass(frozen=True)
class Timeline:
    """When each phase began, and how quickly this person reacts."""

    started_ms: tuple[float, ...]
    reaction_ms: float
    turning_ms: float

    @classmethod
    def of(cls, challenge: Challenge, random: np.random.Generator) -> Timeline:
        started, elapsed = [], 0.0
        for phase in challenge.phases:
            started.append(round(elapsed, 1))
            elapsed += phase.duration_ms + random.uniform(0, 25)
        return cls(tuple(started), random.uniform(400, 700), random.uniform(700, 1000))

    def frame_times(self, challenge: Challenge, random: np.random.Generator) -> list[tuple[int, float]]:
        times = []
        for number, phase in enumerate(challenge.phases):
            for at in range(phase.every_ms // 2, phase.duration_ms, phase.every_ms):
                times.append((number, at + random.uniform(-0.2, 0.2) * phase.every_ms))
        return times

    def phase_at(self, moment_ms: float) -> int:
        return max(0, int(np.searchsorted(self.started_ms, moment_ms, side="right")) - 1)

    def colour_at(self, challenge: Challenge, moment_ms: float) -> Rgb:
        return COLOURS.get(challenge.phases[self.phase_at(moment_ms)].colour, NEUTRAL)

    def turn_at(self, challenge: Challenge, moment_ms: float) -> float:
        """How far the head is turned: it follows the prompt after a while, and comes back the same way."""
        number = self.phase_at(moment_ms)
        into = moment_ms - self.started_ms[number] - self.reaction_ms
        asked = _asked(challenge, number)
        before = _asked(challenge, number - 1) if number else 0.0
        share = 0.5 - 0.5 * math.cos(math.pi * min(max(into / self.turning_ms, 0.0), 1.0))
        return before + (asked - before) * share


def _asked(challenge: Challenge, number: int) -> float:
    return {"left": TURN_DEGREES, "right": -TURN_DEGREES}.get(challenge.phases[number].side, 0.0)


def _live(
    stage: Stage,
    followed: Timeline,
    obeyed: Challenge,
    timeline: Timeline,
    challenge: Challenge,
    moment: float,
    number: int,
) -> Pixels:
    return stage.view(number // 2, followed.colour_at(obeyed, moment), followed.turn_at(obeyed, moment))


def _still_photo(
    stage: Stage,
    followed: Timeline,
    obeyed: Challenge,
    timeline: Timeline,
    challenge: Challenge,
    moment: float,
    number: int,
) -> Pixels:
    return stage.view(0, NEUTRAL, 0.0)


def _replay(
    stage: Stage,
    followed: Timeline,
    obeyed: Challenge,
    timeline: Timeline,
    challenge: Challenge,
    moment: float,
    number: int,
) -> Pixels:
    """An old recording on a screen: the glass mirrors a little of today's colours, evenly."""
    played = stage.view(number // 2, NEUTRAL, followed.turn_at(obeyed, moment)).astype(np.float32)
    glare = np.array(timeline.colour_at(challenge, moment)[::-1], np.float32)
    return np.clip(played + 0.04 * stage.light.strength / 0.25 * glare, 0, 255).astype(np.uint8)


def _flat_print(
    stage: Stage,
    followed: Timeline,
    obeyed: Challenge,
    timeline: Timeline,
    challenge: Challenge,
    moment: float,
    number: int,
) -> Pixels:
    """A print held up: lit evenly by the screen, and turned as a sheet of paper."""
    lamp = np.float32(stage.light.strength / 255) * np.array(
        timeline.colour_at(challenge, moment)[::-1], np.float32
    )
    lit = stored(stage.scenes[0].linear * (1 + np.float32(0.9) * lamp))
    return _sheet(lit, timeline.turn_at(challenge, moment) * 45 / TURN_DEGREES)


_ACTS: dict[Act, Callable[[Stage, Timeline, Challenge, Timeline, Challenge, float, int], Pixels]] = {
    "live": _live,
    "still_photo": _still_photo,
    "replay": _replay,
    "flat_print": _flat_print,
    "other_challenge": _live,
}


def _sheet(pixels: Pixels, degrees: float) -> Pixels:
    """A plane turned about its upright axis, seen from two widths away."""
    height, width = pixels.shape[:2]
    angle, far = math.radians(degrees), 2.0 * width
    corners = np.array(
        [
            [-width / 2, -height / 2],
            [width / 2, -height / 2],
            [width / 2, height / 2],
            [-width / 2, height / 2],
        ]
    )
    deep = far + corners[:, 0] * math.sin(angle)
    seen = np.column_stack([corners[:, 0] * math.cos(angle), corners[:, 1]]) * (far / deep)[:, None]
    middle = np.array([width / 2, height / 2])
    plane = cv2.getPerspectiveTransform(
        (corners + middle).astype(np.float32), (seen + middle).astype(np.float32)
    )
    return cv2.warpPerspective(pixels, plane, (width, height), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[no-any-return]


def _sway(pixels: Pixels, moment_ms: float, *, still: bool) -> Pixels:
    """Nobody and no hand holds quite still."""
    if still:
        return pixels
    seconds = moment_ms / 1000
    move = np.array(
        [[1, 0, 3 * math.sin(1.3 * seconds)], [0, 1, 2 * math.sin(1.9 * seconds + 1)]], np.float32
    )
    height, width = pixels.shape[:2]
    return cv2.warpAffine(pixels, move, (width, height), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[no-any-return]


__all__ = ["Act", "Camera", "Floats", "Stage", "perform"]
