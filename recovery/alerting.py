"""Telling the members who may act on a case that something about it must not wait.

One mail to each owner, administrator and help-desk agent, with the case's reference and its page, never a name.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit.actors import SYSTEM
from portal.kit.origins import site_url
from recovery.connected.reasons import PASS_REASONS
from recovery.models import Case
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with


def alert_members(case: Case, *, reasons: Sequence[str]) -> None:
    """Write the alert down on the case and mail it. In the scope, with the case locked."""
    tenant = Tenant.objects.get(id=case.tenant_id)
    record_event(
        EventName.CASE_ALERTED,
        actor=SYSTEM,
        subject=case.public_id,
        case_id=case.id,
        data={"reasons": list(reasons), "status": case.status},
    )
    path = reverse("cases:case", urlconf=settings.ROOT_URLCONF, args=[tenant.slug, case.public_id])
    sentence = PASS_REASONS.get(reasons[0])
    for address in addresses_of_members_with(Right.ACT_ON_CASES):
        send_staff_mail(
            "staff_pass_alert" if sentence else "staff_case_alert",
            address=address,
            context={
                "organisation": tenant.name,
                "case_reference": case.reference,
                "why": _(sentence) if sentence else reasons[0],
                "reached_account": "yes" if case.gave_account else "",
                "case_url": site_url(path),
            },
        )
