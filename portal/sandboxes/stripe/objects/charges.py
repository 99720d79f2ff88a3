"""Charges: one try at a card, with how it ended."""

from __future__ import annotations

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.objects.cards import Card, Decline
from portal.sandboxes.stripe.store import Doc, Store


def make(store: Store, intent: Doc, method: Doc, card: Card, decline: Decline | None) -> Doc:
    """The charge of an intent, succeeded or failed."""
    doc: Doc = {
        "id": ids.new_id("charge"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if decline else intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": None if decline else "READMIT SANDBOX",
        "captured": decline is None,
        "created": store.now_of(intent),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": {
                name: method["card"][name]
                for name in ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
            }
            | {"amount_authorized": None if decline else intent["amount"]},
            "type": "card",
        },
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "status": "failed" if decline else "succeeded",
        "transfer_group": None,
        "_clock": intent["_clock"],
        "_dispute": None,
    }
    return store.add(doc, event=f"charge.{doc['status']}", parent=intent["id"])


def _outcome(decline: Decline | None) -> Doc:
    if decline is None:
        return {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "risk_level": "normal",
        "seller_message": "The bank returned a decline code.",
        "type": "issuer_declined",
    }


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("charge", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, {"description": p.or_empty(p.text()), "metadata": p.metadata})
    doc = store.take("charge", identifier)
    doc["metadata"] = p.merged(doc["metadata"], asked.get("metadata"))
    doc["description"] = asked.get("description", doc["description"])
    return store.save(doc, event="charge.updated")


def list_all(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {"customer": p.filled(200), "payment_intent": p.filled(200)}
    return page(store, given, "charge", url="/v1/charges", filters=filters)
