"""What stands around every request to the house partner: one host, strict headers, errors that speak twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from portal.kit.errors import ReadmitError, TooMany
from portal.kit.serving import BARE
from vendors.house.provider.errors import ProtocolError
from vendors.house.views.errors import error_page, protocol_answer

Next = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("readmit.house.refusal")

FOR_PROGRAMS = frozenset({"metadata", "oauth-metadata", "jwks", "register", "par", "token", "attachment"})
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "media-src 'self' blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class HostMiddleware:
    """Any other Host is answered 404, so that a forged one reaches no page and no protocol address."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.host = urlsplit(settings.HOUSE_ORIGIN).netloc

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_HOST", "").lower() != self.host:
            return HttpResponseNotFound(
                "There is nothing at this address.\n", content_type="text/plain", headers=BARE
            )
        return self.get_response(request)


class HeadersMiddleware:
    """Security headers on every answer; nothing but static files may be kept by a cache."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        if "Cache-Control" not in response.headers and not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response


class ErrorMiddleware:
    """Protocol errors become OAuth's JSON, ours become pages; the log has the code alone."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, ProtocolError):
            log.info("%s %s", error.error, error.reason)
            return protocol_answer(error)
        if not isinstance(error, ReadmitError):
            return None
        match = request.resolver_match
        log.info("%s %s", error.code, match and match.view_name)
        if match and match.view_name in FOR_PROGRAMS:
            response: HttpResponse = protocol_answer(
                ProtocolError("temporarily_unavailable", error.code, status=error.status)
            )
        else:
            response = error_page(request, error.status, sentence=error.sentence)
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
