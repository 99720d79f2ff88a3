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
from .challenge import COLOURS, Challenge, Random, draw_colours
from .clip import Clip
from .looks import Look

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


def measure_flash(clip: Clip, looks: list[Look], *, challenge: Challenge, random: Random) -> FlashMeasures:
    """Measure the frames of the colour phases. `random` draws the other challenges this one is held against."""
    moments = np.array([look.moment_ms for look in looks])
    shown = [COLOURS[phase.colour] for phase in challenge.phases if phase.colour]
    starts = [at for at, phase in zip(clip.started_ms, challenge.phases, strict=True) if phase.colour]
    drift = _drift(moments)

    skin = _chroma(np.array([look.skin for look in looks]))
    ground = _chroma(np.array([look.ground for look in looks]))
    answer = drift @ (skin - ground)

    asked = np.array(shown, dtype=float)[None]
    others = np.array([[COLOURS[name] for name in draw_colours(random)] for _ in range(_OTHERS)], dtype=float)
    expected = _expected(asked, starts, moments, drift)
    correlations = _correlate(expected, answer)[0]
    lag = int(np.argmax(correlations))
    best = float(correlations[lag])
    by_chance = _correlate(_expected(others, starts, moments, drift), answer).max(axis=1)

    light = expected[0, lag]
    power = float((light * light).sum())
    gain = float((answer * light).sum()) / power
    face_gain = float(((drift @ skin) * light).sum()) / power
    ground_gain = float(((drift @ ground) * light).sum()) / power
    return FlashMeasures(
        correlation=round(best, 3),
        chance=round(float((1 + (by_chance >= best).sum()) / (1 + _OTHERS)), 4),
        gain=round(gain, 4),
        ground_ratio=round(ground_gain / face_gain, 3) if face_gain > 1e-6 else 99.0,
        shape=round(_shape(looks, drift, light, power), 3),
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


def _drift(moments: Matrix) -> Matrix:
    """The projection that takes slow changes (white balance, a cloud) out of a series."""
    scaled = (moments - moments.mean()) / max(float(np.ptp(moments)), 1.0)
    basis, _ = np.linalg.qr(np.vander(scaled, _DRIFT_DEGREE + 1))
    projection: Matrix = np.eye(len(moments)) - basis @ basis.T
    return projection


def _expected(sequences: Matrix, starts: list[float], moments: Matrix, drift: Matrix) -> Matrix:
    """[sequence, lag, frame, channel]: the colour on screen when the frame was exposed, without brightness."""
    colour = sequences / 255
    colour = colour - colour.mean(axis=-1, keepdims=True)
    seen = [np.searchsorted(np.array(starts), moments - lag, side="right") - 1 for lag in _LAGS_MS]
    lit = np.stack([np.where((at >= 0)[:, None], colour[:, np.maximum(at, 0)], 0.0) for at in seen], axis=1)
    return np.einsum("ij,sljc->slic", drift, lit)  # type: ignore[no-any-return]


def _correlate(expected: Matrix, answer: Matrix) -> Matrix:
    norms = np.sqrt((expected**2).sum(axis=(2, 3))) * max(float(np.linalg.norm(answer)), 1e-12)
    return np.einsum("slic,ic->sl", expected, answer) / np.maximum(norms, 1e-12)  # type: ignore[no-any-return]


def _shape(looks: list[Look], drift: Matrix, light: Matrix, power: float) -> float:
    """Do parts that face the screen answer more than parts that turn away from it?

    Position on the face is taken out of both first: a lamp at one side makes a slope, only roundness makes a dome.
    """
    inside = skin_points()
    patches = np.array([look.patches[inside] for look in looks])
    chroma = np.einsum("ij,jpc->ipc", drift, _chroma(patches))
    gains = np.einsum("ipc,ic->p", chroma, light) / power
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
