"""Everything here that talks to a partner. Handlers of the outbox: one worker at a time asks for one attempt.

An `effect` reads in a scope of its own, asks with no transaction open, and returns what to write down.
"""

from __future__ import annotations

import base64
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.codes import digest, keyed_digest, new_token
from portal.kit.errors import Unavailable
from portal.kit.ids import short_reference
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.models import Tenant
from vendors import connecting, endings, rotating
from vendors.addresses import return_url_of
from vendors.billing.models import Meter
from vendors.billing.rating.billability import DECISIONS, outcome_named
from vendors.billing.rating.billability import Outcome as CheckOutcome
from vendors.billing.services import Usage, record_check
from vendors.context import keep_memory, open_context
from vendors.contract import (
    AdapterError,
    ConfigProblem,
    Connected,
    ConnectRequest,
    ContractBroken,
    Ctx,
    Fetches,
    HandlesReturn,
    InboundReturn,
    Phase,
    Registers,
    Snapshot,
    Started,
    StartRequest,
)
from vendors.facecheck.models import FaceCheck, Judge
from vendors.fetching import ask_for_record, begin_plan, cancel_at_partner
from vendors.leases import (
    Lease,
    after_error,
    hold,
    lock_attempt,
    portrait_of,
    scope_of,
    write_answer,
)
from vendors.models import Connection, ProofingAttempt, ProofingReturn
from vendors.phases import OPEN, AttemptPhase, Errand
from vendors.proofing import move_attempt
from vendors.registry import adapter_of
from vendors.reserving import face_check_key, kind_of_judge
from vendors.sealing import open_address, open_expected, open_query, seal_state, seal_url

MAX_CONNECT_RUNS = 11
MAX_KEY_TESTS = 4


# ------------------------------------------------------------------ proofing


@effect
def start_proofing(job: Job) -> Apply | None:
    """Ask the partner for a link."""
    with tenant_scope(scope_of(job)):
        attempt = lock_attempt(job.uuid("attempt_id"))
        if attempt.phase != AttemptPhase.STARTING:
            return None
        lease, address = hold(attempt), open_address(attempt)
        expected = open_expected(attempt)
    request = StartRequest(
        attempt_id=attempt.id,
        return_url=attempt.return_url,
        return_state=_return_word(lease),
        locale=attempt.locale,
        purpose=attempt.purpose,
        demonstration=attempt.is_demonstration,
        case_reference=short_reference(attempt.reference),
        earlier=lease.ref,
        address=address,
        expected=expected,
    )
    try:
        started = lease.adapter.start(lease.ctx, request)
    except AdapterError as error:
        return after_error(lease, error)
    return partial(_write_start, lease, request, started)


def _return_word(lease: Lease) -> str:
    """Of what comes back. Where a partner keeps a session for the attempt, the same question asked again has to be the same
    to the letter, so the word is derived; where each link has a code of its own, so has each link a word."""
    if not isinstance(lease.adapter, Fetches):
        return new_token()
    attempt = lease.attempt
    word = keyed_digest(attempt.id.bytes, context=f"return-state|{attempt.tenant_id}")
    return base64.urlsafe_b64encode(word).rstrip(b"=").decode()


def _write_start(lease: Lease, request: StartRequest, started: Started) -> None:
    keep_memory(lease.connection, lease.ctx)
    Connection.objects.filter(id=lease.connection.id, status=Connection.Status.FAILING).update(
        status=Connection.Status.READY, problems=[]
    )
    attempt = lock_attempt(lease.attempt.id)
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
    attempt.hint = ""
    attempt.save()
    if isinstance(lease.adapter, Fetches):
        begin_plan(attempt, lease.adapter.manifest)


@effect
def exchange_return(job: Job) -> Apply | None:
    """Exchange what a browser brought back for the partner's answer."""
    with tenant_scope(scope_of(job)):
        row = ProofingReturn.objects.get(id=job.uuid("return_id"))
        attempt = lock_attempt(row.attempt_id)
        if row.handled_at is not None or attempt.phase == AttemptPhase.FAILED:
            return None
        lease = hold(attempt)
        inbound = InboundReturn(open_query(row))
    try:
        snapshot, portrait = _ask(lease, inbound)
    except AdapterError as error:
        apply = after_error(lease, error)
    else:
        apply = partial(write_answer, lease, snapshot, portrait)
    return partial(_handled, row.id, apply)


def _ask(lease: Lease, inbound: InboundReturn) -> tuple[Snapshot, bytes | None]:
    adapter = lease.adapter
    if lease.ref is None or not isinstance(adapter, HandlesReturn):
        raise ContractBroken("return_not_expected")
    snapshot = adapter.handle_return(lease.ctx, lease.ref, inbound)
    return snapshot, portrait_of(lease, snapshot)


def _handled(return_id: UUID, apply: Apply) -> None:
    apply()
    ProofingReturn.objects.filter(id=return_id).update(handled_at=clock.now(), query_sealed=None)


@effect
def expire_proofing(job: Job) -> Apply | None:
    """End what nobody finished, and tell partners that want to hear it. An attempt that has ended loses what it was
    bound with: from now on no return is exchanged for it."""
    with tenant_scope(scope_of(job)):
        attempt = lock_attempt(job.uuid("attempt_id"))
        if attempt.phase not in OPEN:
            attempt.state_sealed = None
            attempt.save(update_fields=["state_sealed"])
            ProofingReturn.objects.filter(attempt=attempt).update(query_sealed=None, handled_at=clock.now())
            return None
        lease = hold(attempt)
    answer = _last_look(lease)
    if answer is not None:
        return partial(write_answer, lease, *answer)
    cancel_at_partner(lease)
    return partial(endings.expire_attempt, attempt.id)


def _last_look(lease: Lease) -> tuple[Snapshot, bytes | None] | None:
    """Who finished in the last moment is not told that the time is over."""
    if lease.ref is None or not isinstance(lease.adapter, Fetches):
        return None
    try:
        snapshot, portrait = ask_for_record(lease)
    except AdapterError as error:
        endings.log.info("vendors.last_look_failed %s", error.code)
        return None
    return (snapshot, portrait) if snapshot.phase is Phase.DONE else None


def destroy_result(job: Job) -> None:
    """What nobody took within half an hour is gone."""
    endings.destroy_result(lock_attempt(job.uuid("attempt_id")))


# ------------------------------------------------------------------ connections


def _load(job: Job) -> tuple[Connection, Ctx, Tenant] | None:
    with tenant_scope(scope_of(job)):
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
    request = ConnectRequest(
        tenant.name, (return_url_of(tenant.slug, connection.vendor),), tenant.is_demonstration
    )
    try:
        connected = adapter.connect(ctx, request)
    except AdapterError as error:
        problems = [connecting.problem_of(error, adapter_of(connection.vendor).manifest)]
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
    try:
        problems = _tried(connection, ctx, tenant)
    except AdapterError as error:
        problems = [connecting.problem_of(error, adapter_of(connection.vendor).manifest)]
    return partial(_write_test, connection, ctx, problems)


def _tried(connection: Connection, ctx: Ctx, tenant: Tenant) -> list[ConfigProblem]:
    """Nothing that is remembered counts. Raises AdapterError."""
    ctx.memory.clear()
    return_url = return_url_of(tenant.slug, connection.vendor)
    return list(adapter_of(connection.vendor).check(ctx, return_urls=[return_url]))


def _write_test(connection: Connection, ctx: Ctx, problems: list[ConfigProblem]) -> None:
    keep_memory(connection, ctx)
    connecting.note_problems(connection.id, problems, keys_id=connection.keys_in_use)


# ------------------------------------------------------------------ keys beside the ones in use


@effect
def test_keys(job: Job) -> Apply | None:
    """Try keys that were entered, as the connection's own are tried. While nobody answers it is tried again for a while:
    that says nothing about keys."""
    with tenant_scope(scope_of(job)):
        row = rotating.waiting_for_test(job.uuid("keys_id"))
        if row is None:
            return None
        connection = row.connection
        ctx, tenant = open_context(connection, row), Tenant.objects.get(id=current_tenant_id())
    try:
        problems = _tried(connection, ctx, tenant)
    except AdapterError as error:
        if error.retry == "later" and job.attempt < MAX_KEY_TESTS:
            raise Unavailable(error.code) from error
        problems = [connecting.problem_of(error, adapter_of(connection.vendor).manifest)]
    return partial(rotating.note_test, row.id, problems)


def destroy_keys(job: Job) -> None:
    """Their time is over, unless somebody is still at the partner who began with them."""
    rotating.destroy_when_over(job.uuid("keys_id"))


# ------------------------------------------------------------------ Face Checks


def record_face_check(job: Job) -> None:
    """Write a judged Face Check into the ledger. It lives here because the two rooms below do not know each other."""
    check = FaceCheck.objects.get(id=job.uuid("face_check_id"))
    is_of_bridge = ProofingAttempt.objects.filter(reference=check.reference, errand=Errand.BRIDGE).exists()
    enqueue(
        "vendors.bridge_face_recorded" if is_of_bridge else "vendors.face_check_recorded",
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
            vendor=check.judge,
            connection_kind=kind_of_judge(Judge(check.judge)),
            outcome=outcome,
            quantity=1,
            case_id=check.reference,
            step="bridged_face" if is_of_bridge else "face_checked",
            mode=check.mode,
            profile_id=check.profile_id,
            department=check.department,
            occurred_at=check.decided_at or clock.now(),
        )
    )
