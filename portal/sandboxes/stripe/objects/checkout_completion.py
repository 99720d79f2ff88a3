"""What a person who pays on the hosted page makes of a Checkout Session."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.objects import customers, intents, subscriptions
from portal.sandboxes.stripe.store import Doc, Store


def customer_for(store: Store, session: Doc, details: dict[str, Any]) -> Doc | None:
    """The customer who pays: the known one, or one made from what was typed where one is needed."""
    if session["customer"]:
        customer = store.take("customer", session["customer"], param="customer")
        if details.get("address") and not customer["address"]:
            customer["address"] = details["address"]
            store.save(customer, event="customer.updated")
        return customer
    needed = session["mode"] == "subscription" or session["customer_creation"] == "always"
    if not needed:
        return None
    given: dict[str, Any] = {"email": details["email"], "name": details.get("name") or ""}
    made = customers.create(store, given)
    if details.get("address"):
        made["address"] = details["address"]
        store.save(made)
    return made


def complete(store: Store, session: Doc, changed: dict[str, Any], details: dict[str, Any]) -> Doc:
    """The person is done."""
    session |= changed | {"status": "complete", "url": None, "_pending": {}}
    if session["mode"] != "setup":
        session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"
    customer = store.take("customer", session["customer"]) if session["customer"] else {}
    session["customer_details"] = {
        "address": details.get("address") or customer.get("address"),
        "email": customer.get("email") or details.get("email"),
        "name": details.get("name") or customer.get("name"),
        "phone": customer.get("phone"),
        "tax_exempt": customer.get("tax_exempt", "none"),
        "tax_ids": [],
    }
    store.save(session)
    store.due(session, None)
    store.tell("checkout.session.completed", session)
    return session


def new_payment(store: Store, session: Doc, customer: Doc | None) -> Doc:
    data = session["_payment_data"]
    return intents.new(
        store,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer,
        description=data.get("description"),
        metadata=p.merged({}, data.get("metadata")),
        keep=data.get("setup_future_usage"),
        session=session["id"],
    )


def new_subscription(store: Store, session: Doc, customer: Doc, method: Doc) -> Doc:
    """The subscription, with its first invoice unpaid. One-time lines go onto that invoice."""
    rows = store.of_parent("item", session["id"])
    recurring = [row for row in rows if row["price"]["recurring"]]
    once = [row for row in rows if not row["price"]["recurring"]]
    for row in rows:
        if not row["price"]["active"]:
            store.save(store.take("price", row["price"]["id"]) | {"active": True})

    def wanted(row: Doc) -> dict[str, Any]:
        return {
            "price": row["price"]["id"],
            "quantity": row["quantity"],
            "tax_rates": row["_rates"],
            "metadata": row["metadata"],
        }

    asked = dict(session["_subscription_data"]) | {
        "items": [wanted(row) for row in recurring],
        "add_invoice_items": [wanted(row) for row in once],
        "default_payment_method": method["id"],
        "automatic_tax": {"enabled": session["automatic_tax"]["enabled"]},
        "payment_behavior": "default_incomplete",
    }
    subscription, invoice = subscriptions.begin(store, customer, asked)
    subscriptions.first_payment(store, subscription, invoice, "default_incomplete")
    return store.take("subscription", subscription["id"])
