"""How attempts end. One writer: every function here locks the row, and an end is final.

A second, different answer after an end is an alarm: it is written down and nothing can be taken from that attempt any
more. It never silently overwrites what was there.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.selectors import national_id_digest
from vendors.alerts import tell_of_answer
from vendors.billing.models import Meter
from vendors.billing.rating.billability import Outcome as CheckOutcome
from vendors.billing.rating.billability import outcome_named
from vendors.billing.services import Usage, record_check
from vendors.contract import AdapterError, Claim, ClaimState, Outcome, Phase, Reason, SessionOver, Snapshot
from vendors.models import Connection, ProofingAttempt
from vendors.phases import MOVES, OPEN, AttemptPhase, Errand
from vendors.planning import plan_erasing
from vendors.reserving import decision_key
from vendors.sealing import seal_claims, seal_portrait

log = logging.getLogger("readmit.vendors")

RESULT_LIFETIME = timedelta(minutes=30)
NATIONAL_ID_DIGEST = "national_id_digest"
DECIDED = frozenset({Outcome.VERIFIED.value, Outcome.NOT_VERIFIED.value})
# What the ledger calls the step, and who hears of the end.
STEPS = {Errand.RECOVERY: "proofed", Errand.BRIDGE: "bridged", Errand.TRIAL: "proofed"}
STEP = STEPS[Errand.RECOVERY]
COMPLETED = {Errand.RECOVERY: "vendors.proofing_completed", Errand.BRIDGE: "vendors.bridge_completed"}
CONTRADICTED = {
    Errand.RECOVERY: "vendors.proofing_contradicted",
    Errand.BRIDGE: "vendors.bridge_contradicted",
}


def _locked(attempt_id: UUID) -> ProofingAttempt:
    return ProofingAttempt.objects.select_for_update().select_related(None).get(id=attempt_id)


def answer_digest(snapshot: Snapshot, portrait: bytes | None) -> bytes:
    """Of what the partner says about the person: equal answers have equal digests, whenever they come."""
    said = {
        "outcome": snapshot.outcome.value if snapshot.outcome else "",
        "claims": sorted((claim.name, claim.state.value, _compared(claim)) for claim in snapshot.claims),
        "checks": sorted((check.name, str(check.passed)) for check in snapshot.checks),
        "assurance": sorted((level.framework, level.level) for level in snapshot.assurance),
        "portrait": hashlib.sha256(portrait).hexdigest() if portrait else "",
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def _compared(claim: Claim) -> str:
    """A national number is short: a plain digest of it could be searched through."""
    return national_id_digest(claim.value, "answer") if claim.name == "national_id" else claim.value


def apply_snapshot(attempt_id: UUID, snapshot: Snapshot, portrait: bytes | None) -> None:
    """Write the partner's answer down, or notice that it contradicts the one written down before."""
    attempt = _locked(attempt_id)
    if attempt.phase not in OPEN:
        _compare(attempt, answer_digest(snapshot, portrait))
        return
    if snapshot.phase is not Phase.DONE or snapshot.outcome is None:
        raise ValueError("only an answer can be applied")
    if snapshot.outcome is Outcome.VERIFIED:
        _keep_identity(attempt, snapshot, portrait)
    attempt.checks = [
        {"name": check.name, "passed": check.passed, "reasons": [reason.value for reason in check.reasons]}
        for check in snapshot.checks
    ]
    attempt.assurance = [
        {"framework": said.framework, "level": said.level, "eid": said.eid.value if said.eid else ""}
        for said in snapshot.assurance
    ]
    attempt.evidence_digest = snapshot.evidence_digest
    attempt.partner_ref = snapshot.partner_ref[:200]
    attempt.answer_digest = answer_digest(snapshot, portrait)
    _end(attempt, snapshot.outcome, snapshot.reasons)


def _keep_identity(attempt: ProofingAttempt, snapshot: Snapshot, portrait: bytes | None) -> None:
    values = without_national_id(
        {claim.name: claim.value for claim in snapshot.claims if claim.state is ClaimState.VALUE}
    )
    attempt.claims_sealed = seal_claims(attempt, values)
    if portrait is not None:
        seal_portrait(attempt, portrait)
    enqueue(
        "vendors.destroy_result",
        tenant_id=current_tenant_id(),
        available_at=clock.now() + RESULT_LIFETIME,
        attempt_id=attempt.id,
    )


def without_national_id(values: dict[str, str]) -> dict[str, str]:
    """A national number is good for one thing, to tell the same person again: a keyed digest does that, and it alone is
    kept, sealed."""
    number, country = values.pop("national_id", ""), values.pop("national_id_country", "")
    if number and country:
        values[NATIONAL_ID_DIGEST] = national_id_digest(number, country)
    return values


def give_up_attempt(attempt_id: UUID) -> None:
    """The person would rather not. Quiet when it has ended."""
    attempt = _locked(attempt_id)
    if attempt.phase in OPEN:
        _end(attempt, Outcome.USER_ABORTED, (Reason.USER_CANCELLED,))


def _end(attempt: ProofingAttempt, outcome: Outcome, reasons: tuple[Reason, ...]) -> None:
    target = AttemptPhase.FAILED if outcome is Outcome.PARTNER_FAILED else AttemptPhase.DONE
    MOVES.check(AttemptPhase(attempt.phase), target)
    attempt.phase = target
    attempt.outcome = outcome.value
    attempt.reasons = [reason.value for reason in reasons]
    attempt.ended_at = clock.now()
    attempt.leased_until = None
    attempt.state_sealed = None if target == AttemptPhase.FAILED else attempt.state_sealed
    attempt.url_sealed = None
    attempt.address_sealed = None
    attempt.expected_sealed = None
    attempt.hint = ""
    attempt.save()
    connection = Connection.objects.get(id=attempt.connection_id)
    _note_end(attempt, connection)
    _charge(attempt, connection, outcome)
    plan_erasing(attempt, connection)
    _tell(attempt, COMPLETED)


def _tell(attempt: ProofingAttempt, topics: Mapping[Errand, str]) -> None:
    """The room above, where somebody waits for it."""
    topic = topics.get(Errand(attempt.errand))
    if topic is not None:
        enqueue(topic, tenant_id=current_tenant_id(), reference=attempt.reference, attempt_id=attempt.id)


def _note_end(attempt: ProofingAttempt, connection: Connection) -> None:
    record_event(
        EventName.PROOFING_COMPLETED,
        actor=Actor(ActorKind.VENDOR, connection.public_id),
        subject=attempt.public_id,
        case_id=attempt.reference,
        data={
            "vendor": connection.vendor,
            "outcome": attempt.outcome,
            "reasons": list(attempt.reasons),
            "failure": attempt.failure_code,
        },
    )


def _charge(attempt: ProofingAttempt, connection: Connection, outcome: Outcome) -> None:
    """Tell the ledger how it ended; what that costs is the ledger's to say."""
    record_check(
        Usage(
            idempotency_key=decision_key(attempt.id),
            meter=Meter.DECISION,
            vendor=connection.vendor,
            connection_kind=connection.kind,
            outcome=outcome_named(outcome.value),
            quantity=1,
            case_id=attempt.reference,
            step=STEPS[Errand(attempt.errand)],
            mode=attempt.mode,
            profile_id=attempt.profile_id,
            department=attempt.department,
            occurred_at=clock.now(),
        )
    )


def note_reused_proof(attempt_id: UUID, *, reference: UUID, mode: str) -> None:
    """An answer of the partner served another case as well. It is counted there, at nothing."""
    attempt = ProofingAttempt.objects.get(id=attempt_id)
    connection = Connection.objects.get(id=attempt.connection_id)
    record_check(
        Usage(
            idempotency_key=f"reused:{attempt.id}:{reference}",
            meter=Meter.DECISION,
            vendor=connection.vendor,
            connection_kind=connection.kind,
            outcome=CheckOutcome.REUSED,
            quantity=1,
            case_id=reference,
            step=STEP,
            mode=mode,
            profile_id=attempt.profile_id,
            department=attempt.department,
            occurred_at=clock.now(),
        )
    )


def _compare(attempt: ProofingAttempt, digest: bytes) -> None:
    """Nothing to compare when we ended it ourselves, or when the partner had decided nothing: a late answer is then
    only late."""
    said_before = bytes(attempt.answer_digest) if attempt.answer_digest is not None else None
    if attempt.outcome not in DECIDED:
        return
    if said_before is None or said_before == digest or attempt.contradicted_at is not None:
        return
    attempt.contradicted_at = clock.now()
    attempt.save(update_fields=["contradicted_at"])
    destroy_result(attempt)
    _tell(attempt, CONTRADICTED)
    connection = Connection.objects.get(id=attempt.connection_id)
    record_event(
        EventName.PROOFING_CONTRADICTED,
        actor=Actor(ActorKind.VENDOR, connection.public_id),
        subject=attempt.public_id,
        case_id=attempt.reference,
        data={
            "vendor": connection.vendor,
            "outcome": attempt.outcome,
            "was_taken": attempt.taken_at is not None,
        },
    )


def refuse_answer(attempt_id: UUID, error: AdapterError) -> None:
    """The answer could not be used. That is never the person's fault and never a pass: an open attempt ends without
    an answer and may be begun again; one that had ended stays as it was. Either way it is written down."""
    attempt = _locked(attempt_id)
    note_refusal(attempt, error)
    if attempt.phase not in OPEN:
        return
    attempt.failure_code = error.code
    if isinstance(error, SessionOver) and attempt.failures == 0:
        _end(attempt, Outcome.RETRY_ALLOWED, (Reason.TIMED_OUT,))
        return
    _end(attempt, Outcome.PARTNER_FAILED, (Reason.PARTNER_ERROR,))


def note_refusal(attempt: ProofingAttempt, error: AdapterError) -> None:
    """Write down that an answer could not be used, and tell of it where it is no accident. The attempt's row is locked."""
    connection = Connection.objects.get(id=attempt.connection_id)
    record_event(
        EventName.PROOFING_REFUSED,
        actor=Actor(ActorKind.VENDOR, connection.public_id),
        subject=attempt.public_id,
        case_id=attempt.reference,
        data={
            "vendor": connection.vendor,
            "code": error.code,
            "fault": error.fault.value,
            "answered": error.answered or str(error.http_status or ""),
        },
    )
    log.warning("vendors.answer_refused %s %s", error.fault.value, error.code)
    tell_of_answer(attempt, connection, error)


def fail_attempt(attempt_id: UUID, *, code: str) -> None:
    """End an open attempt without an answer, for a reason of ours. Quiet when it has ended."""
    attempt = _locked(attempt_id)
    if attempt.phase in OPEN:
        attempt.failure_code = code
        _end(attempt, Outcome.PARTNER_FAILED, (Reason.PARTNER_ERROR,))


def expire_attempt(attempt_id: UUID) -> None:
    """Its time is over. Quiet when it has ended."""
    attempt = _locked(attempt_id)
    if attempt.phase in OPEN and attempt.expires_at <= clock.now():
        _end(attempt, Outcome.EXPIRED, (Reason.TIMED_OUT,))


def destroy_result(attempt: ProofingAttempt) -> None:
    """Claims, portrait and the portrait's key, for good."""
    attempt.claims_sealed = None
    attempt.portrait_key = None
    attempt.portrait_sealed = None
    attempt.save(update_fields=["claims_sealed", "portrait_key", "portrait_sealed"])
