"""Deciding a case, and what follows at once from the decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import NotHere
from portal.kit.outbox import Job
from recovery.access_pass.services import issue_pass
from recovery.attesting.asking import wait_for_attestation, wants_attestation
from recovery.callouts.asking import Said, asks_of, begin_asking, said_in
from recovery.callouts.models import CalloutAsk
from recovery.cases import locked, move_case, record_step, steps_of, unproven
from recovery.connected.rows import PATIENCE, lives_at, open_pass
from recovery.decision import Decision, Outcome, decide, decide_as_in_production
from recovery.enrolment import complete_enrolment
from recovery.gathering import NOT_ASKED, evidence_of, match_of, policy_of
from recovery.holding import hold_case
from recovery.models import Case
from recovery.reviewing import send_to_review
from recovery.routes import is_by_eid
from recovery.statuses import LIVE, CaseStatus, Mode, StepKind, StepState
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.matching import MatchOutcome, PersonMatch
from tenants.verified_id import presentation
from tenants.verified_id.presentation import Presented


def on_decide(job: Job) -> None:
    """Match, decide, and act on it, in one transaction. A second delivery finds the case moved on.

    It decides on the very face that was judged, or, where an eID takes the face's place, on the very card that was shown:
    a case that was carried into another browser since then, or asked to show itself again, waits for its own.
    """
    case = locked(job.uuid("case_id"))
    presentation_id = case.presentation_id
    if case.state is not CaseStatus.PROVING or presentation_id is None or case.needs_new_presence:
        return
    if not _is_of_this_presence(case, job):
        return
    if presentation.state_of(presentation_id) != "returned":
        # Nobody worked for longer than the picture is kept: it is shown once more.
        case.needs_new_presence = True
        case.save(update_fields=["needs_new_presence"])
        return
    case = move_case(case.id, CaseStatus.DECIDING)
    if _asks_who_knows_them(case, presentation_id):
        return
    if case.profile.callouts:
        _ask_or_decide(case, presentation_id)
    else:
        _decide(case, presentation.take_presented(presentation_id), NOT_ASKED)


def _match(case: Case, shown: Presented) -> PersonMatch:
    match = match_of(case, case.person, shown)
    told: dict[str, Any] = {"outcome": match.outcome.value, "others": match.others}
    earlier = [step for step in steps_of(case) if step.kind == StepKind.MATCHED]
    if not earlier or (earlier[-1].evidence, earlier[-1].reasons) != (told, list(match.reasons)):
        record_step(
            case,
            StepKind.MATCHED,
            StepState.DONE if match.outcome is MatchOutcome.ONE else StepState.FAILED,
            evidence=told,
            reasons=match.reasons,
        )
    return match


def _asks_who_knows_them(case: Case, presentation_id: UUID) -> bool:
    """Whether all that is missing is the word of somebody who knows the person: then they are asked, and what was shown
    stays for as long as it is kept anyway, so that whoever is attested at once need not show it again."""
    if not wants_attestation(case):
        return False
    shown = presentation.peek_presented(presentation_id)
    match = _match(case, shown)
    decision = decide(evidence_of(case, case.person, shown, match), policy_of(case))
    if decision.outcome is not Outcome.NEEDS_MORE_EVIDENCE:
        return False
    act_on(case, decision)
    return True


def _decide(case: Case, shown: Presented, said: Said) -> None:
    match = _match(case, shown)
    evidence, policy = evidence_of(case, case.person, shown, match, said), policy_of(case)
    in_production = decide_as_in_production(evidence, policy) if policy.mode is Mode.EVALUATION else None
    act_on(case, decide(evidence, policy), in_production=in_production)


def _is_of_this_presence(case: Case, job: Job) -> bool:
    if is_by_eid(case) and not case.shows_held:
        return str(case.presentation_id) == job.payload.get("presentation_id")
    return case.face_check_id is not None and str(case.face_check_id) == job.payload.get("face_check_id")


def _ask_or_decide(case: Case, presentation_id: UUID) -> None:
    """The organisation is asked only about whoever would pass without it: it hears of nobody else, and a yes of its
    cannot mend what failed."""
    shown = presentation.peek_presented(presentation_id)
    match = _match(case, shown)
    so_far = decide(evidence_of(case, case.person, shown, match), policy_of(case))
    if so_far.outcome is Outcome.REFUSED or case.person_id is None:
        _decide(case, presentation.take_presented(presentation_id), NOT_ASKED)
        return
    try:
        begin_asking(
            [UUID(one) for one in case.profile.callouts],
            reference=case.id,
            presentation_id=presentation_id,
            person_id=case.person_id,
        )
    except NotHere:
        _decide(case, presentation.take_presented(presentation_id), Said(refusals=("callout_gone",)))


def on_callouts_answered(job: Job) -> None:
    """Every callout answered or fell silent: decide, on what is so now. A second delivery finds the case moved on."""
    case = locked(job.uuid("reference"))
    presentation_id = case.presentation_id
    if case.state is not CaseStatus.DECIDING or presentation_id != job.uuid("presentation"):
        return
    if presentation.state_of(presentation_id) != "returned":
        move_case(case.id, CaseStatus.PROVING, fields={"needs_new_presence": True})
        return
    asks = asks_of(presentation_id)
    for ask in asks:
        record_step(
            case,
            StepKind.CLAIMS_CHECKED,
            StepState.DONE
            if ask.state in (CalloutAsk.State.PASSED, CalloutAsk.State.SPARED)
            else StepState.FAILED,
            evidence={
                "callout": ask.callout.name,
                "answer": str(ask.state),
                "failed_claims": list(ask.failed_claims),
                "tries": ask.tries,
            },
            reasons=[f"callout_{ask.problem}"] if ask.problem else [],
        )
    _decide(case, presentation.take_presented(presentation_id), said_in(asks))


def act_on(case: Case, decision: Decision, *, in_production: Decision | None = None) -> None:
    """Carry a decision out. Called with the case locked and deciding. `in_production`: what an evaluated case would have
    come to there, written down beside it."""
    record_event(
        EventName.CASE_DECIDED,
        actor=SYSTEM,
        subject=case.public_id,
        case_id=case.id,
        data={
            "outcome": decision.outcome.value,
            "reasons": list(decision.reasons),
            "assurance": decision.assurance.value,
            "signs": list(decision.signs),
            **(
                {
                    "in_production": in_production.outcome.value,
                    "reasons_in_production": list(in_production.reasons),
                }
                if in_production
                else {}
            ),
        },
    )
    fields = {"assurance": decision.assurance.value}
    match decision.outcome:
        case Outcome.APPROVED if case.is_enrolment:
            complete_enrolment(case, fields)
        case Outcome.APPROVED:
            grant(case, fields)
        case Outcome.EVALUATED:
            move_case(case.id, CaseStatus.EVALUATED, reasons=decision.reasons, fields=fields)
        case Outcome.HOLD:
            hold_case(case, reasons=decision.reasons, hours=decision.wait_hours, fields=fields)
        case Outcome.NEEDS_REVIEW:
            send_to_review(case, decision, fields)
        case Outcome.NEEDS_MORE_EVIDENCE:
            wait_for_attestation(case, reasons=decision.reasons, fields=fields)
        case Outcome.REFUSED:
            move_case(case.id, CaseStatus.REFUSED, reasons=decision.reasons, fields=fields)


def grant(case: Case, fields: dict[str, str]) -> None:
    """Grant the case, give its browser a pass, here or in the directory where the account lives, and end the person's other
    cases."""
    if case.person_id is None:
        raise ValueError("a case without a person cannot be granted")
    if lives_at():
        _grant_elsewhere(case, fields)
    else:
        _grant_here(case, case.person_id, fields)
    others = Case.objects.filter(person_id=case.person_id, status__in=[*LIVE, CaseStatus.HANDED_OVER])
    # One that a name alone began, and nothing more, ends as it would for a name that nobody has.
    for other_id in (
        others.exclude(unproven()).exclude(id=case.id).order_by("id").values_list("id", flat=True)
    ):
        move_case(other_id, CaseStatus.SUPERSEDED, reasons=["another_case_granted"])


def _grant_here(case: Case, person_id: UUID, fields: dict[str, str]) -> None:
    lifetime = timedelta(minutes=case.profile.pass_lifetime_minutes)
    expires_at = clock.now() + lifetime + timedelta(minutes=10)
    move_case(case.id, CaseStatus.GRANTED, fields={**fields, "expires_at": expires_at})
    issue_pass(
        case_id=case.id,
        person_id=person_id,
        browser_digest=bytes(case.browser_digest),
        lifetime=lifetime,
        actor=SYSTEM,
    )
    record_step(case, StepKind.PASS_ISSUED)


def _grant_elsewhere(case: Case, fields: dict[str, str]) -> None:
    """The worker makes the pass, and writes the step when it stands there."""
    move_case(case.id, CaseStatus.GRANTED, fields={**fields, "expires_at": clock.now() + PATIENCE})
    open_pass(case)
