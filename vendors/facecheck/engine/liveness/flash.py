"""Does the face answer the colours of the screen, as a living face in front of it must?

Stops whoever feeds the page a recording, a photograph or a screen: (1) the colour of the skin must follow this
challenge, and better than all but a thousandth of the others that could have been drawn; (2) by enough to be light;
(3) the wall behind must not follow it as the face does; (4) the light must fall on the face as on something round. It
does not stop a mask cut to a face, nor a live-rendered fake that computes the light; those are named in the product's
list of known limits.

(1) is a permutation test: a clip that was finished before the challenge was drawn passes it with a chance of
`MAX_CHANCE` at most, whatever it shows, since its own challenge is but one more draw. Where hardly any colour reaches
the face nothing is guessed: `contrast` says so, and the recording is asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..mesh import Mesh, facing, skin_points
from .challenge import COLOUR_COUNT, COLOURS, DISTINCT_COLOURS, Challenge, Random
from .clip import Clip
from .looks import Lit, Look

Matrix = NDArray[np.float64]

MIN_CORRELATION = 0.6
MAX_CHANCE = 0.001
# Below it no change of colour is seen, this challenge's or another's; noise alone stays below 3.
MIN_CONTRAST = 4.0
MIN_GAIN = 0.01
GROUND_RATIO = (-0.3, 0.5)
# The more of the light on the face is the screen's, the clearer a round face is round (0.67 and more at 0.08), and what a
# screen is played to through glass is not (up to 0.37).
MIN_SHAPE_BY_GAIN = ((0.035, 0.35), (0.08, 0.45))
# Below it the screen hardly outshines the room, and a round face's shape drowns in noise: nothing is held against anybody.
SHAPE_SHOWS_GAIN = 0.03

_OTHERS = 5000
_LAGS_MS = tuple(range(0, 451, 50))
_DRIFT_DEGREE = 3
# Keeps the logarithm of a nearly black background finite; about the noise of a phone's camera.
_FLOOR = 0.004
# Of the usual point's variance, added to every point's.
_USUAL_SHARE = 0.3


@dataclass(frozen=True)
class FlashMeasures:
    """How well the light on the face fits the challenge. `chance` is the share of other challenges that it fits as well,
    `contrast` how much more the face changes from colour to colour than under one."""

    correlation: float
    chance: float
    gain: float
    ground_ratio: float
    shape: float
    lag_ms: int
    contrast: float


@dataclass(frozen=True)
class _Series:
    """The frames' moments, a basis of what changes slowly over them, and `shown`: [lag, frame], the number of the colour
    that was on screen when the frame was exposed; -1 before the first."""

    moments: Matrix
    slow: Matrix
    shown: NDArray[np.int64]

    @classmethod
    def of(cls, moments: Matrix, starts: Matrix) -> _Series:
        scaled = (moments - moments.mean()) / max(float(np.ptp(moments)), 1.0)
        shown = [np.searchsorted(starts, moments - lag, side="right") - 1 for lag in _LAGS_MS]
        return cls(moments, np.linalg.qr(np.vander(scaled, _DRIFT_DEGREE + 1))[0], np.array(shown))

    def steady(self, values: Matrix) -> Matrix:
        """Without slow changes (white balance, a cloud). The first axis is the frame."""
        flat = values.reshape(len(values), -1)
        return (flat - self.slow @ (self.slow.T @ flat)).reshape(values.shape)


def measure_flash(clip: Clip, looks: list[Look], *, challenge: Challenge, random: Random) -> FlashMeasures:
    """Measure the frames of the colour phases. `random` seeds the other challenges this one is held against."""
    lights = [look.lit for look in looks if look.lit is not None]
    starts = [at for at, phase in zip(clip.started_ms, challenge.phases, strict=True) if phase.colour]
    moments = [look.moment_ms for look in looks if look.lit is not None]
    series = _Series.of(np.array(moments), np.array(starts))

    skin = series.steady(_chroma(np.array([lit.skin for lit in lights])))
    ground = series.steady(_chroma(np.array([lit.ground for lit in lights])))
    filters = _Filters.of(skin - ground, series, len(starts))

    shown = _screen([COLOURS[phase.colour] for phase in challenge.phases if phase.colour])
    fits = filters.fit(shown[None])[0]
    lag = int(np.argmax(fits))
    others = filters.fit(_other_challenges(random)).max(axis=1)

    at = series.shown[lag]
    light = series.steady(np.where((at >= 0)[:, None], shown[np.maximum(at, 0)], 0.0))
    power = max(float((light * light).sum()), 1e-9)
    face_gain, ground_gain = float((skin * light).sum()) / power, float((ground * light).sum()) / power
    return FlashMeasures(
        correlation=round(float(fits[lag]), 3),
        chance=round(float((1 + (others >= fits[lag]).sum()) / (1 + len(others))), 5),
        gain=round(face_gain - ground_gain, 4),
        ground_ratio=round(ground_gain / face_gain, 3) if face_gain > 1e-6 else 99.0,
        shape=round(_shape(looks, lights, light, series), 3),
        lag_ms=_LAGS_MS[lag],
        contrast=round(filters.contrast(), 2),
    )


def judge_flash(measures: FlashMeasures) -> tuple[str, ...]:
    """What speaks against it. A measure that is not a number fails its comparison and so speaks against it."""
    answers = measures.correlation >= MIN_CORRELATION and measures.chance < MAX_CHANCE
    seen = measures.contrast >= MIN_CONTRAST
    low, high = GROUND_RATIO
    alone = low <= measures.ground_ratio <= high
    flat = answers and not measures.shape >= _least_shape(measures.gain)
    dim = not measures.gain >= (SHAPE_SHOWS_GAIN if flat and alone else MIN_GAIN)
    found = {
        "colours_not_answered": not answers and seen,
        "light_too_weak": dim if answers else not seen,
        "background_lit_like_face": answers and not alone,
        "face_lit_like_flat": flat and not (dim and alone),
    }
    return tuple(reason for reason, holds in found.items() if holds)


def _chroma(linear: NDArray[np.float32]) -> Matrix:
    """Colour without brightness, in R, G, B: exposure changes fall away."""
    logs = np.log(linear.astype(np.float64)[..., ::-1] + _FLOOR)
    return logs - logs.mean(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def _screen(colours: list[tuple[int, int, int]] | Matrix) -> Matrix:
    """The colours' light, without brightness."""
    light = np.array(colours, dtype=float) / 255
    return light - light.mean(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def _other_challenges(random: Random) -> Matrix:
    """[challenge, colour, channel]: what could have been drawn; like `draw_colours`, but all at once."""
    draw = np.random.default_rng(int.from_bytes(random(16)))
    count = 2 * _OTHERS
    first = draw.integers(0, len(COLOURS), (count, 1))
    steps = draw.integers(1, len(COLOURS), (count, COLOUR_COUNT - 1))
    numbers = np.cumsum(np.hstack([first, steps]), axis=1) % len(COLOURS)
    different = np.bitwise_count(np.bitwise_or.reduce(1 << numbers, axis=1))
    return _screen(list(COLOURS.values()))[numbers[different >= DISTINCT_COLOURS][:_OTHERS]]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _Filters:
    """The face's answer summed up over each colour's time, at each lag: a challenge is held against eight sums and not
    against every frame, so that thousands cost little. First axes: lag, number of the colour."""

    answers: Matrix
    slow: Matrix
    counts: Matrix
    squares: float

    @classmethod
    def of(cls, answer: Matrix, series: _Series, colours: int) -> _Filters:
        under = (series.shown[:, None, :] == np.arange(colours)[None, :, None]).astype(float)
        return cls(under @ answer, under @ series.slow, under.sum(axis=2), float((answer * answer).sum()))

    def fit(self, screens: Matrix) -> Matrix:
        """[challenge, lag]: the correlation of the answer with each. The answer is steady already, so that only the
        challenge's length needs it without its drift."""
        many, colours, channels = screens.shape
        lags, _, degrees = self.slow.shape
        met = screens.reshape(many, -1) @ self.answers.reshape(lags, -1).T
        whole = (screens**2).sum(axis=2) @ self.counts.T
        drift = screens.transpose(0, 2, 1).reshape(-1, colours) @ self.slow.transpose(1, 0, 2).reshape(
            colours, -1
        )
        drifts = (drift**2).reshape(many, channels, lags, degrees).sum(axis=(1, 3))
        lengths = np.sqrt(np.maximum(whole - drifts, 1e-12))
        return met / lengths / max(self.squares, 1e-12) ** 0.5  # type: ignore[no-any-return]

    def contrast(self) -> float:
        """Variance between the colours over variance under each, at the lag where it is largest, whatever they were."""
        met = self.counts > 0
        between = ((self.answers**2).sum(axis=2) / np.maximum(self.counts, 1)).sum(axis=1)
        groups, frames = met.sum(axis=1), self.counts.sum(axis=1)
        within = np.maximum(self.squares - between, 1e-12) / np.maximum(frames - groups, 1)
        return float((between / np.maximum(groups - 1, 1) / within).max())


def _least_shape(gain: float) -> float:
    """How round a face has to look where the screen adds `gain`; the highest bound where that is no number."""
    gains, shapes = zip(*MIN_SHAPE_BY_GAIN, strict=True)
    return float(np.interp(gain, gains, shapes)) if gain == gain else shapes[-1]


def _shape(looks: list[Look], lights: list[Lit], light: Matrix, series: _Series) -> float:
    """Do parts that face the screen answer more than parts that turn away from it?

    Position on the face is taken out of both first: a lamp at one side makes a slope, only roundness makes a dome. Each
    point counts for as much as it can be trusted: what changes there beside the colours (hair, an eye, noise) is its doubt,
    and a screen that hardly outshines the room is seen by the quiet points of the skin alone.
    """
    inside = skin_points()
    chroma = _chroma(np.array([lit.patches[inside] for lit in lights]))
    # The light is steady already, so what it finds in the chroma is too.
    gains = np.einsum("ipc,ic->p", chroma, light) / max(float((light * light).sum()), 1e-12)
    trust = _trust(series.steady(chroma) - gains[None, :, None] * light[:, None, :])
    mesh = _mean_mesh(looks)
    towards = facing(mesh)[inside].astype(np.float64)
    where = mesh.points[inside, :2].astype(np.float64)
    where = (where - where.mean(axis=0)) / where.std()
    basis, _ = np.linalg.qr(np.column_stack([np.ones(len(where)), where]) * trust[:, None])
    gains, towards = (
        values - basis @ (basis.T @ values) for values in (_clipped(gains) * trust, towards * trust)
    )
    norm = float(np.linalg.norm(gains) * np.linalg.norm(towards))
    return float(gains @ towards) / norm if norm > 1e-12 else 0.0


def _trust(doubt: Matrix) -> Matrix:
    """The root of each point's weight: the inverse of its variance, where none may count for much more than the usual."""
    variance = (doubt**2).mean(axis=(0, 2))
    floor = max(float(np.median(variance)), 1e-12) * _USUAL_SHARE
    return np.sqrt(1 / (variance + floor))  # type: ignore[no-any-return]


def _mean_mesh(looks: list[Look]) -> Mesh:
    points = np.mean(
        [(look.mesh.points - look.mesh.points.mean(axis=0)) / look.mesh.eye_distance for look in looks],
        axis=0,
    )
    return Mesh((points * 100).astype(np.float32), 1.0)


def _clipped(values: Matrix) -> Matrix:
    """Without single wild points, such as a strand of hair or a glint."""
    middle = np.median(values)
    spread = np.median(np.abs(values - middle)) * 1.4826
    return np.clip(values, middle - 3 * spread, middle + 3 * spread)
