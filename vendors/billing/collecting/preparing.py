"""What a call says when it goes out: what was written down, with what only Stripe knows put in.

Runs before the first try, outside any transaction; the sender keeps the result, so that every further try says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from vendors.billing.collecting import client, customers
from vendors.billing.collecting.asking import DAYS_TO_PAY
from vendors.billing.collecting.customers import Ready, customer_of, details_now
from vendors.billing.collecting.models import FactKind, Operation, PaymentCall, PaymentFact
from vendors.billing.document_models import BillingDetails
from vendors.billing.models import Invoice

Params = dict[str, Any]
PORTAL = "portal:1"


def prepare(tenant_id: UUID, call: PaymentCall) -> Ready:
    """Refused where it makes no sense any more, Unavailable while Stripe does not say."""
    return _PREPARED[Operation(call.operation)](tenant_id, call)


def _choose_method(tenant_id: UUID, call: PaymentCall) -> Ready:
    return Ready(dict(call.params))


def _create_invoice(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer, details = customer_of(call), details_now()
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
        customer, invoice = customer_of(call), _begun(call)
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
        customer, configuration = customer_of(call), _begun(call)
    given = {"customer": customer, "configuration": configuration}
    return Ready({**given, "return_url": call.params["return_url"]})


def _begin_setup(tenant_id: UUID, call: PaymentCall) -> Ready:
    with tenant_scope(tenant_id):
        customer = customer_of(call)
    return Ready(
        {
            "mode": "setup",
            "customer": customer,
            "currency": call.currency.lower(),
            "success_url": call.params["return_url"],
            "cancel_url": call.params["return_url"],
        }
    )


def _begin_checkout(tenant_id: UUID, call: PaymentCall) -> Ready:
    """A page that takes one amount and the card for later, or the card alone where nothing is due."""
    with tenant_scope(tenant_id):
        customer = customer_of(call)
    asked = call.params
    given: Params = {
        "mode": "payment" if asked["minor"] else "setup",
        "customer": customer,
        "success_url": asked["return_url"],
        "cancel_url": asked["cancel_url"],
        "client_reference_id": asked["subject"],
        "metadata": {"subject": asked["subject"]},
    }
    if not asked["minor"]:
        return Ready({**given, "currency": call.currency.lower()})
    found = client.fetch(FactKind.CUSTOMER, customer)
    has_place = bool(((found or {}).get("address") or {}).get("country"))
    price = {
        "currency": call.currency.lower(),
        "unit_amount": asked["minor"],
        "tax_behavior": "exclusive",
        "product_data": {"name": asked["words"]},
    }
    return Ready(
        {
            **given,
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_intent_data": {"setup_future_usage": "off_session"},
            "automatic_tax": {"enabled": settings.STRIPE_AUTOMATIC_TAX and has_place},
        }
    )


_PREPARED: Mapping[Operation, Callable[[UUID, PaymentCall], Ready]] = {
    Operation.CREATE_CUSTOMER: customers.create_customer,
    Operation.CHOOSE_METHOD: _choose_method,
    Operation.UPDATE_CUSTOMER: customers.update_customer,
    Operation.DROP_TAX_ID: customers.drop_tax_id,
    Operation.SET_TAX_ID: customers.set_tax_id,
    Operation.CREATE_INVOICE: _create_invoice,
    Operation.ADD_LINE: _add_line,
    Operation.FINALIZE_INVOICE: _finalize,
    Operation.CREATE_CREDIT_NOTE: _credit_note,
    Operation.CONFIGURE_PORTAL: _configure_portal,
    Operation.OPEN_PORTAL: _open_portal,
    Operation.BEGIN_SETUP: _begin_setup,
    Operation.BEGIN_CHECKOUT: _begin_checkout,
}
