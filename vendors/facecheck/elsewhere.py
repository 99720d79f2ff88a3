"""A Face Check that somebody else judges: what was asked for, and what they said came of it.

Written down as our own are, so that a decision looks for one thing, tries are counted in one place, and the ledger hears of
every face that was compared. What it does not do: compare.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.outbox import enqueue
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.facecheck.models import Decision, FaceCheck, FaceTries, Judge
from vendors.facecheck.services import Wanted


def begin_elsewhere(
    wanted: Wanted,
    *,
    face_check_id: UUID,
    judge: Judge,
    profile_id: UUID | None = None,
    department: str = "",
) -> FaceCheck:
    """Before it is asked for. In the tenant's scope."""
    check = FaceCheck.objects.create(
        id=face_check_id,
        reference=wanted.reference,
        judge=judge.value,
        browser_digest=wanted.browser_digest,
        threshold=wanted.threshold,
        billable=wanted.billable,
        mode=wanted.mode,
        profile_id=profile_id,
        department=department,
        challenge={},
        expires_at=clock.now(),
    )
    record_event(
        EventName.FACE_CHECK_STARTED,
        actor=Actor(ActorKind.CLAIMANT),
        subject=check.public_id,
        case_id=wanted.reference,
        data={"threshold": wanted.threshold, "judge": judge.value, "billable": wanted.billable},
    )
    return check


def decide_elsewhere(face_check_id: UUID, *, passed: bool, confidence: Decimal | None) -> None:
    """A face was compared; that counts as a try and costs what it costs. Quiet for one that is decided or unknown."""
    check = FaceCheck.objects.select_for_update().filter(id=face_check_id, decision="").first()
    if check is None:
        return
    check.decision = Decision.PASSED if passed else Decision.FAILED
    # Never rounded up: a whole number that reaches the threshold stands for a score that does.
    check.confidence = None if confidence is None else int(confidence)
    check.taken_at = check.decided_at = clock.now()
    check.save(update_fields=["decision", "confidence", "taken_at", "decided_at"])
    FaceTries.objects.bulk_create([FaceTries(reference=check.reference)], ignore_conflicts=True)
    counted = FaceTries.objects.select_for_update().get(reference=check.reference)
    counted.tries += 1
    counted.save(update_fields=["tries"])
    record_event(
        EventName.FACE_CHECK_COMPLETED,
        actor=SYSTEM,
        subject=check.public_id,
        case_id=check.reference,
        data={
            "decision": str(check.decision),
            "confidence": check.confidence,
            "threshold": check.threshold,
            "judge": check.judge,
        },
    )
    enqueue("facecheck.decided", tenant_id=check.tenant_id, face_check_id=check.id)


def give_up_elsewhere(face_check_id: UUID) -> None:
    """Nobody's face was compared."""
    FaceCheck.objects.filter(id=face_check_id, decision="", taken_at=None).update(taken_at=clock.now())
