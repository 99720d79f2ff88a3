"""What the usage page adds up: one question to the roll-ups, and everything the page shows is a sum of its answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from uuid import UUID

from vendors.billing.day_sums import groups_of
from vendors.billing.models import METERED, Meter
from vendors.billing.selectors import UsageFilter


@dataclass(frozen=True, slots=True)
class Sums:
    """Checks of one day that are alike."""

    day: date
    meter: str
    vendor: str
    outcome: str
    connection_kind: str
    currency: str
    billable: bool
    why: str
    entries: int
    quantity: int
    amount: Decimal


def sums_of_usage(chosen: UsageFilter) -> list[Sums]:
    """Grouped as finely as the page needs. Entries that took one back are below zero, as they are in the ledger."""
    columns = ("day", "meter", "vendor", "outcome", "connection_kind", "currency", "billable", "why")
    return [
        Sums(*(*group.key, group.entries, group.quantity, group.amount))
        for group in groups_of(chosen, *columns)
    ]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a filter can choose from: everything that has entries in its days, whatever else it asks for."""

    vendors: tuple[str, ...]
    outcomes: tuple[str, ...]
    profiles: tuple[UUID, ...]
    departments: tuple[str, ...]


def seen_in(chosen: UsageFilter) -> Seen:
    days = UsageFilter(chosen.first_day, chosen.last_day, chosen.zone, chosen.period)
    rows = [group.key for group in groups_of(days, "vendor", "outcome", "profile_id", "department")]
    return Seen(
        tuple(sorted({row[0] for row in rows})),
        tuple(sorted({row[1] for row in rows})),
        tuple(sorted({row[2] for row in rows if row[2]})),
        tuple(sorted({row[3] for row in rows if row[3]})),
    )


@dataclass(frozen=True, slots=True)
class DayCount:
    day: date
    billable: int
    free: int

    @property
    def total(self) -> int:
        return self.billable + self.free


def by_day(sums: Sequence[Sums], days: Sequence[date]) -> list[DayCount]:
    """One for every day, empty days included. A day on which more was taken back than counted shows nothing."""
    charged, free = dict.fromkeys(days, 0), dict.fromkeys(days, 0)
    for each in sums:
        counted = charged if each.billable else free
        if each.day in counted:
            counted[each.day] += each.quantity
    return [DayCount(day, max(charged[day], 0), max(free[day], 0)) for day in days]


@dataclass(frozen=True, slots=True)
class Total:
    """One row per currency and way of payment: amounts in different currencies do not add."""

    currency: str
    connection_kind: str
    entries: int
    billable: int
    amount: Decimal


def totals(sums: Sequence[Sums]) -> list[Total]:
    return [
        Total(
            currency,
            kind,
            sum(each.entries for each in alike),
            sum(each.entries for each in alike if each.billable),
            sum((each.amount for each in alike), Decimal(0)),
        )
        for (kind, currency), alike in _grouped(sums, lambda each: (each.connection_kind, each.currency))
    ]


@dataclass(frozen=True, slots=True)
class Share:
    """What one partner (or Face Check) did with one outcome, on one day or all of them."""

    day: date | None
    meter: str
    vendor: str
    outcome: str
    currency: str
    charged: int
    free: int
    amount: Decimal

    @property
    def key(self) -> tuple[str, ...]:
        """As `key_of` makes it of a check that is in here."""
        return (
            self.day.isoformat() if self.day else "",
            self.meter,
            self.vendor,
            self.outcome,
            self.currency,
        )


def by_outcome(sums: Sequence[Sums], *, daily: bool = False) -> list[Share]:
    """Face Checks beside decisions, each partner's outcomes together."""

    return [
        Share(
            found[0].day if daily else None,
            meter,
            vendor,
            outcome,
            currency,
            sum(each.quantity for each in found if each.billable),
            sum(each.quantity for each in found if not each.billable),
            sum((each.amount for each in found), Decimal(0)),
        )
        for (_day, meter, vendor, outcome, currency), found in _grouped(sums, partial(key_of, daily=daily))
    ]


def key_of(each: Sums, *, daily: bool) -> tuple[str, ...]:
    """What is alike in a `Share`."""
    return (each.day.isoformat() if daily else "", each.meter, each.vendor, each.outcome, each.currency)


@dataclass(frozen=True, slots=True)
class MeterTotal:
    meter: Meter
    charged: int
    free: int


def by_meter(sums: Sequence[Sums]) -> list[MeterTotal]:
    """Decisions and Face Checks side by side, also where there are none."""
    return [
        MeterTotal(
            meter,
            sum(each.quantity for each in sums if each.meter == meter and each.billable),
            sum(each.quantity for each in sums if each.meter == meter and not each.billable),
        )
        for meter in METERED
    ]


def _grouped(
    sums: Iterable[Sums], key: Callable[[Sums], Hashable]
) -> list[tuple[tuple[str, ...], list[Sums]]]:
    found: dict[tuple[str, ...], list[Sums]] = {}
    for each in sums:
        found.setdefault(key(each), []).append(each)  # type: ignore[arg-type]
    return sorted(found.items(), key=lambda item: item[0])
