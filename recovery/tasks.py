"""Periodic work of the journey. Outbox topics point at the flows themselves (portal/registry.py)."""

from __future__ import annotations

from datetime import timedelta

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.among_tenants import tenants_with
from portal.kit.scope import tenant_scope
from recovery.expiring import MAY_EXPIRE, expire_cases_of
from recovery.models import Case
from recovery.passkeys.models import Passkey
from recovery.passkeys.selectors import CONFIRM_WITHIN
from recovery.passkeys.taking_away import take_away_unconfirmed
from tenants.models import Tenant

# In which network a recovery began says nothing of the next one after half a year.
NETWORK_KEPT = timedelta(days=180)


def expire_cases() -> None:
    """End what is over, tenant by tenant. Periodic."""
    active = Tenant.objects.filter(status=Tenant.Status.ACTIVE)
    statuses = ", ".join(f"'{status.value}'" for status in sorted(MAY_EXPIRE))
    over = f"expires_at < '{clock.now().isoformat()}' AND status IN ({statuses})"
    for tenant in active.filter(id__in=set(tenants_with(Case, over, active.values_list("id", flat=True)))):
        with tenant_scope(tenant.id):
            expire_cases_of(tenant)


def take_away_unconfirmed_passkeys() -> None:
    """Those from before a recovery that nobody confirmed in thirty days go. Periodic."""
    late = f"invalidated_at IS NULL AND suspended_at <= '{(clock.now() - CONFIRM_WITHIN).isoformat()}'"
    active = Tenant.objects.filter(status=Tenant.Status.ACTIVE).values_list("id", flat=True)
    for tenant_id in set(tenants_with(Passkey, late, active)):
        with tenant_scope(tenant_id):
            take_away_unconfirmed(actor=SYSTEM)


def forget_networks() -> None:
    """Destroy the digests of networks that are no longer compared with. Periodic; in every organisation there is."""
    before = clock.now() - NETWORK_KEPT
    over = f"created_at < '{before.isoformat()}' AND network_digest <> ''"
    for tenant_id in set(tenants_with(Case, over, Tenant.objects.values_list("id", flat=True))):
        with tenant_scope(tenant_id):
            old = Case.objects.filter(created_at__lt=before)
            old.exclude(network_digest="").update(network_digest="")
