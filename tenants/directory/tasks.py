"""Letting go of files that were read and never applied, and of what was before imports that stay."""

from __future__ import annotations

from portal.kit.scope import tenant_scope
from tenants.directory.import_undo import forget_befores
from tenants.directory.imports import let_go_of_previews
from tenants.models import Tenant


def let_go() -> None:
    """Tenant by tenant. Periodic."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            let_go_of_previews()
            forget_befores()
