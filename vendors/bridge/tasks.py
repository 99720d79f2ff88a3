"""Periodic work of the bridge."""

from __future__ import annotations

from datetime import timedelta

from portal.kit import clock
from portal.kit.among_tenants import tenants_with
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.bridge.ending import expire_runs
from vendors.bridge.keys import destroy_old_keys
from vendors.bridge.models import BridgeAssertion, BridgeClient, BridgeRun, BridgeSecret
from vendors.bridge.statuses import ENDS

# A row says when and how a run ended, and nothing of anybody.
RUNS_KEPT = timedelta(days=90)


def let_go() -> None:
    """End what is over, erase what nobody asks for any more, and forget what is old. In every organisation that has a bridge."""
    for tenant_id in set(tenants_with(BridgeClient, "", Tenant.objects.values_list("id", flat=True))):
        with tenant_scope(tenant_id):
            expire_runs()
            moment = clock.now()
            BridgeAssertion.objects.filter(expires_at__lte=moment).delete()
            BridgeSecret.objects.filter(ends_at__lte=moment).delete()
            BridgeRun.objects.filter(created_at__lte=moment - RUNS_KEPT, status__in=ENDS).delete()
            destroy_old_keys()
