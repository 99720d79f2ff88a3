"""Rating: the units of one product in one period, under the price versions that were in force when they were used.

Units are counted through the period in the order in which their price versions were in force, so that only the quantities
under each version matter and never the order in which events arrived. A version that comes back with a plan is counted in
each of its stretches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from vendors.billing.rating.terms import Model, Terms, Tier


@dataclass(frozen=True, slots=True)
class Segment:
    """What was used under one price version in one stretch. `share` is the part of the period in which it was in force."""

    version: str
    terms: Terms
    quantity: int
    entries: int
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class TierUse:
    quantity: int
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Rated:
    """`quantity` is everything used: on trial, included and in tiers. `amount` is exact."""

    segment: Segment
    trial: int
    included: int
    tiers: tuple[TierUse, ...]

    @property
    def amount(self) -> Decimal:
        return sum((tier.amount for tier in self.tiers), Decimal(0))

    @property
    def at_list_price(self) -> Decimal:
        return self.segment.terms.list_price * self.segment.quantity


def _graduated(tiers: Sequence[Tier], first: int, last: int) -> tuple[TierUse, ...]:
    """Units `first` to `last`, counted from 1, each at the price of its tier."""
    used, before = [], 0
    for tier in tiers:
        start, end = max(first, before + 1), last if tier.up_to is None else min(last, tier.up_to)
        if end >= start:
            used.append(TierUse(end - start + 1, tier.unit_price))
        before = tier.up_to or before
    return tuple(used)


def _volume(tiers: Sequence[Tier], quantity: int, reached: int) -> tuple[TierUse, ...]:
    """`quantity` units at the price of the tier that unit number `reached` falls into."""
    price = next(tier.unit_price for tier in tiers if tier.up_to is None or reached <= tier.up_to)
    return (TierUse(quantity, price),) if quantity else ()


def _trials(segments: Sequence[Segment], used_before: int) -> list[int]:
    """How many of each segment's units are on trial, when `used_before` units were used in earlier periods."""
    position, found = used_before, []
    for segment in segments:
        free = min(segment.quantity, max(0, segment.terms.trial - position))
        found.append(free)
        position += segment.quantity
    return found


def included_in(segments: Sequence[Segment]) -> int:
    """How many units cost nothing: each version's, for the part of the period it was in force, as its fee and its minimum are.
    The first ones used under any version that includes some. A begun unit is a whole one."""
    return ceil(sum((segment.terms.included * segment.share for segment in segments), Fraction(0)))


def rate(segments: Sequence[Segment], *, used_before: int = 0) -> tuple[Rated, ...]:
    """`used_before` counts the units of all earlier periods: trial quantities are given once.

    ValueError if a segment's quantity is below zero: corrections belong to the segment they correct.
    """
    if any(segment.quantity < 0 for segment in segments):
        raise ValueError("a quantity below zero cannot be rated")
    trials = _trials(segments, used_before)
    total = sum(segment.quantity for segment in segments) - sum(trials)
    free, position, rated = included_in(segments), 0, []
    for segment, trial in zip(segments, trials, strict=True):
        terms, counted = segment.terms, segment.quantity - trial
        first, last = position + 1, position + counted
        included = min(counted, free) if terms.included else 0
        free -= included
        if terms.model is Model.VOLUME:
            tiers = _volume(terms.tiers, counted - included, total)
        else:
            tiers = _graduated(terms.tiers, first + included, last)
        rated.append(Rated(segment, trial, included, tiers))
        position = last
    return tuple(rated)


def minimum_due(segments: Sequence[Segment]) -> Fraction:
    """The least the product costs in the period: each version's minimum for the part of the period it was in force."""
    return sum((Fraction(segment.terms.minimum) * segment.share for segment in segments), Fraction(0))
