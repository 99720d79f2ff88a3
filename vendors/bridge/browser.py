"""The browser of somebody who came over a bridge: a cookie of its own on the tenant's host, apart from a recovery's.

Protects a run from every other browser: the cookie holds 256 random bits, the database their digest. Always a fresh one, so that
whoever put a cookie into this browser before holds nothing of the run. What it does not do: sign anybody in.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.kit.codes import digest, new_token

COOKIE_LIFE = timedelta(hours=1)


def browser_digest(request: HttpRequest) -> bytes:
    """Of this browser's cookie; of nothing, which no run carries, when there is none."""
    return digest(str(request.COOKIES.get(settings.BRIDGE_COOKIE_NAME, "")) or new_token())


def remember_browser(response: HttpResponse, token: str) -> None:
    response.set_cookie(
        settings.BRIDGE_COOKIE_NAME,
        token,
        max_age=int(COOKIE_LIFE.total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
        path="/",
    )
