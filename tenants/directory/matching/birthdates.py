"""Birth dates: the same, not known, or a slip that is told and never accepted."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class Birth(StrEnum):
    AGREES = "agrees"
    NOT_KNOWN = "not_known"
    DAY_AND_MONTH_SWAPPED = "day_and_month_swapped"
    ONE_DIGIT_DIFFERS = "one_digit_differs"
    DIFFERS = "differs"


def compare_birthdates(document: date | None, account: date | None) -> Birth:
    """NOT_KNOWN when one side has none."""
    if document is None or account is None:
        return Birth.NOT_KNOWN
    if document == account:
        return Birth.AGREES
    if (document.year, document.month, document.day) == (account.year, account.day, account.month):
        return Birth.DAY_AND_MONTH_SWAPPED
    pairs = zip(document.isoformat(), account.isoformat(), strict=True)
    apart = sum(one != other for one, other in pairs)
    return Birth.ONE_DIGIT_DIFFERS if apart == 1 else Birth.DIFFERS
