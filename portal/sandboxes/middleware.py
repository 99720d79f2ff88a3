"""What stands around every request: one host, strict headers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

Next = Callable[[HttpRequest], HttpResponse]
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class HostMiddleware:
    """Any other Host is answered 404: a page elsewhere cannot reach the sandbox by giving it a name of its own."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        own = urlsplit(settings.SANDBOX_ORIGIN)
        # Programs ask the system's resolver, which mostly does not know names under .localhost.
        self.hosts = {own.netloc, f"127.0.0.1:{own.port}", f"localhost:{own.port}"}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_HOST", "").lower() not in self.hosts:
            return HttpResponseNotFound("There is nothing at this address.\n", content_type="text/plain")
        return self.get_response(request)


class HeadersMiddleware:
    """Security headers on every answer; nothing but static files may be kept by a cache."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        # Not stricter: without a referrer browsers hide the origin, and the forms of these pages would be refused.
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Robots-Tag", "noindex")
        if "Cache-Control" not in response.headers and not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response
