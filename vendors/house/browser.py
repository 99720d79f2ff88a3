"""Which browser is this? A cookie of its own with 256 random bits; rows keep the digest."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.kit.codes import digest, new_token

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
COOKIE_SECONDS = 3600


def browser_digest(request: HttpRequest) -> bytes:
    """The digest of the browser's token. A browser without one gets a digest that belongs to nobody."""
    return digest(_token(request) or new_token())


def known_or_new_token(request: HttpRequest) -> str:
    """A browser with two checks at once keeps one token, so that neither loses the other."""
    return _token(request) or new_token()


def remember_browser(response: HttpResponse, token: str) -> None:
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
        path="/",
    )


def _token(request: HttpRequest) -> str:
    value = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")
    return value if _TOKEN.fullmatch(value) else ""
