"""The Verified ID shown back, and the live face beside the portrait in it.

Protects against a credential that was copied, kept from another case or shown by somebody else. The presentation is
bound to the case's browser by its `response_code`, the face to the same browser by the challenge. In a browser in which
nothing was proven a live face comes before the card as well (recovery.proof). What it does not do: decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Refused, Unavailable
from portal.kit.ids import uuid7
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.allowance import is_face_charged
from recovery.cases import claimant, get_case, locked, move_case, record_step, steps_of
from recovery.consenting import allows_flashing, purpose_of
from recovery.held import held_card, is_tied_to_person
from recovery.models import Case
from recovery.proof import is_shown, note_known_face, proven_portrait, wants_face_first
from recovery.routes import is_by_eid
from recovery.spending import spender_of
from recovery.statuses import CaseStatus, StepKind, StepState
from tenants.models import Tenant
from tenants.verified_id import presentation
from tenants.verified_id.models import Presentation
from vendors import services as vendor_services
from vendors.facecheck import selectors as face_checks
from vendors.facecheck import services as face_check
from vendors.facecheck.models import FaceCheck

MAX_PRESENTATIONS = 5


def begin_case_presentation(tenant: Tenant, case: Case, *, is_cross_device: bool = False) -> Presentation:
    """A presentation request for this case and browser; the one under way if it still lives."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING or (case.credential_id is None and not case.shows_held):
        raise Refused("step_out_of_order")
    under_way = case.presentation_id and presentation.waiting(
        case.presentation_id, is_cross_device=is_cross_device
    )
    if under_way:
        return under_way
    if is_shown(case):
        # A second tab is late: what was shown stays what the face is compared with.
        raise Refused("step_out_of_order")
    begun = presentation.begin_presentation(
        portrait=not is_by_eid(case),
        reference=case.id,
        browser_digest=bytes(case.browser_digest),
        purpose=_("%(purpose)s. Case %(reference)s.")
        % {"purpose": purpose_of(tenant, case), "reference": case.reference},
        return_path="/recover/presented",
        is_cross_device=is_cross_device,
    )
    case.presentation_id = begun.id
    case.save(update_fields=["presentation_id"])
    return begun


def return_from_wallet(case: Case, *, response_code: str, browser_digest: bytes) -> None:
    """The wallet sent the browser back. The result counts only in the browser that asked (OpenID4VP 1.0, 14.2)."""
    note_presented(
        case, presentation.complete_presentation(response_code=response_code, browser_digest=browser_digest)
    )


def look_for_answer(case: Case, *, browser_digest: bytes) -> bool:
    """Whether a wallet on another device has answered the request of this browser; its answer is taken now. The card has
    to be the case's own and the live face comes next, in this browser (decision 0013)."""
    if case.presentation_id is None:
        return False
    done = presentation.complete_across_devices(case.presentation_id, browser_digest=browser_digest)
    if done is None:
        return False
    note_presented(case, done)
    return True


def note_presented(case: Case, done: Presentation) -> bool:
    """Write down what was shown. Whether it counts, so that the case goes on with it."""
    case = locked(case.id)
    if case.presentation_id != done.id or case.state is not CaseStatus.PROVING:
        raise Refused("presentation_of_another_case", _("This belongs to another recovery. Start again."))
    shown = presentation.peek(done)
    if case.shows_held:
        if not _take_held(case, shown.credential_id, done):
            return False
    elif shown.credential_id != case.credential_id:
        # A credential kept from an earlier case names no account and proves nothing here.
        _refuse_shown(case, done, "credential_of_another_case")
        return False
    record_step(
        case,
        StepKind.PRESENTED,
        actor=Actor(ActorKind.WALLET),
        evidence=_evidence_of(case, shown.holder_thumbprint),
    )
    case.needs_new_presence = False
    case.face_check_id = None
    case.face_is_before_card = False
    case.save(update_fields=["needs_new_presence", "face_check_id", "face_is_before_card"])
    if is_by_eid(case):
        # No face comes after it: whoever signed in with the eID in this browser shows its card in this browser.
        enqueue("recovery.decide", tenant_id=case.tenant_id, case_id=case.id, presentation_id=done.id)
    return True


def _evidence_of(case: Case, holder_thumbprint: str) -> dict[str, str]:
    found = held_card(case, case.credential_id) if case.shows_held else None
    told = {"holder": holder_thumbprint[:12]}
    return (
        told | {"held_from": found.proven_in, "proven_on": found.proven_at.date().isoformat()}
        if found
        else told
    )


def _refuse_shown(case: Case, done: Presentation, reason: str) -> None:
    record_step(case, StepKind.PRESENTED, StepState.FAILED, reasons=[reason])
    presentation.take_presented(done.id)
    move_case(case.id, CaseStatus.REFUSED, reasons=[reason])


def _take_held(case: Case, credential_id: UUID, done: Presentation) -> bool:
    """Whether the card counts, and the case goes on with it. One of this person's that does not count, too old or too weak,
    leads back to a new proof; one of anybody else ends the case."""
    if held_card(case, credential_id) is not None:
        case.credential_id = credential_id
        case.save(update_fields=["credential_id"])
        return True
    if not is_tied_to_person(case, credential_id):
        _refuse_shown(case, done, "credential_of_another_case")
        return False
    record_step(case, StepKind.PRESENTED, StepState.FAILED, reasons=["held_card_does_not_count"])
    presentation.take_presented(done.id)
    case.shows_held, case.presentation_id = False, None
    case.save(update_fields=["shows_held", "presentation_id"])
    return False


def _was_charged(case: Case) -> bool:
    """One Face Check that passed is charged, however often a case has to show a face after it."""
    return any(
        step.kind == StepKind.FACE_CHECKED
        and step.state == StepState.DONE
        and not step.evidence.get("before_card")
        for step in steps_of(case)
    )


def begin_case_face_check(case: Case) -> FaceCheck | None:
    """A server-chosen challenge for this browser: for the decision once the Verified ID was shown, else before this
    browser is given one. A case that moved browsers is not charged a second time, and a face before the card never.
    What is charged is reserved first; None when a budget's cap holds it up."""
    case = locked(case.id)
    before_card = not is_shown(case)
    if is_by_eid(case):
        raise Refused("step_out_of_order")
    if case.state is not CaseStatus.PROVING or (before_card and not wants_face_first(case)):
        raise Refused("step_out_of_order")
    wanted = face_check.Wanted(
        reference=case.id,
        browser_digest=bytes(case.browser_digest),
        threshold=case.profile.face_threshold,
        flashing=allows_flashing(case),
        billable=is_face_charged(before_card=before_card, charged_before=_was_charged(case)),
        mode=case.mode,
    )
    begun = face_check.face_check_under_way(case.face_check_id, wanted) or _draw(case, wanted)
    if begun is None:
        return None
    if (case.face_check_id, case.face_is_before_card) != (begun.id, before_card):
        case.face_check_id = begun.id
        case.face_is_before_card = before_card
        case.save(update_fields=["face_check_id", "face_is_before_card"])
    return begun


def _draw(case: Case, wanted: face_check.Wanted) -> FaceCheck | None:
    face_check_id, spender = uuid7(), spender_of(case)
    if wanted.billable and not vendor_services.reserve_face_check(
        face_check_id, spender=spender, before=case.face_check_id
    ):
        return None
    return face_check.begin_face_check(
        wanted,
        face_check_id=face_check_id,
        profile_id=spender.profile_id,
        department=spender.department,
    )


def choose_no_flashing(case: Case) -> None:
    """Colours are no option for this person: from here on every challenge of the case turns the head instead, which is
    judged as strictly. The one that was shown is void with the next. It is not taken back."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING:
        raise Refused("step_out_of_order")
    case.no_flashing = True
    case.save(update_fields=["no_flashing"])


@dataclass(frozen=True, slots=True)
class FaceAnswer:
    """What the page is told: go on, try again (with what to change), or it is over."""

    state: str
    reasons: tuple[str, ...] = ()


def _portrait(case: Case) -> bytes:
    """What the face is compared with: the portrait that was shown, or the one of the proof before there is a card."""
    if case.face_is_before_card and wants_face_first(case):
        return proven_portrait(case)
    if case.face_is_before_card or not is_shown(case) or case.presentation_id is None:
        raise Refused("step_out_of_order")
    portrait = presentation.peek_presented(case.presentation_id).portrait
    if portrait is None:
        raise Refused("step_out_of_order")
    return portrait


def submit_case_face_check(
    tenant: Tenant, case_id: UUID, *, browser_digest: bytes, clip: bytes, answers: str = ""
) -> FaceAnswer:
    """Judge the live face against the portrait. No transaction is open while vision works. A recording that says it
    `answers` another challenge than the case's, of a tab that was left behind, is not judged and costs no try."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        case = get_case(case_id)
        if case.state is not CaseStatus.PROVING or case.face_check_id is None:
            raise Refused("step_out_of_order")
        if answers and answers != case.face_check_id.hex:
            return FaceAnswer("again")
        face_check_id, portrait = case.face_check_id, _portrait(case)
    try:
        result = face_check.submit_face_check(
            face_check_id, tenant_id=tenant.id, browser_digest=browser_digest, clip=clip, portrait=portrait
        )
    except Unavailable:
        return FaceAnswer("one_moment")
    with tenant_scope(tenant.id):
        return _note_face(case_id, face_check_id, result)


def note_judged_face(case: Case) -> bool:
    """Note the decision on a face whose answer was lost between judging and noting. Whether there was one."""
    if case.face_check_id is None or (case.is_at_microsoft and not case.face_is_before_card):
        # A face that Microsoft judged counts with the card it was compared with (recovery.microsoft).
        return False
    if _is_noted(case, case.face_check_id):
        return False
    result = face_check.result_of(case.face_check_id)
    if result is None:
        return False
    _note_face(case.id, case.face_check_id, result)
    return True


def on_face_check_recorded(job: Job) -> None:
    """The ledger has the check: if the process that asked for it died in between, the case hears of it here."""
    case = get_case(job.uuid("reference"))
    if case.face_check_id == job.uuid("face_check_id"):
        note_judged_face(case)


def _is_noted(case: Case, face_check_id: UUID) -> bool:
    return any(
        step.kind == StepKind.FACE_CHECKED and step.evidence.get("face_check") == face_check_id.hex
        for step in steps_of(case)
    )


def _note_face(case_id: UUID, face_check_id: UUID, result: face_check.FaceCheckResult) -> FaceAnswer:
    """Write the decision on a face into the case, once."""
    case = locked(case_id)
    if (
        case.face_check_id != face_check_id
        or case.state is not CaseStatus.PROVING
        or _is_noted(case, face_check_id)
    ):
        return FaceAnswer("done")
    record_step(
        case,
        StepKind.FACE_CHECKED,
        StepState.DONE if result.passed else StepState.FAILED,
        actor=claimant(case),
        vendor="readmit",
        evidence={
            "confidence": result.confidence,
            "threshold": case.profile.face_threshold,
            "face_check": face_check_id.hex,
            "before_card": case.face_is_before_card,
        },
        reasons=() if result.passed else result.reasons,
    )
    if result.passed:
        _go_on(case, face_check_id)
        return FaceAnswer("done")
    if result.retry:
        return FaceAnswer("again", face_checks.told_to_person(result.reasons))
    # What was shown is destroyed with the end of the case.
    move_case(case.id, CaseStatus.REFUSED, reasons=["face_check_failed"])
    return FaceAnswer("done")


def _go_on(case: Case, face_check_id: UUID) -> None:
    if case.face_is_before_card:
        note_known_face(case)
        return
    enqueue("recovery.decide", tenant_id=case.tenant_id, case_id=case.id, face_check_id=face_check_id)
