"""What the overview reads from all rooms. Numbers and states, no names: billing managers read it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.ids import decode_base32
from recovery.models import Case
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.selectors import last_event
from tenants.models import Tenant
from vendors import selectors as partners
from vendors.models import Connection

DIRECTORY_EVENTS = (
    EventName.PEOPLE_IMPORTED,
    EventName.PERSON_CREATED,
    EventName.PERSON_CHANGED,
    EventName.PERSON_SUSPENDED,
)
PARTNER_TONES = {
    Connection.Status.READY: "ok",
    Connection.Status.CONNECTING: "info",
    Connection.Status.FAILING: "bad",
}
CASE_TONES = {
    CaseStatus.RECOVERED: "ok",
    CaseStatus.REFUSED: "bad",
    CaseStatus.IN_REVIEW: "warn",
    CaseStatus.HELD: "warn",
    CaseStatus.REPUDIATED: "bad",
}


@dataclass(frozen=True, slots=True)
class StatusCount:
    label: str
    tone: str
    count: int
    status: str


@dataclass(frozen=True, slots=True)
class PartnerState:
    title: str
    label: str
    tone: str
    vendor: str


@dataclass(frozen=True, slots=True)
class Health:
    """What the overview answers at a glance."""

    cases_today: int
    recovered_today: int
    refused_today: int
    waiting_reviews: int
    outcomes: Sequence[StatusCount]
    partners: Sequence[PartnerState]
    last_directory_change: datetime | None


def start_of_day(zone: str) -> datetime:
    """The tenant's midnight."""
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    return datetime.combine(today, time(), tzinfo=ZoneInfo(zone))


def _outcomes(since: datetime) -> list[StatusCount]:
    rows = (
        Case.objects.filter(created_at__gte=since, is_decoy=False)
        .values("status")
        .annotate(count=Count("id"))
    )
    counts = {row["status"]: row["count"] for row in rows}
    return [
        StatusCount(str(status.label), CASE_TONES.get(status, "neutral"), counts[status], status.value)
        for status in CaseStatus
        if counts.get(status)
    ]


def _partners() -> list[PartnerState]:
    return [
        PartnerState(
            _(partners.listing(connection.vendor).title),
            str(Connection.Status(connection.status).label),
            PARTNER_TONES.get(Connection.Status(connection.status), "neutral"),
            connection.vendor,
        )
        for connection in partners.connections()
    ]


def health_of(tenant: Tenant) -> Health:
    since = start_of_day(tenant.time_zone)
    outcomes = _outcomes(since)
    ended = Case.objects.filter(ended_at__gte=since, is_decoy=False)
    changed = last_event(DIRECTORY_EVENTS)
    return Health(
        cases_today=sum(outcome.count for outcome in outcomes),
        recovered_today=ended.filter(status=CaseStatus.RECOVERED).count(),
        refused_today=ended.filter(status=CaseStatus.REFUSED).count(),
        waiting_reviews=Case.objects.filter(status=CaseStatus.IN_REVIEW).count(),
        outcomes=outcomes,
        partners=_partners(),
        last_directory_change=changed.created_at if changed else None,
    )


def cases_by_reference(reference: str) -> list[UUID]:
    """The cases whose reference a person read out. None for what is no reference."""
    cleaned = "".join(character for character in reference if character.isalnum())
    if len(cleaned) != 8:
        return []
    try:
        tail = f"{decode_base32(cleaned):010x}"
    except ValueError:
        return []
    found = Case.objects.annotate(text=Cast("id", TextField())).filter(text__endswith=tail)
    return list(found.values_list("id", flat=True)[:50])
