"""What the simulator does wrong on purpose, and what stands around every call of its API: limits and their headers."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from portal.sandboxes.okta.errors import OktaError
from portal.sandboxes.okta.world import WORLD

LIMIT = 600
# name -> what it does, as the front page tells it
FAULTS = {
    "throttle": "So many calls are answered 429: {times, seconds}",
    "fail": "So many calls are answered with an error: {times, status}",
    "reject_token": "So many calls are answered 401: {times}",
    "slow": "Every call takes so many seconds",
    "nearly_used_up": "So many calls of the minute are left: {left, seconds}",
    "half": "A list says that it is complete after half of it",
    "never_ends": "A page leads to itself",
    "foreign_link": "Links lead to that origin",
    "cursor_lost": "Cursors are not known any more",
    "not_json": "Answers are not JSON",
    "huge": "Answers are twenty megabytes",
    "clock_off": "The organisation's clock is off by so many seconds",
    "short_token": "Access tokens live so many seconds",
    "code_of_another": "A code is made for somebody else than was asked",
    "code_inactive": "Every new code is one that is not active",
    "new_status": "Everybody's status is that word",
}


class FaultsMiddleware:
    """Stands around the API alone: the page of a simulator that misbehaves still serves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/v1/"):
            return self.get_response(request)
        with WORLD.lock:
            WORLD.calls.append(f"{request.method} {request.get_full_path()}")
        refused = _instead()
        response = refused.answer() if refused else _after(self.get_response(request))
        nearly = WORLD.faults.get("nearly_used_up", {})
        response.headers["X-Okta-Request-Id"] = uuid4().hex
        response.headers["X-Rate-Limit-Limit"] = str(LIMIT)
        response.headers["X-Rate-Limit-Remaining"] = str(0 if refused else nearly.get("left", LIMIT - 1))
        seconds = refused.seconds if isinstance(refused, Throttled) else nearly.get("seconds", 60)
        response.headers["X-Rate-Limit-Reset"] = str(int(WORLD.now() + seconds))
        return response


class Throttled(OktaError):
    def __init__(self, seconds: int) -> None:
        super().__init__(429, "E0000047", "API call exceeded rate limit due to too many requests.")
        self.seconds = seconds


def _counted(name: str) -> dict[str, int] | None:
    """The fault, if it is due for this call; counts it down."""
    with WORLD.lock:
        fault = WORLD.faults.get(name)
        if not fault:
            return None
        if fault.get("times", 1) <= 1:
            WORLD.faults.pop(name)
        else:
            fault["times"] -= 1
        return dict(fault)


def _instead() -> OktaError | None:
    if "slow" in WORLD.faults:
        time.sleep(float(WORLD.faults["slow"]))
    if throttled := _counted("throttle"):
        return Throttled(throttled.get("seconds", 1))
    if failed := _counted("fail"):
        return OktaError(int(failed.get("status", 503)), "E0000010", "Service is in read only mode.")
    if _counted("reject_token"):
        return OktaError(401, "E0000011", "Invalid token provided")
    return None


def _after(response: HttpResponse) -> HttpResponse:
    if WORLD.faults.get("not_json"):
        return HttpResponse(b"<html>soon", status=response.status_code)
    if WORLD.faults.get("huge"):
        return HttpResponse(b'["' + b"x" * 20_000_000 + b'"]', content_type="application/json")
    return response
