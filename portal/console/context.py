"""What the staff side's layouts read. Hosted pages get nothing from here, and ask the database for nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from portal.console.navigation import navigation_of
from portal.rights import may_be_operator
from tenants.selectors import Seat


def _organisations(request: HttpRequest, seat: Seat) -> list[dict[str, Any]]:
    """Where else the member may work: read already when the seat was found."""
    return [
        {
            "name": other.tenant.name,
            "url": reverse("console:overview", args=[other.tenant.slug]),
            "current": other.tenant.id == seat.tenant.id,
        }
        for other in getattr(request, "seats", [])
    ]


def account_menu(request: HttpRequest) -> list[dict[str, Any]]:
    operating = {"label": _("Refunds without a reason"), "url": reverse("operator:refunds"), "icon": "list"}
    return [
        {"label": _("Your name and sign-in"), "url": reverse("start:account"), "icon": "person"},
        {"label": _("Passkeys and codes"), "url": reverse("mfa_index"), "icon": "passkey"},
        *([operating] if may_be_operator(request) else []),
        {"label": _("Sign out"), "url": reverse("account_logout"), "icon": "logout", "method": "post"},
    ]


def _account(request: HttpRequest) -> dict[str, str] | None:
    if not request.user.is_authenticated:
        return None
    return {"name": str(request.user), "email": request.user.email}


def _reader(request: HttpRequest, seat: Seat) -> str:
    """Whose typing a page may put back (portal/static/js/ui/drafts.js)."""
    return str(request.user.pk) if request.user.is_authenticated else str(seat.member_id)


def _in_organisation(request: HttpRequest, seat: Seat) -> dict[str, Any]:
    return {
        # Whoever came for one task has one page: no list that leads to others.
        "navigation": [] if seat.is_limited else SimpleLazyObject(lambda: navigation_of(seat, request.path)),
        "organisations": SimpleLazyObject(lambda: _organisations(request, seat)),
        "organisations_url": None if seat.is_limited else reverse("start:organisations"),
        "account": SimpleLazyObject(lambda: _account(request)),
        "account_menu": account_menu(request),
        "breadcrumbs": [],
        "reader": _reader(request, seat),
    }


def shell(request: HttpRequest) -> dict[str, Any]:
    """The console's frame, or the account menu of the pages before it."""
    if getattr(request, "host_kind", "") != "site":
        return {}
    seat: Seat | None = getattr(request, "seat", None)
    if seat is not None:
        return _in_organisation(request, seat)
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"site_menu": account_menu(request), "reader": str(user.pk)}
