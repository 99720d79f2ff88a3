"""The chart of checks by day: geometry only, drawn by a template as SVG without any style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vendors.billing.summing import DayCount

WIDTH, HEIGHT, BASE = 720, 160, 136


@dataclass(frozen=True, slots=True)
class Bar:
    """Charged below, free above it, in SVG units."""

    day: date
    billable: int
    free: int
    x: str
    width: str
    billable_y: str
    billable_height: str
    free_y: str
    free_height: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: Sequence[Bar]
    highest: int
    width: int = WIDTH
    height: int = HEIGHT
    base: int = BASE


def draw(days: Sequence[DayCount]) -> Chart:
    highest = max((day.total for day in days), default=0)
    step = WIDTH / max(len(days), 1)
    scale = (BASE - 12) / highest if highest else 0
    bars = []
    for number, day in enumerate(days):
        paid, free = day.billable * scale, day.free * scale
        bars.append(
            Bar(
                day=day.day,
                billable=day.billable,
                free=day.free,
                x=f"{number * step + step * 0.1:.2f}",
                width=f"{step * 0.8:.2f}",
                billable_y=f"{BASE - paid:.2f}",
                billable_height=f"{paid:.2f}",
                free_y=f"{BASE - paid - free:.2f}",
                free_height=f"{free:.2f}",
            )
        )
    return Chart(bars, highest)
