"""When it was used last, for whoever keeps it running: a file's time, which costs nothing to look at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse

log = logging.getLogger("readmit.sandbox.partner.used")
# Asked by whoever keeps it, and by tests.
NO_USE = ("/control", "/healthz")


class UsedMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.file = Path(settings.SIMULATOR_USED) if settings.SIMULATOR_USED else None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.file is not None and not request.path.startswith(NO_USE):
            try:
                self.file.touch()
            except OSError:
                log.warning("the note of its use could not be written")
        return self.get_response(request)
