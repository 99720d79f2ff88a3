"""Periodic work: every organisation's cases are looked over together."""

from __future__ import annotations

import logging

from portal.kit.among_tenants import tenants_with
from portal.kit.scope import tenant_scope
from recovery.models import Case
from recovery.patterns.services import look_at
from tenants.models import Tenant

log = logging.getLogger(__name__)


def look() -> None:
    """One organisation after the other; one that fails keeps nobody back."""
    active = Tenant.objects.filter(status=Tenant.Status.ACTIVE)
    for tenant in active.filter(id__in=set(tenants_with(Case, "", active.values_list("id", flat=True)))):
        try:
            with tenant_scope(tenant.id):
                look_at(tenant)
        except Exception:
            log.exception("patterns.look_failed")
