"""Who runs the platform.

Protects the platform's books from the organisations in them: the pages here open for staff accounts that the installation's
settings name, by an address each has confirmed, and for nobody else they are there at all. No page makes somebody an
operator. What it does not do: let an operator into an organisation; a page here shows what it names and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.models import EmailAddress
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import NotAllowed
from portal.rights import may_be_operator
from tenants.models import Tenant, User
from tenants.selectors import seats_of_user

View = Callable[..., HttpResponse]


def is_operator(request: HttpRequest) -> bool:
    if not request.user.is_authenticated or not may_be_operator(request):
        return False
    confirmed = EmailAddress.objects.filter(
        user_id=request.user.pk, email__iexact=request.user.email, verified=True
    )
    return bool(confirmed.exists())


def operators_only(view: View) -> View:
    """Whoever is no operator reads that there is no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_operator(request):
            raise Http404
        return view(request, *args, **kwargs)

    return login_required(guarded)


def refuse_own(request: HttpRequest, tenant: Tenant) -> None:
    """Nobody writes into the books of an organisation of their own. NotAllowed."""
    if any(seat.tenant.id == tenant.id for seat in seats_of_user(cast(User, request.user).pk)):
        raise NotAllowed(
            "own_organisation",
            _("You belong to this organisation yourself. Another operator has to say why it was paid back."),
        )


def operator_of(request: HttpRequest) -> Actor:
    return Actor(ActorKind.OPERATOR, cast(User, request.user).public_id)
