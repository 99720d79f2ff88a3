"""What was and is being paid on an invoice."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.objects import intents
from portal.sandboxes.stripe.store import Doc, Store


def intent_of(store: Store, invoice: Doc) -> Doc:
    """The payment intent of a finalised invoice, made when the first is needed."""
    if invoice["_intent"]:
        known = store.take("payment_intent", invoice["_intent"])
        if known["amount"] == invoice["amount_remaining"]:
            return known
        if known["status"] in intents.OPEN:
            intents.void(store, known, "void_invoice")
            _cancel_row(store, invoice, known)
    intent = intents.new(
        store,
        amount=invoice["amount_remaining"],
        currency=invoice["currency"],
        customer=store.take("customer", invoice["customer"], deleted=True),
        description=f"Invoice {invoice['number']}",
        invoice=invoice["id"],
        keep="off_session" if invoice["parent"] else None,
    )
    invoice["_intent"] = intent["id"]
    store.save(invoice)
    _row(store, invoice, intent)
    return intent


def _row(store: Store, invoice: Doc, intent: Doc) -> None:
    store.add(
        {
            "id": ids.new_id("invoice_payment"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": intent["amount"],
            "created": store.now_of(invoice),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
            "_clock": invoice["test_clock"],
        },
        parent=invoice["id"],
    )


def _cancel_row(store: Store, invoice: Doc, intent: Doc) -> None:
    for row in rows(store, invoice):
        if row["payment"]["payment_intent"] == intent["id"] and row["status"] == "open":
            row |= {"status": "canceled", "is_default": False}
            row["status_transitions"]["canceled_at"] = store.now_of(invoice)
            store.save(row)


def record_paid(store: Store, invoice: Doc, intent: Doc) -> None:
    for row in rows(store, invoice):
        if row["payment"]["payment_intent"] == intent["id"]:
            row |= {"status": "paid", "amount_paid": intent["amount_received"]}
            row["status_transitions"]["paid_at"] = store.now_of(invoice)
            store.save(row, event="invoice_payment.paid")


def cancel_open(store: Store, invoice: Doc) -> None:
    """The invoice is not to be paid any more."""
    if not invoice["_intent"]:
        return
    intent = store.take("payment_intent", invoice["_intent"])
    if intent["status"] in intents.OPEN:
        intents.void(store, intent, "void_invoice")
        _cancel_row(store, invoice, intent)


def rows(store: Store, invoice: Doc) -> list[Doc]:
    return store.of_parent("invoice_payment", invoice["id"])


def of_invoice(store: Store, invoice: Doc) -> Doc:
    """For `expand[]=payments`."""
    return list_of(f"/v1/invoices/{invoice['id']}/payments", rows(store, invoice)[::-1])


def confirmation_secret(store: Store, invoice: Doc) -> Any:
    """For `expand[]=confirmation_secret`."""
    if not invoice["_intent"]:
        return None
    intent = store.take("payment_intent", invoice["_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


def list_all(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {"invoice": p.filled(200), "status": p.one_of("canceled", "open", "paid")}
    return page(store, given, "invoice_payment", url="/v1/invoice_payments", filters=filters)


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("invoice_payment", identifier)
