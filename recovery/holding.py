"""A hold: hours in which nothing happens, and every address hears of it at once with "this was not me".

Protects an account from a recovery that passed and was not its owner's: they have that time to stop it. The Verified ID stays
in the wallet meanwhile and opens nothing; what was presented is destroyed, so that after the wait the person shows it and
their face once more, at no charge, and the case is decided anew (decision 0049). What it does not do: grant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id
from recovery.cases import locked, move_case
from recovery.decision import HOLD_HOURS
from recovery.models import Case
from recovery.proof import void_proof
from recovery.repudiation import make_repudiation_link
from recovery.routes import is_by_eid
from recovery.statuses import CaseStatus
from recovery.telling import tell_members_of_wait
from tenants.directory.selectors import emails_of
from tenants.models import Tenant
from tenants.notices.services import send_notice

# How long the person has to come back once the waiting is over.
COME_BACK = timedelta(hours=24)


def wait_from_now(case: Case, signs: Sequence[str], hours: int) -> dict[str, Any]:
    """The fields of a case that waits from now on. What it waits for already does not begin anew."""
    moment = clock.now()
    begun = case.held_until is not None and case.held_until > moment
    if begun and set(signs) <= set(case.signs_waited):
        return {}
    until = moment + timedelta(hours=hours)
    if begun and case.held_until is not None:
        until = max(until, case.held_until)
    return {"held_until": until, "signs_waited": list(dict.fromkeys([*case.signs_waited, *signs]))}


def hold_case(
    case: Case,
    *,
    reasons: Sequence[str],
    hours: int = HOLD_HOURS,
    fields: Mapping[str, Any] | None = None,
) -> None:
    """Let the case wait and tell the person at once. With the case locked."""
    waits = wait_from_now(case, reasons, hours)
    until: datetime = waits.get("held_until") or case.held_until or clock.now()
    move_case(
        case.id,
        CaseStatus.HELD,
        reasons=reasons,
        fields={**(fields or {}), **waits, "expires_at": until + COME_BACK},
    )
    wake_at(case, until)
    tell_of_wait(case)
    tell_members_of_wait(case)


def wake_at(case: Case, moment: datetime) -> None:
    enqueue("recovery.hold_over", tenant_id=current_tenant_id(), case_id=case.id, available_at=moment)


def tell_of_wait(case: Case) -> None:
    """To every address, with "this was not me", the moment it begins to wait: for the time, for two members, or both."""
    if case.person_id is None:
        return
    tenant = Tenant.objects.get(id=case.tenant_id)
    send_notice(
        "enrolment_held" if case.is_enrolment else "recovery_held",
        addresses=emails_of(case.person_id),
        context={
            "reference": case.reference,
            "not_me_url": make_repudiation_link(tenant, case),
            "by_eid": "yes" if is_by_eid(case) else "",
            "until": _moment(tenant, case.held_until) if case.held_until else "",
            "in_review": "yes" if case.state is CaseStatus.IN_REVIEW else "",
        },
        case_id=case.id,
    )


def on_hold_over(job: Job) -> None:
    """A hold ended: the person shows the Verified ID and the face once more, or signs in with the eID, and the case is
    decided again. One that has to wait longer by now is woken by a job of its own."""
    case = locked(job.uuid("case_id"))
    if case.state is CaseStatus.HELD and case.held_until is not None and case.held_until <= clock.now():
        take_up_again(case, actor=SYSTEM)


def take_up_again(case: Case, *, actor: Actor, reasons: Sequence[str] = (), **fields: Any) -> Case:
    """Back to proving: what was presented is gone, so the person shows it once more, and the case is decided anew by rule.
    With the case locked."""
    moved = move_case(
        case.id,
        CaseStatus.PROVING,
        actor=actor,
        reasons=reasons,
        fields={"needs_new_presence": True, **fields},
    )
    void_proof(moved)
    return moved


def _moment(tenant: Tenant, moment: datetime) -> str:
    with timezone.override(tenant.time_zone):
        return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
