"""What a check takes of a budget: never less than it will cost on an invoice.

Protects a hard cap from tiers. A check is booked at its list price, and a later tier may be dearer: under volume prices for
all units of a period, the earlier ones too. So a check counts at the dearest price that its version has, and a price finer
than the currency's smallest unit is given the half unit by which its line may be rounded up. What it does not do: count
what no single check causes. Minimums, a plan's fee and taxes stand on the invoice beside it, and on the budget's page.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from portal.kit.money import EXPONENTS
from vendors.billing.book import PricedProduct, priced_version
from vendors.billing.models import Budget, EntryKind, Paid

NOTHING = Decimal(0)
SPENDING = (EntryKind.USAGE, EntryKind.REVERSAL)
# A line is of one price version and one billing period; a calendar year meets thirteen of those.
LINES = {Budget.Every.DAY: 1, Budget.Every.PERIOD: 1, Budget.Every.YEAR: 13}


class Priced(Protocol):
    """An entry, or what becomes one."""

    @property
    def kind(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def quantity(self) -> int: ...
    @property
    def billable(self) -> bool: ...
    @property
    def connection_kind(self) -> str: ...
    @property
    def price_version_id(self) -> UUID | None: ...


def dearest_of(versions: Collection[PricedProduct]) -> Decimal:
    """The most that one unit can cost under any of these."""
    return max((version.price.terms.dearest_price for version in versions), default=NOTHING)


def most_of(entry: Priced) -> Decimal:
    """The most that an entry can be on an invoice. Reservations are booked at that; an own contract has one price."""
    if entry.kind not in SPENDING:
        return entry.amount
    return most(entry.amount, entry.quantity, entry.billable, entry.connection_kind, entry.price_version_id)


def most(amount: Decimal, quantity: int, billable: bool, kind: str, version_id: UUID | None) -> Decimal:
    """Of one entry of a check, or of the sum of several that are alike."""
    if kind != Paid.THROUGH_US or version_id is None:
        return amount
    return priced_version(version_id).price.terms.dearest_price * quantity if billable else NOTHING


def is_fine(version_id: UUID | None, kind: str) -> bool:
    """Whether a line of this price may be rounded up above what its checks count."""
    if version_id is None or kind != Paid.THROUGH_US:
        return False
    price = priced_version(version_id).price
    scaled = price.terms.dearest_price.scaleb(EXPONENTS[price.currency])
    return scaled != scaled.to_integral_value()


def room_for_rounding(fine: Collection[str], budget: Budget) -> Decimal:
    """Half a smallest unit for each line that may be rounded up. `fine` names price versions."""
    half = Decimal(1).scaleb(-EXPONENTS[budget.currency]) / 2
    return half * len(fine) * LINES[Budget.Every(budget.every)]
