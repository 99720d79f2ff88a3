"""Usage broken down by any of day, partner, outcome, profile and department together; and what cost nothing, with why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.ids import public_id
from vendors.billing.day_sums import groups_of
from vendors.billing.models import Why
from vendors.billing.reasons import sentence_of
from vendors.billing.selectors import UsageFilter
from vendors.billing.summing import Sums
from vendors.wording import outcome_word, partner_name

BY = {
    "day": gettext_lazy("Day"),
    "partner": gettext_lazy("Partner"),
    "outcome": gettext_lazy("Outcome"),
    "profile": gettext_lazy("Profile"),
    "department": gettext_lazy("Department"),
}
COLUMN = {
    "day": "day",
    "partner": "vendor",
    "outcome": "outcome",
    "profile": "profile_id",
    "department": "department",
}
IN_SUMS = frozenset({"day", "partner", "outcome"})
USUAL = ("partner", "outcome")
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """`words` in the order of the columns; `filters` choose its checks in the address of the page."""

    words: tuple[str, ...]
    filters: Mapping[str, str]
    charged: int
    free: int
    amount: Decimal
    currency: str

    def costs_unknown(self, unpriced: Collection[str]) -> bool:
        """Nothing but checks of a partner whose price nobody had entered; where rows are by partner."""
        return self.filters.get("partner") in unpriced and self.charged > 0 and not self.amount


@dataclass(frozen=True, slots=True)
class Breakdown:
    columns: tuple[str, ...]
    rows: Sequence[Row]
    left_out: int

    @property
    def headings(self) -> list[str]:
        return [str(BY[column]) for column in self.columns]


def read_columns(asked: Sequence[str]) -> tuple[str, ...]:
    """In the order of `BY`, whatever the order of the address; partner and outcome where nothing usable is asked for."""
    return tuple(column for column in BY if column in asked) or USUAL


def break_down(
    chosen: UsageFilter, sums: Sequence[Sums], columns: tuple[str, ...], profiles: Mapping[UUID, str]
) -> Breakdown:
    """Days in their order, the dearest first within one; without days the dearest first."""
    found: dict[tuple[object, ...], list[tuple[bool, int, Decimal]]] = {}
    for *key, billable, quantity, amount in _counted(chosen, sums, columns):
        found.setdefault(tuple(key), []).append((billable, quantity, amount))
    rows = [_row(columns, key, counted, profiles) for key, counted in found.items()]
    rows.sort(key=lambda row: (row.filters.get("day", ""), -row.amount, row.words, row.currency))
    return Breakdown(columns, rows[:MOST_ROWS], max(len(rows) - MOST_ROWS, 0))


def _counted(chosen: UsageFilter, sums: Sequence[Sums], columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The columns, currency, billable, quantity and amount. What the page's sums hold is not asked for again."""
    names = [COLUMN[column] for column in columns]
    if set(columns) <= IN_SUMS:
        for each in sums:
            key = [getattr(each, name) for name in names]
            yield (*key, each.currency, each.billable, each.quantity, each.amount)
        return
    for group in groups_of(chosen, *names, "currency", "billable"):
        yield (*group.key, group.quantity, group.amount)


def _row(
    columns: Sequence[str],
    key: tuple[object, ...],
    counted: Sequence[tuple[bool, int, Decimal]],
    profiles: Mapping[UUID, str],
) -> Row:
    *values, currency = key
    filters: dict[str, str] = {}
    words = []
    for column, value in zip(columns, values, strict=True):
        words.append(_word(column, value, profiles))
        filters |= _filter(column, value)
    return Row(
        tuple(words),
        filters,
        sum(quantity for billable, quantity, _amount in counted if billable),
        sum(quantity for billable, quantity, _amount in counted if not billable),
        sum((amount for _billable, _quantity, amount in counted), Decimal(0)),
        str(currency),
    )


def _word(column: str, value: object, profiles: Mapping[UUID, str]) -> str:
    if isinstance(value, date):
        return date_format(value, "j M Y")
    if column == "partner":
        return partner_name(str(value))
    if column == "outcome":
        return outcome_word(str(value))
    if column == "profile":
        if not isinstance(value, UUID):
            return _("No profile")
        return profiles.get(value, _("A profile that is gone"))
    return str(value) or _("No department")


def _filter(column: str, value: object) -> dict[str, str]:
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, UUID):
        return {"profile": public_id("profile", value)}
    return {column: str(value)} if value else {}


@dataclass(frozen=True, slots=True)
class NotCharged:
    """Checks that cost nothing, alike in partner and reason."""

    partner: str
    why: str
    sentence: str
    quantity: int
    filters: Mapping[str, str]


def not_charged(sums: Sequence[Sums]) -> list[NotCharged]:
    """The most first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for each in sums:
        if not each.billable:
            counts[each.vendor, each.outcome, each.why] += each.quantity
    return [
        NotCharged(
            partner_name(vendor),
            str(Why(why).label),
            sentence_of(why),
            quantity,
            {"partner": vendor, "outcome": outcome, "billable": "no"},
        )
        for (vendor, outcome, why), quantity in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if quantity
    ]
