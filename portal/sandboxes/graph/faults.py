"""What the simulator does wrong on purpose, and the half of it that concerns every call alike.

Faults are a mapping in the control document: `{"throttle": {"times": 2, "seconds": 1}}`. Those that count down end by
themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from portal.sandboxes.graph.errors import GraphError, unauthenticated
from portal.sandboxes.graph.world import WORLD

HANG_SECONDS = 40.0
# name -> what it does, as the front page tells it
FAULTS = {
    "throttle": "So many calls are answered 429 with Retry-After: {times, seconds}",
    "fail": "So many calls are answered with an error: {times, status, after}",
    "reject_token": "So many calls are answered 401: {times}",
    "slow": "Every call takes so many seconds",
    "hang": "No answer within 40 seconds, from that call on: {after}",
    "sync_state_lost": "State tokens are not known any more: 410 with Location, or 400",
    "half": "A round says that it is complete after half of it",
    "twice": "Each object is told twice in a round",
    "empty_page": "The page at that place is empty and leads on",
    "never_ends": "A page leads to itself",
    "foreign_link": "Links lead to that origin",
    "not_json": "Answers are not JSON",
    "huge": "Answers are twenty megabytes",
    "clock_off": "The service's clock is off by so many seconds",
    "pass_of_another": "A pass is made for somebody else than was asked",
    "pass_disabled": "Every new pass is one that the policy does not let be used",
    "pass_used_often": "Every new pass is one for several uses, whatever was asked",
    "short_token": "Access tokens live so many seconds",
}


class FaultsMiddleware:
    """Stands around the API alone: the page of a simulator that misbehaves still serves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/v1.0/"):
            return self.get_response(request)
        with WORLD.lock:
            WORLD.calls.append(f"{request.method} {request.path}")
        refused = _instead()
        response = refused.answer(request) if refused else _after(self.get_response(request))
        response.headers["request-id"] = str(uuid4())
        response.headers["client-request-id"] = request.headers.get(
            "client-request-id", response.headers["request-id"]
        )
        return response


def _counted(name: str) -> dict[str, int] | None:
    """The fault, if it is due for this call; counts it down."""
    with WORLD.lock:
        fault = WORLD.faults.get(name)
        if not fault:
            return None
        if fault.get("after", 0) > 0:
            fault["after"] -= 1
            return None
        if fault.get("times", 1) <= 1:
            WORLD.faults.pop(name)
        else:
            fault["times"] -= 1
        return dict(fault)


def _instead() -> GraphError | None:
    if "slow" in WORLD.faults:
        time.sleep(float(WORLD.faults["slow"]))
    hang = WORLD.faults.get("hang")
    if hang is not None:
        if hang.get("after", 0) > 0:
            hang["after"] -= 1
        else:
            until = time.monotonic() + HANG_SECONDS
            while "hang" in WORLD.faults and time.monotonic() < until:
                time.sleep(0.05)
    if throttled := _counted("throttle"):
        headers = {"Retry-After": str(throttled.get("seconds", 1))}
        return GraphError(429, "TooManyRequests", "Too many requests.", headers=headers)
    if failed := _counted("fail"):
        return GraphError(
            int(failed.get("status", 503)), "ServiceNotAvailable", "The service is unavailable."
        )
    if _counted("reject_token"):
        return unauthenticated("Access token validation failure.")
    return None


def _after(response: HttpResponse) -> HttpResponse:
    if WORLD.faults.get("not_json"):
        return HttpResponse(b"<html>soon", status=response.status_code)
    if WORLD.faults.get("huge"):
        return HttpResponse(b'{"filler":"' + b"x" * 20_000_000 + b'"}', content_type="application/json")
    return response
