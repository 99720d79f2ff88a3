"""What a partner proved, kept to serve again: in another browser, for another wallet, in a later case.

Protects two people. The one who proved who they are never does it, or pays for it, twice: until the profile's window is
over the same proof gives a new Verified ID. And whose proof it is: in a browser in which it was not made nothing is handed
out before a live face in that browser agreed with the proven portrait, so that a stolen continuation code or mailbox
gives neither the card nor the portrait on it. What it does not do: decide.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.errors import Refused
from recovery.cases import claimant, has_done, last_done, locked, move_case, record_step
from recovery.models import Case
from recovery.ordering import partner_ids
from recovery.routes import is_by_eid
from recovery.statuses import CaseStatus, Route, StepKind
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id import credentials, issuance, presentation
from vendors.services import note_reused_proof

# A case that ended so left a proof that nothing speaks against. Every other end destroys it.
CLAIMANT_STOPPED = "canceled_by_claimant"
REUSABLE = (CaseStatus.PROVING, CaseStatus.CANCELED, CaseStatus.EXPIRED)


def _gone() -> Refused:
    return Refused(
        "proof_gone",
        _("What you proved is not kept any longer. Prove who you are once more, or start again."),
    )


def browser_is_known(case: Case) -> bool:
    """Whether the proof was made in the case's browser, or a live face agreed with it there."""
    known = (case.proofed_browser_digest, case.known_face_browser_digest)
    return any(digest is not None and bytes(digest) == bytes(case.browser_digest) for digest in known)


def hands_out_here(case: Case) -> bool:
    """Whether something is still handed out in this browser that needs a face first: the card; and, where the card is shown
    in Microsoft's app with the face in that app, the showing as well, because no other face is ever seen here."""
    return case.credential_id is None or (case.is_at_microsoft and not case.shows_held)


def wants_face_first(case: Case) -> bool:
    """Whether a live face has to agree with the proven portrait before this browser is given the card."""
    if is_by_eid(case):
        return False
    if has_done(case, StepKind.PROOFED):
        return hands_out_here(case) and not browser_is_known(case)
    return case.earlier_case_id is not None


def proven_portrait(case: Case) -> bytes:
    """The portrait of the proof at hand. Refused once it is gone."""
    issuance_id = case.issuance_id
    if issuance_id is None and case.earlier_case_id is not None:
        issuance_id = _earlier(case).issuance_id
    if issuance_id is None:
        raise _gone()
    return issuance.kept_portrait(issuance_id)


def is_at_hand(case: Case) -> bool:
    """Whether the proof is still kept, so that a card can be made of it."""
    if is_by_eid(case):
        return case.issuance_id is not None and issuance.is_kept(case.issuance_id)
    try:
        proven_portrait(case)
    except Refused:
        return False
    return True


def note_known_face(case: Case) -> None:
    """A live face in the case's browser agreed with the proven portrait. With the case locked."""
    case.known_face_browser_digest = bytes(case.browser_digest)
    case.save(update_fields=["known_face_browser_digest"])
    if case.earlier_case_id is not None and not has_done(case, StepKind.PROOFED):
        _adopt(case)


# Without a face -----------------------------------------------------------------------------------------------------


def void_proof(case: Case) -> None:
    """What an eID proved stands no longer, and the card made of it neither: the person signs in with the eID once more.
    For a case that changes browsers or waited, where a live face would say that it is still the same person and there is
    none. Quiet for a proof that a face can speak for. With the case locked; nothing is saved that is not named."""
    if not is_by_eid(case) or not has_done(case, StepKind.PROOFED):
        return
    issuance.destroy_of_reference(case.id)
    presentation.destroy_of_reference(case.id)
    for credential_id in credentials.credentials_of(case.id):
        credentials.revoke_credential(credential_id, reason="eid_asked_again", actor=SYSTEM)
    record_event(EventName.PROOF_VOIDED, actor=SYSTEM, subject=case.public_id, case_id=case.id)
    case.proof_void_at = clock.now()
    case.attempt_id = case.issuance_id = case.credential_id = case.presentation_id = None
    case.proofed_browser_digest = None
    case.document_digest, case.needs_new_presence = "", False
    case.save(
        update_fields=[
            "proof_void_at",
            "attempt_id",
            "issuance_id",
            "credential_id",
            "presentation_id",
            "proofed_browser_digest",
            "document_digest",
            "needs_new_presence",
        ]
    )


# Another wallet ----------------------------------------------------------------------------------------------------


def ask_for_new_card(case: Case) -> None:
    """The wallet that holds the case's card is out of reach: the card is void, and this browser may get another, at once
    where the proof was made, else after a live face. Refused once the proof is gone."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING or case.credential_id is None or case.issuance_id is None:
        raise Refused("step_out_of_order")
    if not issuance.is_kept(case.issuance_id):
        raise _gone()
    if is_shown(case):
        raise Refused("step_out_of_order")
    issuance.reopen_issuance(case.issuance_id, actor=claimant(case))
    case.credential_id = None
    case.presentation_id = None
    case.needs_new_presence = True
    case.save(update_fields=["credential_id", "presentation_id", "needs_new_presence"])


def is_shown(case: Case) -> bool:
    """Whether a card was shown in this browser and what was shown is still kept."""
    return (
        has_done(case, StepKind.PRESENTED)
        and not case.needs_new_presence
        and case.presentation_id is not None
        and presentation.state_of(case.presentation_id) == "returned"
    )


# A later case ------------------------------------------------------------------------------------------------------


def keeps_proof(case: Case) -> bool:
    """Whether an ended case's proof may serve the same person again."""
    stopped_quietly = case.state is CaseStatus.EXPIRED or (
        case.state is CaseStatus.CANCELED and CLAIMANT_STOPPED in case.reasons
    )
    # Nobody's face says whose an eID's proof is: signing in once more does.
    is_kept = stopped_quietly and not is_by_eid(case)
    return is_kept and case.profile.reuse_hours > 0 and has_done(case, StepKind.PROOFED)


def keep_proof(case: Case) -> None:
    """Let the proof of an ended case rest until the profile's window is over."""
    proofed = last_done(case, StepKind.PROOFED)
    if case.issuance_id is not None and proofed is not None:
        until = proofed.created_at + timedelta(hours=case.profile.reuse_hours)
        issuance.keep_until(case.issuance_id, until)


def reusable_proof(case: Case) -> Case | None:
    """The person's newest case whose proof may serve this one: from the same partner, under the same mode, inside the
    profile's window, and contradicted by nobody."""
    if case.person_id is None or case.proves_first or not case.profile.reuse_hours or is_by_eid(case):
        return None
    since = clock.now() - timedelta(hours=case.profile.reuse_hours)
    found = (
        Case.objects.filter(
            person_id=case.person_id, mode=case.mode, status__in=REUSABLE, issuance_id__isnull=False
        )
        .filter(
            connection_id__in=partner_ids(case.profile),
            steps__kind=StepKind.PROOFED,
            steps__state="done",
            steps__created_at__gte=since,
        )
        .exclude(id=case.id)
        .exclude(route=Route.EID)
        .order_by("-created_at")
        .distinct()[:5]
    )
    return next((earlier for earlier in found if _may_serve(earlier)), None)


def _may_serve(earlier: Case) -> bool:
    usable = (earlier.state is CaseStatus.PROVING or keeps_proof(earlier)) and not is_by_eid(earlier)
    return usable and earlier.issuance_id is not None and issuance.is_kept(earlier.issuance_id)


def _earlier(case: Case) -> Case:
    wanted = case.earlier_case_id or UUID(int=0)
    found = Case.objects.filter(id=wanted).select_related("profile").first()
    if found is None or found.person_id != case.person_id or not _may_serve(found):
        raise _gone()
    return found


def choose_earlier_proof(case: Case) -> None:
    """Let an earlier proof serve this case, once a live face agreed with it here: each case has a browser token of its own,
    so that nothing else says who sits in front of it now."""
    case = locked(case.id)
    earlier = reusable_proof(case)
    if (
        case.state is not CaseStatus.PROVING
        or has_done(case, StepKind.PROOFED)
        or case.attempt_id is not None
    ):
        raise Refused("step_out_of_order")
    if earlier is None:
        raise _gone()
    case.earlier_case_id = earlier.id
    case.save(update_fields=["earlier_case_id"])


def drop_earlier_proof(case: Case) -> None:
    """The person would rather prove who they are again. With the case locked."""
    if case.earlier_case_id is None and case.face_check_id is None:
        return
    case.earlier_case_id = None
    case.face_check_id = None
    case.face_is_before_card = False
    case.save(update_fields=["earlier_case_id", "face_check_id", "face_is_before_card"])


def _adopt(case: Case) -> None:
    """The proof is this case's from here on: the earlier one loses it, with every card that was made of it."""
    earlier = locked(_earlier(case).id)
    proofed = last_done(earlier, StepKind.PROOFED)
    if proofed is None or not _may_serve(earlier) or earlier.issuance_id is None:
        raise _gone()
    made = issuance.adopt_issuance(earlier.issuance_id, reference=case.id, actor=claimant(case))
    if earlier.state is CaseStatus.PROVING:
        move_case(earlier.id, CaseStatus.SUPERSEDED, reasons=["proof_went_on"])
    case.issuance_id = made.id
    case.attempt_id = earlier.attempt_id
    case.document_digest = earlier.document_digest
    case.proofed_browser_digest = bytes(case.browser_digest)
    case.save(update_fields=["issuance_id", "attempt_id", "document_digest", "proofed_browser_digest"])
    record_step(
        case,
        StepKind.PROOFED,
        actor=Actor(ActorKind.VENDOR, proofed.vendor),
        vendor=proofed.vendor,
        evidence={**proofed.evidence, "earlier_case": earlier.reference},
    )
    record_event(
        EventName.PROOF_REUSED,
        actor=claimant(case),
        subject=case.public_id,
        case_id=case.id,
        data={"earlier": earlier.public_id},
    )
    if earlier.attempt_id is not None:
        note_reused_proof(earlier.attempt_id, reference=case.id, mode=case.mode)


def cases_served_by(case_id: UUID) -> list[UUID]:
    """The cases that live on a proof of this one."""
    return list(Case.objects.filter(earlier_case_id=case_id).order_by("id").values_list("id", flat=True))
