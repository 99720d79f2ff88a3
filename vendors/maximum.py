"""What a number of checks costs at most: the prices that would be booked now, at a price's dearest tier.

Protects a buyer from a sum that turns out higher. It is before tax, plan and what a period costs at least, and at the
prices of this moment. What it does not do: say how many checks there can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import Misconfigured
from vendors.billing.book import Book
from vendors.billing.checks import Pricing, Usage, pricing_of
from vendors.billing.models import Meter, Paid
from vendors.billing.rating.billability import Outcome
from vendors.facecheck.models import Judge
from vendors.models import Connection
from vendors.reserving import kind_of_judge
from vendors.selectors import is_eid

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of check. Without a `unit_price` nobody knows what it costs: a price is missing."""

    meter: Meter
    vendor: str
    kind: str
    times: int
    unit_price: Decimal | None
    currency: str
    # Of a decision: whether a Face Check follows it.
    has_face: bool = True

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
        in each currency all of them may be the dearest partner's. Face Checks come on top once one of them is of a partner
        that hands over a portrait; where all are by an eID there is none."""
        currencies = {part.currency for part in self.parts if part.amount}
        found = {currency: self._in(currency) for currency in currencies}
        return {currency: amount for currency, amount in found.items() if amount}

    def _in(self, currency: str) -> Decimal:
        mine = [part for part in self.parts if part.currency == currency]
        decisions = [part for part in self.parts if part.meter is Meter.DECISION]
        times = max((part.times for part in decisions), default=0)
        face = sum((part.amount or NOTHING for part in mine if part.meter is not Meter.DECISION), NOTHING)

        def dearest(*, has_face: bool | None = None) -> Decimal:
            priced = [
                part.unit_price or NOTHING
                for part in mine
                if part.meter is Meter.DECISION and has_face in (None, part.has_face)
            ]
            return max(priced, default=NOTHING)

        by_eid_alone = dearest(has_face=False) * times
        if decisions and not any(part.has_face for part in decisions):
            return by_eid_alone
        # One decision at least is of a partner with a portrait; the others are whoever's is dearest.
        with_face = dearest(has_face=True) + dearest() * (times - 1) if times else NOTHING
        return max(by_eid_alone, with_face + face)


def most(
    connections: Sequence[Connection],
    *,
    decisions: int,
    face_checks: int,
    face_by: Judge = Judge.READMIT,
) -> Maximum:
    """So many decisions, each of any of these partners, and so many Face Checks after those of partners that hand over a
    portrait, as they would be booked now."""
    face = (Meter.FACE_CHECK.value, face_by.value)
    book = Book.of(*((Meter.DECISION.value, one.vendor) for one in connections), face)
    parts = [
        replace(_part(book, Meter.DECISION, one.vendor, one.kind, decisions), has_face=not is_eid(one.vendor))
        for one in connections
    ]
    faces = [_part(book, Meter.FACE_CHECK, face_by.value, kind_of_judge(face_by), face_checks)]
    return Maximum((*parts, *(faces if any(part.has_face for part in parts) else [])))


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
