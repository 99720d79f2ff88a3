"""What the APIs of directories have in common: how long they ask to be left alone, and headers that come twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from portal.kit import clock, http
from portal.kit.http import Reply
from portal.kit.remote import pause_of

DATE = "Mon, 30 Nov 2026 08:00:00 GMT"
NOW = datetime(2026, 11, 30, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "999999999"}, 3600),
        ({"retry-after": "Mon, 30 Nov 2026 08:00:42 GMT", "date": DATE}, 42),
        # By the clock of the answer, however wrong it is.
        ({"retry-after": "Tue, 01 Dec 2020 00:01:00 GMT", "date": "Tue, 01 Dec 2020 00:00:00 GMT"}, 60),
        ({"retry-after": "Mon, 30 Nov 2026 08:00:42 GMT"}, 42),
        ({"retry-after": "Sun, 29 Nov 2026 08:00:00 GMT", "date": DATE}, 1),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 25), "date": DATE}, 25),
        ({"x-rate-limit-reset": "99999999999", "date": DATE}, 3600),
        ({"x-rate-limit-reset": "tomorrow"}, None),
        ({"retry-after": "3", "x-rate-limit-reset": str(int(NOW.timestamp()) + 25)}, 3),
    ],
)
def test_a_pause_is_as_long_as_the_answer_says(headers: dict[str, str], seconds: int | None) -> None:
    with clock.frozen(NOW):
        assert pause_of(Reply(429, headers, b"")) == seconds


class _Twice(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Link", '<https://one.example/next>; rel="next"')
        self.send_header("Link", '<https://one.example/self>; rel="self"')
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_given: object) -> None:
        """Nothing to say."""


def test_a_header_that_comes_several_times_is_read_whole() -> None:
    served = HTTPServer(("127.0.0.1", 0), _Twice)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        reply = http.send("GET", f"http://twice.localhost:{served.server_port}/")
    finally:
        served.shutdown()
        thread.join()
        served.server_close()
    assert 'rel="next"' in reply.headers["link"]
    assert 'rel="self"' in reply.headers["link"]
