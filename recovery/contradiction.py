"""A partner that gives two different answers for one check (THREATS: contradiction means stop).

Protects an account from whoever holds a partner's key, or made the partner lie once: a case that did not reach the
account ends at once, with its pass and its Verified ID; one that did is doubted, told to every address, and shown to the
members who can freeze it. What it does not do: say which of the two answers was true.
"""

from __future__ import annotations

from portal.kit.actors import Actor, ActorKind
from portal.kit.outbox import Job
from recovery.alerting import alert_members
from recovery.cases import locked, move_case, steps_of
from recovery.models import Case
from recovery.proof import cases_served_by
from recovery.repudiation import make_repudiation_link, take_back
from recovery.statuses import MOVES, CaseStatus, StepKind
from tenants.directory.selectors import emails_of
from tenants.models import Tenant
from tenants.notices.services import send_notice
from tenants.verified_id import issuance

CONTRADICTED = "partner_contradicted_itself"


def on_proofing_contradicted(job: Job) -> None:
    """The partner's room wrote the contradiction down; here is what it means for the case, at whatever status it is."""
    _stop(locked(job.uuid("reference")))
    for served in cases_served_by(job.uuid("reference")):
        _stop(locked(served))


def _stop(case: Case) -> None:
    if CONTRADICTED in case.reasons:
        return
    issuance.destroy_of_reference(case.id)
    if MOVES.allows(case.state, CaseStatus.REFUSED):
        vendor = next((step.vendor for step in steps_of(case) if step.kind == StepKind.PROOFED), "")
        actor = Actor(ActorKind.VENDOR, vendor)
        take_back(case, reason="contradicted", actor=actor)
        case = move_case(case.id, CaseStatus.REFUSED, actor=actor, reasons=[CONTRADICTED])
    else:
        case.reasons = [*case.reasons, CONTRADICTED]
        case.save(update_fields=["reasons"])
    if case.gave_account:
        _tell(case)
    alert_members(case, reasons=[CONTRADICTED])


def _tell(case: Case) -> None:
    if case.person_id is None:
        return
    tenant = Tenant.objects.get(id=case.tenant_id)
    send_notice(
        "recovery_doubted",
        addresses=emails_of(case.person_id),
        context={"reference": case.reference, "not_me_url": make_repudiation_link(tenant, case)},
        case_id=case.id,
    )
