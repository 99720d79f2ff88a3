"""Gathering what a case proved, deciding, and what follows at once from the decision."""

from __future__ import annotations

from datetime import date, timedelta

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id
from recovery.access_pass.services import issue_pass
from recovery.cases import MANY, last_done, locked, move_case, record_step
from recovery.decision import Assurance, Decision, Evidence, Outcome, Policy, decide
from recovery.models import Case, Profile, RepudiationLink
from recovery.profiles import evidence_kinds, may_recover
from recovery.repudiation import make_repudiation_link
from recovery.statuses import LIVE, CaseStatus, EvidenceKind, Mode, StepKind, StepState
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.matching import MatchOutcome, MatchPolicy, PersonMatch, ProvenIdentity, match_person
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import addresses_of, candidate_of, emails_of, near
from tenants.models import Tenant
from tenants.notices.services import send_notice
from tenants.verified_id import credentials, presentation
from tenants.verified_id.presentation import Presented
from vendors import selectors as partners

HELD_FOR = timedelta(hours=72)
HOLD = timedelta(hours=24)


def _proven(case: Case, shown: Presented) -> ProvenIdentity:
    return ProvenIdentity(
        given_names=shown.claims.get("given_name", ""),
        family_name=shown.claims.get("family_name", ""),
        birthdate=_date(shown.claims.get("birthdate", "")),
        document_digest=case.document_digest,
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _match(case: Case, person: DirectoryPerson | None, shown: Presented) -> PersonMatch:
    if person is None:
        return PersonMatch(MatchOutcome.NONE, ("decoy",))
    proven = _proven(case, shown)
    policy = MatchPolicy(
        relaxed_names=case.profile.names == "relaxed", birthdate_required=case.profile.birthdate_required
    )
    return match_person(proven, candidate_of(person), near(proven), policy=policy)


def _kinds(case: Case, match: PersonMatch) -> frozenset[EvidenceKind]:
    found = set()
    if last_done(case, StepKind.PROOFED):
        found.add(EvidenceKind.DOCUMENT_PHOTOGRAPH)
    confirmed = last_done(case, StepKind.CONFIRMED)
    # Whoever sits at an open session for a minute can save codes or change an address; neither counts at once.
    if confirmed and int(confirmed.evidence.get("held_hours", 0)) >= HELD_FOR.total_seconds() / 3600:
        saved = confirmed.evidence.get("channel") == "saved_code"
        found.add(EvidenceKind.SAVED_CODE if saved else EvidenceKind.HELD_ADDRESS)
    if match.document_was_held:
        found.add(EvidenceKind.HELD_DOCUMENT_NUMBER)
    return frozenset(found)


def _changed_recently(person: DirectoryPerson) -> bool:
    """Names or addresses that changed in the last 72 hours hold a recovery: an insider may have prepared it."""
    since = clock.now() - HELD_FOR
    named = person.names_changed_at is not None and person.names_changed_at > since
    held = addresses_of(person.id)
    # An account whose every address is new is young, not tampered with: the missing evidence refuses it already.
    newest_is_fresh = any(address.held_since > since for address in held)
    return named or (newest_is_fresh and any(address.held_since <= since for address in held))


def _repudiated_recently(person: DirectoryPerson) -> bool:
    """ "This was not me", said in the last 72 hours: whoever tried may come back with all they had."""
    since = clock.now() - HELD_FOR
    said = RepudiationLink.objects.filter(used_at__gt=since, case__status=CaseStatus.REPUDIATED)
    return said.filter(case__person=person).exists()


def _evidence(case: Case, person: DirectoryPerson | None, shown: Presented, match: PersonMatch) -> Evidence:
    return Evidence(
        kinds=_kinds(case, match),
        profile_in_force=case.profile.status == Profile.Status.PUBLISHED,
        person_may_recover=person is not None and may_recover(case.profile, person),
        is_decoy=case.is_decoy,
        credential_is_of_this_case=shown.credential_id == case.credential_id,
        credential_is_valid=credentials.status_of(shown.credential_id) == "valid",
        face_passed=last_done(case, StepKind.FACE_CHECKED) is not None,
        match=match.outcome,
        match_reasons=match.reasons,
        contradicted=bool(case.attempt_id and partners.proofing_state(case.attempt_id).contradicted),
        changed_recently=person is not None and _changed_recently(person),
        many_attempts=MANY in case.reasons,
        repudiated_recently=person is not None and _repudiated_recently(person),
        hold_is_over=case.held_until is not None and case.held_until <= clock.now(),
        account_level=Assurance(person.assurance_level) if person else Assurance.IAL1,
    )


def on_decide(job: Job) -> None:
    """Match, decide, and act on it, in one transaction. A second delivery finds the case moved on.

    It decides on the very face that was judged: a case that was carried into another browser since then, or asked to
    show itself again, waits for its own.
    """
    case = locked(job.uuid("case_id"))
    presentation_id = case.presentation_id
    if case.state is not CaseStatus.PROVING or presentation_id is None or case.needs_new_presence:
        return
    if case.face_check_id != job.uuid("face_check_id"):
        return
    if presentation.state_of(presentation_id) != "returned":
        # Nobody worked for longer than the picture is kept: it is shown once more.
        case.needs_new_presence = True
        case.save(update_fields=["needs_new_presence"])
        return
    case = move_case(case.id, CaseStatus.DECIDING)
    person = case.person
    shown = presentation.take_presented(presentation_id)
    match = _match(case, person, shown)
    record_step(
        case,
        StepKind.MATCHED,
        StepState.DONE if match.outcome is MatchOutcome.ONE else StepState.FAILED,
        evidence={"outcome": match.outcome.value, "others": match.others},
        reasons=match.reasons,
    )
    policy = Policy(mode=Mode(case.mode), required=evidence_kinds(case.profile.evidence_required))
    act_on(case, decide(_evidence(case, person, shown, match), policy))


def act_on(case: Case, decision: Decision) -> None:
    """Carry a decision out. Called with the case locked and deciding."""
    record_event(
        EventName.CASE_DECIDED,
        actor=SYSTEM,
        subject=case.public_id,
        case_id=case.id,
        data={
            "outcome": decision.outcome.value,
            "reasons": list(decision.reasons),
            "assurance": decision.assurance.value,
        },
    )
    fields = {"assurance": decision.assurance.value}
    match decision.outcome:
        case Outcome.APPROVED:
            grant(case, fields)
        case Outcome.EVALUATED:
            move_case(case.id, CaseStatus.EVALUATED, reasons=decision.reasons, fields=fields)
        case Outcome.HOLD:
            until = clock.now() + HOLD
            move_case(
                case.id,
                CaseStatus.HELD,
                reasons=decision.reasons,
                fields={**fields, "held_until": until, "expires_at": until + timedelta(hours=24)},
            )
            enqueue("recovery.hold_over", tenant_id=current_tenant_id(), case_id=case.id, available_at=until)
            tell_of_hold(case)
        case Outcome.NEEDS_REVIEW:
            move_case(case.id, CaseStatus.IN_REVIEW, reasons=decision.reasons, fields=fields)
        case Outcome.NEEDS_MORE_EVIDENCE:
            move_case(case.id, CaseStatus.PROVING, reasons=decision.reasons, fields=fields)
        case Outcome.REFUSED:
            move_case(case.id, CaseStatus.REFUSED, reasons=decision.reasons, fields=fields)


def tell_of_hold(case: Case) -> None:
    """The day of waiting is for this: every address hears of it, with "this was not me"."""
    if case.person_id is None:
        return
    tenant = Tenant.objects.get(id=case.tenant_id)
    send_notice(
        "recovery_held",
        addresses=emails_of(case.person_id),
        context={"reference": case.reference, "not_me_url": make_repudiation_link(tenant, case)},
        case_id=case.id,
    )


def grant(case: Case, fields: dict[str, str]) -> None:
    """Grant the case, give its browser a pass, and end the person's other cases."""
    lifetime = timedelta(minutes=case.profile.pass_lifetime_minutes)
    expires_at = clock.now() + lifetime + timedelta(minutes=10)
    case = move_case(case.id, CaseStatus.GRANTED, fields={**fields, "expires_at": expires_at})
    if case.person_id is None:
        raise ValueError("a case without a person cannot be granted")
    issue_pass(
        case_id=case.id,
        person_id=case.person_id,
        browser_digest=bytes(case.browser_digest),
        lifetime=lifetime,
        actor=SYSTEM,
    )
    record_step(case, StepKind.PASS_ISSUED)
    others = Case.objects.filter(person_id=case.person_id, status__in=LIVE).exclude(id=case.id)
    for other_id in others.order_by("id").values_list("id", flat=True):
        move_case(other_id, CaseStatus.SUPERSEDED, reasons=["another_case_granted"])


def on_hold_over(job: Job) -> None:
    """A hold ended: the person shows the Verified ID and the face once more, and the case is decided again."""
    case = locked(job.uuid("case_id"))
    if case.state is CaseStatus.HELD:
        move_case(case.id, CaseStatus.PROVING, fields={"needs_new_presence": True})
