"""One attempt in the hands of one worker while it asks a partner, and what a partner's error does to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings

from portal.kit import clock
from portal.kit.errors import Unavailable
from portal.kit.outbox import Apply, Job
from portal.kit.scope import tenant_scope
from vendors import connecting, endings, health
from vendors.addresses import is_played
from vendors.context import keep_memory, keys_of, open_context
from vendors.contract import (
    Adapter,
    AdapterError,
    ContractBroken,
    Ctx,
    Fault,
    GivesMedia,
    Outcome,
    PartnerAuthFailed,
    SessionRef,
    Snapshot,
)
from vendors.models import Connection, ProofingAttempt
from vendors.registry import adapter_of
from vendors.sealing import open_state

# Longer than every question to a partner together may take, and short enough that a worker that died is stood in for
# within a minute.
LEASE = timedelta(seconds=50)
MAX_FAILURES = 3
# Which picture is the person's portrait, where a partner has several: the document's is what others compare with.
PORTRAITS = ("portrait_document", "portrait_live")
REHEARSAL = "evaluation"


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt, held by this worker while it asks."""

    attempt: ProofingAttempt
    connection: Connection
    adapter: Adapter
    ctx: Ctx
    ref: SessionRef | None
    # The set of keys that `ctx` holds.
    keys_id: UUID


def scope_of(job: Job) -> UUID:
    if job.tenant_id is None:
        raise ValueError("this work belongs to a tenant")
    return job.tenant_id


def lock_attempt(attempt_id: UUID) -> ProofingAttempt:
    return ProofingAttempt.objects.select_for_update().get(id=attempt_id)


def hold(attempt: ProofingAttempt) -> Lease:
    """Unavailable("attempt_busy") while another worker holds it. The caller has locked the row."""
    moment = clock.now()
    if attempt.leased_until is not None and attempt.leased_until > moment:
        raise Unavailable("attempt_busy")
    attempt.leased_until = moment + LEASE
    connection = Connection.objects.get(id=attempt.connection_id)
    if attempt.started_at is None:
        attempt.keys_id = connection.keys_in_use
    attempt.save(update_fields=["leased_until", "keys_id"])
    keys = keys_of(connection, attempt.keys_id or connection.id)
    state = open_state(attempt)
    ref = (
        SessionRef(attempt.id, attempt.partner_ref, attempt.started_at, state) if attempt.started_at else None
    )
    return Lease(
        attempt,
        connection,
        adapter_of(connection.vendor),
        open_context(connection, keys),
        ref,
        keys.set_id if keys else connection.keys_in_use,
    )


def gave_keys_in_use(lease: Lease, error: AdapterError) -> bool:
    """The partner refused keys that are not the ones in use: somebody revoked them there early, or they were changed while
    it was asked. The attempt goes on with those in use and is let go; the caller asks again. In the tenant's scope."""
    if not isinstance(error, PartnerAuthFailed):
        return False
    present = Connection.objects.get(id=lease.connection.id).keys_in_use
    if present == lease.keys_id:
        return False
    ProofingAttempt.objects.filter(id=lease.attempt.id).update(keys_id=present, leased_until=None)
    return True


def after_error(lease: Lease, error: AdapterError) -> Apply:
    """Try again later what may pass by itself; write everything else down."""
    tenant_id = lease.attempt.tenant_id
    with tenant_scope(tenant_id):
        is_given = gave_keys_in_use(lease, error)
    if is_given:
        raise Unavailable(error.code) from error
    last = lease.attempt.failures + 1 >= MAX_FAILURES or lease.attempt.expires_at <= clock.now()
    if error.retry == "later" and not last:
        with tenant_scope(tenant_id):
            attempt = lock_attempt(lease.attempt.id)
            attempt.failures += 1
            attempt.leased_until = None
            attempt.save(update_fields=["failures", "leased_until"])
            health.note_fault(lease.connection, error)
        raise Unavailable(error.code) from error
    return partial(refuse, lease, error)


def refuse(lease: Lease, error: AdapterError) -> None:
    # The connection is locked before the attempt, here as everywhere, so that nobody waits in a circle.
    if error.fault is Fault.CONFIG and lease.connection.status != Connection.Status.REMOVED:
        problem = connecting.problem_of(error, lease.adapter.manifest)
        connecting.note_problems(lease.connection.id, [problem], keys_id=lease.keys_id)
    ProofingAttempt.objects.filter(id=lease.attempt.id).update(leased_until=None)
    endings.refuse_answer(lease.attempt.id, error)
    health.note_fault(lease.connection, error)


def portrait_of(lease: Lease, snapshot: Snapshot) -> bytes | None:
    """The portrait the answer names, fetched. ContractBroken for a rehearsal where it is not one: what a partner only
    played never unlocks a real account."""
    is_rehearsal = lease.attempt.is_demonstration or lease.attempt.mode == REHEARSAL
    # A simulator of ours marks its answers; its address says so whatever it answers.
    if (snapshot.sandbox or is_played(lease.connection)) and (settings.IS_PRODUCTION or not is_rehearsal):
        raise ContractBroken("sandbox_answer")
    adapter = lease.adapter
    if lease.ref is None or not isinstance(adapter, GivesMedia):
        return None
    for kind in PORTRAITS:
        for item in snapshot.media:
            if item.kind == kind:
                return adapter.media(lease.ctx, lease.ref, item)
    return None


def write_answer(lease: Lease, snapshot: Snapshot, portrait: bytes | None) -> None:
    keep_memory(lease.connection, lease.ctx)
    ProofingAttempt.objects.filter(id=lease.attempt.id).update(leased_until=None)
    endings.apply_snapshot(lease.attempt.id, snapshot, portrait)
    if snapshot.outcome is Outcome.PARTNER_FAILED:
        health.note_failed_answer(lease.connection)
    else:
        health.note_answer(lease.connection)
