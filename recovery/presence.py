"""The Verified ID shown back, and the live face beside the portrait in it.

Protects against a credential that was copied, kept from another case or shown by somebody else. The presentation is
bound to the case's browser by its `response_code`, the face to the same browser by the challenge. What it does not
do: decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Refused, Unavailable
from portal.kit.outbox import enqueue
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.cases import claimant, get_case, has_done, locked, move_case, record_step
from recovery.models import Case
from recovery.proofing import allows_flashing
from recovery.statuses import CaseStatus, StepKind, StepState
from tenants.models import Tenant
from tenants.verified_id import presentation
from vendors.facecheck import selectors as face_checks
from vendors.facecheck import services as face_check
from vendors.facecheck.models import FaceCheck

MAX_PRESENTATIONS = 5


def begin_case_presentation(tenant: Tenant, case: Case) -> UUID:
    """A presentation request for this case and browser; the one under way if it still lives."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING or case.credential_id is None:
        raise Refused("step_out_of_order")
    if case.presentation_id and presentation.state_of(case.presentation_id) == "waiting":
        return case.presentation_id
    if is_present(case):
        # A second tab is late: what was shown stays what the face is compared with.
        raise Refused("step_out_of_order")
    begun = presentation.begin_presentation(
        reference=case.id,
        browser_digest=bytes(case.browser_digest),
        purpose=_("Recover your account at %(organisation)s. Case %(reference)s.")
        % {"organisation": tenant.name, "reference": case.reference},
        return_path="/recover/presented",
    )
    case.presentation_id = begun.id
    case.save(update_fields=["presentation_id"])
    return begun.id


def is_present(case: Case) -> bool:
    """Whether the Verified ID was shown in this browser and is still kept."""
    return (
        has_done(case, StepKind.PRESENTED)
        and not case.needs_new_presence
        and case.presentation_id is not None
        and presentation.state_of(case.presentation_id) == "returned"
    )


def return_from_wallet(case: Case, *, response_code: str, browser_digest: bytes) -> None:
    """The wallet sent the browser back. The result counts only in the browser that asked (OpenID4VP 1.0, 14.2)."""
    done = presentation.complete_presentation(response_code=response_code, browser_digest=browser_digest)
    case = locked(case.id)
    if case.presentation_id != done.id or case.state is not CaseStatus.PROVING:
        raise Refused("presentation_of_another_case", _("This belongs to another recovery. Start again."))
    shown = presentation.peek_presented(done.id)
    if shown.credential_id != case.credential_id:
        # A credential kept from an earlier case names no account and proves nothing here.
        record_step(case, StepKind.PRESENTED, StepState.FAILED, reasons=["credential_of_another_case"])
        presentation.take_presented(done.id)
        move_case(case.id, CaseStatus.REFUSED, reasons=["credential_of_another_case"])
        return
    record_step(
        case,
        StepKind.PRESENTED,
        actor=Actor(ActorKind.WALLET),
        evidence={"holder": shown.holder_thumbprint[:12]},
    )
    case.needs_new_presence = False
    case.face_check_id = None
    case.save(update_fields=["needs_new_presence", "face_check_id"])


def begin_case_face_check(case: Case) -> FaceCheck:
    """A server-chosen challenge for this browser. A case that moved browsers is not charged a second time."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING or not is_present(case):
        raise Refused("step_out_of_order")
    already_done = has_done(case, StepKind.FACE_CHECKED)
    begun = face_check.begin_face_check(
        reference=case.id,
        browser_digest=bytes(case.browser_digest),
        threshold=case.profile.face_threshold,
        flashing=allows_flashing(case.id),
        billable=not already_done,
        mode=case.mode,
    )
    case.face_check_id = begun.id
    case.save(update_fields=["face_check_id"])
    return begun


@dataclass(frozen=True, slots=True)
class FaceAnswer:
    """What the page is told: go on, try again (with what to change), or it is over."""

    state: str
    reasons: tuple[str, ...] = ()


def submit_case_face_check(
    tenant: Tenant, case_id: UUID, *, browser_digest: bytes, clip: bytes
) -> FaceAnswer:
    """Judge the live face against the portrait in the presented credential. No transaction is open while vision works."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        case = get_case(case_id)
        if case.state is not CaseStatus.PROVING or not is_present(case):
            raise Refused("step_out_of_order")
        if case.face_check_id is None or case.presentation_id is None:
            raise Refused("step_out_of_order")
        face_check_id, presentation_id = case.face_check_id, case.presentation_id
        portrait = presentation.peek_presented(presentation_id).portrait
    try:
        result = face_check.submit_face_check(
            face_check_id, tenant_id=tenant.id, browser_digest=browser_digest, clip=clip, portrait=portrait
        )
    except Unavailable:
        return FaceAnswer("one_moment")
    with tenant_scope(tenant.id):
        return _note_face(case_id, face_check_id, result)


def _note_face(case_id: UUID, face_check_id: UUID, result: face_check.FaceCheckResult) -> FaceAnswer:
    case = locked(case_id)
    if case.face_check_id != face_check_id or case.state is not CaseStatus.PROVING:
        return FaceAnswer("done")
    if result.passed:
        record_step(
            case,
            StepKind.FACE_CHECKED,
            actor=claimant(case),
            vendor="facecheck",
            evidence={"confidence": result.confidence, "threshold": case.profile.face_threshold},
        )
        enqueue("recovery.decide", tenant_id=case.tenant_id, case_id=case.id, face_check_id=face_check_id)
        return FaceAnswer("done")
    record_step(
        case,
        StepKind.FACE_CHECKED,
        StepState.FAILED,
        actor=claimant(case),
        vendor="facecheck",
        evidence={"confidence": result.confidence, "threshold": case.profile.face_threshold},
        reasons=result.reasons,
    )
    if result.retry:
        return FaceAnswer("again", face_checks.told_to_person(result.reasons))
    if case.presentation_id:
        presentation.take_presented(case.presentation_id)
    move_case(case.id, CaseStatus.REFUSED, reasons=["face_check_failed"])
    return FaceAnswer("done")
