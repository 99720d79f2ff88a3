"""What the overview reads from all rooms. Numbers and states, no names: billing managers read it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q, Subquery, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.ids import decode_base32
from portal.kit.scope import read_once
from recovery.models import Case
from recovery.patterns.models import Pattern
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.models import Member, Tenant
from tenants.rights import Role
from vendors import selectors as partners
from vendors.models import Connection

DIRECTORY_EVENTS = (
    EventName.PEOPLE_IMPORTED,
    EventName.PEOPLE_IMPORT_UNDONE,
    EventName.PERSON_CREATED,
    EventName.PERSON_CHANGED,
    EventName.PERSON_SUSPENDED,
    EventName.PERSON_REMOVED,
)
PARTNER_TONES = {
    Connection.Status.READY: "ok",
    Connection.Status.CONNECTING: "info",
    Connection.Status.FAILING: "bad",
}
CASE_TONES = {
    CaseStatus.RECOVERED: "ok",
    CaseStatus.ENROLLED: "ok",
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
    open_patterns: int
    outcomes: Sequence[StatusCount]
    partners: Sequence[PartnerState]
    last_directory_change: datetime | None


def start_of_day(zone: str) -> datetime:
    """The tenant's midnight."""
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    return datetime.combine(today, time(), tzinfo=ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Headcount:
    owners: int
    directory_changed_at: datetime | None
    open_patterns: int


def headcount() -> Headcount:
    """How many owners there are, when the directory changed last, and how many patterns wait, in one query."""
    owners = Member.objects.filter(role=Role.OWNER, removed_at=None)
    changes = AuditEvent.objects.filter(name__in=DIRECTORY_EVENTS).order_by("-created_at")
    waiting = Pattern.objects.filter(closed_at=None).order_by()
    patterns = waiting.values("tenant_id").annotate(number=Count("id")).values("number")
    found = owners.aggregate(
        owners=Count("id"),
        changed_at=Max(Subquery(changes.values("created_at")[:1])),
        patterns=Max(Subquery(patterns)),
    )
    if found["owners"]:
        return Headcount(found["owners"], found["changed_at"], found["patterns"] or 0)
    # Without an owner there is no row that could carry the other.
    return Headcount(0, changes.values_list("created_at", flat=True).first(), waiting.count())


def chosen_partners() -> list[Connection]:
    return read_once("connections", partners.connections)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Cases of one status: opened since midnight, ended since midnight, and standing there now."""

    opened: int
    ended: int
    now: int


def _counted(since: datetime) -> dict[str, _Counted]:
    """One query for every number of cases on the page."""
    opened, ended = Q(created_at__gte=since), Q(ended_at__gte=since)
    rows = (
        Case.objects.filter(opened | ended | Q(status=CaseStatus.IN_REVIEW), is_decoy=False)
        .values("status")
        .annotate(opened=Count("id", filter=opened), ended=Count("id", filter=ended), now=Count("id"))
    )
    return {row["status"]: _Counted(row["opened"], row["ended"], row["now"]) for row in rows}


def _outcomes(counted: Mapping[str, _Counted]) -> list[StatusCount]:
    return [
        StatusCount(
            str(status.label), CASE_TONES.get(status, "neutral"), counted[status].opened, status.value
        )
        for status in CaseStatus
        if status in counted and counted[status].opened
    ]


def _partners() -> list[PartnerState]:
    return [
        PartnerState(
            _(partners.listing(connection.vendor).title),
            str(Connection.Status(connection.status).label),
            PARTNER_TONES.get(Connection.Status(connection.status), "neutral"),
            connection.vendor,
        )
        for connection in chosen_partners()
    ]


def health_of(tenant: Tenant) -> Health:
    counted = _counted(start_of_day(tenant.time_zone))
    outcomes, none = _outcomes(counted), _Counted(0, 0, 0)
    return Health(
        cases_today=sum(outcome.count for outcome in outcomes),
        recovered_today=counted.get(CaseStatus.RECOVERED, none).ended,
        refused_today=counted.get(CaseStatus.REFUSED, none).ended,
        waiting_reviews=counted.get(CaseStatus.IN_REVIEW, none).now,
        open_patterns=read_once("headcount", headcount).open_patterns,
        outcomes=outcomes,
        partners=_partners(),
        last_directory_change=read_once("headcount", headcount).directory_changed_at,
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
