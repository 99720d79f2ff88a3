"""Staff sessions, accounts and messages exist on the site's host only; claimants have sessions of their own kind."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse


class _SiteOnly:
    """Runs the middleware it is mixed into on the site's host, and steps aside elsewhere."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if getattr(request, "host_kind", "") == "site":
            response: HttpResponse = super().__call__(request)  # type: ignore[misc]
            return response
        answer: HttpResponse = self.get_response(request)
        return answer


class SiteSessionMiddleware(_SiteOnly, SessionMiddleware):
    pass


class SiteAuthenticationMiddleware(_SiteOnly, AuthenticationMiddleware):
    pass


class SiteMessageMiddleware(_SiteOnly, MessageMiddleware):
    pass
