"""Puts each view into the scope of its tenant, or of none.

On a tenant's host the tenant is the host's. On the site, `/o/<organisation>/…` is the organisation of a member; a
stranger reads 404 (STYLE 8). A view marked `own_scope` gets no transaction and opens its own: those that consume
something before they compare it (STYLE 19).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from portal.kit.origins import page_to_return_to
from portal.kit.scope import tenant_scope
from tenants.selectors import remember_own_tenant, seats_of_user

View = TypeVar("View", bound=Callable[..., Any])


def own_scope(view: View) -> View:
    """Marks a view that opens its scopes itself."""
    view.own_scope = True  # type: ignore[attr-defined]
    return view


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A page goes there; a part of a page takes the whole page there, or it would show the sign-in in its place."""
    if not request.headers.get("HX-Request"):
        return redirect_to_login(page_to_return_to(request), settings.LOGIN_URL)
    shown = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = f"{shown.path}?{shown.query}" if shown.query else shown.path
    ours = f"{shown.scheme}://{shown.netloc}" == settings.SITE_ORIGIN
    answer = redirect_to_login(back if ours else page_to_return_to(request), settings.LOGIN_URL)
    return HttpResponse(status=204, headers={"HX-Redirect": answer["Location"]})


class ScopeMiddleware:
    """Opens the scope before the view and closes it after the response is rendered; an exception rolls it back before
    anybody else looks at it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.limited_seat = import_string(settings.LIMITED_SEATS)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        self._close(request, None)
        return response

    def _close(self, request: HttpRequest, error: Exception | None) -> None:
        scope = request.__dict__.pop("_scope", None)
        if scope is None:
            return
        if error is None:
            scope.__exit__(None, None, None)
        else:
            # The scope raises the error again once it is rolled back; the handlers after us deal with it.
            with suppress(type(error)):
                scope.__exit__(type(error), error, error.__traceback__)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if "organisation" in kwargs:
            refusal = self._seat(request, kwargs.pop("organisation"))
            if refusal is not None:
                return refusal
        tenant = getattr(request, "tenant", None)
        if tenant is not None and not getattr(view, "own_scope", False):
            scope = tenant_scope(tenant.id)
            scope.__enter__()
            remember_own_tenant(tenant)
            request.__dict__["_scope"] = scope
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        self._close(request, error)

    def _seat(self, request: HttpRequest, slug: str) -> HttpResponse | None:
        seats = seats_of_user(request.user.pk) if request.user.is_authenticated else []
        own = next((found for found in seats if found.tenant.slug == slug), None)
        # Somebody who came by a set-up link has one page here; a member's own seat serves everywhere else.
        seat = self.limited_seat(request, slug) or own
        if seat is None:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            raise Http404
        request.seats = seats  # type: ignore[attr-defined]
        request.seat = seat  # type: ignore[attr-defined]
        request.tenant = seat.tenant  # type: ignore[attr-defined]
        return None
