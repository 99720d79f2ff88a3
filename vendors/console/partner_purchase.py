"""The purchase of one partner as its page shows it: the steps, and who does the next one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.rights import seat_of
from tenants.rights import Right
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import ACTIVE, BUYING, PurchaseStatus
from vendors.catalogue.shelf import Item
from vendors.console.partner_shown import registers_alone
from vendors.registry import ADAPTERS

S = PurchaseStatus
_AGREED = ACTIVE | {S.REVIEWED, S.PAYING, S.REQUESTED}
TONES = {
    S.READY: "ok",
    S.PAYING: "info",
    S.TESTING: "info",
    S.REQUESTED: "info",
    S.REVIEWED: "warn",
    S.CONFIGURING: "warn",
    S.PLANNED: "neutral",
    S.PAID: "ok",
}


def purchases_of(slug: str) -> tuple[Purchase | None, Purchase | None]:
    """What is under way, and what is in force: one question."""
    rows = list(Purchase.objects.filter(slug=slug, status__in=BUYING | ACTIVE))
    return (
        next((row for row in rows if row.status in BUYING), None),
        next((row for row in rows if row.status in ACTIVE), None),
    )


def _url(request: HttpRequest, name: str, slug: str) -> str:
    return reverse(f"partners:{name}", args=[seat_of(request).tenant.slug, slug])


def is_sold(item: Item) -> bool:
    """It has plans, and can be used once it is paid."""
    return bool(item.listing.plans) and (item.listing.slug in ADAPTERS or item.listing.meter != "decision")


def is_requested(item: Item) -> bool:
    """It is used by a contract of one's own, which the partner is asked for."""
    return "own_contract" in item.listing.kinds and item.listing.slug in ADAPTERS


def panel_of(request: HttpRequest, item: Item, *, is_connected: bool = False) -> dict[str, Any]:
    """Empty for what is never bought: a free partner, or one that nobody can connect yet; and where the contract was there
    before anybody asked here for one."""
    listing = item.listing
    if not is_sold(item) and not is_requested(item):
        return {}
    under_way, active = purchases_of(listing.slug)
    shown = under_way or active
    if shown is None and not is_sold(item) and is_connected:
        return {}
    plan = listing.plan(shown.plan) if shown else None
    return {
        "is_sold": is_sold(item),
        "is_requested": is_requested(item),
        "under_way": under_way,
        "active": active,
        "status_label": S(shown.status).label
        if shown
        else _("Not bought")
        if is_sold(item)
        else _("Not requested"),
        "status_tone": TONES.get(S(shown.status), "neutral") if shown else "neutral",
        "plan": _(plan.title) if plan else "",
        "active_plan": _plan_title(item, active),
        "steps": _steps(request, item, shown) if shown else [],
        "may_buy": seat_of(request).may(Right.MANAGE_BILLING),
        "is_paying": bool(under_way and under_way.status == S.PAYING),
        "is_reviewed": bool(under_way and under_way.status == S.REVIEWED),
        "urls": {
            name: _url(request, name, listing.slug)
            for name in ("buy", "review", "pay", "checkout", "give_up", "cancel", "resume", "request")
        },
        "send_url": send_url(request, "buy_partner", listing.slug, Right.MANAGE_BILLING),
        "is_asked": bool(under_way and under_way.status == S.REQUESTED),
        "registers_alone": registers_alone(listing.slug),
    }


def _plan_title(item: Item, active: Purchase | None) -> str:
    plan = item.listing.plan(active.plan) if active else None
    return _(plan.title) if plan else ""


def send_url(request: HttpRequest, task: str, slug: str, right: Right) -> str:
    """A colleague can be sent this one task of this one partner."""
    seat = seat_of(request)
    if seat.is_limited or not (seat.may(Right.MANAGE_MEMBERS) and seat.may(right)):
        return ""
    return reverse("console:send_about", args=[seat.tenant.slug, task, slug])


def _steps(request: HttpRequest, item: Item, purchase: Purchase) -> list[dict[str, Any]]:
    status = S(purchase.status)
    buying = (
        _requested_steps(request, item, purchase) if not purchase.plan else _paid_steps(request, item, status)
    )
    return buying + (_set_up_steps(request, item, status) if item.slug in ADAPTERS else [])


def _paid_steps(request: HttpRequest, item: Item, status: PurchaseStatus) -> list[dict[str, Any]]:
    can = seat_of(request).may(Right.MANAGE_BILLING)
    agreed, paid = status in _AGREED, status in ACTIVE
    at = {
        S.REVIEWED: _("The payment page is not open yet, or it ran out."),
        S.PAYING: _("The payment page is open. It can be left and taken up again for a day."),
    }
    return [
        {"label": _("Choose a plan"), "status": "done"},
        _step(_("Agree to price and terms"), agreed, can, _url(request, "review", item.slug)),
        {
            **_step(_("Pay"), paid, can and agreed, _url(request, "checkout", item.slug)),
            "status": "done" if paid else "doing" if status == S.PAYING else "todo" if agreed else "blocked",
            "hint": "" if paid else at.get(status, ""),
        },
    ]


def _requested_steps(request: HttpRequest, item: Item, purchase: Purchase) -> list[dict[str, Any]]:
    can, status = seat_of(request).may(Right.MANAGE_BILLING), S(purchase.status)
    asked = date_format(purchase.agreed_at, "j M Y") if purchase.agreed_at else ""
    alone = registers_alone(item.slug)
    label = _("Register in your country") if alone else _("Ask the partner for a contract")
    hint = _("Asked on %(day)s. Enter what comes back as soon as it is there.") % {"day": asked}
    step = _step(label, status in _AGREED, can, _url(request, "request", item.slug))
    return [{**step, "hint": hint if status == S.REQUESTED else step["hint"]}]


def _set_up_steps(request: HttpRequest, item: Item, status: PurchaseStatus) -> list[dict[str, Any]]:
    seat = seat_of(request)
    can = seat.may(Right.MANAGE_PARTNERS)
    bought = status in ACTIVE or status == S.REQUESTED
    set_up, tested = status in (S.TESTING, S.READY), status == S.READY
    by_whom = "" if can else _("Done by an owner or an administrator.")
    select = reverse("profiles:list", args=[seat.tenant.slug]) if seat.may(Right.MANAGE_PROFILES) else ""
    return [
        {
            "label": _("Set it up"),
            "status": "done" if set_up else "todo" if bought else "blocked",
            "url": _url(request, "partner", item.slug) + "#connection" if can and bought else "",
            "hint": "" if set_up else by_whom,
        },
        {
            "label": _("Test it"),
            "status": "done" if tested else "doing" if status == S.TESTING else "blocked",
            "url": "",
            "hint": "",
        },
        {
            "label": _("Use it in a recovery profile"),
            "status": "todo" if tested else "blocked",
            "url": select if tested else "",
            "hint": "",
        },
    ]


def _step(label: str, is_done: bool, can: bool, url: str) -> dict[str, Any]:
    return {
        "label": label,
        "status": "done" if is_done else "todo",
        "url": url if can and not is_done else "",
        "hint": "" if can or is_done else _("Done by an owner or a billing manager."),
    }
