"""Periodic work: every organisation's cases are looked over together."""

from __future__ import annotations

import logging

from portal.kit.scope import tenant_scope
from recovery.patterns.services import look_at
from tenants.models import Tenant

log = logging.getLogger(__name__)


def look() -> None:
    """One organisation after the other; one that fails keeps nobody back."""
    for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE).iterator():
        try:
            with tenant_scope(tenant.id):
                look_at(tenant)
        except Exception:
            log.exception("patterns.look_failed")
