"""Customers, and the balance that credit notes and negative invoices leave on them."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects import payment_methods, tax_ids
from portal.sandboxes.stripe.store import Doc, Store

LARGE = 99_999_999_999
CHANGEABLE: dict[str, p.Reader] = {
    "address": p.ADDRESS,
    "balance": p.integer(-LARGE, LARGE),
    "description": p.or_empty(p.text()),
    "email": p.or_empty(p.email),
    "invoice_prefix": p.filled(12),
    "invoice_settings": p.nested(
        {"default_payment_method": p.or_empty(p.text(200)), "footer": p.or_empty(p.text())}
    ),
    "metadata": p.metadata,
    "name": p.or_empty(p.text(256)),
    "phone": p.or_empty(p.text(20)),
    "preferred_locales": p.array(p.filled(20)),
    "tax_exempt": p.or_empty(p.one_of("none", "exempt", "reverse")),
}
CREATE: dict[str, p.Reader] = CHANGEABLE | {
    "payment_method": p.filled(200),
    "test_clock": p.filled(200),
    "tax_id_data": p.array(p.nested(tax_ids.SPEC, required=("type", "value")), most=5),
}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE)
    clock = asked.get("test_clock")
    if clock:
        store.take("test_helpers.test_clock", clock, param="test_clock")
    doc = _blank(store, clock)
    _change(doc, asked)
    store.add(doc)
    for given_tax_id in asked.get("tax_id_data", []):
        tax_ids.add(store, doc, given_tax_id)
    if "payment_method" in asked:
        attached = payment_methods.attach_to(store, asked["payment_method"], doc["id"])
        if not asked.get("invoice_settings", {}).get("default_payment_method"):
            doc["invoice_settings"]["default_payment_method"] = None
        elif asked["invoice_settings"]["default_payment_method"] == asked["payment_method"]:
            doc["invoice_settings"]["default_payment_method"] = attached["id"]
    _require_own_method(store, doc)
    store.save(doc)
    store.tell("customer.created", doc)
    return doc


def _blank(store: Store, clock: str | None) -> Doc:
    return {
        "id": ids.new_id("customer"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": store.now(clock or ""),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": ids.word(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": clock,
    }


def _change(doc: Doc, asked: dict[str, Any]) -> None:
    for name in CHANGEABLE:
        if name not in asked:
            continue
        if name == "metadata":
            doc["metadata"] = p.merged(doc["metadata"], asked["metadata"])
        elif name == "invoice_settings":
            doc["invoice_settings"] |= asked["invoice_settings"]
        elif name == "address":
            blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
            doc["address"] = None if asked["address"] is None else blank | asked["address"]
        else:
            doc[name] = asked[name]
    doc["tax_exempt"] = doc["tax_exempt"] or "none"
    doc["invoice_prefix"] = doc["invoice_prefix"].upper()


def _require_own_method(store: Store, doc: Doc) -> None:
    method = doc["invoice_settings"]["default_payment_method"]
    if not method:
        return
    param = "invoice_settings[default_payment_method]"
    if store.take("payment_method", method, param=param)["customer"] != doc["id"]:
        raise refused(
            "The customer does not have a payment method with the ID "
            f"{method}. The payment method must be attached to the customer.",
            "resource_missing",
            param,
        )


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("customer", identifier, deleted=True)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, CHANGEABLE)
    doc = store.take("customer", identifier)
    before = doc["balance"]
    _change(doc, asked)
    _require_own_method(store, doc)
    if doc["balance"] != before:
        record_balance(store, doc, doc["balance"] - before, "adjustment")
    return store.save(doc, event="customer.updated")


def delete(store: Store, given: p.Given, identifier: str) -> Doc:
    """The customer's subscriptions end with it; what it paid stays."""
    p.read(given, {})
    return store.remove(store.take("customer", identifier), event="customer.deleted", keep=True)


def list_all(store: Store, given: p.Given) -> Doc:
    filters = {"email": p.filled(512), "test_clock": p.filled(200)}
    return page(store, given, "customer", url="/v1/customers", filters=filters)


def no_sources(store: Store, doc: Doc) -> Doc:
    return list_of(f"/v1/customers/{doc['id']}/sources", [])


# Balance ---------------------------------------------------------------------------------------------------------


def record_balance(
    store: Store,
    customer: Doc,
    amount: int,
    kind: str,
    *,
    invoice: str | None = None,
    credit_note: str | None = None,
) -> Doc:
    """A line in the customer's account: negative is credit. `customer['balance']` holds the sum already."""
    return store.add(
        {
            "id": ids.new_id("customer_balance_transaction"),
            "object": "customer_balance_transaction",
            "amount": amount,
            "checkout_session": None,
            "created": store.now_of(customer),
            "credit_note": credit_note,
            "currency": customer["currency"] or "usd",
            "customer": customer["id"],
            "description": None,
            "ending_balance": customer["balance"],
            "invoice": invoice,
            "livemode": False,
            "metadata": {},
            "type": kind,
        }
    )


def change_balance(
    store: Store,
    identifier: str,
    amount: int,
    kind: str,
    *,
    invoice: str | None = None,
    credit_note: str | None = None,
) -> Doc:
    """Add to the balance and say why; the line that was written."""
    customer = store.take("customer", identifier, deleted=True)
    if customer.get("deleted"):
        raise refused("The customer of this invoice was deleted, so nothing can be credited to it.")
    customer["balance"] += amount
    store.save(customer, event="customer.updated")
    return record_balance(store, customer, amount, kind, invoice=invoice, credit_note=credit_note)


def adjust_balance(store: Store, given: p.Given, identifier: str) -> Doc:
    """By hand: below zero is credit, above it a debt that the next invoice collects."""
    spec: dict[str, p.Reader] = {
        "amount": p.integer(-p.LARGEST),
        "currency": p.currency,
        "description": p.or_empty(p.text()),
        "metadata": p.metadata,
    }
    asked = p.read(given, spec, required=("amount", "currency"))
    customer = store.take("customer", identifier)
    require_currency(store, customer, asked["currency"])
    made = change_balance(store, identifier, asked["amount"], "adjustment")
    made["description"] = asked.get("description")
    made["metadata"] = p.merged({}, asked.get("metadata"))
    return store.save(made)


def list_balance(store: Store, given: p.Given, identifier: str) -> Doc:
    store.take("customer", identifier)
    return page(
        store,
        given,
        "customer_balance_transaction",
        url=f"/v1/customers/{identifier}/balance_transactions",
        narrow=lambda found, asked: found.filter(customer=identifier),
    )


def require_currency(store: Store, customer: Doc, currency: str) -> None:
    """A customer keeps to one currency once it was billed in one."""
    if customer["currency"] is None:
        customer["currency"] = currency
        store.save(customer, event="customer.updated")
    elif customer["currency"] != currency:
        raise refused(
            "You cannot combine currencies on a single customer. This customer has had a subscription, invoice item "
            f"or invoice with currency {customer['currency']}",
            "",
            "currency",
        )
