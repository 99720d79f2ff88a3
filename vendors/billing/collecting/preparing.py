"""What a call says when it goes out: what was written down, with what only Stripe knows put in.

Runs before the first try, outside any transaction; the sender keeps the result, so that every further try says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with
from vendors.billing.collecting import client
from vendors.billing.collecting.asking import DAYS_TO_PAY, payer_of
from vendors.billing.collecting.models import FactKind, Operation, PaymentCall, PaymentFact
from vendors.billing.document_models import BillingDetails
from vendors.billing.models import Invoice

Params = dict[str, Any]
PORTAL = "portal:1"


@dataclass(frozen=True, slots=True)
class Ready:
    """What to send, or the id of what is there already and need not be asked for."""

    params: Params
    found: str = ""


def prepare(tenant_id: UUID, call: PaymentCall) -> Ready:
    """Refused where it makes no sense any more, Unavailable while Stripe does not say."""
    return _PREPARED[Operation(call.operation)](tenant_id, call)


def _customer(call: PaymentCall) -> str:
    payer = payer_of(call.currency)
    if payer is None:
        raise Refused("customer_missing")
    return payer.customer


def _create_customer(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        name = Tenant.objects.only("name").get(id=tenant_id).name
        addresses = sorted(addresses_of_members_with(Right.MANAGE_BILLING))
        details = _details()
    params: Params = {**call.params, "name": name}
    if addresses:
        params["email"] = addresses[0]
    if details is not None:
        params["name"] = details.legal_name
        params["address"] = {"line1": details.address[:200], "country": details.country}
        if not details.country:
            del params["address"]
    return Ready(params)


def _details() -> BillingDetails | None:
    """Whom invoices are made out to, as entered last."""
    return BillingDetails.objects.order_by("-created_at", "-id").first()


def _choose_method(tenant_id: UUID, call: PaymentCall) -> Ready:
    return Ready(dict(call.params))


def _create_invoice(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer, details = _customer(call), _details()
    found = client.fetch(FactKind.CUSTOMER, customer)
    if found is None or found.get("deleted"):
        raise Refused("customer_gone")
    has_method = bool((found.get("invoice_settings") or {}).get("default_payment_method"))
    by_mail: Params = {"collection_method": "send_invoice", "days_until_due": DAYS_TO_PAY}
    has_place = bool((found.get("address") or {}).get("country"))
    return Ready(
        {
            **call.params,
            "customer": customer,
            "currency": call.currency.lower(),
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "automatic_tax": {"enabled": settings.STRIPE_AUTOMATIC_TAX and has_place},
            **({"collection_method": "charge_automatically"} if has_method else by_mail),
            **({"custom_fields": _fields(details)} if _fields(details) else {}),
        }
    )


def _fields(details: BillingDetails | None) -> list[Params]:
    """What the tenant's own books need to find on the invoice."""
    if details is None:
        return []
    told = (("Purchase order", details.purchase_order), ("Cost centre", details.cost_centre))
    return [{"name": name, "value": value} for name, value in told if value]


def _document(call: PaymentCall) -> Invoice:
    if call.document_id is None:
        raise Refused("document_missing")
    return Invoice.objects.get(id=call.document_id)


def _begun(call: PaymentCall) -> str:
    """The invoice at Stripe that this chain began."""
    first = PaymentCall.objects.get(chain=call.chain, position=0)
    return first.answer_id


def _add_line(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer, invoice = _customer(call), _begun(call)
    given = {"customer": customer, "invoice": invoice, "currency": call.currency.lower()}
    return Ready({**call.params, **given, "tax_behavior": "exclusive"})


def _finalize(tenant_id: UUID, call: PaymentCall) -> Ready:
    """Only what says the same as the ledger is issued: somebody may have changed the draft at Stripe."""
    with tenant_scope(tenant_id):
        invoice, document = _begun(call), _document(call)
    found = client.fetch(FactKind.INVOICE, invoice)
    if found is None:
        raise Refused("draft_gone")
    if (found["total_excluding_tax"], found["currency"].upper()) != (document.total_minor, document.currency):
        raise Refused("amount_differs", detail={"message": f"{found['total_excluding_tax']}"})
    if found["status"] != "draft":
        return Ready({}, found=invoice)
    return Ready({"id": invoice, "auto_advance": True})


def _credit_note(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        note = _document(call)
        facts = PaymentFact.objects.filter(
            kind=FactKind.INVOICE,
            document__kind=Invoice.Kind.INVOICE,
            document__period=note.period,
            document__currency=note.currency,
            gone_at=None,
        ).exclude(status__in=("draft", "void"))
        fact = facts.order_by("made_at").first()
    if fact is None:
        raise Refused("invoice_missing")
    invoice = client.fetch(FactKind.INVOICE, fact.stripe_id)
    if invoice is None:
        raise Refused("invoice_missing")
    lines = _creditable(fact.stripe_id)
    spread = spread_credit(call.params["parts"], lines)
    params: Params = {
        "invoice": fact.stripe_id,
        "lines": [
            {"type": "invoice_line_item", "invoice_line_item": line, "amount": amount}
            for line, amount in spread
        ],
        "metadata": call.params["metadata"],
    }
    if invoice["status"] == "paid":
        # What was paid stays with the customer as credit for its next invoice.
        params["credit_amount"] = _with_taxes(spread, lines)
    return Ready(params)


def _creditable(invoice: str) -> list[Params]:
    """The lines of an invoice, each with what earlier credit notes left of it."""
    lines = {line["id"]: {**line, "left": int(line["amount"])} for line in client.lines_of(invoice)}
    for note in client.each(FactKind.CREDIT_NOTE, invoice=invoice):
        if note["status"] == "issued":
            for taken in note["lines"]["data"]:
                if taken.get("invoice_line_item") in lines:
                    lines[taken["invoice_line_item"]]["left"] -= int(taken["amount"])
    return list(lines.values())


def _with_taxes(spread: Sequence[tuple[str, int]], lines: Sequence[Mapping[str, Any]]) -> int:
    """What the note comes to: each tax of a line in the share of it that is credited, half a coin up, as Stripe does."""
    by_id = {line["id"]: line for line in lines}
    total = 0
    for name, amount in spread:
        line, total = by_id[name], total + amount
        for tax in line.get("taxes") or []:
            share = Decimal(tax["amount"]) * amount / Decimal(line["amount"])
            total += int(share.to_integral_value(ROUND_HALF_UP))
    return total


def spread_credit(
    parts: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]
) -> list[tuple[str, int]]:
    """(line, amount) of what a credit note takes off an invoice: of the same partner first, then of the dearest lines.

    Refused("credit_too_large") when the invoice has not that much to take off.
    """
    left = {line["id"]: int(line["left"]) for line in lines if int(line["left"]) > 0}
    partner = {line["id"]: _partner_of(line) for line in lines}
    taken: dict[str, int] = {}
    owed = -sum(int(part["minor"]) for part in parts)
    wanted = [(str(part["vendor"]), -int(part["minor"])) for part in parts if int(part["minor"]) < 0]
    for vendor, amount in wanted:
        amount = min(amount, owed)
        for line in sorted(left, key=lambda name: (partner[name] != vendor, -left[name], name)):
            part = min(amount, left[line])
            if part > 0:
                taken[line] = taken.get(line, 0) + part
                left[line] -= part
                amount -= part
                owed -= part
    if owed:
        raise Refused("credit_too_large", detail={"message": str(owed)})
    return sorted(taken.items())


def _partner_of(line: Mapping[str, Any]) -> str:
    named = str((line.get("metadata") or {}).get("identifier", ""))
    return named.split(":")[1] if named.count(":") == 3 else ""


# ------------------------------------------------------------------ hosted pages


def _configure_portal(tenant_id: UUID, call: PaymentCall) -> Ready:
    """One configuration serves every tenant; it is made once."""
    for found in client.each("billing_portal.configuration", active=True):
        if (found.get("metadata") or {}).get("readmit") == PORTAL:
            return Ready({}, found=found["id"])
    features = {
        "customer_update": {"enabled": True, "allowed_updates": ["address", "email", "name", "tax_id"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
    }
    return Ready({"features": features, "metadata": {"readmit": PORTAL}})


def _open_portal(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer, configuration = _customer(call), _begun(call)
    given = {"customer": customer, "configuration": configuration}
    return Ready({**given, "return_url": call.params["return_url"]})


def _begin_setup(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer = _customer(call)
    return Ready(
        {
            "mode": "setup",
            "customer": customer,
            "currency": call.currency.lower(),
            "success_url": call.params["return_url"],
            "cancel_url": call.params["return_url"],
        }
    )


_PREPARED: Mapping[Operation, Callable[[UUID, PaymentCall], Ready]] = {
    Operation.CREATE_CUSTOMER: _create_customer,
    Operation.CHOOSE_METHOD: _choose_method,
    Operation.CREATE_INVOICE: _create_invoice,
    Operation.ADD_LINE: _add_line,
    Operation.FINALIZE_INVOICE: _finalize,
    Operation.CREATE_CREDIT_NOTE: _credit_note,
    Operation.CONFIGURE_PORTAL: _configure_portal,
    Operation.OPEN_PORTAL: _open_portal,
    Operation.BEGIN_SETUP: _begin_setup,
}
