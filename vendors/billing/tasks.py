"""What the worker does for the ledger."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.billing.closing import close_period, next_due
from vendors.billing.models import UsagePending
from vendors.billing.rollups import BATCH, check_days, roll_up

log = logging.getLogger("readmit.billing")


def roll_up_usage() -> None:
    """Add what was counted to its days, every tenant's. Periodic; one tenant's trouble is not the next one's."""
    waiting = UsagePending.objects.order_by("tenant_id").values_list("tenant_id", flat=True).distinct()
    for tenant_id in list(waiting):
        _careful("billing.roll_up_failed", tenant_id, _roll_up_all)


def check_usage_days() -> None:
    """Compare every tenant's roll-ups with its entries and mend what differs. Periodic, at night or whenever it is due."""
    for tenant_id in list(Tenant.objects.order_by("id").values_list("id", flat=True)):
        _careful("billing.check_days_failed", tenant_id, _check)


def close_due_periods(tenants: Sequence[UUID] = ()) -> None:
    """Close what is over, each period in a transaction of its own and the earliest first; every tenant's unless it is told
    whose. Periodic."""
    for tenant_id in tenants or list(Tenant.objects.order_by("id").values_list("id", flat=True)):
        _careful("billing.close_failed", tenant_id, _close_all)


def _close_all(tenant_id: UUID) -> None:
    while True:
        with tenant_scope(tenant_id):
            label = next_due()
            if not label:
                return
            close_period(label, actor=SYSTEM)


def _roll_up_all(tenant_id: UUID) -> None:
    while True:
        with tenant_scope(tenant_id):
            if roll_up() < BATCH:
                return


def _check(tenant_id: UUID) -> None:
    with tenant_scope(tenant_id):
        differing = check_days()
    if differing:
        log.error("billing.days_differed %s %s", tenant_id, [str(each.day) for each in differing[:10]])


def _careful(problem: str, tenant_id: UUID, work: Callable[[UUID], None]) -> None:
    try:
        work(tenant_id)
    except Exception:
        log.exception("%s %s", problem, tenant_id)
