"""Gathering what a case proved, for the pure decision; and what can be foreseen of it before anybody is charged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from django.db.models import Q

from portal.kit import clock
from recovery.applying import may_recover
from recovery.attesting.attesters import ATTESTED_NOT_THEM, has_attesters, may_stand_for_address
from recovery.callouts.asking import Said
from recovery.cases import MANY, last_done, steps_of, unproven
from recovery.decision import (
    HIGHEST_EID_LEVEL,
    Assurance,
    Evidence,
    Outcome,
    Policy,
    decide,
    levels_of_eid_from,
)
from recovery.held import HELD_FOR, Held, held_card, held_of
from recovery.models import Case, CaseStep, Profile
from recovery.no_address import why_code_is_needed
from recovery.routes import OF_FACES, asked_on, is_by_eid, proves_with, required_by
from recovery.sign_facts import signs_of_case
from recovery.signs import ALWAYS_REVIEWED
from recovery.statuses import CaseStatus, EvidenceKind, Mode, Route, StepKind, StepState
from tenants.directory.connections.accounts import why_none_there
from tenants.directory.matching import HeldDocument, MatchOutcome, PersonMatch, ProvenIdentity, match_person
from tenants.directory.models import DirectoryPerson, HeldEvidence
from tenants.directory.selectors import addresses_of, candidate_of, holds_document, near
from tenants.verified_id import credentials
from tenants.verified_id.presentation import Presented
from vendors import selectors as partners
from vendors.facecheck import selectors as face_checks
from vendors.facecheck.models import Judge

NOT_ASKED = Said()


def _proven(case: Case, shown: Presented) -> ProvenIdentity:
    return ProvenIdentity(
        given_names=shown.claims.get("given_name", ""),
        family_name=shown.claims.get("family_name", ""),
        birthdate=date_of(shown.claims.get("birthdate", "")),
        document_digest=case.document_digest,
        number_kind=number_kind_of(case).value,
    )


def number_kind_of(case: Case) -> HeldEvidence.Kind:
    """What the digest that the case has is of."""
    proofed = last_done(case, StepKind.PROOFED)
    told = proofed.evidence.get("number") if proofed is not None else ""
    is_national = told == HeldEvidence.Kind.NATIONAL_ID.value
    return HeldEvidence.Kind.NATIONAL_ID if is_national else HeldEvidence.Kind.DOCUMENT_NUMBER


def date_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def match_of(case: Case, person: DirectoryPerson | None, shown: Presented) -> PersonMatch:
    return match_proven(case, person, _proven(case, shown))


def match_proven(case: Case, person: DirectoryPerson | None, proven: ProvenIdentity) -> PersonMatch:
    if person is None:
        return PersonMatch(MatchOutcome.NONE, ("decoy",))
    policy = case.profile.match_policy
    if case.proves_first:
        # Nothing else ties them to the account: a profile without dates of birth is none for this way.
        policy = replace(policy, birthdate_required=True)
    if case.shows_held or is_by_eid(case):
        # No document was shown, so that none can be another than the one held.
        policy = replace(policy, held_document=HeldDocument.TOLD)
    return match_person(
        proven, candidate_of(person, number_kind=proven.number_kind), near(proven), policy=policy
    )


def _confirmed_kind(case: Case) -> set[EvidenceKind]:
    """What the confirmed address or saved code counts as. Whoever sits at an open session for a minute can save codes or
    change an address; neither counts at once."""
    confirmed = last_done(case, StepKind.CONFIRMED)
    if confirmed is not None and case.is_enrolment and confirmed.evidence.get("channel") == "session":
        return {EvidenceKind.PASSKEY}
    if confirmed is None or int(confirmed.evidence.get("held_hours", 0)) < HELD_FOR.total_seconds() / 3600:
        return set()
    saved = confirmed.evidence.get("channel") == "saved_code"
    return {EvidenceKind.SAVED_CODE if saved else EvidenceKind.HELD_ADDRESS}


def _kinds(case: Case, match: PersonMatch, held: Held | None) -> frozenset[EvidenceKind]:
    found = _confirmed_kind(case)
    if held is not None:
        found.add(EvidenceKind.HELD_CREDENTIAL)
    if last_done(case, StepKind.PROOFED):
        found.add(proves_with(Route.EID if is_by_eid(case) else Route.DOCUMENT))
    # A number that the eID itself tells stands and falls with it: whoever took the eID is told the number too.
    if match.document_was_held and not is_by_eid(case):
        found.add(EvidenceKind.HELD_DOCUMENT_NUMBER)
    if is_attested(case):
        found.add(EvidenceKind.ATTESTATION)
    return frozenset(found)


def is_attested(case: Case) -> bool:
    """Whether somebody who knows the person said that it is them, of the browser the case is in: they heard a code from it
    (DESIGN 1, rule 2)."""
    said_in = case.attested_browser_digest
    return said_in is not None and bytes(said_in) == bytes(case.browser_digest)


def _eid_level(case: Case) -> str:
    """What the partner said of the eID, as it was written down with the proof."""
    proofed = last_done(case, StepKind.PROOFED) if is_by_eid(case) else None
    return str(proofed.evidence.get("eid_level", "")) if proofed is not None else ""


def _face_failed_recently(person: DirectoryPerson) -> bool:
    """Whether in the last 72 hours somebody who claimed to be this person showed a face that was not the one, here or at a
    partner."""
    since = clock.now() - HELD_FOR
    failed = (
        CaseStep.objects.exclude(unproven("case__"))
        .filter(
            case__person=person,
            kind__in=[StepKind.FACE_CHECKED, StepKind.PROOFED],
            state=StepState.FAILED,
            created_at__gt=since,
        )
        .order_by("-created_at", "-id")[:50]
    )
    return any(
        step.evidence.get("confidence") is not None or step.evidence.get("judge") == Judge.MICROSOFT.value
        if step.kind == StepKind.FACE_CHECKED
        else bool(OF_FACES.intersection(step.reasons))
        for step in failed
    )


def _face_passed(case: Case) -> bool:
    """The very check this case is at passed, and it was made of what was shown last."""
    if case.face_check_id is None or not face_checks.has_passed(case.face_check_id):
        return False
    relevant: list[CaseStep] = [
        step for step in steps_of(case) if step.kind in (StepKind.PRESENTED, StepKind.FACE_CHECKED)
    ]
    last = relevant[-1] if relevant else None
    return (
        last is not None
        and (last.kind, last.state) == (StepKind.FACE_CHECKED, StepState.DONE)
        and last.evidence.get("face_check") == case.face_check_id.hex
        and any(step.kind == StepKind.PRESENTED for step in relevant)
    )


def _changed_recently(person: DirectoryPerson) -> bool:
    """Names or addresses that changed in the last 72 hours hold a recovery: an insider may have prepared it."""
    since = clock.now() - HELD_FOR
    named = person.names_changed_at is not None and person.names_changed_at > since
    held = addresses_of(person.id)
    # An account whose every address is new is young, not tampered with: the missing evidence refuses it already.
    newest_is_fresh = any(address.held_since > since for address in held)
    return named or (newest_is_fresh and any(address.held_since <= since for address in held))


def _repudiated_recently(person: DirectoryPerson) -> bool:
    """ "This was not me", a member's word or an attester's, in the last 72 hours: whoever tried may come back with all they
    had."""
    since = clock.now() - HELD_FOR
    said = Q(status=CaseStatus.REPUDIATED) | Q(reasons__contains=[ATTESTED_NOT_THEM])
    return Case.objects.filter(said, person=person, ended_at__gt=since).exists()


def _tried_often(case: Case, person: DirectoryPerson) -> bool:
    """Whether in a day more recoveries of this person came past the code than the profile lets go on by themselves."""
    since = clock.now() - timedelta(hours=24)
    confirmed = CaseStep.objects.filter(
        case__person=person,
        case__purpose=Case.Purpose.RECOVERY,
        kind=StepKind.CONFIRMED,
        created_at__gt=since,
    )
    number: int = confirmed.values("case_id").distinct().count()
    most: int = case.profile.attempts_a_day
    return number > most


def evidence_of(
    case: Case, person: DirectoryPerson | None, shown: Presented, match: PersonMatch, said: Said = NOT_ASKED
) -> Evidence:
    """`said`: what the organisation's own checks came to. Nobody reviews a card before a loss: what would be looked at
    refuses there."""
    held = held_card(case, shown.credential_id) if case.shows_held else None
    kinds = _kinds(case, match, held)
    return Evidence(
        kinds=kinds,
        covers=held.covers if held else frozenset(),
        card_level=held.level if held else Assurance.IAL2,
        profile_in_force=case.profile.status == Profile.Status.PUBLISHED,
        person_may_recover=person is not None and may_recover(case.profile, person),
        is_decoy=case.is_decoy,
        credential_is_of_this_case=shown.credential_id == case.credential_id
        and (held is not None or not case.shows_held),
        credential_is_valid=credentials.status_of(shown.credential_id) == "valid",
        face_passed=_face_passed(case),
        match=match.outcome,
        match_reasons=match.reasons,
        contradicted=bool(case.attempt_id and partners.proofing_state(case.attempt_id).contradicted),
        changed_recently=person is not None and _changed_recently(person),
        many_attempts=MANY in case.reasons or (person is not None and _tried_often(case, person)),
        repudiated_recently=person is not None and _repudiated_recently(person),
        # A card that is tied now opens nothing for three days, which is what a hold is for.
        hold_is_over=case.is_enrolment or (case.held_until is not None and case.held_until <= clock.now()),
        account_level=Assurance(person.assurance_level) if person else Assurance.IAL1,
        by_eid=is_by_eid(case),
        eid_level=_eid_level(case),
        face_failed_recently=person is not None and is_by_eid(case) and _face_failed_recently(person),
        callout_refusals=(*said.refusals, *said.doubts) if case.is_enrolment else said.refusals,
        callout_doubts=() if case.is_enrolment else said.doubts,
        # A card before a loss opens nothing for three days, and nobody reviews it.
        signs=() if person is None or case.is_enrolment else signs_of_case(case, person, match, kinds),
        signs_reviewed=frozenset(case.signs_reviewed),
        waited=frozenset(case.signs_waited),
        has_attesters=EvidenceKind.ATTESTATION not in kinds and has_attesters(case),
        needs_code=why_code_is_needed(case) if case.proves_first else "",
        no_account=_why_no_account(case, person),
    )


def _why_no_account(case: Case, person: DirectoryPerson | None) -> str:
    """Asked before anybody shows a document: where accounts live elsewhere, no pass is made for whoever is not there, and for
    nobody's guest. A card before a loss needs no account there yet."""
    if person is None or case.is_enrolment:
        return ""
    return why_none_there(person)


def policy_of(case: Case) -> Policy:
    """The profile's, as the case's way asks for it; for a card before a loss a document, beside the passkey of the session."""
    asked = asked_on(Route.EID if is_by_eid(case) else Route.DOCUMENT, required_by(case.profile))
    required = frozenset({EvidenceKind.DOCUMENT_PHOTOGRAPH}) if case.is_enrolment else asked
    if case.proves_first:
        required = required - {EvidenceKind.HELD_ADDRESS} | {EvidenceKind.DOCUMENT_PHOTOGRAPH}
    return Policy(
        mode=Mode(case.mode),
        required=required,
        eid_levels=levels_of_eid_from(case.profile.eid_level),
        instead_of_address=_instead_of_address(case),
        review_signs=frozenset(case.profile.review_signs) | ALWAYS_REVIEWED,
        waiting_signs=frozenset(case.profile.waiting_signs),
        waiting_hours=case.profile.waiting_hours,
    )


def _instead_of_address(case: Case) -> frozenset[EvidenceKind]:
    """What has to stand where no code was read: a document that was held, or where the profile says so somebody's word."""
    if not case.proves_first:
        return frozenset()
    words = {EvidenceKind.ATTESTATION} if may_stand_for_address(case.profile) else set()
    return frozenset({EvidenceKind.HELD_DOCUMENT_NUMBER} | words)


def foreseen_refusal(case: Case) -> list[str]:
    """Why the case will be refused even if everything goes well at the partner and with the face; empty if it need not.
    Nothing is foreseen of whoever proves first: a refusal before it would tell who has an account."""
    if case.is_unproven:
        return []
    has_number = case.person is not None and not is_by_eid(case) and holds_document(case.person.id)
    number = {EvidenceKind.HELD_DOCUMENT_NUMBER} if has_number else set()
    return refusal_at_best(case, kinds_foreseen(case) | number)


def kinds_foreseen(case: Case) -> frozenset[EvidenceKind]:
    """What there will be if everything goes well, beside a document that was held."""
    by_eid = is_by_eid(case)
    kinds = {proves_with(Route.EID if by_eid else Route.DOCUMENT)} | _confirmed_kind(case)
    if has_attesters(case):
        kinds.add(EvidenceKind.ATTESTATION)
    return frozenset(kinds)


def can_begin_with_held(case: Case) -> bool:
    """Whether a card the person holds from before could be enough, if it is shown and the face agrees. Not for a new card:
    its proof would be as old as the last one's; and not where the person agreed to an eID, for a face decides over it."""
    if case.is_enrolment or case.proves_first or is_by_eid(case):
        return False
    attested = {EvidenceKind.ATTESTATION} if has_attesters(case) else set()
    kinds = frozenset({EvidenceKind.HELD_CREDENTIAL} | _confirmed_kind(case) | attested)
    return any(not refusal_at_best(case, kinds, held) for held in held_of(case))


def refusal_at_best(case: Case, kinds: frozenset[EvidenceKind], held: Held | None = None) -> list[str]:
    """Why a case with these kinds of evidence is refused, however well everything else goes; empty if it need not be."""
    person = case.person
    best = Evidence(
        kinds=kinds,
        covers=held.covers if held else frozenset(),
        card_level=held.level if held else Assurance.IAL2,
        profile_in_force=case.profile.status == Profile.Status.PUBLISHED,
        person_may_recover=person is not None and may_recover(case.profile, person),
        is_decoy=case.is_decoy,
        credential_is_of_this_case=True,
        credential_is_valid=True,
        face_passed=True,
        match=MatchOutcome.ONE,
        match_reasons=(),
        contradicted=False,
        changed_recently=False,
        many_attempts=False,
        repudiated_recently=False,
        hold_is_over=True,
        account_level=Assurance(person.assurance_level) if person else Assurance.IAL1,
        by_eid=is_by_eid(case),
        eid_level=HIGHEST_EID_LEVEL if is_by_eid(case) else "",
        no_account=_why_no_account(case, person),
    )
    decision = decide(best, policy_of(case))
    return list(decision.reasons) if decision.outcome is Outcome.REFUSED else []
