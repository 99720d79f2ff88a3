"""Writing usage down, once, at the price in force when it happened.

Protects a tenant from being charged twice or for what is free, and the ledger from guesses: an event without a price is
refused, never counted at some other one. What it does not do: tiers and included quantities, which need a whole period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Misconfigured, Refused
from portal.kit.ids import short_reference, uuid7
from portal.kit.scope import current_tenant_id
from portal.kit.together import insert_soon
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.book import Book, PricedProduct, open_book
from vendors.billing.budget_alerts import tell_shares
from vendors.billing.counting import count_in_budgets, open_reservations, release_of, share_budgets
from vendors.billing.digests import DIGESTED, digest_of
from vendors.billing.insertion import insert_new, written_names
from vendors.billing.models import (
    Account,
    ContractPrice,
    EntryKind,
    Meter,
    Paid,
    UsageEntry,
    UsagePending,
    Why,
)
from vendors.billing.rating.billability import Billability, Outcome
from vendors.billing.rollups import add_to_days, begin_adding

# What the database holds, so that an entry says the same before and after it is read back.
SCALE = Decimal("0.000001")
MANY_CASES = 100
STEPS = {Meter.DECISION: "proofed", Meter.FACE_CHECK: "face_checked"}
FREE_WHY = {
    Outcome.INCONCLUSIVE: Why.INCONCLUSIVE,
    Outcome.RETAKE: Why.RETAKE,
    Outcome.PARTNER_FAILED: Why.PARTNER_FAILED,
    Outcome.TIMED_OUT: Why.TIMED_OUT,
    Outcome.GIVEN_UP: Why.GIVEN_UP,
    Outcome.MOVED_BROWSERS: Why.MOVED_BROWSERS,
    Outcome.REUSED: Why.REUSED,
}


@dataclass(frozen=True, slots=True)
class Usage:
    """One check that ended. Without a `connection_kind` the tenant's own contract is used if it entered a price."""

    idempotency_key: str
    meter: str
    vendor: str
    outcome: Outcome
    quantity: int
    occurred_at: datetime
    case_id: UUID
    connection_kind: str = ""
    step: str = ""
    mode: str = "production"
    profile_id: UUID | None = None
    department: str = ""
    replaces_id: UUID | None = None

    def __post_init__(self) -> None:
        Outcome(self.outcome), Meter(self.meter)
        if self.quantity < 1:
            raise ValueError("usage counts at least one")

    @property
    def product(self) -> tuple[str, str]:
        return (self.meter, self.vendor)


@dataclass(frozen=True, slots=True)
class Pricing:
    """Where the price of one event comes from. A tenant's own contract may still be unpriced: it is counted at nothing."""

    kind: Paid
    ours: PricedProduct | None
    own: ContractPrice | None

    @property
    def unit_price(self) -> Decimal:
        if self.ours is not None:
            return self.ours.price.terms.list_price
        return self.own.unit_price if self.own else Decimal(0)

    @property
    def currency(self) -> str | None:
        if self.ours is not None:
            return self.ours.price.currency
        return self.own.currency if self.own else None

    @property
    def billability(self) -> Billability:
        return self.ours.billability if self.ours else Billability()


def pricing_of(book: Book, usage: Usage) -> Pricing:
    own = book.contract_price(usage.vendor, usage.occurred_at) if usage.meter == Meter.DECISION else None
    kind = Paid(usage.connection_kind or (Paid.OWN_CONTRACT if own else Paid.THROUGH_US))
    if kind is Paid.OWN_CONTRACT:
        return Pricing(kind, None, own)
    ours = book.find(usage.product, usage.occurred_at)
    if ours is None and kind is not Paid.FREE:
        elsewhere = book.priced_elsewhere(usage.product, usage.occurred_at)
        raise Misconfigured(
            "currency_not_subscribed" if elsewhere else "price_missing",
            detail={"meter": usage.meter, "vendor": usage.vendor},
        )
    return Pricing(kind, ours, None)


def lock_billing() -> None:
    """One change of a tenant's plan, periods or corrections at a time; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing:{current_tenant_id()}"]
        )


@dataclass(slots=True)
class Booking:
    """What becomes a row of the ledger: the columns of `UsageEntry`. A file has a million of them."""

    idempotency_key: str
    debit: str
    credit: str
    amount: Decimal
    currency: str
    meter: str
    vendor: str
    connection_kind: str
    quantity: int
    price_version_id: UUID | None
    contract_price_id: UUID | None
    unit_price: Decimal
    billable: bool
    outcome: str
    why: str
    case_id: UUID
    case_reference: str
    step: str
    mode: str
    profile_id: UUID | None
    department: str
    refers_to_id: UUID | None
    occurred_at: datetime
    id: UUID = field(default_factory=uuid7)
    tenant_id: UUID = field(default_factory=current_tenant_id)
    created_at: datetime = field(default_factory=clock.now)
    kind: str = EntryKind.USAGE
    invoice_id: None = None
    expires_at: None = None

    @property
    def transaction_id(self) -> UUID:
        """A check is a transaction of its own."""
        return self.id

    def to_entry(self) -> UsageEntry:
        return UsageEntry(**{name: getattr(self, name) for name in written_names(UsageEntry)})


class Repeats:
    """Decisions of the same case, at the same partner, that were billed a short while before or after.

    What was taken back, or is being replaced by one of `usages`, is no decision any more."""

    def __init__(self, book: Book, usages: Sequence[Usage]) -> None:
        self.moments: dict[tuple[str, str, UUID], list[datetime]] = {}
        windows = {
            product: max((entry.billability.duplicate_window for entry in versions), default=timedelta(0))
            for product, versions in book.versions.items()
        }
        cases = {usage.case_id for usage in usages if windows.get(usage.product)}
        if cases:
            _lock_cases(cases)
            self._load(cases, {usage.replaces_id for usage in usages if usage.replaces_id})

    def _load(self, cases: set[UUID], replaced: set[UUID]) -> None:
        taken_back = UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to=OuterRef("id"))
        billed = UsageEntry.objects.filter(case_id__in=cases, billable=True, kind=EntryKind.USAGE)
        for entry in billed.filter(~Exists(taken_back)).only("meter", "vendor", "case_id", "occurred_at"):
            if entry.case_id is not None and entry.id not in replaced:
                self.moments.setdefault((entry.meter, entry.vendor, entry.case_id), []).append(
                    entry.occurred_at
                )

    def has(self, usage: Usage, window: timedelta) -> bool:
        known = self.moments.get((*usage.product, usage.case_id), ())
        return any(abs(usage.occurred_at - moment) < window for moment in known)

    def note(self, usage: Usage) -> None:
        self.moments.setdefault((*usage.product, usage.case_id), []).append(usage.occurred_at)


def _lock_cases(cases: set[UUID]) -> None:
    """Two decisions of one case at once: the second waits until the first is written. A lock takes a place in memory
    that the whole server shares, so many cases are locked as one."""
    everybody = f"cases:{current_tenant_id()}"
    with connection.cursor() as cursor:
        if len(cases) > MANY_CASES:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [everybody])
            return
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [everybody])
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(word, 0)) FROM unnest(%s::text[]) AS word",
            [[f"{everybody}:{case_id}" for case_id in sorted(cases)]],
        )


def _why(usage: Usage, pricing: Pricing, repeats: Repeats) -> Why:
    rule = pricing.billability
    if usage.outcome in FREE_WHY:
        return FREE_WHY[usage.outcome]
    if usage.outcome not in rule.outcomes:
        return Why.NOT_CHARGED
    if rule.duplicate_window and repeats.has(usage, rule.duplicate_window):
        return Why.DUPLICATE
    if rule.duplicate_window:
        repeats.note(usage)
    return Why.OWN_CONTRACT if pricing.kind is Paid.OWN_CONTRACT else Why.DECIDED


def make_booking(book: Book, usage: Usage, repeats: Repeats) -> Booking:
    """The booking of an event, not written yet. Misconfigured without a price of ours in the tenant's currencies."""
    meter = Meter(usage.meter)
    pricing = pricing_of(book, usage)
    why = _why(usage, pricing, repeats)
    billable = why in {Why.DECIDED, Why.OWN_CONTRACT}
    charged = billable and pricing.kind is not Paid.FREE
    own = pricing.kind is Paid.OWN_CONTRACT
    return Booking(
        idempotency_key=usage.idempotency_key,
        debit=Account.OWN_CONTRACT if own else Account.UNBILLED,
        credit=Account.PARTNER_BILLS if own else Account.REVENUE,
        amount=(pricing.unit_price * usage.quantity if charged else Decimal(0)).quantize(SCALE),
        currency=pricing.currency or book.standing.currencies[0],
        meter=meter,
        vendor=usage.vendor,
        connection_kind=pricing.kind,
        quantity=usage.quantity,
        price_version_id=UUID(pricing.ours.price.id) if pricing.ours else None,
        contract_price_id=pricing.own.id if pricing.own else None,
        unit_price=pricing.unit_price.quantize(SCALE),
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
    )


def record_usage(usage: Usage) -> UsageEntry:
    """Insert one entry at the price in force at `occurred_at`. In the tenant's scope.

    Quiet when the same check is there already, at whatever time it is told again; Refused when the key is another's.
    Misconfigured without a price (`keeping.record_check` keeps such a check aside).
    """
    opened = open_book(usage.product)
    booking = make_booking(opened.book, usage, Repeats(opened.book, [usage]))
    if insert_new([booking], model=UsageEntry, noting=True):
        entry = booking.to_entry()
        if opened.has_budgets:
            _settle(entry)
        return entry
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


def record_bookings(bookings: Sequence[Booking], *, actor: Actor) -> set[UUID]:
    """Insert many entries of one tenant, with one event for all of them, and add them to its days. The ids of those that
    are new."""
    if not bookings:
        return set()
    share_budgets()
    zone = begin_adding()
    new = insert_new(bookings, model=UsageEntry)
    if new:
        fresh = [booking for booking in bookings if booking.id in new]
        add_to_days(new, zone)
        record_event(
            EventName.USAGE_IMPORTED,
            actor=actor,
            data={"rows": len(fresh), "rows_digest": digest_of(map(attrgetter(*DIGESTED), fresh))},
        )
        count_in_budgets(fresh, tell_shares)
    return new


def take_back(entry: UsageEntry, *, key: str = "", actor: Actor) -> UsageEntry:
    """Take an entry back whole, in its own period and at its own price. Quiet when that was done before."""
    lock_billing()
    known = UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to=entry).first()
    if known is not None:
        return known
    if entry.kind != EntryKind.USAGE:
        raise ValueError("only a check can be taken back")
    reversal = UsageEntry(
        kind=EntryKind.REVERSAL,
        transaction_id=entry.transaction_id,
        idempotency_key=key or f"back:{entry.id}",
        refers_to_id=entry.id,
        quantity=-entry.quantity,
        amount=-entry.amount,
        why=Why.CORRECTED,
        **{name: getattr(entry, name) for name in _KEPT},
    )
    reversal.save(force_insert=True)
    insert_soon(UsagePending(id=reversal.id, tenant_id=reversal.tenant_id))
    count_in_budgets([reversal], tell_shares)
    record_event(
        EventName.USAGE_CORRECTED,
        actor=actor,
        subject=reversal.public_id,
        case_id=entry.case_id,
        data={
            "entry": entry.public_id,
            "amount": f"{reversal.amount.normalize():f}",
            "currency": entry.currency,
        },
    )
    return reversal


_KEPT = (
    "debit",
    "credit",
    "currency",
    "meter",
    "vendor",
    "connection_kind",
    "price_version_id",
    "contract_price_id",
    "unit_price",
    "billable",
    "outcome",
    "case_id",
    "case_reference",
    "step",
    "mode",
    "profile_id",
    "department",
    "occurred_at",
)
