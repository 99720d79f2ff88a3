"""Taking the word of somebody who knows the person.

Protects an account from whoever got hold of the mail, of the attester's open browser, or of the attester on the telephone:
the one who answers is the one who was asked, signed in a moment ago with a passkey held for three days, fit to answer now
as when they were asked; and to say "it is them" they type the code that the claimant reads out from the recovering
browser. A try is counted and committed before anything is compared. What it does not do: open an account. The rule decides
again after it, on everything (DESIGN 1, rules 4 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, same
from portal.kit.errors import Refused
from portal.kit.ids import public_id
from portal.kit.outbox import enqueue
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.alerting import alert_members
from recovery.attesting.asking import TO_GO_ON, close_attestations, code_of, is_open_in
from recovery.attesting.attesters import ATTESTED_NOT_THEM, is_old, unfit
from recovery.attesting.models import Attestation, AttestationAsk
from recovery.cases import locked, move_case, record_step
from recovery.models import Case
from recovery.passkeys.models import PersonSession
from recovery.repudiation import take_back
from recovery.statuses import CaseStatus, StepKind, StepState
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant

TRIES = 5
# How long a sign-in stands for somebody who sits there now.
FRESH = timedelta(minutes=15)
Word, Contact, End = AttestationAsk.Word, AttestationAsk.Contact, Attestation.End


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attester said. `code` and `contact` belong to "it is them", `reason` to the others."""

    word: AttestationAsk.Word
    code: str = ""
    contact: str = ""
    reason: str = ""


def is_fresh(session: PersonSession) -> bool:
    """Whether somebody signed in a moment ago, with a passkey that is old enough. An open browser is not enough."""
    passkey = session.passkey
    return passkey is not None and is_old(passkey) and session.created_at > clock.now() - FRESH


def _over() -> Refused:
    return Refused("attestation_over", _("This question is over. There is nothing left to do."))


def _asks() -> QuerySet[AttestationAsk]:
    """With all that is looked at: the question, its case as it is now, and the two people."""
    return AttestationAsk.objects.select_related("person", "attestation__case__person")


def find_ask(token: str) -> AttestationAsk | None:
    """What a link is about, while it can be answered."""
    mine = _asks().filter(token_digest=digest(token), answered_at=None, tries__lt=TRIES)
    ask = mine.first()
    return ask if ask is not None and _waits(ask.attestation) else None


def _waits(asked: Attestation) -> bool:
    """Whether the case still waits for this question, in the browser that asked it."""
    case: Case = asked.case
    return (
        case.state is CaseStatus.PROVING
        and case.attestation_due
        and case.person is not None
        and is_open_in(asked, case)
    )


def why_not_they(ask: AttestationAsk, session: PersonSession) -> str:
    """Why whoever is signed in may not answer, as a code; empty if they may."""
    if session.person_id != ask.person_id:
        return "another_person"
    claimed = ask.attestation.case.person
    return unfit(ask.person, claimed) if claimed is not None else "own_account"


def note_refused_attester(ask: AttestationAsk, session: PersonSession, why: str) -> None:
    """Somebody who may not answer was at the door, with the link."""
    case = ask.attestation.case
    record_event(
        EventName.ATTESTER_REFUSED,
        actor=_actor(session.person_id),
        subject=case.public_id,
        case_id=case.id,
        data={"reasons": [f"attester_{why}"]},
    )


def answer_ask(tenant: Tenant, token: str, *, session: PersonSession, answer: Answer) -> AttestationAsk:
    """Take the attester's word. Refused("code_wrong") for a wrong code, Refused("attestation_over") once there is nothing
    to answer, Refused("may_not_attest") for whoever may not."""
    require_no_transaction()
    ask_id, case_id = _take_try(tenant, token, counted=answer.word is Word.ATTEST)
    with tenant_scope(tenant.id):
        case = locked(case_id)
        # Read anew under the case's lock, and held itself: of many answers at once one is the first.
        ask = _asks().select_for_update(of=("self",)).get(id=ask_id)
        if ask.answered_at is not None or not _waits(ask.attestation):
            raise _over()
        if not is_fresh(session) or why_not_they(ask, session):
            raise Refused("may_not_attest", _("You may not answer this. Nothing was changed."))
        if answer.word is not Word.ATTEST or same(answer.code.encode(), code_of(ask.attestation).encode()):
            _take_word(case, ask, answer)
            return ask
        _note_wrong_code(case, ask)
    raise Refused(
        "code_wrong",
        _(
            "That is not the code on their page. Ask them to read it again, and if they cannot, say that it is not them."
        ),
    )


def _take_try(tenant: Tenant, token: str, *, counted: bool) -> tuple[UUID, UUID]:
    """Count one try and commit; which ask of which case. Refused when there is nothing left to compare with."""
    with tenant_scope(tenant.id):
        mine = AttestationAsk.objects.filter(token_digest=digest(token), answered_at=None, tries__lt=TRIES)
        found = mine.values_list("id", "attestation__case_id").first()
        if found is None or (counted and not mine.update(tries=F("tries") + 1)):
            raise _over()
        return found


def _note_wrong_code(case: Case, ask: AttestationAsk) -> None:
    record_event(
        EventName.ATTESTATION_CODE_REFUSED,
        actor=_actor(ask.person_id),
        subject=case.public_id,
        case_id=case.id,
        data={"tries": ask.tries},
    )
    if ask.tries >= TRIES:
        ask.word, ask.answered_at = Word.CANNOT_SAY, clock.now()
        ask.save(update_fields=["word", "answered_at"])
        alert_members(case, reasons=["attestation_tries_used_up"])
        _end_if_hopeless(case, ask, "attestation_tries_used_up")


def _take_word(case: Case, ask: AttestationAsk, answer: Answer) -> None:
    ask.word, ask.contact = answer.word, answer.contact if answer.word is Word.ATTEST else ""
    ask.reason, ask.answered_at = answer.reason.strip()[:300], clock.now()
    ask.save(update_fields=["word", "contact", "reason", "answered_at"])
    record_event(
        EventName.ATTESTATION_ANSWERED,
        actor=_actor(ask.person_id),
        subject=case.public_id,
        case_id=case.id,
        data={"word": ask.word, "asked_as": ask.asked_as, "contact": ask.contact},
        personal={"reason": ask.reason} if ask.reason else None,
    )
    match answer.word:
        case Word.ATTEST:
            _go_on_if_enough(case, ask)
        case Word.CANNOT_SAY:
            _end_if_hopeless(case, ask, "attestation_refused")
        case Word.NOT_THEM:
            _freeze(case, ask)


def _go_on_if_enough(case: Case, ask: AttestationAsk) -> None:
    said = list(
        AttestationAsk.objects.filter(attestation_id=ask.attestation_id, word=Word.ATTEST).order_by("id")
    )
    if len(said) < ask.attestation.voices:
        return
    close_attestations(case, End.ATTESTED)
    record_step(
        case,
        StepKind.ATTESTED,
        actor=_actor(ask.person_id),
        evidence={"asked_as": [one.asked_as for one in said], "contact": [one.contact for one in said]},
    )
    case.attestation_due, case.attested_browser_digest = False, bytes(case.browser_digest)
    case.expires_at = max(case.expires_at, clock.now() + TO_GO_ON)
    case.save(update_fields=["attestation_due", "attested_browser_digest", "expires_at"])
    # Whatever was shown is gone where an id is missing: then it is shown once more, and decided after that.
    enqueue(
        "recovery.decide",
        tenant_id=case.tenant_id,
        case_id=case.id,
        face_check_id=case.face_check_id or "",
        presentation_id=case.presentation_id or "",
    )


def _end_if_hopeless(case: Case, ask: AttestationAsk, reason: str) -> None:
    """Refuse once those who have not spoken cannot be enough any more."""
    asks = AttestationAsk.objects.filter(attestation_id=ask.attestation_id)
    if sum(one.word in ("", Word.ATTEST) for one in asks) >= ask.attestation.voices:
        return
    close_attestations(case, End.REFUSED)
    record_step(case, StepKind.ATTESTED, StepState.FAILED, actor=_actor(ask.person_id), reasons=[reason])
    move_case(case.id, CaseStatus.REFUSED, actor=_actor(ask.person_id), reasons=[reason])


def _freeze(case: Case, ask: AttestationAsk) -> None:
    """Stop at once, take back what the case was given, and tell those who act on cases. For three days every recovery of
    this person waits for a day (`recovery.gathering`)."""
    close_attestations(case, End.NOT_THEM)
    actor = _actor(ask.person_id)
    record_step(case, StepKind.ATTESTED, StepState.FAILED, actor=actor, reasons=[ATTESTED_NOT_THEM])
    take_back(case, reason=ATTESTED_NOT_THEM, actor=actor)
    alert_members(
        move_case(case.id, CaseStatus.REFUSED, actor=actor, reasons=[ATTESTED_NOT_THEM]),
        reasons=[ATTESTED_NOT_THEM],
    )


def _actor(person_id: UUID) -> Actor:
    return Actor(ActorKind.PERSON, public_id("person", person_id))
