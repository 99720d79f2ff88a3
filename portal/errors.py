"""Pages for what went wrong: clear sentences, no library's text."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

TEMPLATES = {400: "errors/400.html", 403: "errors/403.html", 404: "errors/404.html", 429: "errors/429.html"}


def error_page(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
    """`sentence` says what happened and what to do; the template has one of its own if it is empty."""
    template = TEMPLATES.get(status, "errors/400.html" if status < 500 else "errors/500.html")
    layout = "layouts/hosted.html" if getattr(request, "host_kind", "") == "tenant" else "layouts/site.html"
    return render(
        request, template, {"sentence": sentence, "layout": layout, "status": status}, status=status
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request,
        403,
        _("This page was open for too long or cookies are off. Go back, reload the page and try again."),
    )
