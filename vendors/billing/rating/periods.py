"""Billing periods: months that are anchored on a subscription, in its own time zone.

A period begins at the anchor's day and wall-clock time of each month. A month without that day begins on its last one
and the next month goes back to the anchor's day: 31 January, 28 February, 31 March. A wall-clock time that a clock
change skips begins when the clocks have gone forward, one that comes twice begins the first time. Borders are instants
in UTC; the start belongs to its period, the end to the next.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

LABEL = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Period:
    """`label` is the month in which it begins, in the subscription's time zone: no two periods share one."""

    label: str
    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def share(self, start: datetime, end: datetime) -> Fraction:
        """The part of the period that lies in [start, end), by the second; nothing if they do not meet."""
        first, last = max(start, self.start), min(end, self.end)
        return Fraction(max(0, _seconds(first, last)), _seconds(self.start, self.end))


def _seconds(start: datetime, end: datetime) -> int:
    # Two instants: in a common zone Python would subtract wall clocks, and a day of 25 hours would have 24.
    return int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())


@dataclass(frozen=True, slots=True)
class Anchor:
    """`wall` is the local time, without a zone, at which the first period begins."""

    wall: datetime
    zone: ZoneInfo

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Anchor:
        return cls(moment.astimezone(zone).replace(tzinfo=None, fold=0), zone)


def _begin(anchor: Anchor, month: int) -> datetime:
    """The start of the period of a month, counted from year 0."""
    year, number = divmod(month, 12)
    day = min(anchor.wall.day, calendar.monthrange(year, number + 1)[1])
    wall = anchor.wall.replace(year=year, month=number + 1, day=day, tzinfo=anchor.zone, fold=0)
    return wall.astimezone(UTC)


def _period(anchor: Anchor, month: int) -> Period:
    year, number = divmod(month, 12)
    return Period(f"{year:04d}-{number + 1:02d}", _begin(anchor, month), _begin(anchor, month + 1))


def period_at(anchor: Anchor, moment: datetime) -> Period:
    """The period that holds an instant, before the anchor as well."""
    local = moment.astimezone(anchor.zone)
    month = local.year * 12 + local.month - 1
    return _period(anchor, month if _begin(anchor, month) <= moment else month - 1)


def period_named(anchor: Anchor, label: str) -> Period:
    """The period that begins in a month, `2026-02`. ValueError for anything else."""
    found = LABEL.fullmatch(label)
    if found is None or not 1970 <= int(found[1]) <= 9998:
        raise ValueError("not a month")
    return _period(anchor, int(found[1]) * 12 + int(found[2]) - 1)


def period_after(anchor: Anchor, period: Period) -> Period:
    return period_at(anchor, period.end)
