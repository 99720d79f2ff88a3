"""When a partner is asked for its record next, and when it is asked to erase a session. The former stands in the attempt's row: a question that is planned is planned once."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from portal.kit import clock
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from vendors.contract import Manifest
from vendors.models import Connection, ProofingAttempt
from vendors.phases import AttemptPhase

# Seconds until the next question: while somebody is at the partner, and while the partner works on what it was given.
WHILE_WAITING = (20, 40, 80, 120)
WHILE_WORKING = (2, 3, 5, 8, 15, 30, 60)
SPACING = timedelta(seconds=2)
# The answer is taken or destroyed within half an hour.
ERASING_AFTER = timedelta(minutes=35)
# Partners take up to four days.
ERASED_WITHIN = timedelta(days=5)
ERASING_SETTING, ERASING_WANTED = "after_answer", "erase"


def plan_fetch(attempt: ProofingAttempt, due_at: datetime) -> None:
    """Ask at that time, unless it is planned for earlier, and never twice within two seconds: each signal could be an
    answer, and a thousand of them are no reason to run the partner over. The caller has locked the row; this saves the
    column."""
    if attempt.fetched_at is not None:
        due_at = max(due_at, attempt.fetched_at + SPACING)
    planned = attempt.fetch_due_at
    if planned is not None and planned <= due_at:
        return
    attempt.fetch_due_at = due_at
    attempt.save(update_fields=["fetch_due_at"])
    enqueue(
        "vendors.fetch_proofing",
        tenant_id=current_tenant_id(),
        available_at=due_at,
        attempt_id=attempt.id,
        planned_for=due_at.isoformat(),
    )


def is_still_planned(attempt: ProofingAttempt, planned_for: str) -> bool:
    """An earlier question may have been planned meanwhile, and asked: then this one is not."""
    return attempt.fetch_due_at is not None and attempt.fetch_due_at.isoformat() == planned_for


def pause(attempt: ProofingAttempt, manifest: Manifest) -> timedelta:
    """A partner that says how often it wants to be asked is asked as often, and less while it does not answer."""
    if manifest.asked_every is not None:
        return manifest.asked_every * (1 + min(attempt.failures, 4))
    plan = WHILE_WORKING if attempt.phase == AttemptPhase.PROCESSING else WHILE_WAITING
    return timedelta(seconds=plan[min(max(attempt.fetches, attempt.failures), len(plan) - 1)])


class Keeping(Enum):
    """What becomes of a session at the partner, once its answer is here."""

    NOTHING = "nothing"  # ours keeps none
    BY_ITS_RULES = "by_its_rules"
    UNTIL_ASKED = "until_asked"  # it is asked to erase it


def keeping_of(connection: Connection) -> Keeping:
    if connection.kind == Connection.Kind.FREE:
        return Keeping.NOTHING
    is_asked = connection.config.get(ERASING_SETTING) == ERASING_WANTED
    return Keeping.UNTIL_ASKED if is_asked else Keeping.BY_ITS_RULES


def plan_erasing(attempt: ProofingAttempt, connection: Connection) -> None:
    """Quiet unless the organisation wants it, where nothing was begun, and where it is planned."""
    is_wanted = connection.config.get(ERASING_SETTING) == ERASING_WANTED
    if attempt.started_at is not None and attempt.erase_due_at is None and is_wanted:
        schedule_erasing(attempt.id, clock.now() + ERASING_AFTER)


def schedule_erasing(attempt_id: UUID, due_at: datetime) -> None:
    """From then on it is listed, and late five days after it."""
    ProofingAttempt.objects.filter(id=attempt_id).update(erase_due_at=due_at)
    enqueue_erasing(attempt_id, times=0, after=due_at - clock.now())
    enqueue(
        "vendors.erasing_overdue",
        tenant_id=current_tenant_id(),
        available_at=due_at + ERASED_WITHIN,
        attempt_id=attempt_id,
    )


def enqueue_erasing(attempt_id: UUID, *, times: int, after: timedelta) -> None:
    enqueue(
        "vendors.erase_proofing",
        tenant_id=current_tenant_id(),
        available_at=clock.now() + after,
        attempt_id=attempt_id,
        times=str(times),
    )
