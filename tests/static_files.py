"""Static files for the servers of tests: read once, and told to keep as in production, where their names say what they hold.

A page has some thirty of them. Asked again for each page, they took longer than the page itself.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@cache
def file_of(name: str) -> tuple[str, bytes] | None:
    """Its type and its bytes, by its name below STATIC_URL; None where there is none."""
    found = finders.find(name)
    if not isinstance(found, str):
        return None
    return mimetypes.guess_type(found)[0] or "text/plain", Path(found).read_bytes()


def with_static(application: Application) -> Application:
    """The same, with static files in front."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(settings.STATIC_URL):
            return application(environ, start_response)
        found = file_of(path.removeprefix(settings.STATIC_URL))
        if found is None:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b""]
        kind, body = found
        kept = ("Cache-Control", "public, max-age=31536000, immutable")
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body))), kept])
        return [body]

    return answer
