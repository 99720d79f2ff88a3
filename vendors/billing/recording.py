"""Writing usage down, once, at the price in force when it happened.

Protects a tenant from being charged twice or for what is free, and the ledger from guesses: an event without a price is
refused, never counted at some other one. What it does not do: tiers and included quantities, which need a whole period.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

from django.db import connection

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Misconfigured, Refused
from portal.kit.ids import public_id, short_reference
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.book import SCALE, Book, known_book, open_book
from vendors.billing.bookings import Booking, in_place_of, key_after, reversal_of
from vendors.billing.budget_alerts import tell_shares
from vendors.billing.checks import METERS, STEPS, Pricing, Usage, pricing_of
from vendors.billing.counting import (
    add_to_budgets,
    count_in_budgets,
    open_reservations,
    release_of,
    share_budgets,
)
from vendors.billing.digests import DIGESTED, digest_of
from vendors.billing.insertion import NOTING, insert_new, write_one
from vendors.billing.models import Account, EntryKind, Paid, UsageEntry, Why
from vendors.billing.rating.billability import Outcome
from vendors.billing.repeats import FORGIVEN, Decision, Repeats, lock_cases
from vendors.billing.rollups import begin_adding, into_days

NO_REPEATS = Repeats(Book({}), [])
NOTHING = Decimal(0).quantize(SCALE)
FREE_WHY = {
    Outcome.INCONCLUSIVE: Why.INCONCLUSIVE,
    Outcome.RETAKE: Why.RETAKE,
    Outcome.PARTNER_FAILED: Why.PARTNER_FAILED,
    Outcome.TIMED_OUT: Why.TIMED_OUT,
    Outcome.GIVEN_UP: Why.GIVEN_UP,
    Outcome.MOVED_BROWSERS: Why.MOVED_BROWSERS,
    Outcome.REUSED: Why.REUSED,
}


def lock_billing() -> None:
    """One change of a tenant's plan, periods or corrections at a time; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing:{current_tenant_id()}"]
        )


def _why(usage: Usage, pricing: Pricing, repeats: Repeats) -> Why:
    rule = pricing.billability
    if usage.outcome in FREE_WHY:
        return FREE_WHY[usage.outcome]
    if usage.outcome not in rule.outcomes:
        return Why.NOT_CHARGED
    if repeats.has(usage):
        return Why.DUPLICATE
    return Why.OWN_CONTRACT if pricing.kind is Paid.OWN_CONTRACT else Why.DECIDED


def make_booking(book: Book, usage: Usage, repeats: Repeats, moment: datetime | None = None) -> Booking:
    """The booking of an event, not written yet. Misconfigured without a price of ours in the tenant's currencies. Many that
    are written together are of one `moment`."""
    meter = METERS[usage.meter]
    pricing = repeats.pricing_of(usage) or pricing_of(book, usage)
    unit_price = pricing.unit_price
    why = _why(usage, pricing, repeats)
    billable = why in {Why.DECIDED, Why.OWN_CONTRACT}
    charged = billable and pricing.kind is not Paid.FREE
    own = pricing.kind is Paid.OWN_CONTRACT
    return Booking(
        idempotency_key=usage.idempotency_key,
        debit=Account.OWN_CONTRACT if own else Account.UNBILLED,
        credit=Account.PARTNER_BILLS if own else Account.REVENUE,
        amount=unit_price * usage.quantity if charged else NOTHING,
        currency=pricing.currency or book.standing.currencies[0],
        meter=meter,
        vendor=usage.vendor,
        connection_kind=pricing.kind,
        quantity=usage.quantity,
        price_version_id=pricing.ours.version_id if pricing.ours else None,
        contract_price_id=pricing.own.id if pricing.own else None,
        unit_price=unit_price,
        billable=billable,
        outcome=usage.outcome,
        why=why,
        case_id=usage.case_id,
        case_reference=short_reference(usage.case_id),
        step=usage.step or STEPS[meter],
        mode=usage.mode,
        profile_id=usage.profile_id,
        department=usage.department,
        refers_to_id=usage.replaces_id,
        occurred_at=usage.occurred_at,
        created_at=moment or clock.now(),
    )


def record_usage(usage: Usage) -> UsageEntry:
    """Insert one entry at the price in force at `occurred_at`. In the tenant's scope.

    Quiet when the same check is there already, at whatever time it is told again; Refused when the key is another's.
    Misconfigured without a price (`keeping.record_check` keeps such a check aside).
    """
    written = _write_by_known_book(usage)
    if written is not None:
        return written
    opened = open_book(usage.product)
    repeats = Repeats(opened.book, [usage])
    booking = make_booking(opened.book, usage, repeats)
    if insert_new([booking], model=UsageEntry, around=NOTING):
        entry = booking.to_entry()
        if opened.has_budgets:
            _settle(entry)
        _turn(repeats.turned([booking]))
        return entry
    return _same_check(usage)


def _write_by_known_book(usage: Usage) -> UsageEntry | None:
    """The common case in one question: this process has a book for the tenant and product, nothing may be a repetition, and
    the database says that the book still holds. None where that is not so, and then nothing is written."""
    known = known_book(usage.product)
    if known is None or known.book.may_repeat(usage.product):
        return None
    try:
        booking = make_booking(known.book, usage, NO_REPEATS)
    except Misconfigured:
        return None  # there may be a price by now
    found = write_one(booking, known.stamp)
    if found.is_new is None:
        return None
    if not found.is_new:
        return _same_check(usage)
    entry = booking.to_entry()
    if found.has_budgets:
        _settle(entry)
    return entry


def _same_check(usage: Usage) -> UsageEntry:
    known = UsageEntry.objects.get(idempotency_key=usage.idempotency_key)
    if not is_same_check(known, usage):
        raise Refused("key_reused", detail={"key": usage.idempotency_key, "entry": known.public_id})
    return known


def _settle(entry: UsageEntry) -> None:
    """What was reserved for the check is released, and what it costs counts in its budgets instead."""
    releases = [release_of(held) for held in open_reservations([entry.idempotency_key])]
    new = insert_new(releases)
    count_in_budgets([entry, *(release for release in releases if release.id in new)], tell_shares)


def is_same_check(entry: UsageEntry | Booking, usage: Usage) -> bool:
    """Whether an entry says what this usage says, its time apart."""
    return (
        entry.meter == usage.meter
        and entry.vendor == usage.vendor
        and entry.outcome == usage.outcome
        and entry.quantity == usage.quantity
        and entry.case_id == usage.case_id
        and entry.connection_kind == (usage.connection_kind or entry.connection_kind)
        and entry.mode == usage.mode
        and entry.profile_id == usage.profile_id
        and entry.department == usage.department
        and entry.refers_to_id == usage.replaces_id
    )


def _turn(decisions: Sequence[Decision]) -> None:
    """Take back what a late event turned, and book it the other way round."""
    bookings = _turned_bookings(decisions)
    if bookings:
        insert_new(bookings, model=UsageEntry, around=NOTING)
        count_in_budgets(bookings, tell_shares)
        for back in bookings[::2]:
            _note_corrected(back, SYSTEM)


def _turned_bookings(decisions: Sequence[Decision]) -> list[Booking]:
    """For each the booking that takes it back and the one in its place. Their keys say which they are, so that whoever
    comes second writes nothing."""
    return [
        booking
        for each in decisions
        if each.entry is not None
        for booking in (reversal_of(each.entry), in_place_of(each.entry, is_repeated=not each.is_repeated))
    ]


def record_bookings(bookings: Sequence[Booking], repeats: Repeats, *, actor: Actor) -> set[UUID]:
    """Insert many entries of one tenant and those that they turn, with one event for all of them, and add them to its days.
    The ids of those of `bookings` that are new. The caller holds a lock of `counting`."""
    if not bookings:
        return set()
    in_days = into_days(begin_adding(alone=True))
    new = insert_new(bookings, model=UsageEntry, around=in_days)
    if new:
        # Nearly always all of them are.
        all_new = len(new) == len(bookings)
        fresh = list(bookings) if all_new else [booking for booking in bookings if booking.id in new]
        turned = _turned_bookings(repeats.turned(fresh))
        fresh += turned
        insert_new(turned, model=UsageEntry, around=in_days)
        record_event(
            EventName.USAGE_IMPORTED,
            actor=actor,
            data={"rows": len(fresh), "rows_digest": digest_of(map(attrgetter(*DIGESTED), fresh))},
        )
        add_to_budgets(fresh, tell_shares)
    return new


def live_entry(entry: UsageEntry) -> UsageEntry:
    """The entry that says now what this one said: itself, or what a late event put in its place."""
    key = key_after(entry.idempotency_key)
    following = UsageEntry.objects.filter(idempotency_key=key, refers_to_id=entry.id).first()
    return live_entry(following) if following else entry


def take_back(entry: UsageEntry, *, key: str = "", is_forgiven: bool = False, actor: Actor) -> UsageEntry:
    """Take an entry back whole, in its own period and at its own price. Quiet when that was done before.

    It is no decision any more, so that what repeated it may be one; a charge that is forgiven in a dispute stays one.
    """
    if entry.kind != EntryKind.USAGE or entry.case_id is None:
        raise ValueError("only a check can be taken back")
    lock_billing()
    share_budgets()
    lock_cases({entry.case_id})
    entry = live_entry(entry)
    known = UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to=entry).first()
    if known is not None:
        return known
    key = key or (f"{FORGIVEN}{entry.id}" if is_forgiven else "")
    reversal = reversal_of(entry, key)
    insert_new([reversal], model=UsageEntry, around=NOTING)
    count_in_budgets([reversal], tell_shares)
    _note_corrected(reversal, actor)
    if not is_forgiven:
        _turn(Repeats(Book({}), [], [entry.case_id] if entry.case_id else []).turned([]))
    return reversal.to_entry()


def _note_corrected(back: Booking, actor: Actor) -> None:
    record_event(
        EventName.USAGE_CORRECTED,
        actor=actor,
        subject=public_id(UsageEntry.prefix, back.id),
        case_id=back.case_id,
        data={
            "entry": public_id(UsageEntry.prefix, back.refers_to_id or back.id),
            "amount": f"{back.amount.normalize():f}",
            "currency": back.currency,
        },
    )
