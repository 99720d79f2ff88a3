"""What is ours to invoice in stretches of time: how much of each product under each price version, in one question.

Read from the ledger itself for closing, from the sums of days for a page (decision 0014): both say the same to the unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, IntegerField, Sum, Value, When

from vendors.billing.book import Standing
from vendors.billing.day_sums import Group, groups_of, zone_of_days
from vendors.billing.models import Paid, UsageEntry
from vendors.billing.rating.periods import Period
from vendors.billing.rating.prices import Stretch
from vendors.billing.selectors import UsageFilter

ProductName = tuple[str, str]  # meter, vendor


@dataclass(frozen=True, slots=True)
class Used:
    quantity: int
    entries: int

    def __add__(self, other: Used) -> Used:
        return Used(self.quantity + other.quantity, self.entries + other.entries)


NOTHING = Used(0, 0)
Usage = dict[ProductName, dict[str, Used]]


@dataclass(frozen=True, slots=True)
class Whose:
    """One vendor's entries, or those of all `besides` some."""

    vendor: str = ""
    besides: frozenset[str] = frozenset()

    def includes(self, vendor: str) -> bool:
        return vendor == self.vendor if self.vendor else vendor not in self.besides


class Counted(Protocol):
    """What was counted in some stretches."""

    def names(self) -> set[ProductName]:
        """Every product in any of them, in any currency."""

    def used(self, stretch: Stretch, currency: str, whose: Whose) -> Usage:
        """In one of them, by product and price version."""


def _add(usage: Usage, name: ProductName, version: object, used: Used) -> None:
    by_version = usage.setdefault(name, {})
    by_version[str(version)] = by_version.get(str(version), NOTHING) + used


@dataclass
class InEntries:
    """In a time that grows with the entries in them. Stretches may overlap: what is asked for are the pieces between all
    their borders."""

    stretches: Sequence[Stretch]

    @cached_property
    def _pieces(self) -> list[tuple[datetime, datetime]]:
        borders = {moment for each in self.stretches for moment in (each.start, each.end)}
        return list(pairwise(sorted(borders)))

    @cached_property
    def _rows(self) -> list[tuple[int, str, str, UUID, str, int, int]]:
        pieces = self._pieces
        if not pieces:
            return []
        piece = Case(
            *(When(occurred_at__lt=end, then=Value(number)) for number, (_start, end) in enumerate(pieces)),
            output_field=IntegerField(),
        )
        rows = UsageEntry.objects.filter(
            occurred_at__gte=pieces[0][0],
            occurred_at__lt=pieces[-1][1],
            connection_kind=Paid.THROUGH_US,
            billable=True,
        )
        alike = ("piece", "meter", "vendor", "price_version_id", "currency")
        return list(
            rows.annotate(piece=piece).values_list(*alike).annotate(units=Sum("quantity"), rows=Count("id"))
        )

    def names(self) -> set[ProductName]:
        return {(meter, vendor) for _piece, meter, vendor, *_rest in self._rows}

    def used(self, stretch: Stretch, currency: str, whose: Whose) -> Usage:
        found: Usage = {}
        for number, meter, vendor, version, of, units, rows in self._rows:
            start, end = self._pieces[number]
            is_within = stretch.start <= start and end <= stretch.end
            if is_within and of == currency and whose.includes(vendor):
                _add(found, (meter, vendor), version, Used(units, rows))
        return found


@dataclass
class InDays:
    """As quick for millions of entries as for ten. Each stretch is asked for once."""

    standing: Standing
    stretches: Sequence[Stretch]
    _known: dict[tuple[datetime, datetime], list[Group]] = field(default_factory=dict)

    def _groups(self, stretch: Stretch) -> list[Group]:
        key = (stretch.start, stretch.end)
        if key not in self._known:
            zone = ZoneInfo(zone_of_days(self.standing.days_zone) or self.standing.anchor.zone.key)
            chosen = UsageFilter(
                stretch.start.astimezone(zone).date(),
                stretch.end.astimezone(zone).date(),
                zone,
                Period("", stretch.start, stretch.end),
                connection_kind=Paid.THROUGH_US,
                billable=True,
            )
            self._known[key] = groups_of(chosen, "meter", "vendor", "price_version_id", "currency")
        return self._known[key]

    def names(self) -> set[ProductName]:
        groups = [group for stretch in self.stretches for group in self._groups(stretch)]
        return {(group.key[0], group.key[1]) for group in groups if group.entries}

    def used(self, stretch: Stretch, currency: str, whose: Whose) -> Usage:
        found: Usage = {}
        for group in self._groups(stretch):
            meter, vendor, version, of = group.key
            if group.entries and of == currency and whose.includes(vendor):
                _add(found, (meter, vendor), version, Used(group.quantity, group.entries))
        return found
