"""The front page and the pages for errors."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.sandboxes.entra import faults, registered
from portal.sandboxes.entra.models import Asked, Card


def show(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """One page. `demonstration` puts the simulator's notice on top of each."""
    whole = {"demonstration": True, **context}
    return render(request, f"sandboxes/entra/{name}.html", whole, status=status)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    waiting = Asked.objects.filter(
        status__in=("created", "request_retrieved"), expires_at__gt=int(time.time())
    ).order_by("-expires_at")[:10]
    context = {
        "waiting": [{"id": each.id, "title": title_of(each), "who": who_asks(each)} for each in waiting],
        "cards": Card.objects.order_by("-id")[:10],
        "settings": [
            ("Directory (tenant) ID", registered.directory()),
            ("Authority", registered.AUTHORITY),
            ("Manifest URL", registered.manifest_url()),
            ("Credential type", registered.TYPE),
            ("Authority ID", registered.authority_id()),
            ("Claim with the mark of a card", registered.INDEXED_CLAIM),
        ],
        "applications": registered.applications(),
        "trouble": faults.trouble(),
        "trouble_kinds": list(faults.KINDS.items()),
        "application_names": [(each.client_id, each.name) for each in registered.applications()],
    }
    return show(request, "home", context)


def title_of(asked: Asked) -> str:
    return "Take a card" if asked.kind == "issuance" else "Show a card"


def who_asks(asked: Asked) -> str:
    return str(asked.wanted["registration"]["clientName"])


def problem(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return show(request, "problem", {"title": title, "text": text}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, "That was not understood", "Go back and try again.", 400)


def not_allowed(request: HttpRequest, reason: str = "", exception: Exception | None = None) -> HttpResponse:
    return problem(
        request, "That form was too old", "Go back, load the page again, then send it once more.", 403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(
        request, "There is nothing here", "The link may be old. Begin again where you came from.", 404
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(request, "The simulator failed", "This is a fault of its own. Its log says more.", 500)
