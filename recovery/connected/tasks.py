"""Periodic: work about passes of other directories that was lost on its way is taken up again."""

from __future__ import annotations

from datetime import timedelta

from portal.kit import clock
from portal.kit.among_tenants import tenants_with
from portal.kit.outbox import enqueue
from portal.kit.scope import tenant_scope
from recovery.connected.models import WATCHED, DirectoryPass, PassState
from recovery.connected.rows import CLEAR, LOOK, MAKE
from tenants.directory.connections.services import connection
from tenants.models import Outbox, Tenant

LOST_AFTER = timedelta(minutes=5)


def keep_going() -> None:
    active = Tenant.objects.filter(status=Tenant.Status.ACTIVE)
    waiting = set(tenants_with(DirectoryPass, "next_at IS NOT NULL", active.values_list("id", flat=True)))
    for tenant in active.filter(id__in=waiting):
        with tenant_scope(tenant.id):
            if connection() is not None:
                _keep_going(tenant)


def _keep_going(tenant: Tenant) -> None:
    due = DirectoryPass.objects.filter(next_at__lt=clock.now() - LOST_AFTER).order_by("next_at")[:200]
    for row in due:
        topic = _topic(row)
        waiting = Outbox.objects.filter(
            topic=topic, tenant_id=tenant.id, payload__row_id=str(row.id), failed_at=None
        )
        if topic and not waiting.exists():
            enqueue(topic, tenant_id=tenant.id, row_id=row.id)


def _topic(row: DirectoryPass) -> str:
    if row.clearing:
        return CLEAR
    if row.state == PassState.WAITING:
        return MAKE
    return LOOK if row.state in WATCHED else ""
