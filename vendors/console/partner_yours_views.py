"""What a tenant has of the marketplace."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.rights import requires, seat_of
from tenants.rights import Right
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import ACTIVE, BUYING, PurchaseStatus
from vendors.catalogue.shelf import Item
from vendors.console import partner_shown as shown
from vendors.console.partner_purchase import TONES as PURCHASE_TONES
from vendors.models import Connection
from vendors.wording import TONES


def _row(
    slug: str, item: Item, connection: Connection | None, bought: list[Purchase], own: shown.Own
) -> dict[str, Any]:
    """`next` is the word of a purchase that waits for somebody."""
    status = Connection.Status(connection.status) if connection else None
    under_way = next((row for row in bought if row.status in BUYING), None)
    active = next((row for row in bought if row.status in ACTIVE), None)
    plan = item.listing.plan(active.plan) if active else None
    step = PurchaseStatus(under_way.status) if under_way else None
    return {
        "name": _(item.listing.name),
        "url": reverse("partners:partner", args=[slug, item.slug]),
        "kind": shown.kinds_in_words(item.listing),
        "plan": _(plan.title) if plan else "",
        "status_label": status.label if status else PurchaseStatus(active.status).label if active else "",
        "status_tone": TONES[status] if status else "ok" if active else "neutral",
        "step_label": step.label if step else "",
        "step_tone": PURCHASE_TONES[step] if step else "neutral",
        "ends_at": active.ends_at if active else None,
        "price": shown.price_of(item, own),
    }


@require_GET
@requires(Right.SEE_PARTNERS)
def yours(request: HttpRequest) -> HttpResponse:
    own, found, slug = shown.read_own(), shown.items(), seat_of(request).tenant.slug
    bought: dict[str, list[Purchase]] = {}
    for row in Purchase.objects.filter(status__in=BUYING | ACTIVE).order_by("created_at"):
        bought.setdefault(row.slug, []).append(row)
    named = [name for name in dict.fromkeys([*own.connections, *bought]) if name in found]
    rows = [_row(slug, found[name], own.connections.get(name), bought.get(name, []), own) for name in named]
    context = {"rows": rows, "partner_tabs": shown.tabs_of(request, "yours")}
    return render(request, "vendors/yours.html", context)
