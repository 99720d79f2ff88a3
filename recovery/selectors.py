"""Reading cases: the claimant's stage, the console's list and page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recovery.cases import steps_of
from recovery.models import Case
from recovery.stages import NUMBERS, TOTAL, Progress, Stage, done_steps, stage_of
from recovery.statuses import CaseStatus, StepKind
from tenants.verified_id import issuance, presentation


def _credential_accepted(case: Case) -> bool:
    """A wallet holds it. Notification is optional for wallets, so "issued" is enough (OpenID4VCI 1.0, 11)."""
    return case.credential_id is not None


def _is_proofing(case: Case) -> bool:
    """A session is under way, or its end is not noted yet (the partner's room ended it, the worker tells us next)."""
    return case.attempt_id is not None


def progress_of(case: Case) -> Progress:
    steps = [(step.kind, step.state) for step in steps_of(case)]
    done = done_steps(steps)
    proving = case.state is CaseStatus.PROVING
    decision_due = proving and _face_is_fresh(case, steps)
    return Progress(
        status=case.state,
        done=done,
        proofing_running=proving and StepKind.PROOFED not in done and _is_proofing(case),
        credential_accepted=_credential_accepted(case),
        needs_new_presence=case.needs_new_presence
        or (proving and not decision_due and _presence_is_over(case, done)),
        decision_due=decision_due,
    )


def _presence_is_over(case: Case, done: frozenset[StepKind]) -> bool:
    """What was shown is kept for half an hour; after that it has to be shown again."""
    return StepKind.PRESENTED in done and presentation_state(case) != "returned"


def _face_is_fresh(case: Case, steps: list[tuple[str, str]]) -> bool:
    """The last word on faces came after the last presentation and was a yes: the worker is deciding."""
    relevant = [entry for entry in steps if entry[0] in (StepKind.PRESENTED, StepKind.FACE_CHECKED)]
    return bool(relevant) and relevant[-1] == (StepKind.FACE_CHECKED, "done")


def current_stage(case: Case) -> Stage:
    return stage_of(progress_of(case))


def step_shown(stage: Stage) -> dict[str, int] | None:
    number = NUMBERS.get(stage)
    return {"number": number, "total": TOTAL} if number else None


@dataclass(frozen=True, slots=True)
class CasePage:
    cases: list[Case]
    next_cursor: str


def cases_page(
    *,
    status: str = "",
    mode: str = "",
    text: str = "",
    show_decoys: bool = False,
    cursor: str = "",
    size: int = 50,
) -> CasePage:
    """Newest first. `text` is a case reference as people read it out."""
    found = Case.objects.select_related("person", "profile").order_by("-created_at", "-id")
    if status:
        found = found.filter(status=status)
    if mode:
        found = found.filter(mode=mode)
    if not show_decoys:
        found = found.filter(is_decoy=False)
    if cursor:
        moment, _, identifier = cursor.partition("~")
        found = found.filter(created_at__lte=datetime.fromisoformat(moment)).exclude(
            created_at=datetime.fromisoformat(moment), id__gte=UUID(identifier)
        )
    cases = list(found[:400] if text else found[: size + 1])
    if text:
        wanted = "".join(character for character in text.upper() if character.isalnum())
        cases = [case for case in cases if wanted in case.reference.replace("-", "")]
    more = cases[size - 1] if len(cases) > size else None
    return CasePage(cases[:size], f"{more.created_at.isoformat()}~{more.id}" if more else "")


def offer_state(case: Case) -> str:
    return issuance.state_of(case.issuance_id).state if case.issuance_id else "preparing"


def presentation_state(case: Case) -> str:
    return presentation.state_of(case.presentation_id) if case.presentation_id else "none"
