"""Checks under an own contract that were made before anybody entered what one costs: they are counted, and their cost is unknown.

Protects a reader from a zero that means "nobody knows". An entry is priced once, when it is made; a price that is entered later
holds from then on. What it does not do: estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Protocol

from django.db.models import Min

from vendors.billing.day_sums import Group, groups_of
from vendors.billing.models import ContractPrice, Paid
from vendors.billing.rating.periods import Period
from vendors.billing.selectors import UsageFilter
from vendors.billing.summing import Sums, key_of


def first_prices(vendors: Collection[str]) -> dict[str, datetime]:
    """Since when a price is known; who is not in it has none."""
    rows = ContractPrice.objects.filter(vendor__in=vendors).values_list("vendor")
    return dict(rows.annotate(since=Min("created_at")).order_by())


@dataclass(frozen=True, slots=True)
class Unpriced:
    """So many checks of a vendor have an unknown cost. `is_stated`: by now somebody has entered what one costs."""

    checks: int
    is_stated: bool


def unpriced(
    chosen: UsageFilter, counted: Mapping[str, int], first: Mapping[str, datetime] | None = None
) -> dict[str, Unpriced]:
    """Of each vendor's checks that were charged under own contracts in these days, `counted`: those of which nobody knows the
    cost. One question, unless the `first_prices` are known, and one more for a vendor whose first was entered within the days."""
    if not any(counted.values()):
        return {}
    first, found = first_prices(counted) if first is None else first, dict[str, Unpriced]()
    for vendor, quantity in counted.items():
        since = first.get(vendor)
        if since is not None and since <= chosen.start:
            continue
        is_whole = since is None or since >= chosen.end
        checks = quantity if is_whole or since is None else _before(chosen, vendor, since)
        if checks > 0:
            found[vendor] = Unpriced(checks, since is not None)
    return found


def _before(chosen: UsageFilter, vendor: str, since: datetime) -> int:
    return sum(
        group.quantity for group in _earlier(chosen, vendor, Period("", chosen.start, since), "vendor")
    )


def _earlier(chosen: UsageFilter, vendor: str, period: Period, *columns: str) -> list[Group]:
    part = replace(chosen, vendor=vendor, connection_kind=Paid.OWN_CONTRACT, billable=True, period=period)
    return groups_of(part, *columns)


def unpriced_by_day(chosen: UsageFilter, sums: Sequence[Sums]) -> Counter[tuple[str, ...]]:
    """How many of the charged checks of `sums` have an unknown cost, by `by_outcome`'s key (day, meter, vendor, outcome,
    currency). One question, and one more for a vendor whose first price was entered within the days."""
    own = [each for each in sums if each.billable and each.connection_kind == Paid.OWN_CONTRACT]
    first = first_prices({each.vendor for each in own}) if own else {}
    found, parted = Counter[tuple[str, ...]](), set[str]()
    for each in own:
        since = first.get(each.vendor)
        began = since.astimezone(chosen.zone).date() if since else date.max
        if each.day < began:
            found[key_of(each, daily=True)] += each.quantity
        elif since and each.day == began:
            parted.add(each.vendor)
    for vendor in sorted(parted):
        began = first[vendor].astimezone(chosen.zone).date()
        start = max(datetime.combine(began, time(), chosen.zone), chosen.start)
        for group in _earlier(
            chosen, vendor, Period("", start, first[vendor]), "meter", "outcome", "currency"
        ):
            meter, outcome, currency = group.key
            found[began.isoformat(), meter, vendor, outcome, currency] += group.quantity
    return found


class Priced(Protocol):
    """An entry, or what was read of one."""

    billable: Any
    connection_kind: Any
    contract_price_id: Any


def has_no_price(entry: Priced) -> bool:
    """Nobody had entered what one costs."""
    return entry.connection_kind == Paid.OWN_CONTRACT and entry.contract_price_id is None


def is_unpriced(entry: Priced) -> bool:
    """It was charged, and nobody knows how much. What was not charged costs nothing whatever the price."""
    return bool(entry.billable) and has_no_price(entry)
