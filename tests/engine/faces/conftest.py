"""Puppets, challenges and a running vision process for the face tests."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from portal.demo.puppet.footage import photographs_folder, scenes_of
from portal.demo.puppet.performance import Stage, perform
from portal.demo.puppet.scene import Light
from vendors.facecheck.engine.liveness.challenge import Challenge, make_challenge
from vendors.facecheck.engine.liveness.clip import Clip
from vendors.facecheck.engine.liveness.decision import LivenessDecision, check_liveness
from vendors.facecheck.engine.models import MESH, models_folder
from vendors.facecheck.vision.client import VisionClient

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
TOKEN = "a token of the tests, long enough"


@pytest.fixture(autouse=True)
def _materials(request: pytest.FixtureRequest) -> None:
    """Missing models are a mistake in the set-up, never a reason to skip a check of who gets an account back."""
    if request.node.get_closest_marker("vision"):
        assert (models_folder() / MESH).is_file(), "run `python3 manage.py test`: it fetches the models"
        assert photographs_folder().is_dir(), "run `python3 manage.py test`: it fetches the photographs"


def challenge_of(seed: int, *, flashing: bool = True) -> Challenge:
    return make_challenge(random=random.Random(seed).randbytes, now=NOW, flashing=flashing)


@cache
def stage_of(identity: str, strength: float = 0.25) -> Stage:
    return Stage(scenes_of(identity), Light(strength))


@cache
def clip_of(identity: str, seed: int, act: str = "live", flashing: bool = True) -> Clip:
    other = challenge_of(seed + 1000, flashing=flashing)
    return perform(stage_of(identity), challenge_of(seed, flashing=flashing), act=act, seed=seed, other=other)


@cache
def judged(clip: Clip, challenge: Challenge, *, after_ms: float | None = None) -> LivenessDecision:
    """Judged as if it arrived `after_ms` after the challenge was made: right after it was taken, if not said."""
    wait = challenge.duration_ms + 400 if after_ms is None else after_ms
    draw = random.Random(5).randbytes
    return check_liveness(clip, challenge=challenge, now=NOW + timedelta(milliseconds=wait), random=draw)


@pytest.fixture(scope="session")
def photograph() -> Callable[[str], bytes]:
    return lambda name: (photographs_folder() / name).read_bytes()


@pytest.fixture(scope="session")
def vision(turn: ExitStack) -> VisionClient:
    """The real process on a free port."""
    process, client = start_vision("--threads", "1", "--queue", "1")
    turn.callback(process.wait, 30)
    turn.callback(process.terminate)
    return client


def start_vision(*options: str) -> tuple[subprocess.Popen[bytes], VisionClient]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vendors.facecheck.vision", "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"READMIT_VISION_TOKEN": TOKEN})
    client = VisionClient(f"http://127.0.0.1:{port}", TOKEN, timeout=60)
    until = time.monotonic() + 60
    while not client.healthy():
        assert process.poll() is None and time.monotonic() < until, "the vision process did not start"
        time.sleep(0.1)
    return process, client
