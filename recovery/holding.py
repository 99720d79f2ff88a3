"""A hold: a day in which nothing happens, and every address hears of it with "this was not me"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from portal.kit import clock
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id
from recovery.cases import locked, move_case
from recovery.models import Case
from recovery.proof import void_proof
from recovery.repudiation import make_repudiation_link
from recovery.routes import is_by_eid
from recovery.statuses import CaseStatus
from tenants.directory.selectors import emails_of
from tenants.models import Tenant
from tenants.notices.services import send_notice

HOLD = timedelta(hours=24)


def hold_case(case: Case, *, reasons: Sequence[str], fields: Mapping[str, str] | None = None) -> None:
    """Stop the case for a day and tell the person. With the case locked."""
    until = clock.now() + HOLD
    move_case(
        case.id,
        CaseStatus.HELD,
        reasons=reasons,
        fields={**(fields or {}), "held_until": until, "expires_at": until + timedelta(hours=24)},
    )
    enqueue("recovery.hold_over", tenant_id=current_tenant_id(), case_id=case.id, available_at=until)
    _tell(case)


def _tell(case: Case) -> None:
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
        },
        case_id=case.id,
    )


def on_hold_over(job: Job) -> None:
    """A hold ended: the person shows the Verified ID and the face once more, or signs in with the eID, and the case is
    decided again."""
    case = locked(job.uuid("case_id"))
    if case.state is CaseStatus.HELD:
        move_case(case.id, CaseStatus.PROVING, fields={"needs_new_presence": True})
        void_proof(case)
