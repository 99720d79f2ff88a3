"""How a face's light is held against the challenge: measured light, made by numbers and not by pictures."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vendors.facecheck.engine.liveness.challenge import (
    COLOUR_COUNT,
    COLOURS,
    DISTINCT_COLOURS,
    Challenge,
    Phase,
)
from vendors.facecheck.engine.liveness.clip import Clip
from vendors.facecheck.engine.liveness.flash import (
    MAX_CHANCE,
    MIN_CONTRAST,
    FlashMeasures,
    _other_challenges,
    judge_flash,
    measure_flash,
)
from vendors.facecheck.engine.liveness.looks import Lit
from vendors.facecheck.engine.mesh import Mesh

from .conftest import challenge_of

NAMES = tuple(COLOURS)
COLOUR_MS, STILL_MS, EVERY_MS = 400.0, 900.0, 100.0
DRAW = random.Random(4).randbytes


def _dome() -> Mesh:
    """468 points of a round thing."""
    spread = np.random.default_rng(3).uniform(-1, 1, (468, 2)) * 0.9
    deep = 100 * (spread**2).sum(axis=1) / 2
    points = np.column_stack([100 * spread, deep])
    points[33, :2], points[263, :2] = (-50, 0), (50, 0)
    return Mesh(points.astype(np.float32), 1.0)


DOME = _dome()


def lit_by(
    challenge: Challenge,
    *,
    k: float = 0.2,
    noise: float = 0.002,
    late_ms: float = 120,
    every: float = EVERY_MS,
) -> tuple[Clip, list[Any]]:
    """What the looks at a living face hold while this challenge lights it; `k` is the screen's light over the room's."""
    grain = np.random.default_rng(8)
    shown = [COLOURS[phase.colour][::-1] for phase in challenge.phases if phase.colour]
    square = np.clip(1 - (DOME.points[:, :2] ** 2).sum(axis=1) / 40_000, 0.1, 1)[:, None]
    looks = []
    for at in np.arange(STILL_MS + every / 2, STILL_MS + COLOUR_MS * len(shown), every):
        number = int((at - late_ms - STILL_MS) // COLOUR_MS)
        screen = np.array(shown[number]) / 255 if number >= 0 else np.full(3, 0.5)
        skin = np.array([0.2, 0.25, 0.35]) * (1 + k * screen) + grain.normal(0, noise, 3)
        ground = np.full(3, 0.3) * (1 + 0.1 * k * screen) + grain.normal(0, noise, 3)
        patches = np.array([0.2, 0.25, 0.35]) * (1 + k * square * screen)
        lit = Lit(skin.astype(np.float32), ground.astype(np.float32), patches.astype(np.float32))
        looks.append(SimpleNamespace(moment_ms=float(at), lit=lit, mesh=DOME))
    starts = tuple(np.cumsum([0.0, *(phase.duration_ms for phase in challenge.phases[:-1])]).tolist())
    return Clip(challenge.nonce, (), starts, ()), looks


def measured(answered: tuple[Clip, list[Any]], challenge: Challenge) -> FlashMeasures:
    clip, looks = answered
    return measure_flash(clip, looks, challenge=challenge, random=DRAW)


def showing(challenge: Challenge, colours: list[str]) -> Challenge:
    phases = list(challenge.phases)
    phases[1 : 1 + COLOUR_COUNT] = [Phase("colour", 400, 100, colour=name) for name in colours]
    return replace(challenge, phases=tuple(phases))


@pytest.mark.parametrize(("k", "every"), [(0.4, 100), (0.05, 100), (0.1, 200), (0.1, 66)])
def test_the_challenge_that_was_answered_fits_like_hardly_another(k: float, every: float) -> None:
    found = measured(lit_by(challenge_of(3), k=k, every=every), challenge_of(3))
    assert judge_flash(found) == (), found


def test_no_other_challenge_is_answered_by_it() -> None:
    answered = lit_by(challenge_of(3), k=0.2)
    for seed in range(100, 112):
        found = measured(answered, challenge_of(seed))
        assert judge_flash(found) == ("colours_not_answered",), (seed, found)


def test_a_challenge_with_two_other_colours_or_all_colours_later_is_another_one() -> None:
    answered, own = lit_by(challenge_of(3)), [p.colour for p in challenge_of(3).phases if p.colour]
    later = [next(name for name in NAMES if name != own[0]), *own[:-1]]
    swapped = [own[0], own[3], own[2], own[1], own[4], own[7], own[6], own[5]]
    for colours in (later, swapped, own[::-1]):
        if colours != own:
            found = measured(answered, showing(challenge_of(3), colours))
            assert found.chance > 0 and found.correlation < measured(answered, challenge_of(3)).correlation


def test_frames_in_another_order_answer_nothing() -> None:
    clip, looks = lit_by(challenge_of(3))
    lights = [look.lit for look in looks]
    random.Random(2).shuffle(lights)
    mixed = [
        SimpleNamespace(moment_ms=look.moment_ms, lit=lit, mesh=DOME)
        for look, lit in zip(looks, lights, strict=True)
    ]
    assert judge_flash(measured((clip, mixed), challenge_of(3))) != ()


def test_an_answer_that_comes_half_a_second_late_is_none() -> None:
    assert judge_flash(measured(lit_by(challenge_of(3), late_ms=900), challenge_of(3))) != ()


def test_where_no_colour_reaches_the_face_it_is_asked_for_again() -> None:
    found = measured(lit_by(challenge_of(3), k=0.001), challenge_of(3))
    assert found.contrast < MIN_CONTRAST and judge_flash(found) == ("light_too_weak",)


def test_a_clip_made_before_the_challenge_passes_as_seldom_as_is_said() -> None:
    """The test's own size, over noise, where nothing but chance is left: a hundred thousand draws would show less."""
    answered = lit_by(challenge_of(3), k=0.0)
    chances = [measured(answered, challenge_of(seed)).chance for seed in range(200, 212)]
    assert min(chances) >= MAX_CHANCE and 0.2 < float(np.median(chances)) < 0.8


def test_the_others_are_drawn_as_challenges_are() -> None:
    others = _other_challenges(DRAW)
    assert len(others) == 5000
    for screens in others[:50]:
        numbers = [tuple(screen.round(6)) for screen in screens]
        assert len(numbers) == COLOUR_COUNT and len(set(numbers)) >= DISTINCT_COLOURS
        assert all(one != two for one, two in pairwise(numbers))
