"""What tests and scripts switch: scenario, faults, where webhooks go; and a person who finishes without a browser."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.sandboxes.partners.faults import FAULTS
from portal.sandboxes.partners.pages import finish_as
from portal.sandboxes.partners.simulators import this_one
from portal.sandboxes.partners.world import WORLD, Session


def _told(request: HttpRequest) -> dict[str, Any]:
    """Only as JSON: a form on somebody's page cannot send that without being asked first."""
    if request.content_type != "application/json":
        raise Http404
    told = json.loads(request.body or b"{}")
    return told if isinstance(told, dict) else {}


@csrf_exempt
def control(request: HttpRequest) -> HttpResponse:
    """GET says what is set; POST {"scenario", "faults", "webhook_url", "settle_seconds", "clear"} sets it."""
    if request.method == "POST":
        told = _told(request)
        unknown = set(told.get("faults", ())) - set(FAULTS)
        known = {"", *this_one().scenarios}
        if unknown or told.get("scenario", "") not in known:
            return JsonResponse({"unknown": sorted(unknown) or told["scenario"]}, status=400)
        with WORLD.lock:
            WORLD.faults = set(told.get("faults", WORLD.faults))
            WORLD.scenario = told.get("scenario", WORLD.scenario)
            WORLD.webhook_url = told.get("webhook_url", WORLD.webhook_url)
            WORLD.settle_seconds = float(told.get("settle_seconds", WORLD.settle_seconds))
            if told.get("clear"):
                WORLD.sessions.clear()
                WORLD.calls.clear()
    return JsonResponse(
        {
            "scenario": WORLD.scenario,
            "scenarios": dict(this_one().scenarios),
            "faults": sorted(WORLD.faults),
            "webhook_url": WORLD.webhook_url,
            "settings": dict(this_one().settings()),
            "sessions": list(WORLD.sessions),
            "calls": WORLD.calls[-100:],
        }
    )


def _session(told: dict[str, Any]) -> Session:
    found = WORLD.sessions.get(str(told.get("session"))) or WORLD.by_token(str(told.get("token")))
    if found is None:
        raise Http404
    return found


@csrf_exempt
@require_POST
def finish(request: HttpRequest) -> HttpResponse:
    """{"session" or "token", "scenario", "person"}: as the page does it. Says where the browser is sent."""
    told = _told(request)
    session = _session(told)
    finish_as(
        session, str(told["scenario"]), {name: str(value) for name, value in told.get("person", {}).items()}
    )
    return JsonResponse({"session": session.id, "back": session.back})


@csrf_exempt
@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """{"session"}: the partner has finished its own work now."""
    session = _session(_told(request))
    with WORLD.lock:
        session.settled = True
    this_one().settle(session)
    return JsonResponse({"session": session.id})
