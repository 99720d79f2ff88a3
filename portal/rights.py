"""Views ask for a right. A colleague without it reads 403, a stranger never gets here (404, STYLE 8)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import NotAllowed
from tenants.rights import Right
from tenants.selectors import Seat


def seat_of(request: HttpRequest) -> Seat:
    seat: Seat | None = getattr(request, "seat", None)
    if seat is None:
        raise Http404
    return seat


def actor_of(request: HttpRequest) -> Actor:
    """The member who is acting, for the audit log."""
    return Actor(ActorKind.MEMBER, seat_of(request).actor_id)


def may_be_operator(request: HttpRequest) -> bool:
    """Whether the account's address is among those that run the platform: enough to show a link, which asks for no query.
    Not a permission (`portal.operator.access`)."""
    address = getattr(request.user, "email", "")
    return bool(address) and address.casefold() in settings.OPERATORS


def requires(right: Right) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """`@requires(Right.SEE_CASES)` on a console view below `/o/<organisation>/`."""

    def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not seat_of(request).may(right):
                raise NotAllowed("right_missing", detail={"right": right.value})
            return view(request, *args, **kwargs)

        guarded.required_right = right  # type: ignore[attr-defined]
        return guarded

    return wrap
