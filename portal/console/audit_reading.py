"""Events as the log's page shows them: a sentence, who, when, which case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.console.selectors import cases_by_reference
from portal.kit.actors import ActorKind
from portal.kit.ids import parse_public_id, short_reference
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from tenants.audit.models import AuditEvent
from tenants.audit.selectors import LogFilter, log_page
from tenants.audit.sentences import ACTOR_KINDS, EVENT_NAMES, actor_label, sentence_of
from tenants.models import OwnerRecovery, SetupLink, Tenant
from tenants.selectors import names_of_members


@dataclass(frozen=True, slots=True)
class Shown:
    """`actor` is a colleague's name where the actor is one, else what kind of actor it was."""

    id: str
    sentence: str
    actor: str
    at: datetime
    case_reference: str


def _member_id(event: AuditEvent) -> UUID | None:
    if event.actor_kind != ActorKind.MEMBER:
        return None
    try:
        return parse_public_id("member", event.actor_id)
    except ValueError:
        return None


def actor_of_event(event: AuditEvent, names: dict[UUID, str]) -> str:
    member_id = _member_id(event)
    if member_id is not None:
        return names.get(member_id, actor_label(event.actor_kind))
    if event.actor_id.startswith(f"{SetupLink.prefix}_"):
        return _("A colleague with a set-up link")
    if event.actor_id.startswith(f"{OwnerRecovery.prefix}_"):
        return _("Somebody with the link of a new way in")
    return actor_label(event.actor_kind)


def shown(events: Sequence[AuditEvent]) -> list[Shown]:
    ids = {member_id for event in events if (member_id := _member_id(event))}
    names = names_of_members(ids) if ids else {}
    return [
        Shown(
            event.public_id,
            sentence_of(event.name),
            actor_of_event(event, names),
            event.created_at,
            short_reference(event.case_id) if event.case_id else "",
        )
        for event in events
    ]


def _midnight(day: date | None, zone: str) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)) if day else None


def filter_of(values: dict[str, Any], zone: str) -> LogFilter:
    """What the address asks for. Days are the tenant's."""
    until: date | None = values["until"]
    return LogFilter(
        names=[values["event"]] if values["event"] in EVENT_NAMES else [],
        actor_kind=values["actor"] if values["actor"] in ACTOR_KINDS else "",
        case_ids=cases_by_reference(values["case"]) if values["case"] else None,
        since=_midnight(values["since"], zone),
        until=_midnight(until + timedelta(days=1), zone) if until else None,
        sort=values["sort"] or "",
    )


def _rows(tenant: Tenant, chosen: LogFilter) -> Iterator[list[str]]:
    cursor = ""
    while True:
        with tenant_scope(tenant.id):
            page = log_page(chosen, cursor=cursor, size=1000)
            told = shown(page.rows)
        for event, one in zip(page.rows, told, strict=True):
            yield [
                event.created_at.isoformat(),
                one.sentence,
                event.name,
                one.actor,
                event.actor_id,
                event.subject,
                one.case_reference,
            ]
        cursor = page.next_cursor
        if not cursor:
            return


def csv_of(tenant: Tenant, chosen: LogFilter) -> Iterator[str]:
    """Exactly what is shown, all of it; each thousand in a scope of its own, because it is streamed."""
    header = [_("Time (UTC)"), _("What happened"), _("Event"), _("Who"), _("Actor"), _("About"), _("Case")]
    return sheet_lines(header, _rows(tenant, chosen))
