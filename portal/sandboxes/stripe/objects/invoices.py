"""Invoices as they are created, changed and listed while they are drafts. `invoice_moves` has what follows."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects import customers, invoice_items, lines, tax
from portal.sandboxes.stripe.store import Doc, Store

HOUR = 3600
FIELD = p.nested({"name": p.filled(40), "value": p.filled(140)}, required=("name", "value"))
AUTOMATIC_TAX = p.nested({"enabled": p.boolean}, required=("enabled",))
CHANGEABLE: dict[str, p.Reader] = {
    "auto_advance": p.boolean,
    "automatic_tax": AUTOMATIC_TAX,
    "collection_method": p.one_of("charge_automatically", "send_invoice"),
    "custom_fields": p.array(FIELD, most=4),
    "days_until_due": p.integer(0, 730),
    "default_payment_method": p.or_empty(p.text(200)),
    "default_tax_rates": p.IDS,
    "description": p.or_empty(p.text(1500)),
    "due_date": p.timestamp,
    "effective_at": p.timestamp,
    "footer": p.or_empty(p.text()),
    "metadata": p.metadata,
    "number": p.filled(26),
    "payment_settings": p.nested({"payment_method_types": p.array(p.one_of("card"))}),
    "statement_descriptor": p.filled(22),
}
CREATE: dict[str, p.Reader] = CHANGEABLE | {
    "currency": p.currency,
    "customer": p.filled(200),
    "pending_invoice_items_behavior": p.one_of("exclude", "include"),
    "subscription": p.filled(200),
}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("customer",))
    customer = store.take("customer", asked["customer"], param="customer")
    subscription = None
    if "subscription" in asked:
        subscription = store.take("subscription", asked["subscription"], param="subscription")
    pending = invoice_items.pending(store, customer["id"], asked.get("subscription"))
    wanted = asked.get("pending_invoice_items_behavior") == "include" or subscription is not None
    taken = pending if wanted else []
    currency = asked.get("currency") or (taken[0]["currency"] if taken else customer["currency"]) or "usd"
    invoice = blank(store, customer, currency, reason="manual", subscription=subscription)
    _change(store, invoice, asked)
    _require_terms(invoice)
    store.add(invoice, parent=asked.get("subscription", ""))
    for item in taken:
        lines.of_item(store, invoice, item)
    store.save(lines.recount(store, invoice))
    schedule(store, invoice)
    store.tell("invoice.created", lines.shown(store, invoice))
    return lines.shown(store, invoice)


def blank(
    store: Store,
    customer: Doc,
    currency: str,
    *,
    reason: str,
    subscription: Doc | None = None,
    period: Doc | None = None,
) -> Doc:
    """A draft without lines."""
    customers.require_currency(store, customer, currency)
    now = store.now_of(customer)
    doc: Doc = {
        "id": ids.new_id("invoice"),
        "object": "invoice",
        "account_country": tax.HOME,
        "account_name": "Readmit (sandbox)",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_address": None,
        "customer_email": None,
        "customer_name": None,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": None,
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": customer["invoice_settings"]["footer"],
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "parent": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": (period or {}).get("end", now),
        "period_start": (period or {}).get("start", now),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "starting_balance": customer["balance"],
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": customer["test_clock"],
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": now,
        "_default_rates": [],
        "_days_until_due": None,
        "_token": ids.word(32),
        "_intent": "",
    }
    copy_customer(store, doc, customer)
    if subscription:
        _of_subscription(doc, subscription)
    return doc


def copy_customer(store: Store, invoice: Doc, customer: Doc) -> None:
    """What an invoice says of its customer, as it is now; frozen when the invoice is finalised."""
    invoice |= {
        f"customer_{name}": customer[name] for name in ("address", "email", "name", "phone", "tax_exempt")
    }
    held = store.of_customer("tax_id", customer["id"])
    invoice["customer_tax_ids"] = [{"type": tax_id["type"], "value": tax_id["value"]} for tax_id in held]


def _of_subscription(invoice: Doc, subscription: Doc) -> None:
    invoice["parent"] = {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
        },
        "type": "subscription_details",
    }
    invoice |= {
        "collection_method": subscription["collection_method"],
        "default_payment_method": subscription["default_payment_method"],
        "default_tax_rates": subscription["default_tax_rates"],
        "_default_rates": [rate["id"] for rate in subscription["default_tax_rates"]],
        "_days_until_due": subscription["days_until_due"],
        "auto_advance": True,
    }
    invoice["automatic_tax"]["enabled"] = subscription["automatic_tax"]["enabled"]


def subscription_of(invoice: Doc) -> str:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return str(details.get("subscription") or "")


def _change(store: Store, invoice: Doc, asked: dict[str, Any]) -> None:
    plain = ("auto_advance", "collection_method", "default_payment_method", "description", "due_date", "effective_at",
             "footer", "number", "statement_descriptor")  # fmt: skip
    invoice |= {name: asked[name] for name in plain if name in asked}
    invoice["metadata"] = p.merged(invoice["metadata"], asked.get("metadata"))
    invoice["automatic_tax"] |= asked.get("automatic_tax", {})
    invoice["payment_settings"] |= asked.get("payment_settings", {})
    if "custom_fields" in asked:
        invoice["custom_fields"] = asked["custom_fields"] or None
    if "days_until_due" in asked:
        invoice["_days_until_due"] = asked["days_until_due"]
    if "default_tax_rates" in asked:
        invoice["_default_rates"] = tax.require_rates(store, asked["default_tax_rates"])
        invoice["default_tax_rates"] = [store.take("tax_rate", rate) for rate in asked["default_tax_rates"]]
    if (method := asked.get("default_payment_method")) and (
        store.take("payment_method", method, param="default_payment_method")["customer"]
        != invoice["customer"]
    ):
        raise refused(
            "The payment method must be attached to the customer.",
            "resource_missing",
            "default_payment_method",
        )


def _require_terms(invoice: Doc) -> None:
    by_mail = invoice["collection_method"] == "send_invoice"
    dated = invoice["due_date"] is not None or invoice["_days_until_due"] is not None
    if by_mail and not dated:
        raise refused(
            "If invoice `collection_method` is `send_invoice`, you must specify either `due_date` or `days_until_due`.",
            "parameter_missing",
            "days_until_due",
        )
    if not by_mail and dated:
        raise refused(
            "You can only specify `days_until_due` if the collection method is `send_invoice`.",
            "",
            "days_until_due",
        )


def schedule(store: Store, invoice: Doc) -> None:
    """A draft that advances by itself is finalised an hour later."""
    at = invoice["created"] + HOUR if invoice["auto_advance"] and invoice["status"] == "draft" else None
    invoice["automatically_finalizes_at"] = at
    store.save(invoice)
    store.due(invoice, at)


def taken(store: Store, identifier: str, *, param: str = "id") -> Doc:
    return store.take("invoice", identifier, param=param)


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return lines.shown(store, taken(store, identifier))


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, CHANGEABLE)
    invoice = taken(store, identifier)
    if invoice["status"] != "draft" and set(asked) - {
        "metadata",
        "description",
        "auto_advance",
        "default_payment_method",
        "footer",
    }:
        raise refused("Finalized invoices can't be updated in this way", "invoice_not_editable")
    _change(store, invoice, asked)
    if invoice["status"] == "draft":
        _require_terms(invoice)
        lines.recount(store, invoice)
        schedule(store, invoice)
    store.save(invoice)
    store.tell("invoice.updated", lines.shown(store, invoice), {})
    return lines.shown(store, invoice)


def delete(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    invoice = taken(store, identifier)
    if invoice["status"] != "draft":
        raise refused("You can only delete draft invoices.", "invoice_not_editable")
    if subscription_of(invoice):
        raise refused("You can't delete invoices created by subscriptions.")
    for item in store.of_customer("invoiceitem", invoice["customer"]):
        if item["invoice"] == identifier:
            store.remove(item, event="invoiceitem.deleted")
    for line in store.of_parent("line_item", identifier):
        store.remove(line)
    return store.remove(invoice, event="invoice.deleted")


def list_all(store: Store, given: p.Given) -> Doc:
    def narrow(found: Any, asked: dict[str, Any]) -> Any:
        if "subscription" in asked:
            found = found.filter(data__parent__subscription_details__subscription=asked["subscription"])
        named = {name: asked[name] for name in ("collection_method", "customer", "status") if name in asked}
        return found.filter(**{f"data__{name}": value for name, value in named.items()})

    filters: dict[str, p.Reader] = {
        "collection_method": CHANGEABLE["collection_method"],
        "customer": p.filled(200),
        "status": p.one_of("draft", "open", "paid", "uncollectible", "void"),
        "subscription": p.filled(200),
    }
    found = page(store, given, "invoice", url="/v1/invoices", filters=filters, narrow=narrow)
    found["data"] = [lines.shown(store, invoice) for invoice in found["data"]]
    return found


def list_lines(store: Store, given: p.Given, identifier: str) -> Doc:
    taken(store, identifier)
    return page(
        store,
        given,
        "line_item",
        url=f"/v1/invoices/{identifier}/lines",
        narrow=lambda found, asked: found.filter(parent=identifier),
        oldest_first=True,
    )
