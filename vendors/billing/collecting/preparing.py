"""What a call says when it goes out: what was written down, with what only Stripe knows put in.

Runs before the first try, outside any transaction; the sender keeps the result, so that every further try says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from vendors.billing.collecting import client, customers
from vendors.billing.collecting.asking import DAYS_TO_PAY
from vendors.billing.collecting.customers import Ready, customer_of, details_now
from vendors.billing.collecting.models import FactKind, Operation, PaymentCall, PaymentFact
from vendors.billing.document_models import BillingDetails, PaidBackTo
from vendors.billing.models import Invoice, InvoiceLine

Params = dict[str, Any]
PORTAL = "portal:1"
# After so many refusals of a credit note nothing is paid back to the card any more: it may be what was refused.
TRIES_BY_CARD = 2


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
    """What a note of the ledger takes off one invoice at Stripe: all of it where one has room for it, else as much as there
    is, and the next call takes the rest off the next one. What is about a period may stand on several invoices."""
    with tenant_scope(tenant_id):
        note, details = _document(call), details_now()
        invoices = _invoices_about(note)
    owed = -note.total_minor - int(call.params.get("taken", 0))
    if not invoices:
        raise Refused("invoice_missing")
    invoice, lines = _with_room(invoices, owed)
    spread = spread_credit(call.params["parts"], lines, min(owed, _room(lines)))
    params: Params = {
        "invoice": invoice,
        "lines": [
            {"type": "invoice_line_item", "invoice_line_item": line, "amount": amount}
            for line, amount in spread
        ],
    }
    # Each line takes its tax along. How much that is to the cent, and how much of all was paid, only Stripe knows.
    told = client.preview_credit_note(params)
    if told["total_excluding_tax"] != sum(amount for _line, amount in spread):
        raise Refused("amount_differs", detail={"message": f"{told['total_excluding_tax']}"})
    by_card = details is not None and details.paid_back_to == PaidBackTo.CARD
    by_card = by_card and call.attempts < TRIES_BY_CARD
    back = _paid_back(invoice, told["post_payment_amount"], by_card=by_card)
    return Ready({**params, **back, "metadata": call.params["metadata"]})


def _invoices_about(note: Invoice) -> list[str]:
    """Issued at Stripe, with lines about the note's period: its own first, then later ones with what came late."""
    facts = PaymentFact.objects.filter(
        kind=FactKind.INVOICE,
        document__kind=Invoice.Kind.INVOICE,
        document__currency=note.currency,
        document__in=InvoiceLine.objects.filter(about=note.period).values("invoice"),
        gone_at=None,
    ).exclude(status__in=("draft", "void"))
    found = facts.order_by("made_at", "id").values_list("stripe_id", "document__period")
    return [invoice for invoice, period in sorted(found, key=lambda row: row[1] != note.period)]


def _with_room(invoices: Sequence[str], owed: int) -> tuple[str, list[Params]]:
    """The first that has room for all of it, else the first that has any. Refused("credit_too_large") where none has."""
    rooms = [(invoice, _creditable(invoice)) for invoice in invoices]
    for least in (owed, 1):
        for invoice, lines in rooms:
            if _room(lines) >= least:
                return invoice, lines
    raise Refused("credit_too_large", detail={"message": str(owed)})


def _room(lines: Sequence[Mapping[str, Any]]) -> int:
    """What is left of an invoice before tax: credits that paid for it, lines below nothing, are not paid back again."""
    return sum(int(line["left"]) for line in lines)


def _paid_back(invoice: str, paid: int, *, by_card: bool) -> Params:
    """Where it goes that an invoice was paid and has become smaller: what no card paid is credit for the next one."""
    to_card = min(paid, _left_on_card(invoice)) if by_card and paid else 0
    given = {"refund_amount": to_card, "credit_amount": paid - to_card}
    return {name: amount for name, amount in given.items() if amount}


def _left_on_card(invoice: str) -> int:
    """What can be refunded of the one payment of an invoice. Of several Stripe takes one of its choice, so none is."""
    paid = [row for row in client.each(FactKind.PAYMENT, invoice=invoice) if row["status"] == "paid"]
    intents = [(row.get("payment") or {}).get("payment_intent") for row in paid]
    if len(intents) != 1 or not intents[0]:
        return 0
    charges = [
        charge
        for charge in client.each("charge", payment_intent=str(intents[0]))
        if charge["paid"] and not charge["disputed"]
    ]
    return sum(int(charge["amount"]) - int(charge["amount_refunded"]) for charge in charges)


def _creditable(invoice: str) -> list[Params]:
    """The lines of an invoice, each with what earlier credit notes left of it."""
    lines = {line["id"]: {**line, "left": int(line["amount"])} for line in client.lines_of(invoice)}
    for note in client.each(FactKind.CREDIT_NOTE, invoice=invoice):
        if note["status"] == "issued":
            for taken in note["lines"]["data"]:
                if taken.get("invoice_line_item") in lines:
                    lines[taken["invoice_line_item"]]["left"] -= int(taken["amount"])
    return list(lines.values())


def spread_credit(
    parts: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]], owed: int
) -> list[tuple[str, int]]:
    """(line, amount) of what a credit note takes off an invoice: of the same partner first, then of the dearest lines."""
    left = {line["id"]: int(line["left"]) for line in lines if int(line["left"]) > 0}
    partner = {line["id"]: _partner_of(line) for line in lines}
    taken: dict[str, int] = {}
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


def _expire_checkout(tenant_id: UUID, call: PaymentCall) -> Ready:
    """Only what is still open: a page that was paid, or ran out, meanwhile is looked at and left as it is."""
    with tenant_scope(tenant_id):
        page = _begun(call)
    found = client.fetch(FactKind.CHECKOUT, page)
    if found is None or found["status"] != "open":
        return Ready({}, found=page)
    return Ready({"id": page})


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
    Operation.EXPIRE_CHECKOUT: _expire_checkout,
}
