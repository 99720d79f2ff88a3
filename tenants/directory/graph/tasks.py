"""What the worker does: try a connection out, take a step, begin what is due, let go of what is old."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from tenants.directory.graph import addresses, client, passes, rounds, services
from tenants.directory.graph.models import GraphConnection, GraphRun
from tenants.directory.graph.services import Finding
from tenants.directory.graph.tokens import hold
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
        token = client.fetch_token(held.credentials)
    except (client.GraphRefused, Unavailable, Misconfigured) as error:
        return partial(services.note_test, held, [Finding("token", False, error.code)], None)
    found = [Finding("token", True)]
    found += [_tried(kind, token) for kind in (addresses.USERS, addresses.GROUPS)]
    return partial(services.note_test, held, found, token, *_tried_for_passes(token))


def _tried_for_passes(token: client.Token) -> tuple[list[Finding], passes.Policy | None]:
    """The policy is read. What changes an account is not tried on anybody: the token says whether it is permitted."""
    policy = None
    try:
        policy = passes.read_policy(token)
    except passes.TROUBLE as error:
        found = [Finding("policy", False, error.code)]
    else:
        found = [Finding("policy", policy.is_enabled, "" if policy.is_enabled else "pass_policy_off")]
    roles = token.unverified_roles
    for step in ("methods", "sessions"):
        is_granted = roles is None or not roles.isdisjoint(passes.ROLES[step])
        found.append(Finding(step, is_granted, "" if is_granted else f"permission_missing_{step}"))
    return found, policy


def _tried(kind: str, token: client.Token) -> Finding:
    try:
        client.fetch_page(kind, addresses.first_url(kind), token)
    except (client.GraphRefused, client.StateLost, Unavailable, Misconfigured) as error:
        return Finding(kind, False, error.code)
    return Finding(kind, True)


@effect
def step(job: Job) -> Apply | None:
    if job.tenant_id is None:
        return None
    return rounds.take_steps(job.tenant_id, job.uuid("run_id"))


def keep_going() -> None:
    """Periodic: begin what is due, take up what was lost. Tenant by tenant."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            row = GraphConnection.objects.filter(paused_at=None).first()
            if row is not None:
                _keep_going(tenant)


def _keep_going(tenant: Tenant) -> None:
    run = GraphRun.objects.order_by("-created_at", "-id").first()
    if run is not None and run.state == GraphRun.State.RUNNING:
        _take_up(tenant, run)
        return
    pause = AFTER_PROBLEM if run is not None and run.state == GraphRun.State.FAILED else EVERY
    # The first is asked for by whoever connects: nobody's people come before somebody has looked at the test.
    if run is not None and (run.ended_at or run.created_at) <= clock.now() - pause:
        services.ask_for_sync(actor=SYSTEM)


def _take_up(tenant: Tenant, run: GraphRun) -> None:
    waiting = Outbox.objects.filter(
        topic=rounds.TOPIC, tenant_id=tenant.id, payload__run_id=str(run.id), failed_at=None
    )
    if (run.next_at or run.created_at) <= clock.now() - LOST_AFTER and not waiting.exists():
        rounds.enqueue_step(run)


def let_go() -> None:
    """Periodic: runs of last month."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            old = GraphRun.objects.filter(created_at__lt=clock.now() - KEPT)
            old.exclude(state=GraphRun.State.RUNNING).delete()
