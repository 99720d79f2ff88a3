"""Whom invoices are made out to, and by whom.

Protects issued invoices from later changes: a document keeps its number and both parties as they were when its period was
closed, under the lock that changes of the details take as well. What it does not do: check a tax number with an authority.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.names import has_unseen
from portal.kit.scope import current_tenant_id
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from vendors.billing.collecting.asking import ask_to_change_customers
from vendors.billing.document_models import BillingDetails, PaidBackTo
from vendors.billing.models import Invoice
from vendors.billing.recording import lock_billing

LONGEST = {
    "legal_name": 160,
    "address": 400,
    "country": 2,
    "tax_id": 40,
    "purchase_order": 60,
    "cost_centre": 60,
    "paid_back_to": 8,
}
MOST_ADDRESS_LINES = 6
_PREFIXES = {Invoice.Kind.INVOICE: "INV", Invoice.Kind.CREDIT_NOTE: "CN"}


@dataclass(frozen=True, slots=True)
class Buyer:
    """What stands on an invoice about the tenant, and where what it paid too much goes. The address has a line for each of
    its lines."""

    legal_name: str = ""
    address: str = ""
    country: str = ""
    tax_id: str = ""
    purchase_order: str = ""
    cost_centre: str = ""
    paid_back_to: str = PaidBackTo.BALANCE.value

    def on_paper(self) -> dict[str, str]:
        """What a document keeps of it."""
        return {name: value for name, value in asdict(self).items() if name != "paid_back_to"}


def buyer_now() -> Buyer:
    """As the next invoice will have it. An organisation that entered nothing goes by its name."""
    row = BillingDetails.objects.order_by("-id").first()
    if row is not None:
        return Buyer(**{name: getattr(row, name) for name in LONGEST})
    return Buyer(legal_name=Tenant.objects.only("name").get(id=current_tenant_id()).name)


def change_billing_details(wanted: Buyer, *, actor: Actor, seen: str | None = None) -> Buyer:
    """From the next invoice on. Quiet when nothing changes; `ChangedMeanwhile` when a colleague was faster."""
    cleaned = _cleaned(wanted)
    lock_billing()
    before = buyer_now()
    require_unchanged(seen, asdict(before))
    if cleaned == before:
        return before
    row = BillingDetails.objects.create(**asdict(cleaned))
    changed = [name for name in LONGEST if getattr(cleaned, name) != getattr(before, name)]
    ask_to_change_customers()
    record_event(
        EventName.BILLING_DETAILS_CHANGED,
        actor=actor,
        subject=row.public_id,
        data={"changed": changed},
        personal={name: getattr(cleaned, name) for name in changed},
    )
    return cleaned


def _cleaned(wanted: Buyer) -> Buyer:
    values = {name: _plain(name, getattr(wanted, name)) for name in LONGEST}
    if not values["legal_name"]:
        raise Invalid("name_missing", _("Say whom invoices are made out to."), field="legal_name")
    if values["country"] and not re.fullmatch(r"[A-Z]{2}", values["country"]):
        raise Invalid("country_unusable", _("Two letters, for example CZ."), field="country")
    if values["address"].count("\n") >= MOST_ADDRESS_LINES:
        raise Invalid("address_too_long", _("An address has at most six lines."), field="address")
    if values["paid_back_to"] not in PaidBackTo.values:
        raise Invalid(
            "paid_back_to_unusable", _("Choose the next invoice or the card."), field="paid_back_to"
        )
    return Buyer(**values)


def _plain(name: str, text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [" ".join(line.split()) for line in lines if line.strip()]
    joined = ("\n" if name == "address" else " ").join(kept)
    cleaned = joined.upper() if name == "country" else joined
    if any(has_unseen(line.strip()) for line in lines):
        raise Invalid("text_unusable", _("This holds a character that cannot be printed."), field=name)
    if len(cleaned) > LONGEST[name]:
        raise Invalid(
            "text_too_long", _("At most %(most)s characters.") % {"most": LONGEST[name]}, field=name
        )
    return cleaned


def parties_of(kind: str, period: str, currency: str, number: int) -> dict[str, Any]:
    """What a document says about itself and its parties for ever. Under the lock of whoever closes the period."""
    slug = Tenant.objects.only("slug").get(id=current_tenant_id()).slug
    return {
        "number": f"{_PREFIXES[Invoice.Kind(kind)]}-{slug.upper()}-{period}-{currency}-{number}",
        "seller": dict(settings.SELLER),
        "buyer": buyer_now().on_paper(),
    }
