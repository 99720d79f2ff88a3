"""Letting go of files that were read and never applied, and of what was before imports that stay."""

from __future__ import annotations

from portal.kit.among_tenants import tenants_with
from portal.kit.scope import tenant_scope
from tenants.directory.import_undo import forget_befores
from tenants.directory.imports import let_go_of_previews
from tenants.directory.models import PeopleImport
from tenants.models import Tenant


def let_go() -> None:
    """Tenant by tenant. Periodic."""
    for tenant_id in set(tenants_with(PeopleImport, "", Tenant.objects.values_list("id", flat=True))):
        with tenant_scope(tenant_id):
            let_go_of_previews()
            forget_befores()
