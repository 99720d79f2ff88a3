"""Asking a partner for its record of a session: when, how often, and what that changes.

A signal, a browser that came back and the plan below all end in the same question, and one worker at a time asks it. What
is planned stands in the attempt's row, so that a thousand signals at once are one question; where no signal ever comes the
plan finds the answer. What it does not do: believe a signal, or read what a browser brought.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.models import Tenant
from vendors import endings, health
from vendors.context import keep_memory
from vendors.contract import (
    AdapterError,
    Cancels,
    ContractBroken,
    Fetches,
    Manifest,
    Outcome,
    Phase,
    SessionOver,
    Snapshot,
    StateMismatch,
)
from vendors.leases import (
    Lease,
    gave_keys_in_use,
    hold,
    lock_attempt,
    portrait_of,
    refuse,
    scope_of,
    write_answer,
)
from vendors.models import PartnerSignal, ProofingAttempt
from vendors.phases import OPEN, AttemptPhase
from vendors.planning import is_still_planned, pause, plan_fetch
from vendors.proofing import move_attempt

# So many answers "nobody has finished" are not believed after somebody came back: records may lag behind browsers.
LAG = 3
# After this many questions in a row without an answer, somebody who waits for one is told that there is none.
MAX_UNANSWERED = 6
UNDECIDED = frozenset({Outcome.RETRY_ALLOWED, Outcome.PARTNER_FAILED})
KEPT_SIGNALS = timedelta(days=14)


def begin_plan(attempt: ProofingAttempt, manifest: Manifest) -> None:
    """The partner has the session now. It may have told of it before its answer reached us. A question that was planned for
    the session before this one would come too late."""
    if manifest.asked_every is not None:
        attempt.fetches, attempt.fetch_due_at = 0, None
        attempt.save(update_fields=["fetches", "fetch_due_at"])
    known = PartnerSignal.objects.filter(
        connection_id=attempt.connection_id, partner_ref=attempt.partner_ref
    ).exists()
    plan_fetch(attempt, clock.now() if known else clock.now() + pause(attempt, manifest))


@effect
def fetch_proofing(job: Job) -> Apply | None:
    """Ask for the record, if it is still wanted."""
    with tenant_scope(scope_of(job)):
        attempt = lock_attempt(job.uuid("attempt_id"))
        if not _is_still_ours(attempt, job) or not _is_worth_asking(attempt):
            return None
        lease = hold(attempt)
        attempt.fetch_due_at, attempt.fetched_at = None, clock.now()
        attempt.save(update_fields=["fetch_due_at", "fetched_at"])
    try:
        snapshot, portrait = ask_for_record(lease)
    except AdapterError as error:
        return partial(_after_error, lease, error)
    return partial(_write_record, lease, snapshot, portrait)


def _is_still_ours(attempt: ProofingAttempt, job: Job) -> bool:
    """The question that is planned, or one that was begun by a worker that died over it: then nothing is planned."""
    died_over = attempt.fetch_due_at is None and job.attempt > 1
    return died_over or is_still_planned(attempt, job.payload["planned_for"])


def _is_worth_asking(attempt: ProofingAttempt) -> bool:
    """An attempt that we ended ourselves has no answer that another could contradict; what we had erased has none left."""
    if attempt.started_at is None or attempt.erase_asked_at is not None:
        return False
    return attempt.phase in OPEN or (attempt.phase == AttemptPhase.DONE and attempt.answer_digest is not None)


def ask_for_record(lease: Lease) -> tuple[Snapshot, bytes | None]:
    """What must hold: 1. the partner is one that can be asked; 2. the record is of this session; 3. a rehearsal is one
    here as well."""
    if lease.ref is None or not isinstance(lease.adapter, Fetches):  # 1
        raise ContractBroken("record_not_expected")
    snapshot = lease.adapter.fetch(lease.ctx, lease.ref)
    if snapshot.partner_ref != lease.ref.partner_ref:  # 2
        raise StateMismatch("record_of_another_session")
    if snapshot.phase is not Phase.DONE:
        return snapshot, None
    return snapshot, portrait_of(lease, snapshot)  # 3


def _write_record(lease: Lease, snapshot: Snapshot, portrait: bytes | None) -> None:
    if snapshot.phase is Phase.DONE:
        write_answer(lease, snapshot, portrait)
        if snapshot.outcome in UNDECIDED and isinstance(lease.adapter, Cancels):
            enqueue("vendors.cancel_proofing", tenant_id=current_tenant_id(), attempt_id=lease.attempt.id)
        return
    keep_memory(lease.connection, lease.ctx)
    attempt = lock_attempt(lease.attempt.id)
    attempt.leased_until = None
    attempt.failures = 0
    manifest = lease.adapter.manifest
    is_of_another = (
        attempt.partner_ref != snapshot.partner_ref
    )  # a new session began while this one was asked about
    if attempt.phase in OPEN and not is_of_another:
        _note_standing(attempt, snapshot, manifest)
    attempt.save(update_fields=["leased_until", "failures", "fetches", "phase", "url_expires_at", "hint"])
    if attempt.phase in OPEN and not (snapshot.is_link_over or is_of_another):
        plan_fetch(attempt, clock.now() + pause(attempt, manifest))


def _note_standing(attempt: ProofingAttempt, snapshot: Snapshot, manifest: Manifest) -> None:
    attempt.fetches = min(attempt.fetches + 1, 1_000)
    attempt.hint = snapshot.hint.value if snapshot.hint else ""
    if snapshot.is_link_over:
        if attempt.phase == AttemptPhase.PROCESSING:
            move_attempt(attempt, AttemptPhase.WAITING_FOR_USER)
        attempt.url_expires_at = clock.now()
    elif snapshot.phase is Phase.PROCESSING:
        move_attempt(attempt, AttemptPhase.PROCESSING)
    elif attempt.phase == AttemptPhase.PROCESSING and manifest.asked_every is not None:
        # Back from the app without having finished there: the order still stands, and so does its page.
        if attempt.fetches > 1:
            move_attempt(attempt, AttemptPhase.WAITING_FOR_USER)
            attempt.fetches = 0
    elif attempt.phase == AttemptPhase.PROCESSING and attempt.fetches > LAG:
        # The link was used; whoever goes on needs another.
        move_attempt(attempt, AttemptPhase.WAITING_FOR_USER)
        attempt.url_expires_at = clock.now()
        attempt.fetches = 0


def _after_error(lease: Lease, error: AdapterError) -> None:
    """Nobody who is still at the partner is hurt by a question that went wrong; somebody who waits for the answer is
    told after a minute that there is none."""
    if gave_keys_in_use(lease, error):
        plan_fetch(lock_attempt(lease.attempt.id), clock.now())
        return
    attempt = lock_attempt(lease.attempt.id)
    if attempt.phase not in OPEN and isinstance(error, SessionOver):
        # The partner forgot it, or was told to by somebody else: that contradicts nothing.
        _release(attempt.id)
        return
    unanswered = attempt.failures + 1
    is_watched = lease.adapter.manifest.asked_every is not None
    waits = attempt.phase == AttemptPhase.PROCESSING or attempt.phase not in OPEN or is_watched
    if error.retry != "later" or (waits and unanswered >= MAX_UNANSWERED):
        refuse(lease, error)
        return
    attempt.failures = unanswered
    attempt.leased_until = None
    attempt.save(update_fields=["failures", "leased_until"])
    plan_fetch(attempt, clock.now() + pause(attempt, lease.adapter.manifest))
    health.note_fault(lease.connection, error)


@effect
def cancel_proofing(job: Job) -> Apply | None:
    """Tell the partner that a session which decided nothing is over here: nobody shall go on with it."""
    with tenant_scope(scope_of(job)):
        attempt = lock_attempt(job.uuid("attempt_id"))
        if attempt.phase in OPEN or attempt.started_at is None:
            return None
        lease = hold(attempt)
    cancel_at_partner(lease)
    return partial(_release, attempt.id)


def cancel_at_partner(lease: Lease) -> None:
    """Quiet when the partner does not listen: it runs out there by itself, and our own end must not wait for that."""
    if lease.ref is None or not isinstance(lease.adapter, Cancels):
        return
    try:
        lease.adapter.cancel(lease.ctx, lease.ref)
    except AdapterError as error:
        endings.log.info("vendors.cancel_failed %s", error.code)


def _release(attempt_id: UUID) -> None:
    ProofingAttempt.objects.filter(id=attempt_id).update(leased_until=None)


def forget_signals() -> None:
    """Events are told apart for two weeks; no partner tries longer, and what is older is refused as stale. Periodic."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            PartnerSignal.objects.filter(created_at__lt=clock.now() - KEPT_SIGNALS).delete()
