"""Everything here that talks to a partner. Handlers of the outbox: one worker at a time asks for one attempt.

An `effect` reads in a scope of its own, asks with no transaction open, and returns what to write down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings

from portal.kit import clock
from portal.kit.codes import digest, new_token
from portal.kit.errors import Unavailable
from portal.kit.ids import short_reference
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.models import Tenant
from vendors import connecting, endings, health
from vendors.addresses import return_url_of
from vendors.billing.models import Meter
from vendors.billing.rating.billability import DECISIONS, outcome_named
from vendors.billing.rating.billability import Outcome as CheckOutcome
from vendors.billing.services import Usage, record_check
from vendors.context import keep_memory, open_context
from vendors.contract import (
    Adapter,
    AdapterError,
    Cancels,
    ConfigProblem,
    Connected,
    ConnectRequest,
    ContractBroken,
    Ctx,
    Fault,
    GivesMedia,
    HandlesReturn,
    InboundReturn,
    Outcome,
    Registers,
    SessionRef,
    Snapshot,
    Started,
    StartRequest,
)
from vendors.facecheck.models import FaceCheck
from vendors.models import Connection, ProofingAttempt, ProofingReturn
from vendors.phases import OPEN, AttemptPhase
from vendors.proofing import move_attempt
from vendors.registry import adapter_of
from vendors.reserving import face_check_key
from vendors.sealing import open_query, open_state, seal_state, seal_url

# Longer than every question to a partner together may take, and short enough that a worker that died is stood in for
# within a minute.
LEASE = timedelta(seconds=50)
MAX_FAILURES = 3
MAX_CONNECT_RUNS = 11


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt, held by this worker while it asks."""

    attempt: ProofingAttempt
    connection: Connection
    adapter: Adapter
    ctx: Ctx
    ref: SessionRef | None


def _scope_of(job: Job) -> UUID:
    if job.tenant_id is None:
        raise ValueError("this work belongs to a tenant")
    return job.tenant_id


def _hold(attempt: ProofingAttempt) -> Lease:
    """Unavailable("attempt_busy") while another worker holds it. The caller has locked the row."""
    moment = clock.now()
    if attempt.leased_until is not None and attempt.leased_until > moment:
        raise Unavailable("attempt_busy")
    attempt.leased_until = moment + LEASE
    attempt.save(update_fields=["leased_until"])
    connection = Connection.objects.get(id=attempt.connection_id)
    state = open_state(attempt)
    ref = (
        SessionRef(attempt.id, attempt.partner_ref, attempt.started_at, state) if attempt.started_at else None
    )
    return Lease(attempt, connection, adapter_of(connection.vendor), open_context(connection), ref)


def _attempt(attempt_id: UUID) -> ProofingAttempt:
    return ProofingAttempt.objects.select_for_update().get(id=attempt_id)


def _after_error(lease: Lease, error: AdapterError) -> Apply:
    """Try again later what may pass by itself; write everything else down."""
    tenant_id = lease.attempt.tenant_id
    last = lease.attempt.failures + 1 >= MAX_FAILURES or lease.attempt.expires_at <= clock.now()
    if error.retry == "later" and not last:
        with tenant_scope(tenant_id):
            attempt = _attempt(lease.attempt.id)
            attempt.failures += 1
            attempt.leased_until = None
            attempt.save(update_fields=["failures", "leased_until"])
            health.note_fault(lease.connection, error)
        raise Unavailable(error.code) from error
    return partial(_refuse, lease, error)


def _refuse(lease: Lease, error: AdapterError) -> None:
    # The connection is locked before the attempt, here as everywhere, so that nobody waits in a circle.
    if error.fault is Fault.CONFIG and lease.connection.status != Connection.Status.REMOVED:
        connecting.note_problems(lease.connection.id, [connecting.problem_of(error)])
    ProofingAttempt.objects.filter(id=lease.attempt.id).update(leased_until=None)
    endings.refuse_answer(lease.attempt.id, error)
    health.note_fault(lease.connection, error)


# ------------------------------------------------------------------ proofing


@effect
def start_proofing(job: Job) -> Apply | None:
    """Ask the partner for a link."""
    with tenant_scope(_scope_of(job)):
        attempt = _attempt(job.uuid("attempt_id"))
        if attempt.phase != AttemptPhase.STARTING:
            return None
        lease = _hold(attempt)
    request = StartRequest(
        attempt_id=attempt.id,
        return_url=attempt.return_url,
        return_state=new_token(),
        locale=attempt.locale,
        purpose=attempt.purpose,
        demonstration=attempt.is_demonstration,
        case_reference=short_reference(attempt.reference),
    )
    try:
        started = lease.adapter.start(lease.ctx, request)
    except AdapterError as error:
        return _after_error(lease, error)
    return partial(_write_start, lease, request, started)


def _write_start(lease: Lease, request: StartRequest, started: Started) -> None:
    keep_memory(lease.connection, lease.ctx)
    Connection.objects.filter(id=lease.connection.id, status=Connection.Status.FAILING).update(
        status=Connection.Status.READY, problems=[]
    )
    attempt = _attempt(lease.attempt.id)
    if attempt.phase != AttemptPhase.STARTING:
        return
    move_attempt(attempt, AttemptPhase.WAITING_FOR_USER)
    attempt.state_digest = digest(request.return_state)
    attempt.state_sealed = seal_state(attempt, started.ref.state)
    attempt.url_sealed = seal_url(attempt, started.url)
    attempt.url_expires_at = started.expires_at
    attempt.partner_ref = started.ref.partner_ref
    attempt.started_at = started.ref.started_at
    attempt.leased_until = None
    attempt.failures = 0
    attempt.save()


@effect
def exchange_return(job: Job) -> Apply | None:
    """Exchange what a browser brought back for the partner's answer."""
    with tenant_scope(_scope_of(job)):
        row = ProofingReturn.objects.get(id=job.uuid("return_id"))
        attempt = _attempt(row.attempt_id)
        if row.handled_at is not None or attempt.phase == AttemptPhase.FAILED:
            return None
        lease = _hold(attempt)
        inbound = InboundReturn(open_query(row))
    try:
        snapshot, portrait = _ask(lease, inbound)
    except AdapterError as error:
        apply = _after_error(lease, error)
    else:
        apply = partial(_write_answer, lease, snapshot, portrait)
    return partial(_handled, row.id, apply)


def _ask(lease: Lease, inbound: InboundReturn) -> tuple[Snapshot, bytes | None]:
    adapter = lease.adapter
    if lease.ref is None or not isinstance(adapter, HandlesReturn):
        raise ContractBroken("return_not_expected")
    snapshot = adapter.handle_return(lease.ctx, lease.ref, inbound)
    if snapshot.sandbox and (settings.IS_PRODUCTION or not lease.attempt.is_demonstration):
        # A rehearsal at the partner never unlocks a real account.
        raise ContractBroken("sandbox_answer")
    portraits = [item for item in snapshot.media if item.kind == "portrait_document"]
    if not portraits or not isinstance(adapter, GivesMedia):
        return snapshot, None
    return snapshot, adapter.media(lease.ctx, lease.ref, portraits[0])


def _write_answer(lease: Lease, snapshot: Snapshot, portrait: bytes | None) -> None:
    keep_memory(lease.connection, lease.ctx)
    ProofingAttempt.objects.filter(id=lease.attempt.id).update(leased_until=None)
    endings.apply_snapshot(lease.attempt.id, snapshot, portrait)
    if snapshot.outcome is Outcome.PARTNER_FAILED:
        health.note_failed_answer(lease.connection)
    else:
        health.note_answer(lease.connection)


def _handled(return_id: UUID, apply: Apply) -> None:
    apply()
    ProofingReturn.objects.filter(id=return_id).update(handled_at=clock.now(), query_sealed=None)


@effect
def expire_proofing(job: Job) -> Apply | None:
    """End what nobody finished, and tell partners that want to hear it. An attempt that has ended loses what it was
    bound with: from now on no return is exchanged for it."""
    with tenant_scope(_scope_of(job)):
        attempt = _attempt(job.uuid("attempt_id"))
        if attempt.phase not in OPEN:
            attempt.state_sealed = None
            attempt.save(update_fields=["state_sealed"])
            ProofingReturn.objects.filter(attempt=attempt).update(query_sealed=None, handled_at=clock.now())
            return None
        lease = _hold(attempt)
    if lease.ref is not None and isinstance(lease.adapter, Cancels):
        try:
            lease.adapter.cancel(lease.ctx, lease.ref)
        except AdapterError as error:
            # It runs out at the partner by itself; our own end must not wait for that.
            endings.log.info("vendors.cancel_failed %s", error.code)
    return partial(endings.expire_attempt, attempt.id)


def destroy_result(job: Job) -> None:
    """What nobody took within half an hour is gone."""
    endings.destroy_result(_attempt(job.uuid("attempt_id")))


# ------------------------------------------------------------------ connections


def _load(job: Job) -> tuple[Connection, Ctx, Tenant] | None:
    with tenant_scope(_scope_of(job)):
        connection = Connection.objects.filter(id=job.uuid("connection_id")).first()
        if connection is None or connection.status == Connection.Status.REMOVED:
            return None
        return connection, open_context(connection), Tenant.objects.get(id=current_tenant_id())


@effect
def connect(job: Job) -> Apply | None:
    """Register at the partner. Keeps trying for ten minutes when nobody answers."""
    loaded = _load(job)
    if loaded is None:
        return None
    connection, ctx, tenant = loaded
    adapter = adapter_of(connection.vendor)
    if connection.status != Connection.Status.CONNECTING or not isinstance(adapter, Registers):
        return None
    request = ConnectRequest(tenant.name, (return_url_of(tenant.slug),), tenant.is_demonstration)
    try:
        connected = adapter.connect(ctx, request)
    except AdapterError as error:
        problems = [connecting.problem_of(error)]
        if error.retry == "later" and job.attempt < MAX_CONNECT_RUNS:
            with tenant_scope(tenant.id):
                connecting.note_problems(connection.id, problems, final=False)
            raise Unavailable(error.code) from error
        return partial(connecting.note_problems, connection.id, problems)
    return partial(_write_connection, connection, ctx, connected)


def _write_connection(connection: Connection, ctx: Ctx, connected: Connected) -> None:
    keep_memory(connection, ctx)
    connecting.complete_connection(connection.id, connected)


@effect
def test_connection(job: Job) -> Apply | None:
    """Try every setting that can be tried without a person."""
    loaded = _load(job)
    if loaded is None:
        return None
    connection, ctx, tenant = loaded
    ctx.memory.clear()
    try:
        problems = list(adapter_of(connection.vendor).check(ctx, return_urls=[return_url_of(tenant.slug)]))
    except AdapterError as error:
        problems = [connecting.problem_of(error)]
    return partial(_write_test, connection, ctx, problems)


def _write_test(connection: Connection, ctx: Ctx, problems: list[ConfigProblem]) -> None:
    keep_memory(connection, ctx)
    connecting.note_problems(connection.id, problems)


# ------------------------------------------------------------------ Face Checks


def record_face_check(job: Job) -> None:
    """Write a judged Face Check into the ledger. It lives here because the two rooms below do not know each other."""
    check = FaceCheck.objects.get(id=job.uuid("face_check_id"))
    enqueue(
        "vendors.face_check_recorded",
        tenant_id=check.tenant_id,
        reference=check.reference,
        face_check_id=check.id,
    )
    outcome = outcome_named(check.decision)
    if outcome in DECISIONS and not check.billable:
        outcome = CheckOutcome.MOVED_BROWSERS
    record_check(
        Usage(
            idempotency_key=face_check_key(check.id),
            meter=Meter.FACE_CHECK,
            vendor="readmit",
            connection_kind=Connection.Kind.THROUGH_US,
            outcome=outcome,
            quantity=1,
            case_id=check.reference,
            step="face_checked",
            mode=check.mode,
            profile_id=check.profile_id,
            department=check.department,
            occurred_at=check.decided_at or clock.now(),
        )
    )
