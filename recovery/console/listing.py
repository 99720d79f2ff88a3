"""The list of cases: filters, the search by reference, pages and lines."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce

from portal.kit.ids import parse_public_id
from portal.kit.paging import Column, Order, Page, page_of, read_order
from portal.kit.references import typed_reference, with_reference
from recovery.models import Case
from recovery.statuses import CaseStatus, Mode
from tenants.models import Tenant

PAGE = 50
ENDED_OR_NEVER = Coalesce("ended_at", Value(datetime(9999, 1, 1, tzinfo=UTC)))
COLUMNS: Mapping[str, Column] = {
    "opened": Column("created_at"),
    "ended": Column("ended_or_never", ENDED_OR_NEVER),
    "status": Column("status"),
}


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What the address asks for. Anything unusable means: all."""

    status: str = ""
    mode: str = ""
    reference: str = ""
    person_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    show_decoys: bool = False
    sort: str = ""

    @property
    def order(self) -> Order:
        return read_order(self.sort, COLUMNS, "-opened")

    @property
    def is_narrow(self) -> bool:
        return bool(self.status or self.mode or self.reference or self.person_id or self.since or self.until)


def zone_of(tenant: Tenant) -> ZoneInfo:
    try:
        return ZoneInfo(tenant.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _midnight(text: str, zone: ZoneInfo, *, after: int = 0) -> datetime | None:
    try:
        day = date.fromisoformat(text[:10]) + timedelta(days=after)
        return datetime.combine(day, time(), zone) if 2000 < day.year < 2200 else None
    except (ValueError, OverflowError):
        return None


def read_filter(query: Mapping[str, str], tenant: Tenant, *, may_see_decoys: bool) -> CaseFilter:
    """`q`, `status`, `mode`, `from`, `to`, `person`, `decoys`, `sort`."""
    zone = zone_of(tenant)
    person_id = None
    with suppress(ValueError):
        person_id = parse_public_id("person", query.get("person", ""))
    status, mode = query.get("status", ""), query.get("mode", "")
    return CaseFilter(
        status=status if status in CaseStatus.values else "",
        mode=mode if mode in Mode.values else "",
        reference=typed_reference(query.get("q", "")),
        person_id=person_id,
        since=_midnight(query.get("from", ""), zone),
        until=_midnight(query.get("to", ""), zone, after=1),
        show_decoys=may_see_decoys and query.get("decoys") == "yes",
        sort=query.get("sort", ""),
    )


def cases_found(chosen: CaseFilter) -> QuerySet[Case]:
    """Every case of the filter in its order, newest first otherwise."""
    found = Case.objects.select_related("person").annotate(ended_or_never=ENDED_OR_NEVER)
    found = found.order_by(*chosen.order.fields())
    if not chosen.show_decoys:
        found = found.filter(is_decoy=False)
    if chosen.status:
        found = found.filter(status=chosen.status)
    if chosen.mode:
        found = found.filter(mode=chosen.mode)
    if chosen.person_id:
        found = found.filter(person_id=chosen.person_id)
    if chosen.since:
        found = found.filter(created_at__gte=chosen.since)
    if chosen.until:
        found = found.filter(created_at__lt=chosen.until)
    return with_reference(found, "id", chosen.reference) if chosen.reference else found


def page_of_cases(chosen: CaseFilter, cursor: str, size: int = PAGE) -> Page[Case]:
    """One page, in the order the filter asks for."""
    return page_of(cases_found(chosen), chosen.order, cursor, size)
