"""Checks under an own contract that were made before anybody entered what one costs: they are counted, and their cost is unknown.

Protects a reader from a zero that means "nobody knows". An entry is priced once, when it is made; a price that is entered later
holds from then on. What it does not do: estimate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Min

from vendors.billing.day_sums import groups_of
from vendors.billing.models import ContractPrice, Paid, UsageEntry
from vendors.billing.rating.periods import Period
from vendors.billing.selectors import UsageFilter


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
    part = replace(
        chosen,
        vendor=vendor,
        connection_kind=Paid.OWN_CONTRACT,
        billable=True,
        period=Period("", chosen.start, since),
    )
    return sum(group.quantity for group in groups_of(part, "vendor"))


def is_unpriced(entry: UsageEntry) -> bool:
    return entry.billable and entry.connection_kind == Paid.OWN_CONTRACT and entry.contract_price_id is None
