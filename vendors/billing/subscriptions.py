"""Choosing a plan and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.money import EXPONENTS
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.book import Standing, load_versions, standing
from vendors.billing.counting import hold_budgets
from vendors.billing.models import Invoice, Meter, Subscription
from vendors.billing.rating.prices import STANDARD
from vendors.billing.rebooking import rebook_since
from vendors.billing.recording import lock_billing

FACE_CHECK = (Meter.FACE_CHECK.value, "readmit")


def begin_subscription(
    *, plan: str, at: datetime, time_zone: str, currencies: Sequence[str], actor: Actor
) -> Subscription:
    """The first plan of a tenant. `at` is the anchor of its periods for good, in `time_zone`.

    Invalid once there is a subscription, for a zone or currency nobody knows, and for currencies in which a Face Check
    has no price: a check without a price would have to be refused or guessed.
    """
    lock_billing()
    if Subscription.objects.filter(vendor="").exists():
        raise Invalid(
            "subscription_exists", _("There is a subscription already: only its plan can be changed.")
        )
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("time_zone_unknown", _("Name a time zone, for example Europe/Prague.")) from None
    _check_currencies(currencies)
    return _write(plan, at, at, time_zone, list(currencies), actor)


def _check_currencies(currencies: Sequence[str]) -> None:
    unknown = [currency for currency in currencies if currency not in EXPONENTS]
    if not currencies or unknown or len(set(currencies)) != len(currencies):
        raise Invalid(
            "currency_unknown",
            _("Name currencies of this list, each once: %(known)s.") % {"known": ", ".join(EXPONENTS)},
        )
    versions = load_versions({FACE_CHECK})[FACE_CHECK]
    if not any(entry.price.currency in currencies for entry in versions):
        raise Invalid(
            "face_check_unpriced",
            _("Face Check has no price in %(named)s: load one first.") % {"named": ", ".join(currencies)},
        )


def change_plan(*, plan: str, at: datetime, actor: Actor) -> Subscription:
    """From `at` on the tenant is on another plan; checks since then are booked anew at its prices. Quiet when it is already.
    Invalid before a period that is closed, and before the last change: what was invoiced or announced stays."""
    lock_billing()
    hold_budgets()
    rows = list(Subscription.objects.filter(vendor="").order_by("effective_at"))
    if not rows:
        raise Invalid("subscription_missing", _("There is no subscription yet: begin one."))
    last = rows[-1]
    if last.plan == plan and last.effective_at <= at:
        return last
    closed = closed_until()
    if at <= last.effective_at or (closed is not None and at < closed):
        raise Invalid(
            "plan_change_too_early",
            _("A plan can be changed after the last change and in a period that is not closed."),
        )
    before = standing()
    row = _write(plan, at, last.anchored_at, last.time_zone, last.currencies, actor)
    if at < clock.now():
        rebook_since(at, before, actor=actor)
    return row


def closed_until() -> datetime | None:
    """The end of the last period that is closed: before it no plan changes any more."""
    closed = Invoice.objects.filter(kind=Invoice.Kind.INVOICE).order_by("-period_end").first()
    return closed.period_end if closed else None


def put_on_plan(*, vendor: str, plan: str, at: datetime, actor: Actor) -> Subscription:
    """From `at` on a vendor's checks are on a plan of their own; with an empty plan, on the tenant's again. Checks since
    then are booked anew. Quiet when they are already. Invalid before the last change of that vendor's plan, and in a period
    that is closed."""
    lock_billing()
    hold_budgets()
    before = standing()
    pin_standing(before, actor)
    rows = list(Subscription.objects.filter(vendor=vendor).order_by("effective_at"))
    last = rows[-1] if rows else None
    if last is not None and last.plan == plan and last.effective_at <= at:
        return last
    closed = closed_until()
    if (last is not None and at <= last.effective_at) or (closed is not None and at < closed):
        raise Invalid(
            "plan_change_too_early",
            _("A plan can be changed after the last change and in a period that is not closed."),
        )
    own = Subscription.objects.filter(vendor="").order_by("effective_at")[0]
    row = _write(plan, at, own.anchored_at, own.time_zone, own.currencies, actor, vendor=vendor)
    if at < clock.now():
        rebook_since(at, before, actor=actor)
    return row


def pin_standing(found: Standing, actor: Actor) -> None:
    """Write down how a tenant without a subscription has been billed, so that nothing moves the borders of its periods
    any more."""
    if not found.is_chosen:
        begun = found.spans[0].start
        _write(STANDARD, begun, begun, found.anchor.zone.key, list(found.currencies), actor)


def _write(
    plan: str,
    at: datetime,
    anchored_at: datetime,
    time_zone: str,
    currencies: list[str],
    actor: Actor,
    vendor: str = "",
) -> Subscription:
    row = Subscription.objects.create(
        vendor=vendor,
        plan=plan,
        effective_at=at,
        anchored_at=anchored_at,
        time_zone=time_zone,
        currencies=currencies,
    )
    record_event(
        EventName.SUBSCRIPTION_CHANGED,
        actor=actor,
        subject=row.public_id,
        data={
            "plan": plan,
            **({"vendor": vendor} if vendor else {}),
            "from": at.isoformat(),
            "time_zone": time_zone,
            "currency": ", ".join(currencies),
        },
    )
    return row
