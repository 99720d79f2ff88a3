"""Periodic work: everybody is looked at once a day, and what a lost worker left is taken up."""

from __future__ import annotations

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.readiness.models import ReadinessDay
from recovery.readiness.running import begin_survey, take_up_again
from tenants.directory.models import DirectoryPerson
from tenants.models import Tenant


def look_once_a_day() -> None:
    """Tenant by tenant; those that were looked at today, or have nobody, are passed over."""
    today = clock.now().date()
    for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE).iterator():
        with tenant_scope(tenant.id):
            if ReadinessDay.objects.filter(day=today).exists() or not DirectoryPerson.objects.exists():
                continue
            begin_survey(actor=SYSTEM)


def take_up() -> None:
    for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE).iterator():
        with tenant_scope(tenant.id):
            take_up_again()
