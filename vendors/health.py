"""Whether a partner answers, learned from real calls: a circuit breaker for each connection.

Protects people from being sent where nobody answers, when there is somewhere else to send them. After three faults in a
row a partner rests: it is offered last until the rest is over, then the next person's call tries it again, and one good
answer makes it well. Each further fault doubles the rest, up to a quarter of an hour. What it does not do: close the only
way there is. A partner without another beside it is still asked, for one person loses less by a fault than everybody by a
closed door. A link into a session is no answer yet: a partner may give those out and fail at the end. A fault is the partner's or its settings'; what a person did, and an attack, is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.contract import AdapterError, Fault
from vendors.models import Connection, PartnerHealth

FAULTS_TO_REST = 3
REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=15)
COUNTED = frozenset({Fault.PARTNER, Fault.CONFIG})


def rest_after(faults: int) -> timedelta | None:
    """How long a partner rests after so many faults in a row; None while it does not."""
    if faults < FAULTS_TO_REST:
        return None
    return min(REST * (1 << min(faults - FAULTS_TO_REST, 10)), LONGEST_REST)


def _locked(connection_id: UUID) -> PartnerHealth:
    """The row of a connection, made on first need; two who come at once get the same one."""
    PartnerHealth.objects.bulk_create([PartnerHealth(connection_id=connection_id)], ignore_conflicts=True)
    return PartnerHealth.objects.select_for_update().get(connection_id=connection_id)


def note_fault(connection: Connection, error: AdapterError) -> None:
    """A call went wrong. Quiet for what is nobody's fault at the partner. In the tenant's scope, after the attempt's own
    row was dealt with: whoever locks both locks this one last."""
    if error.fault in COUNTED:
        _add_fault(connection, error.code)


def note_failed_answer(connection: Connection) -> None:
    """The partner answered that it could not tell: to the person that is the same as no answer."""
    _add_fault(connection, "partner_failed")


def _add_fault(connection: Connection, code: str) -> None:
    row, moment = _locked(connection.id), clock.now()
    rested_before = row.faults_in_row >= FAULTS_TO_REST
    row.faults_in_row += 1
    row.last_fault_code, row.last_fault_at = code[:60], moment
    rest = rest_after(row.faults_in_row)
    # Calls that were under way when the rest began say nothing new: only what was asked after it may prolong it.
    if rest is not None and (row.rests_until is None or row.rests_until <= moment):
        row.rests_until = moment + rest
    row.save(update_fields=["faults_in_row", "last_fault_code", "last_fault_at", "rests_until"])
    if rest is not None and not rested_before:
        _tell(EventName.PARTNER_RESTING, connection, {"code": code[:60], "faults": row.faults_in_row})


def note_answer(connection: Connection) -> None:
    """A session came to an answer, whatever it was."""
    row = PartnerHealth.objects.filter(connection_id=connection.id).first()
    if row is None or not row.faults_in_row:
        return
    row = _locked(connection.id)
    rested = row.faults_in_row >= FAULTS_TO_REST
    row.faults_in_row, row.rests_until = 0, None
    row.save(update_fields=["faults_in_row", "rests_until"])
    if rested:
        _tell(EventName.PARTNER_RECOVERED, connection, {})


def _tell(name: EventName, connection: Connection, data: dict[str, str | int]) -> None:
    record_event(
        name,
        actor=Actor(ActorKind.VENDOR, connection.public_id),
        subject=connection.public_id,
        data={"vendor": connection.vendor, **data},
    )


def resting(connection_ids: Iterable[UUID], *, moment: datetime | None = None) -> frozenset[UUID]:
    """Which of these rest now. One query."""
    found = PartnerHealth.objects.filter(
        connection_id__in=list(connection_ids), rests_until__gt=moment or clock.now()
    )
    return frozenset(found.values_list("connection_id", flat=True))
