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
from vendors.console import partner_shown as shown
from vendors.models import Connection
from vendors.wording import TONES


def _row(slug: str, item: Any, connection: Connection | None, own: shown.Own) -> dict[str, Any]:
    status = Connection.Status(connection.status) if connection else None
    return {
        "name": _(item.listing.name),
        "url": reverse("partners:partner", args=[slug, item.slug]),
        "kind": shown.kinds_in_words(item.listing),
        "status_label": status.label if status else "",
        "status_tone": TONES[status] if status else "neutral",
        "chosen_at": connection.chosen_at if connection else None,
        "price": shown.price_of(item, own),
    }


@require_GET
@requires(Right.SEE_PARTNERS)
def yours(request: HttpRequest) -> HttpResponse:
    own, found, slug = shown.read_own(), shown.items(), seat_of(request).tenant.slug
    rows = [
        _row(slug, found[vendor], connection, own)
        for vendor, connection in own.connections.items()
        if vendor in found
    ]
    context = {"rows": rows, "partner_tabs": shown.tabs_of(request, "yours")}
    return render(request, "vendors/yours.html", context)
