"""Expansion: an identifier in an answer becomes the object, and what is left out by default is put in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.objects import (
    checkout,
    credit_notes,
    customers,
    invoice_payments,
    lines,
    prices,
    refunds,
    standing,
    subscription_reading,
    tax_ids,
)
from portal.sandboxes.stripe.store import Doc, Store

EXPANDABLE = frozenset(
    [
        "customer",
        "payment_method",
        "default_payment_method",
        "latest_charge",
        "invoice",
        "subscription",
        "payment_intent",
        "charge",
        "product",
        "price",
        "test_clock",
        "latest_invoice",
        "setup_intent",
        "default_price",
        "dispute",
        "refund",
        "tax_rate",
        "pending_setup_intent",
        "invoice_item",
        "customer_balance_transaction",
        "credit_note",
        "configuration",
    ]
)
DEEPEST = 4
# Left out unless asked for: how each is made.
ON_DEMAND: dict[tuple[str, str], Callable[[Store, Doc], Any]] = {
    ("price", "tiers"): prices.tiers_of,
    ("customer", "subscriptions"): subscription_reading.of_customer,
    ("customer", "tax_ids"): tax_ids.of_customer,
    ("customer", "sources"): customers.no_sources,
    ("invoice", "payments"): invoice_payments.of_invoice,
    ("invoice", "confirmation_secret"): invoice_payments.confirmation_secret,
    ("charge", "refunds"): refunds.of_charge,
    ("checkout.session", "line_items"): checkout.first_line_items,
}
# Objects that are answered with more than what is stored of them.
SHOWN: dict[str, Callable[[Store, Doc], Doc]] = {
    "invoice": lines.shown,
    "subscription": standing.shown,
    "credit_note": credit_notes.shown,
}


def expand(store: Store, doc: Doc, paths: list[str]) -> Doc:
    """The object with what was asked for in full. Expansion changes the answer, never the stored object."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST + (parts[0] == "data"):
            raise refused(f"You cannot expand more than {DEEPEST} levels of a property.", "", "expand")
        _expand(store, doc, parts, path)
    return doc


def _expand(store: Store, doc: Any, parts: list[str], path: str) -> None:
    if isinstance(doc, list):
        for entry in doc:
            _expand(store, entry, parts, path)
        return
    if not parts or not isinstance(doc, dict):
        return
    name, rest = parts[0], parts[1:]
    make = ON_DEMAND.get((str(doc.get("object")), name))
    if make and name not in doc:
        doc[name] = make(store, doc)
    if name not in doc or name.startswith("_"):
        raise _cannot(name, path)
    if isinstance(doc[name], str):
        if name not in EXPANDABLE:
            raise _cannot(name, path)
        found = store.take(ids.kind_of(doc[name]), doc[name], deleted=True)
        show = SHOWN.get(found["object"])
        doc[name] = show(store, found) if show else found
    _expand(store, doc[name], rest, path)


def _cannot(name: str, path: str) -> ApiError:
    return refused(
        f"This property cannot be expanded ({name}). You may want to try expanding {path} on another object, "
        f"or no property of that name is answered here.",
        "property_cannot_be_expanded",
        "expand",
    )
