"""Telling those who answer for partners that an answer could not be believed (a word nobody knows, or somebody else's record),
that a partner did not erase in time, and that a certificate runs out.

The first two once a day for each connection: whoever sends a thousand of them fills no mailbox. Mails name the partner and a case's
reference, never a person and never what was answered. What it does not do: decide anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.ids import short_reference
from portal.kit.origins import site_url
from portal.kit.scope import current_tenant_id
from tenants.models import Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with
from vendors.contract import AdapterError, ContractBroken, Fault
from vendors.models import Connection, PartnerHealth, ProofingAttempt
from vendors.wording import partner_name

PAUSE = timedelta(days=1)


def tell_of_answer(attempt: ProofingAttempt, connection: Connection, error: AdapterError) -> None:
    """Quiet for what is no broken promise, and when it was told today. The attempt's row is locked; this locks the row of
    the partner's health last, as everybody does."""
    if error.fault is not Fault.ATTACK and not isinstance(error, ContractBroken):
        return
    if not _is_due(connection, "alerted_at"):
        return
    tenant = Tenant.objects.get(id=current_tenant_id())
    args = [tenant.slug, connection.vendor]
    context = {
        "organisation": tenant.name,
        "partner": partner_name(connection.vendor),
        "case_reference": short_reference(attempt.reference),
        "is_foreign": "yes" if error.fault is Fault.ATTACK else "",
        "partner_url": site_url(reverse("partners:partner", urlconf=settings.ROOT_URLCONF, args=args)),
    }
    for address in addresses_of_members_with(Right.MANAGE_PARTNERS):
        send_staff_mail("staff_partner_answer", address=address, context=context)


def tell_of_erasing(connection: Connection, overdue: int) -> None:
    """So many sessions were not erased there in time. Quiet when it was told today."""
    if not overdue or not _is_due(connection, "erasing_told_at"):
        return
    tenant = Tenant.objects.get(id=current_tenant_id())
    args = [tenant.slug, connection.vendor]
    context = {
        "organisation": tenant.name,
        "partner": partner_name(connection.vendor),
        "overdue": str(overdue),
        "erasing_url": site_url(reverse("partners:erasing", urlconf=settings.ROOT_URLCONF, args=args))
        + (f"?of={connection.public_id}" if connection.status == Connection.Status.REMOVED else ""),
    }
    for address in addresses_of_members_with(Right.MANAGE_PARTNERS):
        send_staff_mail("staff_erasing_overdue", address=address, context=context)


# Where the next certificate is entered: the page, and whether it is one of this partner's.
CERTIFICATE_PAGES = {
    "keys": ("partners:keys", True),
    "settings": ("partners:settings", True),
    "access": ("verified_id:access", False),
    "issuers": ("verified_id:issuers", False),
}


def tell_of_certificate(
    connection: Connection, label: str, runs_out_at: datetime, *, is_over: bool, place: str = "keys"
) -> None:
    """A certificate that a partner is used with runs out, or has. The caller knows whether it was told."""
    tenant = Tenant.objects.get(id=current_tenant_id())
    page, is_partners = CERTIFICATE_PAGES[place]
    args = [tenant.slug, connection.vendor] if is_partners else [tenant.slug]
    context = {
        "organisation": tenant.name,
        "partner": partner_name(connection.vendor),
        "setting": _(label),
        "runs_out_on": runs_out_at.date().isoformat(),
        "is_over": "yes" if is_over else "",
        "place": place,
        "page_url": site_url(reverse(page, urlconf=settings.ROOT_URLCONF, args=args)),
    }
    for address in addresses_of_members_with(Right.MANAGE_PARTNERS):
        send_staff_mail("staff_certificate_ends", address=address, context=context)


def _is_due(connection: Connection, told_at: str) -> bool:
    """Whether nobody was told of this today; from now on somebody was. Locks the row of the partner's health."""
    PartnerHealth.objects.bulk_create([PartnerHealth(connection=connection)], ignore_conflicts=True)
    due = Q(**{told_at: None}) | Q(**{f"{told_at}__lte": clock.now() - PAUSE})
    return bool(PartnerHealth.objects.filter(due, connection=connection).update(**{told_at: clock.now()}))
