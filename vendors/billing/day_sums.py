"""Reading the roll-ups: sums of what a filter chooses, grouped by any of the columns of `UsageDay`.

Exact at every moment: days that lie whole in the filter come from their rows and from what is still to be added to those,
the parts of days at its two ends from the entries. One statement reads all of it, so nothing is between two places.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet, Subquery, Sum
from django.db.models.functions import TruncDate

from portal.kit.scope import current_tenant_id, read_once
from vendors.billing.models import UsageDay, UsageDays, UsageEntry, UsagePending
from vendors.billing.rollups import rolled_up_zone
from vendors.billing.selectors import UsageFilter, usage


@dataclass(frozen=True, slots=True)
class Group:
    """What is alike in the columns that were asked for. `key` holds them in their order."""

    key: tuple[Any, ...]
    entries: int
    quantity: int
    amount: Decimal


def zone_of_days(known: str | None = None) -> str:
    """The zone of the days that are rolled up, asked once by a page. `known`: whoever read the tenant's standing knows it."""
    return read_once("billing.rolled_up_zone", rolled_up_zone if known is None else lambda: known)


def zone_beside() -> Subquery:
    """The same as a column of another question, for a page that asks one anyway."""
    return Subquery(UsageDays.objects.order_by("id").values("time_zone")[:1])


def groups_of(chosen: UsageFilter, *columns: str) -> list[Group]:
    """In no order. `day` is a column like the others. A case's reference is in no roll-up: for one the entries are read."""
    found: dict[tuple[Any, ...], Group] = {}
    for *key, entries, quantity, amount in _read(_rows(chosen, columns)):
        group = Group(tuple(key), int(entries), int(quantity), amount)
        known = found.get(group.key)
        found[group.key] = _added(known, group) if known else group
    return list(found.values())


def _read(rows: QuerySet[Any, tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """As the driver reads them, which has every type that is asked for: Django would look at each value again."""
    statement, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _added(one: Group, other: Group) -> Group:
    return Group(
        one.key, one.entries + other.entries, one.quantity + other.quantity, one.amount + other.amount
    )


def _rows(chosen: UsageFilter, columns: tuple[str, ...]) -> QuerySet[Any, tuple[Any, ...]]:
    entries = usage(chosen).order_by()
    zone = zone_of_days()
    whole = _whole_days(chosen)
    if chosen.reference or zone != chosen.zone.key or whole is None:
        return _summed(entries, chosen, columns)
    first, last = whole
    since, until = _midnight(first, chosen), _midnight(last + timedelta(days=1), chosen)
    pending = UsagePending.objects.filter(tenant_id=current_tenant_id()).values("id")
    parts = [
        _summed(
            entries.filter(occurred_at__gte=since, occurred_at__lt=until, id__in=pending), chosen, columns
        )
    ]
    if chosen.start < since:
        parts.append(_summed(entries.filter(occurred_at__lt=since), chosen, columns))
    if until < chosen.end:
        parts.append(_summed(entries.filter(occurred_at__gte=until), chosen, columns))
    return _rolled_up(first, last, chosen, columns).union(*parts, all=True)


def _midnight(day: date, chosen: UsageFilter) -> datetime:
    return datetime.combine(day, time(), chosen.zone)


def _whole_days(chosen: UsageFilter) -> tuple[date, date] | None:
    """The first and the last day that lie whole in the filter, if there are any."""
    first = chosen.start.astimezone(chosen.zone).date()
    if _midnight(first, chosen) < chosen.start:
        first += timedelta(days=1)
    last = chosen.end.astimezone(chosen.zone).date() - timedelta(days=1)
    return (first, last) if first <= last else None


def _rolled_up(
    first: date, last: date, chosen: UsageFilter, columns: tuple[str, ...]
) -> QuerySet[UsageDay, tuple[Any, ...]]:
    days = UsageDay.objects.filter(day__gte=first, day__lte=last, **chosen.equals)
    return days.values_list(*columns).annotate(
        all_entries=Sum("entries"), all_quantity=Sum("quantity"), all_amount=Sum("amount")
    )


def _summed(
    entries: QuerySet[UsageEntry], chosen: UsageFilter, columns: tuple[str, ...]
) -> QuerySet[UsageEntry, tuple[Any, ...]]:
    if "day" in columns:
        entries = entries.annotate(day=TruncDate("occurred_at", tzinfo=chosen.zone))
    return entries.values_list(*columns).annotate(
        all_entries=Count("id"), all_quantity=Sum("quantity"), all_amount=Sum("amount")
    )
