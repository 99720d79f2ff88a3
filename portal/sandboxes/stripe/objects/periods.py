"""Where the periods of a subscription begin and end: counted from the anchor, in UTC, to the second."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta


def boundary(anchor: int, interval: str, count: int, number: int) -> int:
    """The anchor moved by `number` periods. A 31st falls on the last day of a shorter month and comes back."""
    at = datetime.fromtimestamp(anchor, UTC)
    if interval in {"day", "week"}:
        return int((at + timedelta(days=(7 if interval == "week" else 1) * count * number)).timestamp())
    months = at.year * 12 + at.month - 1 + number * count * (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())


def period_around(anchor: int, interval: str, count: int, at: int) -> tuple[int, int]:
    """The period that holds a moment; its end belongs to the next one."""
    low, high = -1, 1
    while boundary(anchor, interval, count, low) > at:
        low *= 2
    while boundary(anchor, interval, count, high) <= at:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        if boundary(anchor, interval, count, middle) <= at:
            low = middle
        else:
            high = middle
    return boundary(anchor, interval, count, low), boundary(anchor, interval, count, high)
