"""Answers to what went wrong: plain pages for people, OAuth's JSON for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from vendors.house.provider.errors import ProtocolError


def error_page(
    request: HttpRequest, status: int, *, title: str = "", sentence: str = "", way_back: str = ""
) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": sentence or _unspecific(status)}, status=status)
    context = {
        "title": title or _title(status),
        "sentence": sentence or _unspecific(status),
        "way_back": way_back,
    }
    return render(request, "house/error.html", context, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Our own scripts ask for JSON; a browser's navigation never does."""
    return request.headers.get("Accept", "") == "application/json"


def protocol_answer(error: ProtocolError) -> JsonResponse:
    """RFC 6749, 5.2."""
    response = JsonResponse(error.to_json(), status=error.status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    if error.challenge:
        response.headers["WWW-Authenticate"] = error.challenge
    return response


def _title(status: int) -> str:
    if status == 404:
        return _("There is nothing here")
    if status == 429:
        return _("Too many tries")
    if status >= 500:
        return _("This does not work at the moment")
    return _("This page cannot be shown")


def _unspecific(status: int) -> str:
    if status == 404:
        return _("There is no page at this address. Go back to the page you came from and begin again.")
    if status == 429:
        return _("Wait a few minutes, then try again.")
    if status >= 500:
        return _("Something went wrong on our side. Try again in a minute.")
    return _("Go back to the page you came from and begin again.")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = _(
        "This page was open for too long or cookies are off. Go back, reload the page and try again."
    )
    return error_page(request, 403, sentence=sentence)
