"""Organisations' checks by day as they might be, each drawn by a seed: weekdays, a trend, a yearly wave, public holidays,
Christmas and summer dips, bursts, launches that stay or fade, and a level that wanders. Written before the forecast was
judged, on seeds of its own; the constants were set on others."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

FIRST = date(2024, 1, 1)
MONTHS = 24
WEEKS = (
    (1.25, 1.15, 1.1, 1.05, 0.95, 0.15, 0.1),
    (1.5, 1.2, 1.0, 1.0, 0.9, 0.3, 0.2),
    (1.0,) * 7,
    (1.1, 1.05, 1.0, 1.0, 1.05, 0.9, 0.9),
    (1.3, 1.1, 1.05, 1.0, 0.9, 0.4, 0.35),
)
HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 4), (10, 28), (11, 17), (12, 25), (12, 26)}
PRICES = ("0.25", "1.60", "1.35", "2.10")


@dataclass(frozen=True)
class Year:
    """Two years of one organisation. `checks` has one number a day from `FIRST` on."""

    unit: Decimal
    checks: list[int]


def months():
    """(first day, day after the last) of each month."""
    begins = [date(FIRST.year + number // 12, number % 12 + 1, 1) for number in range(MONTHS + 1)]
    return list(pairwise(begins))


def _poisson(chance, mean):
    if mean > 60:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, number, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        number += 1
        product *= chance.random()
    return number


def _season(day, christmas, summer):
    factor = 0.4 if (day.month, day.day) in HOLIDAYS else 1.0
    if (day.month == 12 and day.day >= 21) or (day.month == 1 and day.day <= 2):
        factor *= christmas
    if (day.month == 7 and day.day >= 20) or (day.month == 8 and day.day <= 20):
        factor *= summer
    return factor


def draw_year(seed):
    chance = random.Random(seed)
    base = math.exp(chance.uniform(math.log(0.7), math.log(250)))
    week, trend = chance.choice(WEEKS), chance.gauss(0.01, 0.025)
    wave, phase = chance.uniform(0, 0.25), chance.uniform(0, 2 * math.pi)
    christmas, summer = chance.uniform(0.3, 0.9), chance.uniform(0.65, 1)
    spread = chance.choice((0, 0.03, 0.08, 0.2))
    bursts, launches, wander = (
        chance.uniform(0, 0.03),
        chance.uniform(0, 1 / 240),
        chance.uniform(0, 0.015),
    )
    level, boost, boost_days, drift, fading, checks = 1.0, 1.0, 0, 0.0, 0.0, []
    for number in range((months()[-1][1] - FIRST).days):
        day = FIRST + timedelta(days=number)
        drift = 0.999 * (drift + chance.gauss(0, wander))
        if boost_days:
            boost_days -= 1
        else:
            boost = 1.0
            if chance.random() < bursts:
                boost, boost_days = chance.uniform(1.8, 4), chance.randrange(3)
        if chance.random() < launches:
            if chance.random() < 0.5:
                level *= chance.uniform(1.2, 1.9)
            else:
                fading = chance.uniform(0.4, 1.5)
        fading *= 0.94
        mean = base * week[day.weekday()] * _season(day, christmas, summer) * boost * level * (1 + fading)
        mean *= math.exp(trend * number / 30.4 + drift)
        mean *= 1 + wave * math.sin(2 * math.pi * number / 365.25 + phase)
        checks.append(_poisson(chance, mean * (chance.gammavariate(1 / spread, spread) if spread else 1)))
    return Year(Decimal(chance.choice(PRICES)), checks)
