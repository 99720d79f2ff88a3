"""How a dispute stands, as the pages of disputes and of a charge tell it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.rights import seat_of
from tenants.rights import Right
from vendors.billing import disputing
from vendors.billing.models import Dispute, Entry, UsageEntry
from vendors.console.case_links import case_url
from vendors.console.invoice_words import product_name

TONES = {
    Dispute.State.OPEN: "warn",
    Dispute.State.ACCEPTED: "ok",
    Dispute.State.DECLINED: "neutral",
}


def told_dispute(request: HttpRequest, dispute: Dispute, entry: Entry) -> dict[str, Any]:
    slug, entry_id = (
        seat_of(request).tenant.slug,
        UsageEntry(id=entry.id, tenant_id=entry.tenant_id).public_id,
    )
    return {
        "dispute": dispute,
        "entry": entry,
        "what": product_name(entry.meter, entry.vendor),
        "tone": TONES[Dispute.State(dispute.state)],
        "case_url": case_url(request, entry.case_id, entry.step),
        "entry_url": reverse("usage:entry", args=[slug, entry_id]),
        "url": reverse("disputes:dispute", args=[slug, entry_id]),
    }


def dispute_card(request: HttpRequest, entry: UsageEntry) -> dict[str, Any]:
    """What an entry's page says about disputing it: how it stands, or where to begin; nothing for what costs nothing."""
    slug = seat_of(request).tenant.slug
    found = disputing.dispute_of(entry)
    if found is not None:
        return told_dispute(request, found, entry)
    if not disputing.is_charged(entry):
        return {}
    if disputing.is_taken_back(entry):
        return {"is_taken_back": True}
    if not seat_of(request).may(Right.MANAGE_BILLING):
        return {}
    return {"open_url": reverse("disputes:open", args=[slug, entry.public_id])}
