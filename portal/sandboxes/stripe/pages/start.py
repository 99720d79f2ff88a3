"""The front page and the pages for errors."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.sandboxes.stripe.objects.cards import CARDS, Card

TEMPLATES = "sandboxes/stripe"


def show(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """One page. `demonstration` puts the sandbox's notice on top of each."""
    whole = {"demonstration": True, **context}
    return render(request, f"{TEMPLATES}/{name}.html", whole, status=status)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return show(request, "home", {"cards": test_cards()})


def test_cards() -> list[dict[str, str]]:
    """Each test card with what it does, for the pages that ask for one."""
    return [{"number": spaced(card.number), "does": _does(card)} for card in CARDS]


def spaced(number: str) -> str:
    if len(number) == 15:
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def _does(card: Card) -> str:
    parts = []
    if card.challenge != "never":
        parts.append(
            "asks its holder first" if card.challenge == "always" else "asks its holder the first time"
        )
    if card.decline:
        when = "is refused" if card.fails_at == "attach" else "can be saved and is refused when charged"
        parts.append(f"{when} ({card.decline.decline_code})")
    if card.disputed:
        parts.append(f"is paid, then disputed ({card.disputed})")
    return ", ".join(parts) or f"is paid ({card.brand}, {card.country})"


def problem(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return show(request, "problem", {"title": title, "text": text}, status=status)


def gone(request: HttpRequest, text: str, *, status: int = 404) -> HttpResponse:
    return problem(request, "There is nothing here", text, status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, "That was not understood", "Go back and try again.", 400)


def not_allowed(request: HttpRequest, reason: str = "", exception: Exception | None = None) -> HttpResponse:
    return problem(
        request, "That form was too old", "Go back, load the page again, then send it once more.", 403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return gone(request, "The link may be old. Begin again where you came from.")


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(request, "The sandbox failed", "This is a fault of its own. Its log says more.", 500)
