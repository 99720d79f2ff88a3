"""What the worker does: try a connection out, take a step, begin what is due, let go of what is old."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.among_tenants import tenants_with
from portal.kit.outbox import Apply, Job, effect
from portal.kit.remote import TROUBLE, Token
from portal.kit.scope import tenant_scope
from tenants.directory.connections import rounds, services
from tenants.directory.connections.contract import GROUPS, USERS, Door, Policy, StateLost
from tenants.directory.connections.models import DirectoryConnection, SyncRun, Track
from tenants.directory.connections.services import Finding
from tenants.directory.connections.tokens import Held, hold
from tenants.models import Outbox, Tenant

EVERY = timedelta(hours=1)
# After a problem it is tried again sooner than after a day, and later than at once.
AFTER_PROBLEM = timedelta(hours=1)
KEPT = timedelta(days=30)
# A job that was given up after many faults of our own is taken up again.
LOST_AFTER = timedelta(minutes=10)


@effect
def test(job: Job) -> Apply | None:
    """A token, then one page of people and one of groups: what an application may do is known only when it does it."""
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        held = hold(job.tenant_id)
    if held is None:
        return None
    try:
        token = held.provider.fetch_token(held.credentials)
    except TROUBLE as error:
        return partial(services.note_test, held, [Finding("token", False, error.code)], None)
    door = held.provider.open(held.credentials, token)
    found = [Finding("token", True), *(_tried(kind, door) for kind in (USERS, GROUPS))]
    return partial(services.note_test, held, found, token, *_tried_for_passes(held, door, token))


def _tried_for_passes(held: Held, door: Door, token: Token) -> tuple[list[Finding], Policy | None]:
    """The policy is read. What changes an account is not tried on anybody: the token says whether it is permitted."""
    policy = None
    try:
        policy = door.read_policy()
    except TROUBLE as error:
        found = [Finding("policy", False, error.code)]
    else:
        found = [Finding("policy", policy.is_enabled, "" if policy.is_enabled else "pass_policy_off")]
    grants = token.unverified_grants
    for step, opened_by in held.provider.grants.items():
        is_granted = grants is None or not grants.isdisjoint(opened_by)
        found.append(Finding(step, is_granted, "" if is_granted else f"permission_missing_{step}"))
    return found, policy


def _tried(kind: str, door: Door) -> Finding:
    try:
        door.fetch_page(kind, "")
    except (StateLost, *TROUBLE) as error:
        return Finding(kind, False, error.code)
    return Finding(kind, True)


@effect
def step(job: Job) -> Apply | None:
    if job.tenant_id is None:
        return None
    return rounds.take_steps(job.tenant_id, job.uuid("run_id"))


def keep_going() -> None:
    """Periodic: begin what is due, take up what was lost. Tenant by tenant."""
    everybody = Tenant.objects.values_list("id", flat=True)
    due = set(tenants_with(DirectoryConnection, "paused_at IS NULL", everybody))
    for tenant in Tenant.objects.filter(id__in=due):
        with tenant_scope(tenant.id):
            row = DirectoryConnection.objects.filter(paused_at=None).first()
            if row is not None:
                _keep_going(tenant, row)


def _keep_going(tenant: Tenant, row: DirectoryConnection) -> None:
    run = SyncRun.objects.order_by("-created_at", "-id").first()
    if run is not None and run.state == SyncRun.State.RUNNING:
        _take_up(tenant, run)
        return
    pause = AFTER_PROBLEM if run is not None and run.state == SyncRun.State.FAILED else EVERY
    # The first is asked for by whoever connects: nobody's people come before somebody has looked at the test.
    if run is not None and (run.ended_at or run.created_at) <= clock.now() - pause:
        services.ask_for_sync(actor=SYSTEM, everything=_is_everything_due(row))


def _is_everything_due(row: DirectoryConnection) -> bool:
    """Where what changed does not tell who left, everything is told again from time to time."""
    every = services.provider_of(row).tells_everything_every
    if every is None:
        return False
    recent = Track.objects.filter(told_everything_at__gt=clock.now() - every)
    return recent.count() < Track.objects.count()


def _take_up(tenant: Tenant, run: SyncRun) -> None:
    waiting = Outbox.objects.filter(
        topic=rounds.TOPIC, tenant_id=tenant.id, payload__run_id=str(run.id), failed_at=None
    )
    if (run.next_at or run.created_at) <= clock.now() - LOST_AFTER and not waiting.exists():
        rounds.enqueue_step(run)


def let_go() -> None:
    """Periodic: runs of last month."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            old = SyncRun.objects.filter(created_at__lt=clock.now() - KEPT)
            old.exclude(state=SyncRun.State.RUNNING).delete()
