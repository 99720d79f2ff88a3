"""How often a recording that answers one challenge passes another: each clip is looked at once and then held against many.

    python -m tests.benchmarks.bench_challenges --clips 2 --others 200

Prints, for each strength of the screen's light, how many clips pass their own challenge and how many pairs of clip and
foreign challenge pass the colours, and the same for turns without colours, with 95 % intervals (Clopper-Pearson). Light
is computed, as in `bench_faces`. The times of foreign challenges are taken as if the recording had been made to them.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate

import cv2
import numpy as np

from portal.demo.puppet.footage import scenes_of
from portal.demo.puppet.performance import Stage, perform
from tests.benchmarks.bench_faces import (
    CLIPS,
    NOW,
    PHOTOGRAPHS,
    STRENGTHS,
    circumstances,
    interval,
    say,
)
from vendors.facecheck.engine.liveness.challenge import Challenge, make_challenge
from vendors.facecheck.engine.liveness.clip import Clip
from vendors.facecheck.engine.liveness.decision import _look
from vendors.facecheck.engine.liveness.flash import judge_flash, measure_flash
from vendors.facecheck.engine.liveness.looks import Look
from vendors.facecheck.engine.liveness.turn import judge_starts, judge_turn, measure_turn

Judge = Callable[[Clip, list[Look], Challenge, random.Random], bool]


def colours_pass(clip: Clip, looks: list[Look], challenge: Challenge, rng: random.Random) -> bool:
    lit = [look for look in looks if look.lit is not None]
    return judge_flash(measure_flash(clip, lit, challenge=challenge, random=rng.randbytes)) == ()


def turns_pass(clip: Clip, looks: list[Look], challenge: Challenge, rng: random.Random) -> bool:
    starts = list(accumulate((phase.duration_ms for phase in challenge.phases[:-1]), initial=0))
    placed = [
        replace(look, phase=int(np.searchsorted(starts, look.moment_ms, side="right")) - 1) for look in looks
    ]
    straight = float(np.median([look.mesh.yaw for look in placed if look.phase == 0]))
    turns = []
    for number, phase in enumerate(challenge.phases):
        if phase.kind != "turn":
            continue
        before = [look for look in placed if look.phase < number][-4:]
        during = [look for look in placed if look.phase == number]
        if len(before) < 2 or len(during) < 4:
            return False
        turn = measure_turn(before, during, straight=straight, side=phase.side, asked_ms=starts[number])
        if judge_turn(turn):
            return False
        turns.append(turn)
    return judge_starts(turns) == ()


def row(name: str, strength: float, clips: int, others: int, *, flashing: bool, judge: Judge) -> None:
    own = pairs = passed = made = 0
    for seed in range(clips):
        for identity in (*CLIPS, *PHOTOGRAPHS):
            rng = random.Random(f"{name}{strength}{identity}{seed}")
            light, camera = circumstances(strength, rng)
            challenge = make_challenge(random=rng.randbytes, now=NOW, flashing=flashing)
            clip = perform(Stage(scenes_of(identity), light), challenge, seed=seed, camera=camera)
            looks, _missed = _look(clip, challenge)
            made += 1
            own += judge(clip, looks, challenge, rng)
            for _ in range(others):
                foreign = make_challenge(random=rng.randbytes, now=NOW, flashing=flashing)
                pairs += 1
                passed += judge(clip, looks, foreign, rng)
    say(f"{name:18s} k={strength:<5} own {interval(own, made)}   foreign {interval(passed, pairs)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=int, default=1, help="clips of each of the nine faces")
    parser.add_argument("--others", type=int, default=100, help="foreign challenges for each clip")
    told = parser.parse_args()
    cv2.setNumThreads(1)
    for strength in STRENGTHS:
        row("colours", strength, told.clips, told.others, flashing=True, judge=colours_pass)
    row("turns, no colours", 0.1, told.clips, told.others, flashing=False, judge=turns_pass)


if __name__ == "__main__":
    main()
