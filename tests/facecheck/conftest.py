"""A vision process of paper: it answers over HTTP what a test tells it to."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class PaperVision:
    def __init__(self) -> None:
        self.passed = True
        self.reasons: list[str] = []
        self.confidence: int | None = 88
        self.quality: list[str] = []
        self.busy_at_ticket = False
        self.waiting = False
        self.busy_at_clip = False
        self.broken: tuple[int, bytes] | None = None
        self.tickets = 0
        self.judged: list[dict[str, Any]] = []
        # What came with each: the clip and the portrait, one behind the other.
        self.pictures: list[bytes] = []
        vision = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.reply(200, vision.place(self.path.rsplit("/", 1)[-1]))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.reply(*vision.answer(self.path, body))

            def reply(self, status: int, answer: dict[str, Any] | bytes) -> None:
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def place(self, ticket: str) -> dict[str, Any]:
        state = "wait" if self.waiting else "ready"
        return {"ticket": ticket, "state": state, "position": int(self.waiting), "retry_after_ms": 5000}

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, Any] | bytes]:
        if path == "/v1/tickets":
            if self.busy_at_ticket:
                return 429, {"error": "overloaded", "retry_after_ms": 700}
            self.tickets += 1
            return 200, self.place(f"ticket-{self.tickets}")
        if self.busy_at_clip:
            return 429, {"error": "overloaded", "retry_after_ms": 700}
        length = int.from_bytes(body[:4], "big")
        self.judged.append(json.loads(body[4 : 4 + length])["fields"])
        self.pictures.append(body[4 + length :])
        if self.broken:
            return self.broken
        comparison = {
            "confidence": self.confidence,
            "similarity": 0.6,
            "calibration_version": "test-1",
            "quality_reasons": self.quality,
        }
        return 200, {
            "liveness": {"passed": self.passed, "reasons": self.reasons, "measures": {}},
            "comparison": comparison if self.passed else None,
            "probe": base64.b64encode(b"a face").decode(),
        }


@pytest.fixture
def vision(settings: Any) -> Iterator[PaperVision]:
    made = PaperVision()
    settings.VISION_URL, settings.VISION_TOKEN = made.url, "token"
    yield made
    made.server.shutdown()
    made.server.server_close()
