"""How often the forecast's range holds: asked in the middle of each of the 24 months of many organisations."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tests.billing.seasons import FIRST, draw_year, months
from vendors.billing.forecasting import Left, forecast


def judge(seed):
    """For each month of one organisation: `early`, `held`, `below` or `above` the range."""
    year = draw_year(seed)
    amounts = [year.unit * checks for checks in year.checks]
    return [
        _judge_month(year, amounts, (begins - FIRST).days, (ends - FIRST).days) for begins, ends in months()
    ]


def _judge_month(year, amounts, begins, ends):
    asked = begins + (ends - begins) // 2
    left = [Left(FIRST + timedelta(days=number), 1.0) for number in range(asked, ends)]
    found = forecast(
        amounts[:asked],
        left,
        spent=sum(amounts[begins:asked]),
        unit=year.unit,
        checks=sum(year.checks[:asked]),
    )
    total = sum(amounts[begins:ends])
    if found is None:
        return "early"
    return "below" if total < found.low else "above" if total > found.high else "held"


def judge_many(seeds):
    """(answers of all months, answers of each of the 24)."""
    rows = [judge(seed) for seed in seeds]
    everything = Counter(answer for row in rows for answer in row)
    return everything, [Counter(column) for column in zip(*rows, strict=True)]


def share_held(counted):
    spoken = counted.total() - counted["early"]
    return counted["held"] / spoken if spoken else 0.0
