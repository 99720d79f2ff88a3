"""Where the claimant's case stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recovery.cases import standing_steps
from recovery.choosing import has_to_choose, has_to_say_country
from recovery.decision import Outcome
from recovery.models import Case
from recovery.proof import browser_is_known, hands_out_here
from recovery.routes import is_by_eid
from recovery.stages import NUMBERS, TOTAL, Progress, Stage, done_steps, stage_of
from recovery.statuses import GAVE_ACCOUNT, CaseStatus, StepKind
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.verified_id import offers, presentation


@dataclass(frozen=True, slots=True)
class InProduction:
    """What a trial would have come to."""

    outcome: Outcome
    reasons: tuple[str, ...]


def _credential_accepted(case: Case) -> bool:
    """A wallet holds it. Notification is optional for wallets, so "issued" is enough (OpenID4VCI 1.0, 11)."""
    return case.credential_id is not None or case.shows_held


def _is_proofing(case: Case) -> bool:
    """A session is under way, or its end is not noted yet (the partner's room ended it, the worker tells us next)."""
    return case.attempt_id is not None


def progress_of(case: Case) -> Progress:
    steps = [(step.kind, step.state) for step in standing_steps(case)]
    done = done_steps(steps)
    proving = case.state is CaseStatus.PROVING
    decision_due = proving and (
        _card_is_fresh(case, done) if is_by_eid(case) else _face_is_fresh(case, steps)
    )
    return Progress(
        status=case.state,
        done=done,
        proofing_running=proving and StepKind.PROOFED not in done and _is_proofing(case),
        credential_accepted=_credential_accepted(case),
        needs_new_presence=case.needs_new_presence
        or (proving and not decision_due and _presence_is_over(case, done)),
        decision_due=decision_due,
        face_first=_face_first(case, done),
        partner_agreed=case.connection_id is not None,
        shows_held=case.shows_held,
        has_to_choose=has_to_choose(case),
        has_to_say_country=has_to_say_country(case),
        attestation_due=case.attestation_due,
    )


def _face_first(case: Case, done: frozenset[StepKind]) -> bool:
    """The same as proof.wants_face_first, from steps that are read already."""
    if is_by_eid(case):
        return False
    if StepKind.PROOFED in done:
        return hands_out_here(case) and not browser_is_known(case)
    return case.earlier_case_id is not None


def _presence_is_over(case: Case, done: frozenset[StepKind]) -> bool:
    """What was shown is kept for half an hour; after that it has to be shown again."""
    return StepKind.PRESENTED in done and presentation_state(case) != "returned"


def _face_is_fresh(case: Case, steps: list[tuple[str, str]]) -> bool:
    """The last word on faces came after the last presentation and was a yes: the worker is deciding."""
    relevant = [entry for entry in steps if entry[0] in (StepKind.PRESENTED, StepKind.FACE_CHECKED)]
    return bool(relevant) and relevant[-1] == (StepKind.FACE_CHECKED, "done")


def _card_is_fresh(case: Case, done: frozenset[StepKind]) -> bool:
    """By an eID what was shown is decided on at once."""
    return StepKind.PRESENTED in done and not _presence_is_over(case, done)


def current_stage(case: Case) -> Stage:
    return stage_of(progress_of(case))


def step_shown(stage: Stage, case: Case | None) -> dict[str, int] | None:
    """Nothing where the number of steps is another than a recovery's."""
    is_usual = case is None or not (case.is_enrolment or case.shows_held or is_by_eid(case))
    number = NUMBERS.get(stage) if is_usual else None
    return {"number": number, "total": TOTAL} if number else None


def in_production(case_ids: Collection[UUID]) -> dict[UUID, InProduction]:
    """What evaluated cases would have come to in production, as it was written down when they were decided. One query."""
    events = AuditEvent.objects.filter(name=EventName.CASE_DECIDED, case_id__in=case_ids).order_by(
        "created_at"
    )
    return {
        event.case_id: InProduction(
            Outcome(event.data["in_production"]), tuple(event.data.get("reasons_in_production", ()))
        )
        for event in events
        if event.case_id and "in_production" in event.data
    }


def offer_is_over(case: Case) -> bool:
    """Nobody took the offer in time: the page makes a new one."""
    return case.issuance_id is not None and not offers.has_live_offer(case.issuance_id)


def presentation_state(case: Case) -> str:
    return presentation.state_of(case.presentation_id) if case.presentation_id else "none"


def recovered_between(start: datetime, end: datetime) -> int:
    """How many cases that began in [start, end) gave an account back; for rooms below cases (`portal.registry`)."""
    found = Case.objects.filter(created_at__gte=start, created_at__lt=end, status__in=GAVE_ACCOUNT)
    return found.count()
