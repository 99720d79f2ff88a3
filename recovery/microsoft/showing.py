"""Showing the card to Microsoft's service, which compares a live face with its photo, and what came of it.

Protects a case from a result of another case, browser or card, and from a face that was not compared: the request was made
for this case and browser, names its cards and the threshold of its profile, and an answer that finds the case elsewhere is
dropped. Microsoft charges a face it compared, whatever came of it, so that is written down first. What it does not do: decide.
"""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Refused
from portal.kit.ids import uuid7
from portal.kit.outbox import Job, enqueue
from recovery.cases import locked, move_case, record_step
from recovery.consenting import purpose_of
from recovery.held import held_of
from recovery.models import Case
from recovery.presence import note_presented
from recovery.proof import is_shown, wants_face_first
from recovery.routes import is_by_eid
from recovery.spending import spender_of
from recovery.statuses import CaseStatus, StepKind, StepState
from tenants.models import Tenant
from tenants.verified_id import presentation
from tenants.verified_id.entra import journeys
from tenants.verified_id.entra.models import EntraRequest
from tenants.verified_id.entra.reading import FACE_TOO_UNLIKE
from vendors import services as vendor_services
from vendors.facecheck import elsewhere
from vendors.facecheck.models import Judge
from vendors.facecheck.selectors import tries_of
from vendors.facecheck.services import Wanted
from vendors.facecheck.tries import may_be_judged

# Requests of one case: each is one at Microsoft, charged or not.
MAX_REQUESTS = 10
State = EntraRequest.State
# What was shown is none of this case's; everything else may be tried again.
OF_ANOTHER = "card_of_another"
WALLET = Actor(ActorKind.WALLET)


def request_under_way(case: Case) -> EntraRequest | None:
    """The newest request, if this browser asked for it."""
    return journeys.request_of(
        case.id, EntraRequest.Kind.PRESENTATION, browser_digest=bytes(case.browser_digest)
    )


def ask_for_card(tenant: Tenant, case: Case) -> EntraRequest | None:
    """Ask for the case's card with a live face; the request under way while it lives. None when a budget's cap holds it up.
    Refused when there is no card to ask for."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING or is_shown(case) or wants_face_first(case):
        raise Refused("step_out_of_order")
    earlier = request_under_way(case)
    if earlier is not None and (earlier.is_live or earlier.state == State.CHECKING):
        return earlier
    cards = journeys.usable_cards(
        [held.credential_id for held in held_of(case)]
        if case.shows_held
        else [case.credential_id]
        if case.credential_id
        else []
    )
    if not cards:
        raise Refused("card_gone")
    if journeys.requests_of(case.id, EntraRequest.Kind.PRESENTATION) >= MAX_REQUESTS:
        raise Refused("too_many_requests")
    threshold, request_id = None if is_by_eid(case) else case.profile.face_threshold, uuid7()
    if threshold is not None and not _reserve(case, request_id, threshold):
        return None
    return journeys.ask_to_show(
        request_id=request_id,
        reference=case.id,
        browser_digest=bytes(case.browser_digest),
        cards=cards,
        purpose=_("%(purpose)s. Case %(reference)s.")
        % {"purpose": purpose_of(tenant, case), "reference": case.reference},
        threshold=threshold,
    )


def _reserve(case: Case, request_id: UUID, threshold: int) -> bool:
    """Reserve what Microsoft charges, and write the check down before it is asked for."""
    spender = spender_of(case)
    if not vendor_services.reserve_face_check(request_id, spender=spender, before=case.face_check_id):
        return False
    elsewhere.begin_elsewhere(
        Wanted(
            reference=case.id,
            browser_digest=bytes(case.browser_digest),
            threshold=threshold,
            flashing=False,
            billable=True,
            mode=case.mode,
        ),
        face_check_id=request_id,
        judge=Judge.MICROSOFT,
        profile_id=spender.profile_id,
        department=spender.department,
    )
    case.face_check_id, case.face_is_before_card = request_id, False
    case.save(update_fields=["face_check_id", "face_is_before_card"])
    return True


# What came of it ---------------------------------------------------------------------------------------------------


def on_answered(job: Job) -> None:
    """A request ended. Once: a second delivery finds no row in the outbox."""
    case, row = locked(job.uuid("reference")), journeys.get_request(job.uuid("request_id"))
    if row.threshold is not None:
        _note_charge(row)
    is_here = row.browser_digest is not None and bytes(row.browser_digest) == bytes(case.browser_digest)
    newest = request_under_way(case)
    if case.state is not CaseStatus.PROVING or not is_here or newest is None or newest.id != row.id:
        return
    if is_shown(case):
        return
    if row.state == State.DONE and row.presentation_id is not None:
        _note_shown(case, row)
    elif row.problem == FACE_TOO_UNLIKE:
        _note_unlike(case, row)
    elif row.problem == OF_ANOTHER:
        record_step(
            case, StepKind.PRESENTED, StepState.FAILED, actor=WALLET, reasons=["credential_of_another_case"]
        )
        move_case(case.id, CaseStatus.REFUSED, reasons=["credential_of_another_case"])
    elif row.problem == "card_refused":
        _note_void_card(case)


def _note_charge(row: EntraRequest) -> None:
    """What the ledger counts: a face that Microsoft compared, alike or not."""
    if not row.face_was_compared:
        elsewhere.give_up_elsewhere(row.id)
        vendor_services.release_face_check(row.id)
        return
    is_alike = row.problem != FACE_TOO_UNLIKE
    elsewhere.decide_elsewhere(row.id, passed=is_alike, confidence=row.confidence if is_alike else None)


def _note_shown(case: Case, row: EntraRequest) -> None:
    done = presentation.get_presentation(row.presentation_id or row.id)
    case.presentation_id = done.id
    case.save(update_fields=["presentation_id"])
    if not note_presented(case, done) or row.threshold is None:
        return
    case.face_check_id = row.id
    case.save(update_fields=["face_check_id"])
    record_step(
        case,
        StepKind.FACE_CHECKED,
        actor=WALLET,
        vendor=Judge.MICROSOFT.value,
        evidence=_measured(row, int(row.confidence or 0)),
    )
    enqueue("recovery.decide", tenant_id=case.tenant_id, case_id=case.id, face_check_id=row.id)


def _measured(row: EntraRequest, confidence: int | None) -> dict[str, object]:
    """Of a face that was not alike Microsoft tells no score."""
    return {
        "confidence": confidence,
        "threshold": row.threshold,
        "face_check": row.id.hex,
        "before_card": False,
        "judge": Judge.MICROSOFT.value,
    }


def _note_unlike(case: Case, row: EntraRequest) -> None:
    record_step(
        case,
        StepKind.FACE_CHECKED,
        StepState.FAILED,
        actor=WALLET,
        vendor=Judge.MICROSOFT.value,
        evidence=_measured(row, None),
        reasons=["not_confirmed"],
    )
    if not may_be_judged(tries_of(case.id)):
        move_case(case.id, CaseStatus.REFUSED, reasons=["face_check_failed"])


def _note_void_card(case: Case) -> None:
    """It was taken away. One from before leads back to a new proof; of a new one the person gets another."""
    reason = "held_card_does_not_count" if case.shows_held else "credential_not_valid"
    record_step(case, StepKind.PRESENTED, StepState.FAILED, actor=WALLET, reasons=[reason])
    if case.shows_held:
        case.shows_held, case.presentation_id = False, None
        case.save(update_fields=["shows_held", "presentation_id"])
