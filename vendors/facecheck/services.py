"""The metered Face Check: a challenge, one answer, a decision.

Protects a case from replayed, guessed and endlessly repeated answers: a challenge is taken and a try is counted in a
transaction of their own before anything is judged. What it does not do: see through a live-rendered virtual camera.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.codes import digest, same
from portal.kit.errors import Refused, TooMany
from portal.kit.outbox import enqueue
from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.facecheck import judging
from vendors.facecheck.engine.calibration import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from vendors.facecheck.engine.liveness.challenge import make_challenge
from vendors.facecheck.models import Decision, FaceCheck, FaceTries
from vendors.facecheck.reasons import NO_ANSWER, NOT_CONFIRMED
from vendors.facecheck.selectors import tries_of
from vendors.facecheck.tries import may_be_judged

# A challenge with less time left is not shown again: to get ready, to be recorded and to arrive.
TIME_TO_ANSWER = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class FaceCheckResult:
    """`reasons` may be told to the person (`selectors.told_to_person`); they say nothing about the comparison. `retry`:
    a new Face Check may be begun."""

    passed: bool
    confidence: int | None
    reasons: tuple[str, ...]
    retry: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A Face Check as the case asks for it."""

    reference: UUID
    browser_digest: bytes
    threshold: int
    flashing: bool
    billable: bool
    mode: str

    def __post_init__(self) -> None:
        if not LOWEST_THRESHOLD <= self.threshold <= HIGHEST_THRESHOLD:
            raise ValueError("a threshold lies between 50 and 100")


def face_check_under_way(face_check_id: UUID | None, wanted: Wanted) -> FaceCheck | None:
    """The one that is on the person's screen, while it still serves: a reload or a second tab shows the same, and nobody
    draws until one suits. In the tenant's scope."""
    if face_check_id is None:
        return None
    return FaceCheck.objects.filter(
        id=face_check_id,
        reference=wanted.reference,
        browser_digest=wanted.browser_digest,
        threshold=wanted.threshold,
        billable=wanted.billable,
        mode=wanted.mode,
        challenge__flashing=wanted.flashing,
        taken_at=None,
        clip_digest=None,
        expires_at__gt=clock.now() + TIME_TO_ANSWER,
    ).first()


def begin_face_check(
    wanted: Wanted, *, face_check_id: UUID, profile_id: UUID | None = None, department: str = ""
) -> FaceCheck:
    """Draw a challenge for this browser. In the tenant's scope."""
    challenge = make_challenge(random=secrets.token_bytes, now=clock.now(), flashing=wanted.flashing)
    check = FaceCheck.objects.create(
        id=face_check_id,
        reference=wanted.reference,
        browser_digest=wanted.browser_digest,
        threshold=wanted.threshold,
        billable=wanted.billable,
        mode=wanted.mode,
        profile_id=profile_id,
        department=department,
        challenge=challenge.to_json(),
        expires_at=challenge.expires_at,
    )
    record_event(
        EventName.FACE_CHECK_STARTED,
        actor=Actor(ActorKind.CLAIMANT),
        subject=check.public_id,
        case_id=wanted.reference,
        data={"threshold": wanted.threshold, "flashing": wanted.flashing, "billable": wanted.billable},
    )
    return check


def submit_face_check(
    face_check_id: UUID, *, tenant_id: UUID, browser_digest: bytes, clip: bytes, portrait: bytes
) -> FaceCheckResult:
    """Judge a clip against a portrait. Outside any transaction.

    Unavailable("one_moment") while the vision process has no place: nothing was consumed, send the same clip again.
    Refused for another browser or a challenge that was answered before; TooMany after five judged tries in a case.
    """
    require_no_transaction()
    with tenant_scope(tenant_id):
        received_at, ticket = _note_arrival(face_check_id, browser_digest, clip)
    place = judging.wait_for_place(ticket)
    if place.ticket != ticket:
        _keep_ticket(tenant_id, face_check_id, place.ticket)
    if not place.ready:
        raise judging.one_moment(place.retry_after)
    with tenant_scope(tenant_id):
        challenge, tries = _take_challenge(face_check_id)
    try:
        judged = judging.judge(
            challenge, clip=clip, portrait=portrait, received_at=received_at, ticket=place.ticket
        )
    except judging.NeverJudged as error:
        with tenant_scope(tenant_id):
            _give_back(face_check_id)
        raise judging.one_moment(error.retry_after) from error
    with tenant_scope(tenant_id):
        return _complete(face_check_id, judged, may_retry=may_be_judged(tries))


def _locked(face_check_id: UUID) -> FaceCheck:
    check = FaceCheck.objects.select_for_update().filter(id=face_check_id).first()
    if check is None:
        raise Refused("face_check_unknown", _("This check is over. Begin a new one."))
    return check


def _note_arrival(face_check_id: UUID, browser_digest: bytes, clip: bytes) -> tuple[datetime, str]:
    """When this very clip came first, so that waiting for a place does not make it late and another clip gains
    nothing by its predecessor's time."""
    check = _locked(face_check_id)
    if not same(bytes(check.browser_digest), browser_digest):
        raise Refused("face_check_other_browser", _("This check is over. Begin a new one."))
    if check.taken_at is not None:
        raise Refused("face_check_answered", _("This check is over. Begin a new one."))
    arrived = digest(clip)
    if check.clip_digest is None or check.received_at is None or bytes(check.clip_digest) != arrived:
        check.clip_digest = arrived
        check.received_at = clock.now()
        check.save(update_fields=["clip_digest", "received_at"])
    return check.received_at, check.ticket


def _keep_ticket(tenant_id: UUID, face_check_id: UUID, ticket: str) -> None:
    with tenant_scope(tenant_id):
        FaceCheck.objects.filter(id=face_check_id).update(ticket=ticket)


def _take_challenge(face_check_id: UUID) -> tuple[dict[str, object], int]:
    """(challenge, tries counted so far): consumed and counted when this scope commits, before anything is judged."""
    check = _locked(face_check_id)
    if check.taken_at is not None:
        raise Refused("face_check_answered", _("This check is over. Begin a new one."))
    FaceTries.objects.bulk_create([FaceTries(reference=check.reference)], ignore_conflicts=True)
    counted = FaceTries.objects.select_for_update().get(reference=check.reference)
    if not may_be_judged(counted.tries):
        raise TooMany("face_tries", _("There were too many tries."), retry_after=3600)
    counted.tries += 1
    counted.save(update_fields=["tries"])
    check.taken_at = clock.now()
    check.save(update_fields=["taken_at"])
    return dict(check.challenge), counted.tries


def _give_back(face_check_id: UUID) -> None:
    """Vision never judged: the challenge and the try are as before."""
    check = _locked(face_check_id)
    check.taken_at = None
    check.ticket = ""
    check.save(update_fields=["taken_at", "ticket"])
    counted = FaceTries.objects.select_for_update().get(reference=check.reference)
    counted.tries = max(0, counted.tries - 1)
    counted.save(update_fields=["tries"])


def _complete(face_check_id: UUID, judged: judging.Judged, *, may_retry: bool) -> FaceCheckResult:
    """Write the decision down, and tell the ledger. The comparison decides here, in one place."""
    check = _locked(face_check_id)
    decision = judging.decide(judged, threshold=check.threshold)
    check.decision = decision
    check.confidence = judged.confidence
    check.similarity = None if judged.similarity is None else Decimal(str(round(judged.similarity, 5)))
    check.calibration_version = judged.calibration_version
    check.reasons = list(judged.reasons)
    check.decided_at = clock.now()
    check.ticket = ""
    check.save()
    record_event(
        EventName.FACE_CHECK_COMPLETED,
        actor=SYSTEM,
        subject=check.public_id,
        case_id=check.reference,
        data={
            "decision": decision.value,
            "confidence": judged.confidence,
            "threshold": check.threshold,
            "calibration": judged.calibration_version,
            "reasons": list(judged.reasons),
        },
    )
    enqueue("facecheck.decided", tenant_id=check.tenant_id, face_check_id=check.id)
    passed = decision is Decision.PASSED
    return FaceCheckResult(passed, judged.confidence, _told(decision, judged), not passed and may_retry)


def result_of(face_check_id: UUID) -> FaceCheckResult | None:
    """What was decided, for whoever lost the answer; None while nothing was. In the tenant's scope."""
    check = FaceCheck.objects.filter(id=face_check_id).exclude(decision="").first()
    if check is None:
        return None
    decision, passed = Decision(check.decision), check.decision == Decision.PASSED
    judged = judging.Judged(None, confidence=check.confidence, reasons=tuple(check.reasons))
    may_retry = not passed and may_be_judged(tries_of(check.reference))
    return FaceCheckResult(passed, check.confidence, _told(decision, judged), may_retry)


def _told(decision: Decision, judged: judging.Judged) -> tuple[str, ...]:
    if decision is Decision.PASSED:
        return ()
    if decision is Decision.RETAKE:
        return judged.reasons
    return (NO_ANSWER,) if decision is Decision.NO_ANSWER else (NOT_CONFIRMED,)
