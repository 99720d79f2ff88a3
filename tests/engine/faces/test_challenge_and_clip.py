"""The challenge is unforeseeable and cannot be weakened; the clip's format is bounded everywhere."""

from __future__ import annotations

import contextlib
import json
import secrets
import struct
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vendors.facecheck.engine.commands import check_liveness_json
from vendors.facecheck.engine.errors import ChallengeRefused, ClipRefused
from vendors.facecheck.engine.liveness.challenge import Challenge, make_challenge
from vendors.facecheck.engine.liveness.clip import (
    MAGIC,
    MAX_FRAMES,
    Clip,
    Frame,
    header_of,
    label_of,
    read_clip,
    read_clip_path,
    split_mjpeg,
    write_clip,
)

from .conftest import NOW, challenge_of

CLIP = Clip("n" * 24, ("still", "red"), (0.0, 900.0), (Frame(0, 10.0, b"one"), Frame(1, 20.5, b"two")))


def test_colours_follow_the_rules_and_stay_below_three_flashes_a_second() -> None:
    for seed in range(200):
        phases = [phase for phase in challenge_of(seed).phases if phase.kind == "colour"]
        names = [phase.colour for phase in phases]
        assert len(names) == 8 and len(set(names)) >= 5
        assert all(before != after for before, after in pairwise(names))
        assert all(phase.duration_ms >= 334 for phase in phases)


def test_no_two_challenges_are_alike() -> None:
    drawn = [make_challenge(random=secrets.token_bytes, now=NOW) for _ in range(300)]
    assert len({challenge.nonce for challenge in drawn}) == 300
    assert len({challenge.phases for challenge in drawn}) > 295
    sides = [challenge.phases[-1].side for challenge in drawn]
    assert 100 < sides.count("left") < 200


def test_without_flashes_there_are_five_turns_and_no_colour() -> None:
    drawn = [challenge_of(seed, flashing=False) for seed in range(50)]
    assert all([phase.kind for phase in challenge.phases].count("turn") == 5 for challenge in drawn)
    assert not any(challenge.flashing for challenge in drawn)
    # Nothing would be judged after the last one.
    assert all(challenge.phases[-1].kind == "turn" for challenge in drawn)
    assert len({challenge.phases for challenge in drawn}) == 50


@pytest.mark.parametrize("flashing", [True, False])
def test_a_challenge_survives_being_stored(flashing: bool) -> None:
    challenge = challenge_of(1, flashing=flashing)
    assert Challenge.from_json(json.loads(json.dumps(challenge.to_json()))) == challenge


def _without_turns(stored: dict[str, Any]) -> None:
    stored["phases"] = [phase for phase in stored["phases"] if phase["kind"] != "turn"]


def _without_colours(stored: dict[str, Any]) -> None:
    stored["phases"] = [phase for phase in stored["phases"] if phase["kind"] != "colour"]


def _one_colour(stored: dict[str, Any]) -> None:
    for phase in stored["phases"]:
        if phase["kind"] == "colour":
            phase["colour"] = "red"


@pytest.mark.parametrize(
    "weaken",
    [
        _without_turns,
        _without_colours,
        _one_colour,
        lambda stored: stored.update(phases=[]),
        lambda stored: stored.update(nonce=""),
        lambda stored: stored.update(version=0),
        lambda stored: stored.pop("expires_at"),
        lambda stored: stored.update(expires_at="2030-01-01T00:00:00"),
        lambda stored: stored["phases"][0].update(duration_ms=0),
    ],
)
def test_a_weakened_challenge_is_refused(weaken: Any) -> None:
    stored = challenge_of(1).to_json()
    weaken(stored)
    with pytest.raises(ChallengeRefused):
        Challenge.from_json(stored)


@pytest.mark.parametrize("nothing", [None, [], "x", {}, 3])
def test_what_is_no_challenge_is_refused(nothing: Any) -> None:
    with pytest.raises(ChallengeRefused):
        Challenge.from_json(nothing)


def test_a_challenge_lives_three_minutes() -> None:
    challenge = challenge_of(1)
    assert challenge.expires_at - challenge.issued_at == timedelta(minutes=3)


def test_a_clip_comes_back_as_it_was_written() -> None:
    assert read_clip(write_clip(CLIP)) == CLIP
    assert "one" not in repr(CLIP)


def _with_header(change: Any) -> bytes:
    header = header_of(CLIP)
    change(header)
    packed = json.dumps(header).encode()
    return MAGIC + struct.pack(">I", len(packed)) + packed + write_clip(CLIP)[-14:]


@pytest.mark.parametrize(
    "unverified",
    [
        b"",
        b"RDMCLIP1",
        write_clip(CLIP)[:-1],
        write_clip(CLIP) + b"\0",
        write_clip(CLIP) + struct.pack(">I", 0xFFFFFFFF),
        MAGIC + struct.pack(">I", 2**31) + b"{}",
        MAGIC + struct.pack(">I", 2) + b"[]",
        MAGIC + struct.pack(">I", 4) + b"\xff\xff\xff\xff",
        _with_header(lambda header: header.update(version=2)),
        _with_header(lambda header: header.update(nonce=["n"])),
        _with_header(lambda header: header["frames"].pop()),
        _with_header(lambda header: header["frames"][0].update(phase=7)),
        _with_header(lambda header: header["frames"][0].update(phase=-1)),
        _with_header(lambda header: header["frames"][0].update(at_ms=float("nan"))),
        _with_header(lambda header: header["frames"][0].update(at_ms=True)),
        _with_header(lambda header: header["frames"][0].update(at_ms=1e9)),
        _with_header(lambda header: header["frames"][0].update(at_ms=float("inf"))),
        _with_header(lambda header: header["frames"][0].update(at_ms=10**400)),
        _with_header(lambda header: header["frames"][0].update(phase=10**400)),
        _with_header(lambda header: header["phases"][0].update(started_ms=10**400)),
        _with_header(lambda header: header["phases"][0].update(started_ms=-1)),
        _with_header(lambda header: header.update(frames=[{"phase": 0, "at_ms": 1}] * (MAX_FRAMES + 1))),
    ],
)
def test_a_broken_clip_is_refused(unverified: bytes) -> None:
    with pytest.raises(ClipRefused):
        read_clip(unverified)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 120))
def test_no_bytes_do_more_than_be_refused(noise: bytes, at: int) -> None:
    whole = bytearray(write_clip(CLIP))
    whole[at : at + len(noise)] = noise
    with contextlib.suppress(ClipRefused):
        read_clip(bytes(whole))


def _jpeg(number: int, *, header: bytes = b"") -> bytes:
    """As much of a JPEG as can be told apart from its neighbours: a header segment, a scan, an end."""
    segment = b"\xff\xe1" + struct.pack(">H", len(header) + 2) + header if header else b""
    return b"\xff\xd8" + segment + b"\xff\xda\x00\x03\x01" + bytes([number]) + b"\xff\x00\xff\xd0\x07\xff\xd9"


def test_frames_are_told_apart_whatever_lies_in_and_between_them() -> None:
    thumbnail = _jpeg(9, header=b"Exif" + _jpeg(8))
    frames = [_jpeg(1), thumbnail, _jpeg(2)]
    assert split_mjpeg(b"".join(frames)) == frames
    assert split_mjpeg(b"RIFF....AVI 00dc" + b"00dc\x10\x00\x00\x00".join(frames)) == frames
    assert split_mjpeg(_jpeg(1) + _jpeg(2)[:-3]) == [_jpeg(1), _jpeg(2)[:-3]]
    with pytest.raises(ClipRefused, match="clip_wrong_type"):
        split_mjpeg(b"RIFF....AVI ")


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"frame{number}.jpg").write_bytes(_jpeg(number))
    clip = read_clip_path(tmp_path, challenge=challenge_of(1))
    numbers = [frame.jpeg[7] for frame in clip.frames]
    assert numbers == sorted(numbers)


def test_a_video_without_times_may_have_more_frames_than_an_upload(tmp_path: Path) -> None:
    video = tmp_path / "video.mjpeg"
    video.write_bytes(b"".join(_jpeg(number % 250) for number in range(400)))
    assert len(read_clip_path(video, challenge=challenge_of(1)).frames) <= MAX_FRAMES
    video.write_bytes(_jpeg(1) * 2001)
    with pytest.raises(ClipRefused, match="clip_too_many_frames"):
        read_clip_path(video, challenge=challenge_of(1))


@pytest.mark.parametrize("rate", [5, 12, 24, 30, 60])
@pytest.mark.parametrize("timed", [True, False], ids=["with times", "without"])
def test_a_video_of_any_rate_gives_enough_frames_and_none_twice(
    tmp_path: Path, rate: int, timed: bool
) -> None:
    challenge = challenge_of(1)
    starts = [
        float(sum(phase.duration_ms for phase in challenge.phases[:number]))
        for number in range(len(challenge.phases))
    ]
    moments = [(number + 0.5) * 1000 / rate for number in range(challenge.duration_ms * rate // 1000)]
    jpegs = [_jpeg(number % 250) + bytes([number // 250]) for number in range(len(moments))]
    video = tmp_path / "video.mjpeg"
    video.write_bytes(b"".join(jpegs))
    if timed:
        phases = [sum(start <= moment for start in starts) - 1 for moment in moments]
        shown = tuple(label_of(challenge, number) for number in range(len(starts)))
        frames = [
            Frame(phase, moment - starts[phase], b"") for phase, moment in zip(phases, moments, strict=True)
        ]
        times = header_of(Clip(challenge.nonce, shown, tuple(starts), tuple(frames)))
        (tmp_path / "video.json").write_text(json.dumps(times))
    clip = read_clip_path(video, challenge=challenge)
    assert len(clip.frames) <= MAX_FRAMES
    when = [clip.moment_ms(frame) for frame in clip.frames]
    assert when == sorted(set(when))
    for number, phase in enumerate(challenge.phases):
        seen = sum(frame.phase == number for frame in clip.frames)
        assert seen >= max(2, phase.duration_ms / phase.every_ms / 2), (number, seen)


def _with_first_colour(**other: Any) -> dict[str, Any]:
    told = challenge_of(1).to_json()["phases"]
    named = {"rgb": told[2]["rgb"]} if other.get("colour") == COLOUR_AFTER else {}
    return {"phases": [told[0], told[1] | other | named, *told[2:]]}


COLOUR_AFTER = challenge_of(1).phases[2].colour


@pytest.mark.parametrize(
    "change",
    [
        {"issued_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"nonce": "\ud800" * 20},
        {"nonce": "n" * 100},
        {"phases": [{"kind": "still", "duration_ms": float("inf"), "every_ms": 200}]},
        {"nonce": 123456789012345678901},
        {"flashing": False},
        _with_first_colour(rgb=[1, 2, 3]),
        _with_first_colour(duration_ms="400"),
        _with_first_colour(duration_ms=400.5),
        _with_first_colour(colour=COLOUR_AFTER),
    ],
)
def test_a_challenge_with_values_nobody_draws_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ChallengeRefused):
        Challenge.from_json(challenge_of(1).to_json() | change)


def test_a_clip_of_a_later_format_is_not_taken_for_a_video(tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(b"RDMCLIP2" + write_clip(CLIP)[8:])
    with pytest.raises(ClipRefused, match="clip_version"):
        read_clip_path(tmp_path / "clip", challenge=challenge_of(1))


def test_a_challenge_nested_without_end_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "challenge.json").write_text("[" * 60_000)
    (tmp_path / "clip").write_bytes(write_clip(CLIP))
    told = check_liveness_json(tmp_path / "clip", tmp_path / "challenge.json")
    assert told == (2, {"error": "challenge_malformed"})


def test_frames_in_a_folder_and_in_an_mjpeg_file_are_read(tmp_path: Path) -> None:
    challenge = challenge_of(1)
    jpegs = [_jpeg(number) for number in range(60)]
    for number, jpeg in enumerate(jpegs):
        (tmp_path / f"{number:03}.jpg").write_bytes(jpeg)
    moving = tmp_path / "clip.mjpeg"
    moving.write_bytes(b"".join(jpegs))
    from_folder = read_clip_path(tmp_path, challenge=challenge)
    assert from_folder == read_clip_path(moving, challenge=challenge)
    assert from_folder.shown == tuple(label_of(challenge, number) for number in range(10))
    assert [frame.jpeg for frame in from_folder.frames] == sorted(frame.jpeg for frame in from_folder.frames)


def test_the_times_beside_a_folder_count(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"one")
    (tmp_path / "b.jpg").write_bytes(b"two")
    (tmp_path / "clip.json").write_text(json.dumps(header_of(CLIP)))
    assert read_clip_path(tmp_path, challenge=challenge_of(1)) == CLIP
    (tmp_path / "c.jpg").write_bytes(b"three")
    with pytest.raises(ClipRefused):
        read_clip_path(tmp_path, challenge=challenge_of(1))
