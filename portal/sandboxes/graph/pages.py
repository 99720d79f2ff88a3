"""The front page and the pages for errors."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.faults import FAULTS
from portal.sandboxes.graph.world import WORLD


def show(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """One page. `demonstration` puts the simulator's notice on top of each."""
    return render(request, f"sandboxes/graph/{name}.html", {"demonstration": True, **context}, status=status)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    people = [each for each in WORLD.of_kind("user") if each.removed is None]
    context = {
        "directory": registered.directory(),
        "applications": registered.applications(),
        "people": len(people),
        "groups": len([each for each in WORLD.of_kind("group") if each.removed is None]),
        "pass_policy": _policy_sentence(),
        "faults": [FAULTS[name] for name in WORLD.faults],
    }
    return show(request, "home", context)


def _policy_sentence() -> str:
    rules = WORLD.ways_in.policy
    if rules["state"] != "enabled":
        return "Turned off by policy"
    return (
        f"{rules['minimumLifetimeInMinutes']} to {rules['maximumLifetimeInMinutes']} minutes, "
        f"{rules['defaultLength']} characters"
    )


def problem(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return show(request, "problem", {"title": title, "text": text}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(
        request, "There is nothing here", "The link may be old. Begin again where you came from.", 404
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(request, "The simulator failed", "This is a fault of its own. Its log says more.", 500)
