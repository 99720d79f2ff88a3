"""A Verified ID that the person holds from before the loss: a case may begin with showing it, instead of a new proof.

Protects an account from a stolen wallet. The card has to be tied to this very account for three days, valid now, and made
of a proof that is not older than the profile lets it be; whoever shows it has confirmed a known address or a saved code
before, and looks into the camera after it. What the card was once proven with covers what the profile asks for today, but
all of that is one kind of evidence: it stands and falls with the wallet. What it does not do: decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import Refused
from recovery.cases import has_done, last_done, locked
from recovery.decision import Assurance
from recovery.models import Case, CaseStep, CredentialBinding
from recovery.routes import is_by_eid
from recovery.statuses import KEPT_CARD, CaseStatus, EvidenceKind, Mode, StepKind, StepState
from tenants.verified_id import credentials
from tenants.verified_id.entra.journeys import usable_cards

# What was held for less is no evidence: whoever prepares a loss does it shortly before.
HELD_FOR = timedelta(hours=72)
# What a member or the owner said about the recovery it came from, and a partner that took its word back.
CONTRADICTED = "partner_contradicted_itself"


@dataclass(frozen=True, slots=True)
class Held:
    """A card that counts. `covers`: what it was proven with when it was made; `level`: what that reached."""

    credential_id: UUID
    proven_at: datetime
    proven_in: str
    covers: frozenset[EvidenceKind]
    level: Assurance


def _held(binding: CredentialBinding, since: datetime, authority: str) -> Held | None:
    """None for a card that does not count, whatever the cause."""
    origin = binding.case
    sound = (
        origin.mode == Mode.PRODUCTION
        # It is asked for where it was issued.
        and origin.authority == authority
        and origin.state in KEPT_CARD
        and CONTRADICTED not in origin.reasons
        # A card without a portrait has nothing to compare a live face with.
        and not is_by_eid(origin)
        and origin.assurance in {level.value for level in Assurance}
    )
    proofed = last_done(origin, StepKind.PROOFED) if sound else None
    if proofed is None or proofed.created_at < since:
        return None
    if credentials.status_of(binding.credential_id) != "valid":
        return None
    return Held(
        binding.credential_id,
        proofed.created_at,
        origin.reference,
        frozenset({EvidenceKind.DOCUMENT_PHOTOGRAPH}),
        Assurance(origin.assurance),
    )


def held_of(case: Case) -> list[Held]:
    """The cards of this person that count under the case's profile now, the newest first."""
    if case.person_id is None or not case.profile.held_days:
        return []
    moment = clock.now()
    tied = CredentialBinding.objects.filter(person_id=case.person_id, created_at__lte=moment - HELD_FOR)
    rows = tied.select_related("case").order_by("-created_at")[:5]
    since = moment - timedelta(days=case.profile.held_days)
    found = [held for row in rows if (held := _held(row, since, case.authority)) is not None]
    if not case.is_at_microsoft or not found:
        return found
    usable = set(usable_cards([held.credential_id for held in found]))
    return [held for held in found if held.credential_id in usable]


def held_card(case: Case, credential_id: UUID | None) -> Held | None:
    """This card, if it counts."""
    return next((held for held in held_of(case) if held.credential_id == credential_id), None)


def is_tied_to_person(case: Case, credential_id: UUID) -> bool:
    """Whether the card belongs to the account at all, also one that does not count."""
    return CredentialBinding.objects.filter(person_id=case.person_id, credential_id=credential_id).exists()


def was_refused(case: Case) -> bool:
    """Whether the last card from before that was shown did not count any more."""
    shown = CaseStep.objects.filter(case=case, kind=StepKind.PRESENTED).order_by("attempt").last()
    return shown is not None and shown.state == StepState.FAILED


def choose_held_card(case: Case) -> None:
    """Show what is held instead of proving anew. Refused when nothing that counts is held, or a proof is under way."""
    case = locked(case.id)
    under_way = case.attempt_id is not None or has_done(case, StepKind.PROOFED) or is_by_eid(case)
    if case.state is not CaseStatus.PROVING or not has_done(case, StepKind.CONSENTED) or under_way:
        raise Refused("step_out_of_order")
    if not held_of(case):
        raise Refused("held_card_over")
    case.shows_held, case.earlier_case_id, case.face_check_id = True, None, None
    case.face_is_before_card = False
    case.save(update_fields=["shows_held", "earlier_case_id", "face_check_id", "face_is_before_card"])


def drop_held_card(case: Case) -> None:
    """The person would rather prove who they are: the card is not at hand. Refused once it was shown."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING or not case.shows_held or has_done(case, StepKind.PRESENTED):
        raise Refused("step_out_of_order")
    case.shows_held, case.presentation_id = False, None
    case.save(update_fields=["shows_held", "presentation_id"])
