"""Where a period's cost will end, with the range that holds in four of five periods (decision 0015).

Pure: days and amounts in, a forecast or nothing out. Amounts become floats here, because a forecast is an estimate and no
booking: what comes out is rounded to cents and is shown, never charged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

# Less than this says nothing about a weekday, and ten checks nothing about a month.
LEAST_DAYS = 14
LEAST_CHECKS = 10
# The days that are looked at: half a year, and twelve weeks of them for what a weekday is like.
LONGEST = 182
WEEKS = 84
# After so many days a day counts half as much for the level.
HALF_LIFE = 18.0
# How far the level of two weeks strays before there is a past to tell, and how many horizons of past outweigh that.
STRAY, STRAY_WORTH = 0.16, 8.0
OWN_ERRORS_WORTH = 20.0
# One out of ten on each side, of the normal distribution.
Z = 1.2816
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Left:
    """A day of the period that is not over, and the part of it that is still to come."""

    day: date
    part: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the whole period will have cost: `low` to `high` holds four times of five. `shares` says which part of what is
    still to come has come by the end of each day that is left."""

    spent: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    left: tuple[Left, ...]
    shares: tuple[float, ...]

    def crosses(self, amount: Decimal) -> Crossing:
        """When the period's cost reaches an amount."""
        return Crossing(
            self._day_of(self.high, amount),
            self._day_of(self.expected, amount),
            self._day_of(self.low, amount),
        )

    def _day_of(self, total: Decimal, amount: Decimal) -> date | None:
        for day, share in zip(self.left, self.shares, strict=True):
            if self.spent + (total - self.spent) * Decimal(share) >= amount:
                return day.day
        return None


@dataclass(frozen=True, slots=True)
class Crossing:
    """The days on which an amount is reached if much, as expected, or little is used; None: not in this period."""

    earliest: date | None
    expected: date | None
    latest: date | None


def forecast(
    days: Sequence[Decimal], left: Sequence[Left], *, spent: Decimal, unit: Decimal, checks: int
) -> Forecast | None:
    """`days` are the amounts of whole days, oldest first, up to the day before the first that is `left`; `unit` is what one
    check costs on average and `checks` how many those days had. None while it is too early to say."""
    past = _since_first([float(amount) for amount in days[-LONGEST:]])
    if len(past) < LEAST_DAYS or checks < LEAST_CHECKS or not left or unit <= 0:
        return None
    model = _Model(past, left[0].day, float(unit))
    parts = [model.week[day.day.weekday()] * day.part for day in left]
    low, expected, high = model.range_of(sum(parts), round(sum(day.part for day in left)))
    return Forecast(
        spent=spent,
        expected=spent + _cents(expected),
        low=spent + _cents(low),
        high=spent + _cents(high),
        left=tuple(left),
        shares=_running_shares(parts),
    )


def _since_first(past: list[float]) -> list[float]:
    """Before the first check there was nothing to learn from."""
    begun = next((number for number, amount in enumerate(past) if amount > 0), len(past))
    return [max(amount, 0.0) for amount in past[begun:]]


def _cents(amount: float) -> Decimal:
    return Decimal(amount).quantize(CENT)


def _running_shares(parts: Sequence[float]) -> tuple[float, ...]:
    total, so_far, shares = sum(parts) or 1.0, 0.0, []
    for part in parts:
        so_far += part
        shares.append(so_far / total)
    return tuple(shares)


class _Model:
    """The level of a day, what each weekday makes of it, and how far forecasts of this very past were off."""

    def __init__(self, past: Sequence[float], following: date, unit: float) -> None:
        self.past, self.unit = past, unit
        begun = following - timedelta(days=len(past))
        self.weekdays = [(begun.weekday() + number) % 7 for number in range(len(past))]
        self.week = self._week()
        self.levels = self._levels()

    def _week(self) -> list[float]:
        """The weekdays beside their mean, drawn together by four checks each: a few say little."""
        recent = list(zip(self.past, self.weekdays, strict=True))[-WEEKS:]
        mean, flat = sum(amount for amount, _day in recent) / len(recent), 4 * self.unit
        week = []
        for weekday in range(7):
            amounts = [amount for amount, day in recent if day == weekday]
            week.append((sum(amounts) + flat) / (len(amounts) * mean + flat))
        average = sum(week) / 7
        return [each / average for each in week]

    def _levels(self) -> list[float]:
        """What a day was like before each day, and after the last: younger days count more."""
        fade = 0.5 ** (1 / HALF_LIFE)
        amounts = weights = 0.0
        levels = []
        for amount, weekday in zip(self.past, self.weekdays, strict=True):
            levels.append(amounts / weights if weights else 0.0)
            amounts = amounts * fade + amount * (1 - fade)
            weights = weights * fade + self.week[weekday] * (1 - fade)
        return [*levels, amounts / weights]

    @cached_property
    def dispersion(self) -> float:
        """The variance of a day beside its mean, never below what checks that know nothing of each other have."""
        squares = [
            min((amount - mean) ** 2 / mean, 60 * self.unit + 3 * mean)
            for amount, mean in self._expected_days()
            if mean > 0
        ]
        return max(self.unit, (sum(squares) + 5 * self.unit) / (len(squares) + 5))

    def _expected_days(self) -> list[tuple[float, float]]:
        days = zip(self.past, self.levels, self.weekdays, strict=False)
        return [(amount, level * self.week[weekday]) for amount, level, weekday in days][7:]

    def range_of(self, weight: float, horizon: int) -> tuple[float, float, float]:
        """(low, expected, high) of what is still to come."""
        expected = self.levels[-1] * weight
        errors = self._errors(max(horizon, 1))
        independent = len(errors) / max(horizon, 1)
        stray = self._stray(errors, horizon, independent)
        low_z, high_z = self._quantiles(errors, stray, independent)
        variance = self.dispersion * expected + stray * expected**2
        return (
            _gamma_quantile(expected, variance, low_z),
            expected,
            _gamma_quantile(expected, variance, high_z),
        )

    def _errors(self, horizon: int) -> list[tuple[float, float]]:
        """(what came, what was expected) for as many days as are left, had we asked on each day of the past."""
        came, weights = [0.0], [0.0]
        for amount, weekday in zip(self.past, self.weekdays, strict=True):
            came.append(came[-1] + amount)
            weights.append(weights[-1] + self.week[weekday])
        return [
            (came[day + horizon] - came[day], self.levels[day] * (weights[day + horizon] - weights[day]))
            for day in range(LEAST_DAYS, len(self.past) - horizon + 1)
            if self.levels[day] > 0
        ]

    def _stray(self, errors: Sequence[tuple[float, float]], horizon: int, independent: float) -> float:
        """The square of how far the level strays: this past's own, as far as it goes, else what is usual."""
        usual = STRAY**2 * math.sqrt(max(horizon, 1) / 15)
        own = sum(
            min(((came - expected) / expected) ** 2, 1.0) - self.dispersion / expected
            for came, expected in errors
        ) / max(horizon, 1)
        return max((own + STRAY_WORTH * usual) / (independent + STRAY_WORTH), usual / 4)

    def _quantiles(
        self, errors: Sequence[tuple[float, float]], stray: float, independent: float
    ) -> tuple[float, float]:
        """How many standard deviations down and up: those of the past's errors, drawn towards the normal ones."""
        if not errors:
            return -Z, Z
        found = sorted(
            (came - expected) / math.sqrt(self.dispersion * expected + stray * expected**2)
            for came, expected in errors
        )
        last = len(found) - 1
        own = independent / (independent + OWN_ERRORS_WORTH)
        return (
            own * found[int(0.1 * last)] - (1 - own) * Z,
            own * found[math.ceil(0.9 * last)] + (1 - own) * Z,
        )


def _gamma_quantile(mean: float, variance: float, z: float) -> float:
    """Of the gamma distribution, after Wilson and Hilferty: never below nothing, and longer above than below."""
    if mean <= 0 or variance <= 0:
        return max(mean, 0.0)
    shape = mean**2 / variance
    return mean * max(0.0, 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3
