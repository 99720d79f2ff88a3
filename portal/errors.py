"""Pages for what went wrong: clear sentences, no library's text."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kit.origins import page_to_return_to

KNOWN = frozenset({400, 403, 404, 429, 500})


def error_page(
    request: HttpRequest, status: int, sentence: str = "", retry_after: int = 0, again_url: str = ""
) -> HttpResponse:
    """`sentence` says what happened and what to do; the template has one of its own if it is empty. `again_url` leads
    back to the page whose form was not taken."""
    look = "_hosted" if getattr(request, "host_kind", "") == "tenant" else ""
    shown = status if status in KNOWN else (400 if status < 500 else 500)
    context = {"reason": sentence, "retry_after": (retry_after + 59) // 60, "again_url": again_url}
    return render(request, f"errors/{shown}{look}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if getattr(request, "host_kind", "") != "site":
        return error_page(
            request,
            403,
            _("This page was open for too long or cookies are off. Go back, reload the page and try again."),
        )
    sentence = _(
        "This page was open for too long, or you signed in again in another tab, or cookies are off. Open the page "
        "again: what you typed is kept."
    )
    return error_page(request, 403, sentence, again_url=page_to_return_to(request))
