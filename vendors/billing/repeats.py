"""Which decisions of a case are repetitions: judged in their order of time, whatever the order in which they came.

Protects a tenant from a bill that depends on which of two batches was quicker. A decision costs nothing when one of the
same case at the same partner was charged less than the price's window before it; of two at one moment the one whose key
comes first is first. What comes late may turn the verdict on what was booked: `turned` says which, and whoever writes takes
those back and books them again. What it does not do: judge across partners, or forget a charge that was forgiven in a
dispute, which was a decision all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Subquery

from portal.kit.errors import Misconfigured
from portal.kit.one_of import OneOf
from portal.kit.scope import current_tenant_id
from vendors.billing.book import Book, priced_version
from vendors.billing.bookings import WRITTEN, Booking, first_key
from vendors.billing.checks import Pricing, Usage, pricing_of
from vendors.billing.models import EntryKind, Paid, UsageEntry, Why

MANY_CASES = 100
FORGIVEN = "forgiven:"  # begins the key of what took a charge back in a dispute
NO_TIME = timedelta(0)
JUDGED = (Why.DECIDED, Why.DUPLICATE)


@dataclass(slots=True)
class Decision:
    """One decision of a case. `entry` is its row, or none before there is one."""

    at: datetime
    key: str
    window: timedelta
    entry: UsageEntry | Booking | None = None
    is_repeated: bool = False
    is_settled: bool = False

    @property
    def order(self) -> tuple[datetime, str]:
        return (self.at, first_key(self.key))


class Repeats:
    """The decisions of the cases that `usages` are of, with those in the ledger; the cases are locked. What was taken back,
    or is being replaced by one of `usages`, is no decision any more."""

    def __init__(self, book: Book, usages: Sequence[Usage], cases: Collection[UUID] = ()) -> None:
        self.by_case: dict[tuple[str, str, UUID], list[Decision]] = {}
        self.new: dict[str, Decision] = {}
        self.pricings: dict[int, tuple[Usage, Pricing]] = {}
        windows = {
            product: max((entry.billability.duplicate_window for entry in versions), default=NO_TIME)
            for product, versions in book.versions.items()
        }
        watched = [usage for usage in usages if windows.get(usage.product)]
        locked = {usage.case_id for usage in watched}.union(cases)
        if locked:
            lock_cases(locked)
            known = self._load(locked, watched)
            self._add_new(book, watched, known)
            self._judge()

    def _load(self, cases: set[UUID], watched: Sequence[Usage]) -> set[str]:
        """Read what is there. The keys that are used already: their checks are not new."""
        keys = {usage.idempotency_key for usage in watched}
        replaced = {usage.replaces_id for usage in watched if usage.replaces_id}
        back = UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to=OuterRef("id"))
        rows = UsageEntry.objects.filter(
            OneOf("case_id", cases) | OneOf("idempotency_key", keys)
        ).values_list(*WRITTEN, Subquery(back.values("idempotency_key")[:1]))
        known = set()
        for *columns, taken_back in rows:
            row = Booking.read(columns)
            known.add(row.idempotency_key)
            forgiven = (taken_back or "").startswith(FORGIVEN)
            if row.id not in replaced and _is_judged(row) and (forgiven or taken_back is None):
                self._add(row, is_settled=forgiven)
        return known & keys

    def _add(self, entry: UsageEntry | Booking, *, is_settled: bool) -> None:
        assert entry.price_version_id is not None and entry.case_id is not None
        window = priced_version(entry.price_version_id).billability.duplicate_window
        decision = Decision(
            entry.occurred_at, entry.idempotency_key, window, entry, not entry.billable, is_settled
        )
        self.by_case.setdefault((entry.meter, entry.vendor, entry.case_id), []).append(decision)

    def _add_new(self, book: Book, usages: Sequence[Usage], known: set[str]) -> None:
        """Of several with one key the first that has a price."""
        seen = set(known)
        for usage in usages:
            if usage.idempotency_key in seen:
                continue
            try:
                pricing = pricing_of(book, usage)
            except Misconfigured:
                continue
            seen.add(usage.idempotency_key)
            rule = pricing.billability
            self.pricings[id(usage)] = (usage, pricing)
            if pricing.kind is not Paid.OWN_CONTRACT and usage.outcome in rule.outcomes:
                decision = Decision(usage.occurred_at, usage.idempotency_key, rule.duplicate_window)
                self.by_case.setdefault((*usage.product, usage.case_id), []).append(decision)
                self.new[usage.idempotency_key] = decision

    def _judge(self) -> list[Decision]:
        """Say of each whether it is a repetition. Those that are in the ledger with another verdict."""
        turned = []
        for decisions in self.by_case.values():
            charged: datetime | None = None
            for each in sorted(decisions, key=lambda decision: decision.order):
                is_repeated = charged is not None and each.at - charged < each.window
                if not is_repeated:
                    charged = each.at
                if each.entry is None:
                    each.is_repeated = is_repeated
                elif each.is_repeated is not is_repeated and not each.is_settled:
                    turned.append(each)
        return turned

    def pricing_of(self, usage: Usage) -> Pricing | None:
        """If it was asked for already, for this very object (which is kept, so that its id is nobody else's)."""
        known = self.pricings.get(id(usage))
        return known[1] if known else None

    def has(self, usage: Usage) -> bool:
        """Whether a check that is about to be booked is a repetition."""
        decision = self.new.get(usage.idempotency_key)
        return decision is not None and decision.is_repeated

    def turned(self, written: Collection[UsageEntry | Booking]) -> list[Decision]:
        """What is in the ledger with a verdict that no longer holds, now that these are written and no others."""
        if not self.by_case:
            return []
        for entry in written:
            if decision := self.new.get(entry.idempotency_key):
                decision.entry = entry
        for decisions in self.by_case.values():
            decisions[:] = [each for each in decisions if each.entry is not None]
        return self._judge()


def _is_judged(entry: Booking) -> bool:
    """Own contracts have no listing of ours, and so no window."""
    return (
        entry.kind == EntryKind.USAGE
        and entry.why in JUDGED
        and entry.price_version_id is not None
        and entry.case_id is not None
    )


def lock_cases(cases: set[UUID]) -> None:
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
