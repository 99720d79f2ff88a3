"""Periodic work over all organisations."""

from __future__ import annotations

import logging

from portal.kit.scope import tenant_scope
from tenants.audit.heads import sign_tail
from tenants.models import Tenant

log = logging.getLogger("readmit.console")


def sign_audit_heads() -> None:
    """An hour after its last head, a log that has moved gets a new one, also when nothing follows. Periodic."""
    for tenant_id in Tenant.objects.filter(status=Tenant.Status.ACTIVE).values_list("id", flat=True):
        try:
            with tenant_scope(tenant_id):
                sign_tail()
        except Exception:
            log.exception("audit.signing_failed %s", tenant_id)
