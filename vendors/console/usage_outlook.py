"""Where the running period will end: a forecast of what the page shows, and of each budget of the period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from portal.kit import clock
from vendors.billing.budgeting import BudgetState
from vendors.billing.day_sums import Group, groups_of
from vendors.billing.forecasting import LONGEST, Crossing, Forecast, Left, forecast
from vendors.billing.models import Budget
from vendors.billing.rating.periods import Period
from vendors.billing.selectors import UsageFilter

ALWAYS = ("day", "currency")
SCOPES = ("vendor", "profile_id", "department")
Chosen = Callable[[Group], bool]


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of one currency; no forecast while it is too early to say."""

    currency: str
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class BudgetOutlook:
    state: BudgetState
    forecast: Forecast | None

    @property
    def crossing(self) -> Crossing | None:
        return self.forecast.crosses(self.state.budget.amount) if self.forecast else None


class History:
    """What each day of the last half-year cost, up to now, and the days of the running period that are left. It tells apart
    what `budgets` do and nothing finer: half a year has thousands of groups otherwise."""

    def __init__(self, chosen: UsageFilter, period: Period, budgets: Sequence[Budget] = ()) -> None:
        self.scopes = tuple(each for each in SCOPES if any(getattr(budget, each) for budget in budgets))
        self.zone, self.period, self.now = chosen.zone, period, clock.now()
        self.today = self.now.astimezone(self.zone).date()
        self.first = min(self.today - timedelta(days=LONGEST), period.start.astimezone(self.zone).date())
        days = replace(chosen, first_day=self.first, last_day=self.today, period=None)
        self.groups = groups_of(days, *ALWAYS, *self.scopes)
        self.before = self._before_the_period(chosen)

    def _before_the_period(self, chosen: UsageFilter) -> list[Group]:
        """Of the period's first day what came before it began: a period may begin at any hour."""
        begun = self.period.start.astimezone(self.zone)
        if begun.time() == time():
            return []
        part = Period("", datetime.combine(begun.date(), time(), self.zone), self.period.start)
        return groups_of(
            replace(chosen, first_day=begun.date(), last_day=begun.date(), period=part), *ALWAYS, *self.scopes
        )

    @property
    def currencies(self) -> list[str]:
        return sorted({group.key[1] for group in self.groups if group.amount})

    def ahead(self, wanted: Chosen) -> Forecast | None:
        amounts: dict[date, Decimal] = defaultdict(Decimal)
        checks = 0
        for group in self.groups:
            if wanted(group) and group.amount:
                amounts[group.key[0]] += group.amount
                checks += group.quantity
        whole = [self.first + timedelta(days=number) for number in range((self.today - self.first).days)]
        total = sum(amounts.values(), Decimal(0))
        if checks <= 0 or total <= 0:
            return None
        begun = self.period.start.astimezone(self.zone).date()
        spent = sum((amount for day, amount in amounts.items() if day >= begun), Decimal(0))
        spent -= sum((group.amount for group in self.before if wanted(group)), Decimal(0))
        past = [amounts[day] for day in whole]
        return forecast(past, self._left(), spent=spent, unit=total / checks, checks=checks)

    def _left(self) -> list[Left]:
        """From now to the end of the period; parts of days at both ends, by the second."""
        left: list[Left] = []
        day = self.today
        while True:
            begins, ends = self._midnight(day), self._midnight(day + timedelta(days=1))
            if begins >= self.period.end:
                return left
            first, last = max(begins, self.now.astimezone(UTC)), min(ends, self.period.end)
            left.append(Left(day, max((last - first) / (ends - begins), 0.0)))
            day += timedelta(days=1)

    def _midnight(self, day: date) -> datetime:
        # An instant: two in one zone would be subtracted by the clock on the wall.
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def outlooks(history: History) -> list[Outlook]:
    """Of everything the page's filter chooses, one for each currency."""

    def of(currency: str) -> Chosen:
        return lambda group: group.key[1] == currency

    return [Outlook(currency, history.ahead(of(currency))) for currency in history.currencies]


def budget_outlooks(history: History | None, states: Sequence[BudgetState]) -> list[BudgetOutlook]:
    """Every budget; a forecast for those that count each period. `history` is of everything, or None."""
    return [BudgetOutlook(state, _of_budget(history, state.budget)) for state in states]


def _of_budget(history: History | None, budget: Budget) -> Forecast | None:
    if history is None or budget.every != Budget.Every.PERIOD:
        return None
    wanted = [getattr(budget, scope) or None for scope in history.scopes]

    def counts(group: Group) -> bool:
        _day, currency, *found = group.key
        return currency == budget.currency and all(
            asked in (None, value) for asked, value in zip(wanted, found, strict=True)
        )

    return history.ahead(counts)


def is_running(period: Period | None, moment: datetime) -> bool:
    return period is not None and period.holds(moment)
