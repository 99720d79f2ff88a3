"""What recovering by oneself saves beside the help desk: the formula that Microsoft publishes for its estimator. Pure.

People who are locked out in a month = people × share. Each saves the difference of the two costs and of the two times.
Microsoft's worked example: 112 people, 3 %, 60 against 2 dollars, 60 against 5 minutes: 195 dollars and 3.1 hours a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Figures:
    """`share` in per cent a month; costs and minutes of one recovery."""

    people: int
    share: Decimal
    desk_cost: Decimal
    desk_minutes: int
    own_cost: Decimal
    own_minutes: int


@dataclass(frozen=True, slots=True)
class Savings:
    """A month's, and the money of a year. Below zero where the help desk is cheaper."""

    recoveries: Decimal
    money: Decimal
    hours: Decimal
    money_a_year: Decimal


def savings_of(figures: Figures) -> Savings:
    recoveries = figures.people * figures.share / 100
    money = recoveries * (figures.desk_cost - figures.own_cost)
    minutes = recoveries * (figures.desk_minutes - figures.own_minutes)
    return Savings(
        recoveries.quantize(Decimal("0.1"), ROUND_HALF_UP),
        money.quantize(CENT, ROUND_HALF_UP),
        (minutes / 60).quantize(Decimal("0.1"), ROUND_HALF_UP),
        (money * 12).quantize(CENT, ROUND_HALF_UP),
    )
