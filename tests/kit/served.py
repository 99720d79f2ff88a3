"""A small application for granian: it says what it got."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from portal.kit import serving

serving.SILENCE = 1.0
serving.READ_PAST = 2_000_000
serving.KEPT = 1_000_000
SEEN: list[str] = []


def _long() -> Iterator[bytes]:
    """In one thread from its first piece to its last, however slowly it is read."""
    thread = threading.get_ident()
    for _number in range(80):
        yield b"x" * 100_000 if threading.get_ident() == thread else b"another thread"


def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/long":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _long()
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/seen":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(SEEN).encode()]
    SEEN.append(environ["PATH_INFO"])
    plain = {name: value for name, value in environ.items() if isinstance(value, str)}
    start_response("201 Created", [("Content-Type", "application/json"), ("Set-Cookie", "a=1")])
    return [json.dumps({**plain, "got": len(body)}).encode()]


application = serving.WholeRequests(told, threads=2)
