"""The lines of a period, what late events change about earlier ones, and which credits pay first.

A line is rounded once, half to even (`portal.kit.money`); everything after it is addition of whole minor units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from portal.kit.money import rounded
from vendors.billing.rating.periods import Period
from vendors.billing.rating.prices import Fee
from vendors.billing.rating.rate import Rated, Segment, minimum_due, rate


class LineKind(StrEnum):
    FEE = "fee"
    USAGE = "usage"
    MINIMUM = "minimum"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Line:
    """`about` is the period it is for. `entries` is how many ledger entries stand behind `quantity`."""

    kind: LineKind
    about: str
    meter: str
    vendor: str
    version: str
    quantity: int
    entries: int
    minor: int
    exact: Decimal = Decimal(0)
    at_list_price: Decimal = Decimal(0)
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """Lines with the same key say the same thing at different times; `detail` tells a fee's stretch of time."""
        return (self.about, self.kind, self.meter, self.vendor, self.version, self.detail.get("from", ""))


@dataclass(frozen=True, slots=True)
class Product:
    """What was used of one product in one period, by price version and stretch. Segments are in their order of time."""

    meter: str
    vendor: str
    segments: tuple[Segment, ...]
    used_before: int = 0


def _usage_line(about: str, product: Product, parts: Sequence[Rated], currency: str) -> Line:
    """One price version's units, from all stretches of the period in which it was in force."""
    amount = sum((rated.amount for rated in parts), Decimal(0))
    uses: dict[Decimal, int] = {}
    for use in (use for rated in parts for use in rated.tiers):
        uses[use.unit_price] = uses.get(use.unit_price, 0) + use.quantity
    return Line(
        kind=LineKind.USAGE,
        about=about,
        meter=product.meter,
        vendor=product.vendor,
        version=parts[0].segment.version,
        quantity=sum(rated.segment.quantity for rated in parts),
        entries=sum(rated.segment.entries for rated in parts),
        minor=rounded(amount, currency).minor,
        exact=amount,
        at_list_price=sum((rated.at_list_price for rated in parts), Decimal(0)),
        detail={
            "trial": sum(rated.trial for rated in parts),
            "included": sum(rated.included for rated in parts),
            "tiers": [
                {"quantity": quantity, "unit_price": str(price), "amount": str(price * quantity)}
                for price, quantity in uses.items()
            ],
        },
    )


def product_lines(about: str, product: Product, currency: str) -> list[Line]:
    """A line for each price version that was used, and one for what is missing to the minimum."""
    parts: dict[str, list[Rated]] = {}
    for rated in rate(product.segments, used_before=product.used_before):
        if rated.segment.entries:
            parts.setdefault(rated.segment.version, []).append(rated)
    lines = [_usage_line(about, product, found, currency) for found in parts.values()]
    if not lines:
        return []
    missing = rounded(minimum_due(product.segments), currency).minor - sum(line.minor for line in lines)
    if missing > 0:
        lines.append(
            Line(LineKind.MINIMUM, about, product.meter, product.vendor, lines[-1].version, 0, 0, missing)
        )
    return lines


def fee_line(about: str, fee: Fee) -> Line:
    price = fee.price
    return Line(
        kind=LineKind.FEE,
        about=about,
        meter=price.meter,
        vendor=price.vendor,
        version=price.id,
        quantity=1,
        entries=0,
        minor=rounded(Fraction(price.terms.list_price) * fee.share, price.currency).minor,
        detail={
            "plan": price.plan,
            "unit_price": str(price.terms.list_price),
            "from": fee.start.isoformat(),
            "to": fee.end.isoformat(),
            "share": str(fee.share),
        },
    )


def period_lines(
    period: Period, products: Sequence[Product], fees: Sequence[Fee], currency: str
) -> list[Line]:
    """Everything a period costs in one currency: fees first, then products by partner."""
    lines = [fee_line(period.label, fee) for fee in fees]
    for product in sorted(products, key=lambda product: (product.vendor, product.meter)):
        lines += product_lines(period.label, product, currency)
    return lines


def differences(now: Sequence[Line], before: Sequence[Line]) -> list[Line]:
    """What has to be added to the lines `before` to make them the lines `now`: the lines of a correction."""
    known: dict[tuple[str, ...], Line] = {}
    for line in before:
        told = known.get(line.key)
        known[line.key] = _added(told, line) if told else line
    changed = [_added(line, known.pop(line.key), -1) if line.key in known else line for line in now]
    changed += [
        _added(
            replace(line, quantity=0, entries=0, minor=0, exact=Decimal(0), at_list_price=Decimal(0)),
            line,
            -1,
        )
        for line in known.values()
    ]
    return [line for line in changed if line.minor or line.quantity or line.entries or line.exact]


def _added(line: Line, other: Line, sign: int = 1) -> Line:
    return replace(
        line,
        quantity=line.quantity + sign * other.quantity,
        entries=line.entries + sign * other.entries,
        minor=line.minor + sign * other.minor,
        exact=line.exact + sign * other.exact,
        at_list_price=line.at_list_price + sign * other.at_list_price,
    )


@dataclass(frozen=True, slots=True)
class Credit:
    """Money a tenant was given. `minor` is what is left of it. It pays for periods it was valid in, if only for a day."""

    id: str
    minor: int
    granted_at: datetime
    expires_at: datetime | None

    def is_valid_in(self, period: Period) -> bool:
        return self.granted_at < period.end and (self.expires_at is None or self.expires_at > period.start)


def pay_with_credits(period: Period, due: int, credits: Sequence[Credit]) -> list[Line]:
    """Credits pay first: the one that expires soonest, then the oldest, never more than is due."""
    valid = [credit for credit in credits if credit.minor > 0 and credit.is_valid_in(period)]
    valid.sort(
        key=lambda credit: (
            credit.expires_at is None,
            credit.expires_at or credit.granted_at,
            credit.granted_at,
            credit.id,
        )
    )
    lines = []
    for credit in valid:
        paid = min(credit.minor, due)
        if paid <= 0:
            break
        due -= paid
        lines.append(Line(LineKind.CREDIT, period.label, "", "", credit.id, 0, 0, -paid))
    return lines


@dataclass(frozen=True, slots=True)
class Settled:
    """What stands on the documents that charged an earlier period: `charged` without credits, `used` the credit lines in
    their order, with what was given back of them taken off."""

    charged: int
    used: tuple[Line, ...] = ()


def give_back(period: Period, changed: Sequence[Line], settled: Settled) -> list[Line]:
    """Credits come back as far as they paid more than is left to pay: what remains of the period is paid with credits
    first, as it would have been. The one that was used last comes back first, with its own end."""
    left = max(0, settled.charged + sum(line.minor for line in changed))
    over = -sum(line.minor for line in settled.used) - left
    lines = []
    for line in reversed(settled.used):
        back = min(over, -line.minor)
        if back > 0:
            lines.append(Line(LineKind.CREDIT, period.label, "", "", line.version, 0, 0, back))
            over -= back
    return lines


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice before it is one, in one currency. Taxes are added by whoever may compute them."""

    period: Period
    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        return sum(line.minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Drafts:
    """The invoice of a period, and a credit note for each earlier period that became cheaper."""

    invoice: Draft
    credit_notes: tuple[Draft, ...]


def draft(
    period: Period,
    currency: str,
    lines: Sequence[Line],
    *,
    corrections: Mapping[Period, Sequence[Line]],
    credits: Sequence[Credit],
    settled: Mapping[Period, Settled] = MappingProxyType({}),
) -> Drafts:
    """An earlier period that became dearer is made up for here; one that became cheaper gets a credit note, on which credits
    that had paid for it come back. They pay here already."""
    charged = list(lines)
    notes = []
    returned: Counter[str] = Counter()
    for earlier, changed in sorted(corrections.items(), key=lambda item: item[0].start):
        if sum(line.minor for line in changed) < 0:
            back = give_back(earlier, changed, settled.get(earlier, Settled(0)))
            notes.append(Draft(earlier, currency, (*changed, *back)))
            returned.update({line.version: line.minor for line in back})
        else:
            charged += changed
    due = sum(line.minor for line in charged)
    at_hand = [replace(credit, minor=credit.minor + returned[credit.id]) for credit in credits]
    charged += pay_with_credits(period, due, at_hand)
    return Drafts(Draft(period, currency, tuple(charged)), tuple(notes))
