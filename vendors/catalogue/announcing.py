"""Telling those who pay that a price will change, once for each price, before it binds.

A price that holds is changed thirty days ahead at the earliest (`loading`), so that whoever is told has time to leave.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.origins import site_url
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with
from vendors.billing.book import PricedProduct
from vendors.catalogue.amounts import told
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import ACTIVE
from vendors.catalogue.shelf import Item, PlanPrice, find_item

log = logging.getLogger("readmit.catalogue")


def announce_prices() -> None:
    """Every tenant's. Periodic; one tenant's trouble is not the next one's."""
    for tenant_id in list(Tenant.objects.filter(status=Tenant.Status.ACTIVE).values_list("id", flat=True)):
        try:
            with tenant_scope(tenant_id):
                announce_to(tenant_id)
        except Exception:
            log.exception("catalogue.announcing_failed %s", tenant_id)


def announce_to(tenant_id: UUID) -> int:
    """How many changes were told. In the tenant's scope."""
    count = 0
    for purchase in Purchase.objects.select_for_update().filter(status__in=ACTIVE).exclude(plan=""):
        item = find_item(purchase.slug)
        plan = item.listing.plan(purchase.plan) if item else None
        price = item.price_of(plan, purchase.currency, clock.now()) if item and plan else None
        for before, after in _changes(price):
            if item and after.price.id not in purchase.announced:
                _tell(purchase, item, before, after)
                count += 1
    return count


def _changes(price: PlanPrice | None) -> list[tuple[str, PricedProduct]]:
    """(what it costs now, the version that comes) of the check and of the fee."""
    if price is None:
        return []
    found = []
    if price.next is not None:
        found.append((told(price.unit_price, price.currency), price.next))
    if price.next_fee is not None and price.fee is not None:
        found.append((told(price.fee, price.currency), price.next_fee))
    return found


def _tell(purchase: Purchase, item: Item, before: str, after: PricedProduct) -> None:
    purchase.announced = [*purchase.announced, after.price.id]
    purchase.save(update_fields=["announced"])
    tenant = Tenant.objects.get(id=current_tenant_id())
    plan = item.listing.plan(purchase.plan)
    path = reverse("partners:partner", urlconf=settings.ROOT_URLCONF, args=[tenant.slug, purchase.slug])
    price = told(after.price.terms.list_price, after.price.currency)
    context = {
        "organisation": tenant.name,
        "partner": _(item.listing.name),
        "plan": _(plan.title) if plan else purchase.plan,
        "before": before,
        "after": price,
        "day": date_format(after.price.effective_from, "j M Y"),
        "partner_url": site_url(path),
    }
    record_event(
        EventName.PRICE_CHANGE_TOLD,
        actor=SYSTEM,
        subject=purchase.public_id,
        data={
            "partner": purchase.slug,
            "plan": purchase.plan,
            "unit_price": price,
            "since": after.price.effective_from.isoformat(),
        },
    )
    for address in addresses_of_members_with(Right.MANAGE_BILLING):
        send_staff_mail("staff_price_change", address=address, context=context)
