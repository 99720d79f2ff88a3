"""Which price is in force: by product, plan, currency and moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from vendors.billing.rating.periods import Period
from vendors.billing.rating.terms import Terms

STANDARD = "standard"  # the plan of everybody who chose none, and where a plan has no price of its own
FEE = "fee"  # the meter of what a plan itself costs each period


@dataclass(frozen=True, slots=True)
class Price:
    """One version of a price of one product (`meter`, `vendor`) in one plan and currency."""

    id: str
    meter: str
    vendor: str
    plan: str
    currency: str
    effective_from: datetime
    terms: Terms


@dataclass(frozen=True, slots=True)
class PlanSpan:
    """A subscription is on `plan` from `start` until the next span begins."""

    plan: str
    start: datetime


def plan_at(spans: Sequence[PlanSpan], moment: datetime) -> str:
    """The plan at a moment; the standard one before the first span. Spans are in their order of time."""
    plans = [span.plan for span in spans if span.start <= moment]
    return plans[-1] if plans else STANDARD


def price_in_force(prices: Sequence[Price], plan: str, moment: datetime) -> Price | None:
    """The latest version of the plan's own price, else of the standard plan's. Prices are of one product and currency."""
    for chosen in (plan, STANDARD):
        versions = [price for price in prices if price.plan == chosen and price.effective_from <= moment]
        if versions:
            return max(versions, key=lambda price: price.effective_from)
    return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a period on one plan: the plan changes at its borders and nowhere between."""

    plan: str
    start: datetime
    end: datetime


def stretches(spans: Sequence[PlanSpan], period: Period) -> list[Stretch]:
    """The whole period, cut where the plan changes."""
    changes = sorted(span.start for span in spans if period.start < span.start < period.end)
    return [
        Stretch(plan_at(spans, start), start, end)
        for start, end in pairwise([period.start, *changes, period.end])
    ]


@dataclass(frozen=True, slots=True)
class InForce:
    """One price version in one stretch: from when, and for which part of the whole period."""

    price: Price
    began: datetime
    share: Fraction


def in_force(prices: Sequence[Price], stretch: Stretch, period: Period) -> list[InForce]:
    """The versions of one product in a stretch, in the order in which they came into force."""
    changes = sorted(
        {price.effective_from for price in prices if stretch.start < price.effective_from < stretch.end}
    )
    found: dict[str, InForce] = {}
    for start, end in pairwise([stretch.start, *changes, stretch.end]):
        price = price_in_force(prices, stretch.plan, start)
        if price is not None:
            known = found.get(price.id, InForce(price, start, Fraction(0)))
            found[price.id] = InForce(price, known.began, known.share + period.share(start, end))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Fee:
    """What a plan itself costs for [start, end) of a period."""

    price: Price
    start: datetime
    end: datetime
    share: Fraction


def fees(prices: Sequence[Price], spans: Sequence[PlanSpan], period: Period) -> list[Fee]:
    """A plan costs what its fee was when the period, or the plan within it, began: a new fee waits for the next period.

    Nothing before the first span, and nothing for a plan without a fee of its own.
    """
    due = []
    ends = [span.start for span in spans[1:]] + [period.end]
    for span, until in zip(spans, ends, strict=True):
        start, end = max(span.start, period.start), min(until, period.end)
        own = [price for price in prices if price.plan == span.plan]
        price = price_in_force(own, span.plan, start)
        if end > start and price is not None:
            due.append(Fee(price, start, end, period.share(start, end)))
    return due
