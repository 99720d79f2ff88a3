"""Periodic work of the journey. Outbox topics point at the flows themselves (portal/registry.py)."""

from __future__ import annotations

from portal.kit.scope import tenant_scope
from recovery.completion import expire_cases_of
from tenants.models import Tenant


def expire_cases() -> None:
    """End what is over, tenant by tenant. Periodic."""
    for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE).iterator():
        with tenant_scope(tenant.id):
            expire_cases_of(tenant)
