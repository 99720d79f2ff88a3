"""What the account at Stripe says of the tenant: name, address, tax number, and whom mail goes to.

What is entered in the console goes there; what somebody entered at Stripe instead, an address for mail or a tax number, is
left alone. Numbers of countries that are not in `_KINDS` stand on our statement only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with
from vendors.billing.collecting import client
from vendors.billing.collecting.asking import payer_of
from vendors.billing.collecting.models import FactKind, Operation, PaymentCall, PaymentFact
from vendors.billing.document_models import BillingDetails

Params = dict[str, Any]
NOTHING_TO_DO = "nothing"


@dataclass(frozen=True, slots=True)
class Ready:
    """What to send, or the id of what is there already and need not be asked for."""

    params: Params
    found: str = ""


def details_now() -> BillingDetails | None:
    """Whom invoices are made out to, as entered last."""
    return BillingDetails.objects.order_by("-id").first()


def customer_of(call: PaymentCall) -> str:
    payer = payer_of(call.currency)
    if payer is None:
        raise Refused("customer_missing")
    return payer.customer


def _told(tenant_id: UUID, details: BillingDetails | None) -> Params:
    if details is None:
        return {"name": Tenant.objects.only("name").get(id=tenant_id).name}
    told: Params = {"name": details.legal_name}
    if details.country:
        told["address"] = {
            "line1": details.address.replace("\n", ", ")[:200],
            "country": details.country,
        }
    return told


def create_customer(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        addresses = sorted(addresses_of_members_with(Right.MANAGE_BILLING))
        params = {**call.params, **_told(tenant_id, details_now())}
    return Ready({**params, **({"email": addresses[0]} if addresses else {})})


def update_customer(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer = customer_of(call)
        address = stale_address(customer)
        params = {"id": customer, **_told(tenant_id, details_now())}
    return Ready({**params, **({"email": address} if address else {})})


def stale_address(customer: str) -> str:
    """Whom mail should go to instead: where it goes to somebody whom we named and who manages billing no more."""
    fact = PaymentFact.objects.filter(stripe_id=customer, kind=FactKind.CUSTOMER).first()
    named = {
        str((call.sent or {}).get("email", ""))
        for call in PaymentCall.objects.filter(
            operation__in=(Operation.CREATE_CUSTOMER, Operation.UPDATE_CUSTOMER), answer_id=customer
        )
    }
    addresses = sorted(addresses_of_members_with(Right.MANAGE_BILLING))
    held = str(fact.detail.get("email") or "") if fact else ""
    return addresses[0] if addresses and held in named - {""} and held not in addresses else ""


# ------------------------------------------------------------------ tax numbers

_EUROPEAN = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI"
# Stripe's kinds: (country, or nothing where the number itself says it; how it is written).
_KINDS: dict[str, tuple[str, str]] = {
    "eu_vat": ("", rf"({_EUROPEAN})[0-9A-Z]{{8,12}}"),
    "gb_vat": ("", r"GB([0-9]{9}|[0-9]{12})"),
    "ch_vat": ("", r"CHE-?[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}(MWST|TVA|IVA)"),
    "no_vat": ("NO", r"[0-9]{9}MVA"),
    "us_ein": ("US", r"[0-9]{2}-[0-9]{7}"),
    "au_abn": ("AU", r"[0-9]{11}"),
    "ca_bn": ("CA", r"[0-9]{9}"),
    "jp_cn": ("JP", r"[0-9]{13}"),
}


def tax_number_of(details: BillingDetails | None) -> tuple[str, str] | None:
    """(kind, number) as Stripe takes it."""
    if details is None:
        return None
    written = re.sub(r"\s", "", details.tax_id).upper()
    for kind, (country, pattern) in _KINDS.items():
        if country in ("", details.country) and re.fullmatch(pattern, written):
            return kind, written
    return None


def drop_tax_id(tenant_id: UUID, call: PaymentCall) -> Ready:
    """Only one that we entered, and only for another one."""
    with tenant_scope(tenant_id):
        customer, wanted = customer_of(call), tax_number_of(details_now())
        ours = PaymentCall.objects.filter(
            chain=call.chain, operation=Operation.SET_TAX_ID, state=PaymentCall.State.ANSWERED
        )
        known = set(ours.exclude(answer_id=NOTHING_TO_DO).values_list("answer_id", flat=True))
    for held in client.tax_ids_of(customer) if known else ():
        if held["id"] in known and (wanted is None or held["value"] != wanted[1]):
            return Ready({"customer": customer, "id": held["id"]})
    return Ready({}, found=NOTHING_TO_DO)


def set_tax_id(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer, wanted = customer_of(call), tax_number_of(details_now())
    if wanted is None:
        return Ready({}, found=NOTHING_TO_DO)
    for held in client.tax_ids_of(customer):
        if held["value"] == wanted[1]:
            return Ready({}, found=NOTHING_TO_DO)
    return Ready({"customer": customer, "type": wanted[0], "value": wanted[1]})
