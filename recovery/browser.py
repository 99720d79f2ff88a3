"""The claimant's browser: a cookie of its own on the tenant's host, and the case it belongs to.

Protects a case from every other browser: the cookie holds 256 random bits, the database their digest. What it does not
do: sign anybody in.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.kit import clock
from portal.kit.codes import digest, new_token
from recovery.cases import hold
from recovery.expiring import end_if_over, is_over
from recovery.models import CarryCode, Case

COOKIE_LIFE = timedelta(hours=72)
SHOWN_AFTER_END = timedelta(hours=24)


def browser_token(request: HttpRequest) -> str:
    return str(request.COOKIES.get(settings.JOURNEY_COOKIE_NAME, ""))


def browser_digest(request: HttpRequest) -> bytes:
    """The digest of this browser's cookie; of nothing, which no case carries, when there is none."""
    return digest(browser_token(request) or new_token())


def new_browser() -> tuple[str, bytes]:
    """A token for a browser that takes a case. Always a fresh one: whoever put a cookie into this browser before, or
    read the one it had, holds nothing of the case that begins now."""
    token = new_token()
    return token, digest(token)


def remember_browser(response: HttpResponse, token: str) -> None:
    response.set_cookie(
        settings.JOURNEY_COOKIE_NAME,
        token,
        max_age=int(COOKIE_LIFE.total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def forget_browser(response: HttpResponse) -> None:
    response.delete_cookie(settings.JOURNEY_COOKIE_NAME, path="/", samesite="Lax")


def case_of_browser(request: HttpRequest, *, lock: bool = False) -> Case | None:
    """The newest case this browser holds, if it lives or ended a short while ago; with its lock, for what changes it.

    One whose time is over ends here, without waiting for the worker: no page goes on after its time."""
    if not browser_token(request):
        return None
    cases = Case.objects.select_for_update(of=("self",)) if lock else Case.objects.all()
    case = (
        cases.filter(browser_digest=browser_digest(request))
        .select_related("profile", "connection", "person")
        .order_by("-created_at")
        .first()
    )
    if case and case.ended_at and case.ended_at < clock.now() - SHOWN_AFTER_END:
        return None
    if case and is_over(case):
        return end_if_over(case.id)
    return hold(case) if case and lock else case


def code_that_carried_away(request: HttpRequest) -> CarryCode | None:
    """What took the case out of this browser: a hand-over to a phone, or a continuation code."""
    if not browser_token(request):
        return None
    return (
        CarryCode.objects.filter(left_browser_digest=browser_digest(request))
        .select_related("case")
        .order_by("-carried_at")
        .first()
    )
