"""Previews: the real thing is done and taken back, so that a preview cannot differ from what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects import (
    invoice_items,
    invoices,
    lines,
    proration,
    subscription_changes,
    subscriptions,
    tax_ids,
)
from portal.sandboxes.stripe.store import Doc, Store

ITEM: dict[str, p.Reader] = {
    name: reader for name, reader in invoice_items.CHANGEABLE.items() if name not in {"pricing", "tax_code"}
} | {"currency": p.currency, "price": p.filled(200)}
OF_SUBSCRIPTION: dict[str, p.Reader] = {
    "billing_cycle_anchor": p.timestamp_or("now", "unchanged"),
    "billing_mode": subscriptions.CREATE["billing_mode"],
    "cancel_at_period_end": p.boolean,
    "cancel_now": p.boolean,
    "default_tax_rates": p.IDS,
    "items": p.array(p.nested(subscription_changes.ITEM), most=subscriptions.MOST_ITEMS),
    "metadata": p.metadata,
    "proration_behavior": subscriptions.PRORATION,
    "proration_date": p.timestamp,
    "trial_end": p.timestamp_or("now"),
}
CUSTOMER: dict[str, p.Reader] = {
    "address": p.ADDRESS,
    "tax_exempt": p.or_empty(p.one_of("none", "exempt", "reverse")),
    "tax_ids": p.array(p.nested(tax_ids.SPEC, required=("type", "value"))),
}
SPEC: dict[str, p.Reader] = {
    "automatic_tax": invoices.AUTOMATIC_TAX,
    "currency": p.currency,
    "customer": p.filled(200),
    "customer_details": p.nested(CUSTOMER),
    "invoice_items": p.array(p.nested(ITEM), most=250),
    "preview_mode": p.one_of("next", "recurring"),
    "subscription": p.filled(200),
    "subscription_details": p.nested(OF_SUBSCRIPTION),
}


class _TakeBack(Exception):
    """Ends the block in which everything was only tried."""


def tried(act: Callable[[], Doc]) -> Doc:
    """What `act` would have made. Nothing of it stays, no event is told."""
    made: Doc = {}
    try:
        with transaction.atomic():
            made = act()
            raise _TakeBack
    except _TakeBack:
        return made


def create_preview(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, SPEC)
    if "customer" not in asked and "subscription" not in asked:
        raise refused("You must specify `customer` or `subscription`.", "parameter_missing", "customer")
    made = tried(lambda: _build(store, asked))
    store.moments.clear()
    invoice = {
        name: value
        for name, value in made.items()
        if name not in {"hosted_invoice_url", "invoice_pdf", "number"}
    }
    invoice |= {
        "id": f"upcoming_in_{made['id'][3:]}",
        "status": "draft",
        "automatically_finalizes_at": None,
        "number": None,
    }
    return invoice


def _build(store: Store, asked: dict[str, Any]) -> Doc:
    subscription = (
        store.take("subscription", asked["subscription"], param="subscription")
        if "subscription" in asked
        else None
    )
    customer = store.take(
        "customer", asked.get("customer") or (subscription or {})["customer"], param="customer"
    )
    if subscription and subscription["customer"] != customer["id"]:
        raise refused("The subscription belongs to another customer.", "", "subscription")
    _describe(store, customer, asked)
    for place, item in enumerate(asked.get("invoice_items", [])):
        _add(store, customer, item, place)
    details = asked.get("subscription_details", {})
    if subscription is None and details.get("items"):
        return _finish(store, _first(store, customer, details), asked)
    if subscription is None:
        return _finish(store, _plain(store, customer, asked), asked)
    return _finish(store, _next(store, subscription, details), asked)


def _describe(store: Store, customer: Doc, asked: dict[str, Any]) -> None:
    details = asked.get("customer_details", {})
    customer |= {name: details[name] for name in ("address", "tax_exempt") if name in details}
    customer["tax_exempt"] = customer["tax_exempt"] or "none"
    store.save(customer)
    if "tax_ids" in details:
        for held in store.of_customer("tax_id", customer["id"]):
            store.remove(held)
        for wanted in details["tax_ids"]:
            tax_ids.add(store, customer, wanted)


def _add(store: Store, customer: Doc, item: dict[str, Any], place: int) -> None:
    if "price" in item:
        item["pricing"] = {"price": item.pop("price")}
    if not {"amount", "pricing", "price_data", "unit_amount_decimal"} & set(item):
        raise refused(
            "Missing required param: amount.", "parameter_missing", f"invoice_items[{place}][amount]"
        )
    invoice_items.add(store, customer, item)


def _plain(store: Store, customer: Doc, asked: dict[str, Any]) -> Doc:
    """What waits for the customer, without a subscription."""
    waiting = invoice_items.pending(store, customer["id"], None)
    currency = asked.get("currency") or (waiting[0]["currency"] if waiting else customer["currency"])
    if not waiting or not currency:
        raise refused("Nothing to invoice for customer", "invoice_upcoming_none", "customer")
    invoice = store.add(invoices.blank(store, customer, currency, reason="upcoming"))
    for item in waiting:
        lines.of_item(store, invoice, item)
    return invoice


def _first(store: Store, customer: Doc, details: dict[str, Any]) -> Doc:
    """The first invoice of a subscription that does not exist."""
    wanted = {name: value for name, value in details.items() if name in subscriptions.CREATE}
    if wanted.get("billing_cycle_anchor") in {"now", "unchanged"}:
        del wanted["billing_cycle_anchor"]
    customer["invoice_settings"]["default_payment_method"] = "preview"
    _, invoice = subscriptions.begin(store, customer, wanted | {"payment_behavior": "default_incomplete"})
    return invoice


def _next(store: Store, subscription: Doc, details: dict[str, Any]) -> Doc:
    """After the changes asked for: the invoice they make at once, or the one at the end of the period."""
    known = {invoice["id"] for invoice in store.of_parent("invoice", subscription["id"])}
    if details.get("cancel_now"):
        for item in store.of_parent("subscription_item", subscription["id"]):
            if details.get("proration_behavior") != "none":
                proration.credit(store, subscription, item, store.now_of(subscription))
        return _collect(store, subscription)
    if details.get("billing_cycle_anchor") == "unchanged":
        del details["billing_cycle_anchor"]
    changing = {name: value for name, value in details.items() if name in subscription_changes.UPDATE}
    if changing:
        subscription_changes.change(store, subscription, changing)
    made = [
        invoice for invoice in store.of_parent("invoice", subscription["id"]) if invoice["id"] not in known
    ]
    if made:
        return made[-1]
    return _upcoming(store, store.take("subscription", subscription["id"]))


def _collect(store: Store, subscription: Doc) -> Doc:
    invoice = subscriptions.new_invoice(store, subscription, "upcoming")
    for item in invoice_items.pending(store, subscription["customer"], subscription["id"]):
        lines.of_item(store, invoice, item)
    return invoice


def _upcoming(store: Store, subscription: Doc) -> Doc:
    if subscription["status"] in {"canceled", "incomplete_expired"} or subscription["cancel_at_period_end"]:
        raise refused("No upcoming invoices for customer", "invoice_upcoming_none", "subscription")
    items = store.of_parent("subscription_item", subscription["id"])
    ends = min(item["current_period_end"] for item in items)
    clock = subscription["test_clock"] or ""
    store.moments[clock] = ends
    subscription_changes.renew(store, subscription, ends)
    return invoices.taken(store, store.take("subscription", subscription["id"])["latest_invoice"])


def _finish(store: Store, invoice: Doc, asked: dict[str, Any]) -> Doc:
    invoice = invoices.taken(store, invoice["id"])
    if "automatic_tax" in asked:
        invoice["automatic_tax"] |= asked["automatic_tax"]
    if asked.get("subscription_details", {}).get("default_tax_rates"):
        invoice["_default_rates"] = asked["subscription_details"]["default_tax_rates"]
    if invoice["status"] == "draft":
        lines.recount(store, invoice)
        invoice["amount_due"] = max(0, invoice["total"] + invoice["starting_balance"])
        invoice["amount_remaining"] = invoice["amount_due"]
    invoice["billing_reason"] = "upcoming"
    return lines.shown(store, invoice)
