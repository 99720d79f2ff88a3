"""Reads the usage page's filters from its address. Anything unusable falls back to the running period."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.kit import clock
from portal.kit.ids import parse_public_id
from portal.kit.references import typed_reference
from tenants.models import Tenant
from vendors.billing.book import Standing
from vendors.billing.models import PriceVersion
from vendors.billing.rating.periods import Period
from vendors.billing.selectors import UsageFilter

LONGEST = timedelta(days=366)
EARLIEST = date(2020, 1, 1)
BILLABLE = {"yes": True, "no": False}
PERIODS = 12


def zone_of(tenant: Tenant) -> ZoneInfo:
    try:
        return ZoneInfo(tenant.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def recent_periods(found: Standing) -> list[Period]:
    """The running billing period and those before it, newest first."""
    periods = [found.period_at(clock.now())]
    while len(periods) < PERIODS:
        periods.append(found.period_at(periods[-1].start - timedelta(seconds=1)))
    return periods


def _day(text: str, default: date, latest: date) -> date:
    try:
        return min(max(date.fromisoformat(text), EARLIEST), latest)
    except ValueError:
        return default


def _period(query: Mapping[str, str], found: Standing) -> Period | None:
    """Named, or the running one; none where days are asked for."""
    if query.get("from") or query.get("to"):
        return None
    with suppress(ValueError):
        return found.period_named(query.get("period", ""))
    return found.period_at(clock.now())


def _one_day(query: Mapping[str, str]) -> date | None:
    if query.get("from") or query.get("to"):
        return None
    with suppress(ValueError):
        return date.fromisoformat(query.get("day", ""))
    return None


def _part(period: Period, day: date, zone: ZoneInfo) -> Period | None:
    """What lies of a day in a period that may begin at any hour."""
    begins = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone)
    if ends <= period.start or begins >= period.end:
        return None
    return Period(period.label, max(begins, period.start), min(ends, period.end))


def _profile(text: str) -> UUID | None:
    with suppress(ValueError):
        return parse_public_id("profile", text)
    return None


def _price(text: str) -> UUID | None:
    with suppress(ValueError):
        return parse_public_id(PriceVersion.prefix, text)
    return None


def read_filter(query: Mapping[str, str], tenant: Tenant, found: Standing) -> UsageFilter:
    """`period`, of which `day` chooses one, or `from` and `to` in days, which count before it; `q` (a case's reference), `partner`, `meter`, `outcome`, `profile`,
    `department`, `price`, `paid`, `billable`, `sort`. Ends in the wrong order are swapped; at most a year is shown."""
    zone = zone_of(tenant)
    today = clock.now().astimezone(zone).date()
    period, one_day = _period(query, found), _one_day(query)
    if period is not None and one_day is not None:
        period = _part(period, one_day, zone) or period
    if period is not None:
        first = period.start.astimezone(zone).date()
        last = (period.end - timedelta(seconds=1)).astimezone(zone).date()
    else:
        first = _day(query.get("from", ""), today.replace(day=1), today + LONGEST)
        last = _day(query.get("to", ""), today, today + LONGEST)
    first, last = min(first, last), max(first, last)
    return UsageFilter(
        first_day=max(first, last - LONGEST),
        last_day=last,
        zone=zone,
        period=period,
        vendor=query.get("partner", "")[:40],
        meter=query.get("meter", "")[:20],
        outcome=query.get("outcome", "")[:16],
        profile_id=_profile(query.get("profile", "")),
        department=query.get("department", "")[:120],
        price_id=_price(query.get("price", "")),
        connection_kind=query.get("paid", "")[:12],
        billable=BILLABLE.get(query.get("billable", "")),
        reference=typed_reference(query.get("q", "")),
        sort=query.get("sort", ""),
    )
