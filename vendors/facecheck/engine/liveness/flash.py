"""Does the face answer the colours of the screen, as a living face in front of it must?

Stops whoever feeds the page a recording, a photograph or a screen: (1) the colour of the skin must follow this
challenge and not others; (2) by enough to be light; (3) the wall behind must not follow it as the face does; (4) the
light must fall on the face as on something round. It does not stop a mask cut to a face, nor a live-rendered fake that
computes the light; those are named in the product's list of known limits.
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

MIN_CORRELATION = 0.5
MAX_CHANCE = 0.01
MIN_GAIN = 0.01
GROUND_RATIO = (-0.3, 0.5)
MIN_SHAPE = 0.35

_OTHERS = 400
_LAGS_MS = tuple(range(0, 451, 50))
_DRIFT_DEGREE = 3
# Keeps the logarithm of a nearly black background finite; about the noise of a phone's camera.
_FLOOR = 0.004


@dataclass(frozen=True)
class FlashMeasures:
    """How well the light on the face fits the challenge."""

    correlation: float
    chance: float
    gain: float
    ground_ratio: float
    shape: float
    lag_ms: int


@dataclass(frozen=True)
class _Series:
    """The frames' moments and a basis of what changes slowly over them."""

    moments: Matrix
    slow: Matrix

    @classmethod
    def of(cls, moments: Matrix) -> _Series:
        scaled = (moments - moments.mean()) / max(float(np.ptp(moments)), 1.0)
        return cls(moments, np.linalg.qr(np.vander(scaled, _DRIFT_DEGREE + 1))[0])

    def steady(self, values: Matrix) -> Matrix:
        """Without slow changes (white balance, a cloud). The first axis is the frame."""
        flat = values.reshape(len(values), -1)
        return (flat - self.slow @ (self.slow.T @ flat)).reshape(values.shape)


def measure_flash(clip: Clip, looks: list[Look], *, challenge: Challenge, random: Random) -> FlashMeasures:
    """Measure the frames of the colour phases. `random` seeds the other challenges this one is held against."""
    lights = [look.lit for look in looks if look.lit is not None]
    series = _Series.of(np.array([look.moment_ms for look in looks if look.lit is not None]))
    shown = [COLOURS[phase.colour] for phase in challenge.phases if phase.colour]
    starts = [at for at, phase in zip(clip.started_ms, challenge.phases, strict=True) if phase.colour]

    skin = series.steady(_chroma(np.array([lit.skin for lit in lights])))
    ground = series.steady(_chroma(np.array([lit.ground for lit in lights])))
    answer = skin - ground

    expected = _expected(np.array(shown, dtype=float)[None], starts, series.moments)
    correlations = _correlate(expected, answer, series)[0]
    lag = int(np.argmax(correlations))
    best = float(correlations[lag])
    others = _other_challenges(random)
    by_chance = _correlate(_expected(others, starts, series.moments), answer, series).max(axis=1)

    light = series.steady(expected[0, lag])
    power = float((light * light).sum())
    gain = float((answer * light).sum()) / power
    face_gain = float((skin * light).sum()) / power
    ground_gain = float((ground * light).sum()) / power
    return FlashMeasures(
        correlation=round(best, 3),
        chance=round(float((1 + (by_chance >= best).sum()) / (1 + len(others))), 4),
        gain=round(gain, 4),
        ground_ratio=round(ground_gain / face_gain, 3) if face_gain > 1e-6 else 99.0,
        shape=round(_shape(looks, lights, light / power), 3),
        lag_ms=_LAGS_MS[lag],
    )


def judge_flash(measures: FlashMeasures) -> tuple[str, ...]:
    """What speaks against it. A measure that is not a number fails its comparison and so speaks against it."""
    answers = measures.correlation >= MIN_CORRELATION and measures.chance < MAX_CHANCE
    low, high = GROUND_RATIO
    found = {
        "colours_not_answered": not answers,
        "light_too_weak": answers and not measures.gain >= MIN_GAIN,
        "background_lit_like_face": answers and not low <= measures.ground_ratio <= high,
        "face_lit_like_flat": answers and not measures.shape >= MIN_SHAPE,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def _chroma(linear: NDArray[np.float32]) -> Matrix:
    """Colour without brightness, in R, G, B: exposure changes fall away."""
    logs = np.log(linear.astype(np.float64)[..., ::-1] + _FLOOR)
    return logs - logs.mean(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def _other_challenges(random: Random) -> Matrix:
    """What other challenges could have shown: drawn like `draw_colours`, but all at once."""
    draw = np.random.default_rng(int.from_bytes(random(16)))
    count = 4 * _OTHERS
    first = draw.integers(0, len(COLOURS), (count, 1))
    steps = draw.integers(1, len(COLOURS), (count, COLOUR_COUNT - 1))
    numbers = np.cumsum(np.hstack([first, steps]), axis=1) % len(COLOURS)
    different = np.bitwise_count(np.bitwise_or.reduce(1 << numbers, axis=1))
    colours: Matrix = np.array(list(COLOURS.values()), dtype=float)
    return colours[numbers[different >= DISTINCT_COLOURS][:_OTHERS]]  # type: ignore[no-any-return]


def _expected(sequences: Matrix, starts: list[float], moments: Matrix) -> Matrix:
    """[sequence, lag, frame, channel]: the colour on screen when the frame was exposed, without brightness."""
    colour = sequences / 255
    colour = colour - colour.mean(axis=-1, keepdims=True)
    seen = [np.searchsorted(np.array(starts), moments - lag, side="right") - 1 for lag in _LAGS_MS]
    return np.stack([np.where((at >= 0)[:, None], colour[:, np.maximum(at, 0)], 0.0) for at in seen], axis=1)


def _correlate(expected: Matrix, answer: Matrix, series: _Series) -> Matrix:
    """[sequence, lag]. The answer is steady already, so only the lengths need the expected without its drift."""
    slow = series.slow.T @ expected
    lengths = np.sqrt(np.maximum((expected**2).sum(axis=(2, 3)) - (slow**2).sum(axis=(2, 3)), 0.0))
    norms = lengths * float(np.linalg.norm(answer))
    return np.tensordot(expected, answer, axes=2) / np.maximum(norms, 1e-12)  # type: ignore[no-any-return]


def _shape(looks: list[Look], lights: list[Lit], light: Matrix) -> float:
    """Do parts that face the screen answer more than parts that turn away from it?

    Position on the face is taken out of both first: a lamp at one side makes a slope, only roundness makes a dome.
    """
    inside = skin_points()
    chroma = _chroma(np.array([lit.patches[inside] for lit in lights]))
    # The light is steady already, so what it finds in the chroma is too.
    gains = np.einsum("ipc,ic->p", chroma, light)
    mesh = _mean_mesh(looks)
    towards = facing(mesh)[inside].astype(np.float64)
    where = mesh.points[inside, :2].astype(np.float64)
    where = (where - where.mean(axis=0)) / where.std()
    basis, _ = np.linalg.qr(np.column_stack([np.ones(len(where)), where]))
    gains, towards = (values - basis @ (basis.T @ values) for values in (_clipped(gains), towards))
    norm = float(np.linalg.norm(gains) * np.linalg.norm(towards))
    return float(gains @ towards) / norm if norm > 1e-12 else 0.0


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
