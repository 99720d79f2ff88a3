"""Reads the usage page's filters from its address. Anything unusable falls back to the present month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.kit import clock
from portal.kit.references import typed_reference
from tenants.models import Tenant
from vendors.billing.selectors import UsageFilter

LONGEST = timedelta(days=366)
EARLIEST = date(2020, 1, 1)
BILLABLE = {"yes": True, "no": False}


def zone_of(tenant: Tenant) -> ZoneInfo:
    try:
        return ZoneInfo(tenant.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _day(text: str, default: date, latest: date) -> date:
    try:
        return min(max(date.fromisoformat(text), EARLIEST), latest)
    except ValueError:
        return default


def read_filter(query: Mapping[str, str], tenant: Tenant) -> UsageFilter:
    """`q` (a case's reference), `from`, `to`, `partner`, `billable`, `sort`. Ends in the wrong order are swapped; at most a year is shown."""
    zone = zone_of(tenant)
    today = clock.now().astimezone(zone).date()
    first = _day(query.get("from", ""), today.replace(day=1), today + LONGEST)
    last = _day(query.get("to", ""), today, today + LONGEST)
    first, last = min(first, last), max(first, last)
    return UsageFilter(
        first_day=max(first, last - LONGEST),
        last_day=last,
        zone=zone,
        vendor=query.get("partner", "")[:40],
        billable=BILLABLE.get(query.get("billable", "")),
        reference=typed_reference(query.get("q", "")),
        sort=query.get("sort", ""),
    )
