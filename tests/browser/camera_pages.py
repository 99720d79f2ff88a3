"""The three pages with a camera, drawn as the product draws them, before a camera and a server that do as they are told."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, Route

ORIGIN = "http://edges.localhost:8000"
CHECK = SimpleNamespace(public_id="chk_edges", stage="face", outcome="")
PHASES = [
    {"kind": "still", "duration_ms": 250, "every_ms": 100},
    {"kind": "colour", "colour": "red", "rgb": [255, 0, 0], "duration_ms": 250, "every_ms": 100},
    {"kind": "turn", "side": "left", "duration_ms": 300, "every_ms": 100},
]
# `cameras.fails` is the name of the error the next opening ends with, `cameras.shade` how light the picture is.
CAMERA = """
window.cameras = { fails: "", shade: 130, opened: 0, tracks: [] };
navigator.mediaDevices.getUserMedia = async () => {
  cameras.opened += 1;
  if (cameras.fails) throw new DOMException("as told", cameras.fails);
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const ground = canvas.getContext("2d");
  const draw = () => { ground.fillStyle = `rgb(${cameras.shade},${cameras.shade},${cameras.shade})`; ground.fillRect(0, 0, 640, 480); };
  draw();
  setInterval(draw, 40);
  const stream = canvas.captureStream(25);
  cameras.tracks.push(stream.getVideoTracks()[0]);
  return stream;
};
"""


@dataclass
class Server:
    """Answers the page's scripts. `posts` is what arrived, `offline` breaks every connection, `broken` those that send
    to an address with this end."""

    html: str
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    offline: bool = False
    broken: str = ""
    loads: int = 0

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
        if path.startswith("/static/"):
            _file(route, path.removeprefix("/static/"))
        elif self.offline or (self.broken and route.request.method == "POST" and path.endswith(self.broken)):
            route.abort()
        elif route.request.method == "POST":
            self.posts.append((path, route.request.post_data_buffer or b""))
            route.fulfill(json=self._told(path))
        else:
            self.loads += path == "/check"
            route.fulfill(content_type="text/html; charset=utf-8", body=self.html)

    def posted(self, end: str) -> list[bytes]:
        return [body for path, body in self.posts if path.endswith(end)]

    def _told(self, path: str) -> dict[str, Any]:
        if path.endswith("/challenge"):
            return challenge()
        if path.endswith("/admission"):
            return {"ready": True, "ticket": "t", "wait_ms": 0}
        return {"state": "done", "next": "/next"}


def challenge(*, minutes: float = 3) -> dict[str, Any]:
    now = timezone.now()
    return {
        "version": 1,
        "nonce": "n" * 24,
        "flashing": True,
        "issued_at": now.isoformat(),
        "expires_at": (now + timedelta(minutes=minutes)).isoformat(),
        "phases": PHASES,
    }


def partner_face() -> str:
    ways = [
        {"value": "colours", "label": "With coloured light", "hint": ""},
        {"value": "turns", "label": "Without coloured light", "hint": ""},
    ]
    return _partner("house/face.html", ways=ways)


def partner_document() -> str:
    shot = {"name": "front", "title": "The page with your portrait", "instruction": "Fill the frame."}
    return _partner("house/document.html", shots=[shot | {"shape": "page"}])


def face_check(*, minutes: float = 3) -> str:
    with override_settings(ROOT_URLCONF="portal.urls.tenant"):
        context = {
            "challenge": challenge(minutes=minutes),
            "left_ms": int(minutes * 60_000),
            "check": "0" * 32,
            "flashing": True,
            "csrf_token": "token",
        }
        return render_to_string("recovery/face.html", context | {"tenant": {}, "organisation": {}})


def _partner(template: str, **context: Any) -> str:
    codes = ("refused", "missing", "in_use", "unfit", "stopped", "failed", "insecure", "unsupported")
    context |= {"check": CHECK, "camera_errors": {code: f"The camera is {code}." for code in codes}}
    with override_settings(ROOT_URLCONF="tests.browser.house_addresses"):
        return render_to_string(template, context | {"csrf_token": "token"})


def opened(context: BrowserContext, draw: Callable[[], str], *, camera: str = "") -> tuple[Page, Server]:
    """The page in a new tab; `camera` is script that sets the camera up before the page asks for it."""
    page, server = context.new_page(), Server(draw())
    page.add_init_script(CAMERA + camera)
    page.route("**/*", server.answer)
    page.goto(f"{ORIGIN}/check")
    return page, server


def _file(route: Route, name: str) -> None:
    # The house partner's own files lie in its room.
    found = finders.find(name) or (f"vendors/house/static/{name}" if name.startswith("house/") else None)
    if found is None:
        route.fulfill(status=404, body="")
    else:
        route.fulfill(path=str(found), content_type=mimetypes.guess_type(name)[0] or "text/plain")
