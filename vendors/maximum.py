"""What a number of checks costs at most: the prices that would be booked now, at a price's dearest tier.

Protects a buyer from a sum that turns out higher. It is before tax, plan and what a period costs at least, and at the
prices of this moment. What it does not do: say how many checks there can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import Misconfigured
from vendors.billing.book import Book
from vendors.billing.checks import Pricing, Usage, pricing_of
from vendors.billing.models import Meter, Paid
from vendors.billing.rating.billability import Outcome
from vendors.models import Connection

FACE_CHECK = (Meter.FACE_CHECK.value, "readmit")


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of check. Without a `unit_price` nobody knows what it costs: a price is missing."""

    meter: Meter
    vendor: str
    kind: str
    times: int
    unit_price: Decimal | None
    currency: str

    @property
    def amount(self) -> Decimal | None:
        return None if self.unit_price is None else self.unit_price * self.times


@dataclass(frozen=True, slots=True)
class Maximum:
    parts: tuple[Part, ...]

    @property
    def is_known(self) -> bool:
        return all(part.unit_price is not None for part in self.parts)

    @property
    def totals(self) -> dict[str, Decimal]:
        """By currency; a currency in which nothing can be charged is left out. The partners share one number of decisions:
        in each currency all of them may be the dearest partner's."""
        decisions: dict[str, Decimal] = {}
        found: dict[str, Decimal] = {}
        for part in self.parts:
            if not part.amount:
                continue
            if part.meter is Meter.DECISION:
                decisions[part.currency] = max(decisions.get(part.currency, Decimal(0)), part.amount)
            else:
                found[part.currency] = found.get(part.currency, Decimal(0)) + part.amount
        for currency, amount in decisions.items():
            found[currency] = found.get(currency, Decimal(0)) + amount
        return found


def most(connections: Sequence[Connection], *, decisions: int, face_checks: int) -> Maximum:
    """So many decisions, each of any of these partners, and so many Face Checks, as they would be booked now."""
    book = Book.of(*((Meter.DECISION.value, one.vendor) for one in connections), FACE_CHECK)
    return Maximum(
        (
            *(_part(book, Meter.DECISION, one.vendor, one.kind, decisions) for one in connections),
            _part(book, Meter.FACE_CHECK, "readmit", Connection.Kind.THROUGH_US, face_checks),
        )
    )


def _part(book: Book, meter: Meter, vendor: str, kind: str, times: int) -> Part:
    usage = Usage("", meter, vendor, Outcome.PASSED, 1, clock.now(), UUID(int=0), connection_kind=kind)
    try:
        pricing = pricing_of(book, usage)
    except Misconfigured:
        return Part(meter, vendor, kind, times, None, "")
    return Part(meter, vendor, kind, times, _dearest(pricing), pricing.currency or "")


def _dearest(pricing: Pricing) -> Decimal | None:
    """Of one check. An own contract without a price is counted at nothing by us, and costs what the partner says."""
    if pricing.kind is Paid.FREE or not pricing.billability.outcomes:
        return Decimal(0)
    if pricing.ours is not None:
        return max(tier.unit_price for tier in pricing.ours.price.terms.tiers)
    return pricing.own.unit_price if pricing.own else None
