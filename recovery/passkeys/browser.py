"""The signed-in person's browser: a cookie of its own on the tenant's host, apart from the journey's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal.kit import clock
from portal.kit.codes import digest, new_token
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery.passkeys.models import PersonSession
from recovery.passkeys.selectors import session_of
from recovery.passkeys.signing_in import PersonSessionToken


def session_of_request(request: HttpRequest) -> PersonSession | None:
    """The live session of this browser; using it keeps it awake."""
    row = session_of(request.COOKIES.get(settings.PERSON_COOKIE_NAME, ""))
    if row is not None:
        PersonSession.objects.filter(id=row.id).update(last_seen_at=clock.now())
    return row


def remember_session(response: HttpResponse, made: PersonSessionToken) -> None:
    response.set_cookie(
        settings.PERSON_COOKIE_NAME,
        made.token,
        expires=made.expires_at,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def forget_session(response: HttpResponse) -> None:
    response.delete_cookie(settings.PERSON_COOKIE_NAME, path="/", samesite="Lax")


def ceremony_browser(request: HttpRequest) -> tuple[str, bytes]:
    """The journey's cookie binds sign-in ceremonies as well; made now if there is none."""
    token = str(request.COOKIES.get(settings.JOURNEY_COOKIE_NAME, "")) or new_token()
    return token, digest(token)


def remember_browser(response: HttpResponse, token: str) -> None:
    response.set_cookie(
        settings.JOURNEY_COOKIE_NAME,
        token,
        max_age=72 * 3600,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view gets the session; everybody else goes to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        session = session_of_request(request)
        if session is None:
            return HttpResponseRedirect(reverse("passkeys:sign_in"))
        return view(request, session, *args, **kwargs)

    return guarded


def signed_in_committing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same for views that commit as they go: the session is read in a scope of its own."""

    @own_scope
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with tenant_scope(request.tenant.id):  # type: ignore[attr-defined]
            session = session_of_request(request)
        if session is None:
            return HttpResponse(status=401)
        return view(request, session, *args, **kwargs)

    return guarded
