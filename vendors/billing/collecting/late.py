"""Telling those who answer for the money that an invoice is past due: once for each, however often Stripe tries again."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.money import Money
from portal.kit.origins import site_url
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with
from vendors.billing.collecting.models import FactKind, PaymentFact
from vendors.billing.collecting.selectors import Dunning, dunning_of
from vendors.billing.models import Invoice


def tell_if_late(row: PaymentFact) -> None:
    """`row` is locked. Quiet for what is paid, not due, told already, or no invoice of the ledger."""
    if row.kind != FactKind.INVOICE or row.document_id is None or row.told_late_at is not None:
        return
    if row.gone_at is not None or dunning_of(row) is Dunning.NONE:
        return
    row.told_late_at = clock.now()
    row.save(update_fields=["told_late_at"])
    owed = Money(int(row.detail.get("remaining") or row.amount_minor or 0), row.currency)
    document = Invoice.objects.get(id=row.document_id)
    record_event(
        EventName.PAYMENT_MISSED,
        actor=SYSTEM,
        subject=document.public_id,
        data={"amount": str(owed.amount), "currency": owed.currency},
    )
    _mail(document, owed)


def _mail(document: Invoice, owed: Money) -> None:
    tenant = Tenant.objects.get(id=current_tenant_id())
    path = reverse("invoices:invoice", urlconf=settings.ROOT_URLCONF, args=[tenant.slug, document.public_id])
    context = {
        "organisation": tenant.name,
        "number": str(document.parties.get("number", document.period)),
        "owed": str(owed.amount),
        "currency": owed.currency,
        "invoice_url": site_url(path),
    }
    for address in addresses_of_members_with(Right.MANAGE_BILLING):
        send_staff_mail("staff_invoice_past_due", address=address, context=context)
