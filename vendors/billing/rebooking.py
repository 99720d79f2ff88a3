"""Booking checks anew after a plan was changed from a moment in the past on.

Protects an open period from two truths: its fee says which plan was in force, so its checks are priced under that plan too.
An entry is never changed: it is taken back and booked again at the price that is in force for it now. What it does not do:
touch a check that both plans price alike, or one whose price was only loaded later, which keeps what it was booked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from portal.kit.actors import Actor
from vendors.billing.book import Book, Standing, load_versions
from vendors.billing.bookings import key_after, reversal_of
from vendors.billing.checks import Usage
from vendors.billing.models import EntryKind, Paid, UsageEntry
from vendors.billing.rating.billability import Outcome
from vendors.billing.recording import make_booking, record_bookings
from vendors.billing.repeats import Repeats

BATCH = 5_000


def rebook_since(moment: datetime, before: Standing, *, actor: Actor) -> int:
    """Under the lock of billing, with no writer meanwhile. `before` is how the tenant was billed. How many were booked
    anew."""
    entries = _live_since(moment)
    products = set(entries.order_by().values_list("meter", "vendor").distinct())
    if not products:
        return 0
    versions = load_versions(products)
    old, new = Book(versions), Book(versions)
    old.standing = before
    changed = _repriced(entries.order_by("id"), old, new)
    for begin in range(0, len(changed), BATCH):
        _rebook(changed[begin : begin + BATCH], new, actor)
    return len(changed)


def _live_since(moment: datetime) -> QuerySet[UsageEntry]:
    """Own contracts have no plan."""
    back = UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to=OuterRef("id"))
    rows = UsageEntry.objects.filter(kind=EntryKind.USAGE, occurred_at__gte=moment)
    return rows.exclude(connection_kind=Paid.OWN_CONTRACT).filter(~Exists(back))


def _repriced(entries: QuerySet[UsageEntry], old: Book, new: Book) -> list[UsageEntry]:
    """Those that were booked at the price of the plan before and have another one now."""
    found = []
    for entry in entries:
        product = (entry.meter, entry.vendor)
        before, after = (book.find(product, entry.occurred_at) for book in (old, new))
        if (
            before is not None
            and after is not None
            and before is not after
            and entry.price_version_id == UUID(before.price.id)
        ):
            found.append(entry)
    return found


def _rebook(entries: Sequence[UsageEntry], book: Book, actor: Actor) -> None:
    usages = [_usage(entry) for entry in entries]
    repeats = Repeats(book, usages)
    again = [make_booking(book, usage, repeats) for usage in usages]
    record_bookings([*map(reversal_of, entries), *again], repeats, actor=actor)


def _usage(entry: UsageEntry) -> Usage:
    assert entry.case_id is not None
    return Usage(
        idempotency_key=key_after(entry.idempotency_key),
        meter=entry.meter,
        vendor=entry.vendor,
        outcome=Outcome(entry.outcome),
        quantity=entry.quantity,
        occurred_at=entry.occurred_at,
        case_id=entry.case_id,
        connection_kind=entry.connection_kind,
        step=entry.step,
        mode=entry.mode,
        profile_id=entry.profile_id,
        department=entry.department,
        replaces_id=entry.id,
    )
