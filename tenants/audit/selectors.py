"""Reading the log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from portal.kit.errors import NotHere
from portal.kit.paging import Column, Order, Page, page_of, read_order
from tenants.audit.models import AuditCheck, AuditEvent, AuditHead, AuditLink, AuditPersonal
from tenants.audit.personal import open_personal
from tenants.audit.services import Value

COLUMNS: Mapping[str, Column] = {"when": Column("created_at")}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Empty means: all. `case_ids` None means: all; an empty one means: none."""

    names: Sequence[str] = ()
    actor_kind: str = ""
    case_ids: Sequence[UUID] | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: str = ""

    @property
    def order(self) -> Order:
        return read_order(self.sort, COLUMNS, "-when")


def _filtered(chosen: LogFilter) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.all()
    if chosen.names:
        found = found.filter(name__in=chosen.names)
    if chosen.actor_kind:
        found = found.filter(actor_kind=chosen.actor_kind)
    if chosen.case_ids is not None:
        found = found.filter(case_id__in=chosen.case_ids)
    if chosen.since:
        found = found.filter(created_at__gte=chosen.since)
    if chosen.until:
        found = found.filter(created_at__lt=chosen.until)
    return found


def log_page(chosen: LogFilter, *, cursor: str = "", size: int = 50) -> Page[AuditEvent]:
    """One page, newest first unless the filter says otherwise."""
    return page_of(_filtered(chosen), chosen.order, cursor, size)


def count_events(chosen: LogFilter) -> int:
    return _filtered(chosen).count()


def get_event(event_id: UUID) -> AuditEvent:
    event = AuditEvent.objects.filter(id=event_id).first()
    if event is None:
        raise NotHere("event_unknown")
    return event


def number_of(event: AuditEvent) -> int | None:
    """Its place in the chain; None for the second before the sealer sees it."""
    return AuditLink.objects.filter(event_id=event.id).values_list("number", flat=True).first()


def personal_state(event: AuditEvent) -> str:
    """ "none", "kept" or "shredded"."""
    if event.personal_digest is None:
        return "none"
    kept = AuditPersonal.objects.filter(event_id=event.id).exclude(sealed=None).exists()
    return "kept" if kept else "shredded"


def personal_half(event: AuditEvent) -> Mapping[str, Value]:
    """Who it was about. NotHere once shredded; BrokenChain when it is not what the chain holds the digest of."""
    row = AuditPersonal.objects.filter(event_id=event.id).exclude(sealed=None).first()
    if row is None or row.sealed is None:
        raise NotHere("personal_half_shredded")
    values: dict[str, Value] = json.loads(open_personal(row, event.personal_digest))
    return values


@dataclass(frozen=True, slots=True)
class ChainState:
    """What the log's page says about the chain."""

    length: int
    last_check: AuditCheck | None
    last_head: AuditHead | None


def chain_state() -> ChainState:
    last = AuditLink.objects.order_by("-number").values_list("number", flat=True).first()
    return ChainState(
        last or 0,
        AuditCheck.objects.order_by("-created_at").first(),
        AuditHead.objects.order_by("-number").first(),
    )
