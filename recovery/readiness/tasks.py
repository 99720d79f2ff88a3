"""Periodic work: everybody is looked at once a day, and what a lost worker left is taken up."""

from __future__ import annotations

import logging

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.among_tenants import tenants_with
from portal.kit.scope import tenant_scope
from recovery.readiness.models import ReadinessDay, Survey
from recovery.readiness.running import begin_survey, take_up_again, work_at
from tenants.directory.models import DirectoryPerson
from tenants.models import Tenant

log = logging.getLogger(__name__)


def look_once_a_day() -> None:
    """One organisation after the other, in this very job: sent for all at once they would fill every worker and people who
    recover would wait. Those that were looked at today, or have nobody, are passed over; one that fails keeps nobody back."""
    for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE).iterator():
        try:
            _look(tenant)
        except Exception:
            log.exception("readiness.look_failed")


def _look(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        today = ReadinessDay.objects.filter(day=clock.now().date())
        if today.exists() or not DirectoryPerson.objects.exists():
            return
        survey = begin_survey(actor=SYSTEM, sends_for_work=False)
    work_at(tenant.id, survey.id)


def take_up() -> None:
    active = Tenant.objects.filter(status=Tenant.Status.ACTIVE).values_list("id", flat=True)
    for tenant_id in set(tenants_with(Survey, f"status = '{Survey.Status.RUNNING.value}'", active)):
        with tenant_scope(tenant_id):
            take_up_again()
