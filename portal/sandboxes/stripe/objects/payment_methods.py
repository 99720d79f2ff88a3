"""Payment methods: cards, from the documented test values only."""

from __future__ import annotations

import hashlib
from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import no_such, refused
from portal.sandboxes.stripe.objects import cards
from portal.sandboxes.stripe.store import Doc, Store

BILLING: dict[str, p.Reader] = {
    "address": p.ADDRESS,
    "email": p.or_empty(p.email),
    "name": p.or_empty(p.text(256)),
    "phone": p.or_empty(p.text(20)),
}
CARD: dict[str, p.Reader] = {
    "token": p.filled(100),
    "number": p.filled(30),
    "exp_month": p.integer(),
    "exp_year": p.integer(),
    "cvc": p.filled(4),
}
CREATE: dict[str, p.Reader] = {
    "type": p.one_of("card"),
    "card": p.nested(CARD),
    "billing_details": p.nested(BILLING),
    "metadata": p.metadata,
}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("type", "card"))
    card, month, year = _card_of(asked["card"])
    return make(store, card, month, year, asked.get("billing_details"), asked.get("metadata"))


def _card_of(asked: dict[str, Any]) -> tuple[cards.Card, int, int]:
    if "token" in asked:
        card = cards.BY_WORD.get(asked["token"].removeprefix("tok_"))
        if card is None or not asked["token"].startswith("tok_"):
            raise no_such("token", asked["token"], "card[token]")
        return card, 12, cards.later_year()
    if "number" not in asked:
        raise refused("Missing required param: card[number].", "parameter_missing", "card[number]")
    card = cards.by_number(asked["number"])
    month, year = asked.get("exp_month", 12), asked.get("exp_year", 0)
    cards.require_expiry(month, year)
    return card, month, year


def make(
    store: Store,
    card: cards.Card,
    month: int,
    year: int,
    billing: dict[str, Any] | None = None,
    metadata: dict[str, str] | None = None,
) -> Doc:
    """A new payment method. The number itself is not kept, only which test card it was."""
    return store.add(
        {
            "id": ids.new_id("payment_method"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
            | (billing or {}),
            "card": {
                "brand": card.brand,
                "checks": {
                    "address_line1_check": None,
                    "address_postal_code_check": None,
                    "cvc_check": "pass",
                },
                "country": card.country,
                "display_brand": card.brand,
                "exp_month": month,
                "exp_year": year,
                "fingerprint": hashlib.sha256(f"{store.account}{card.number}".encode()).hexdigest()[:16],
                "funding": card.funding,
                "generated_from": None,
                "last4": card.number[-4:],
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            "created": store.now(),
            "customer": None,
            "livemode": False,
            "metadata": p.merged({}, metadata),
            "type": "card",
            "_card": card.word,
            "_authenticated": False,
        }
    )


def card_of(method: Doc) -> cards.Card:
    return cards.BY_WORD[method["_card"]]


def taken(store: Store, identifier: str, *, param: str) -> Doc:
    """A payment method by id; the documented `pm_card_…` names make a new one each time."""
    if identifier.startswith("pm_card_") and identifier.removeprefix("pm_card_") in cards.BY_WORD:
        card = cards.BY_WORD[identifier.removeprefix("pm_card_")]
        return make(store, card, 12, cards.later_year())
    return store.take("payment_method", identifier, param=param)


def attach_to(store: Store, identifier: str, customer: str, *, param: str = "payment_method") -> Doc:
    """Bind a payment method to a customer; a card whose issuer says no to everything does not get that far."""
    method = taken(store, identifier, param=param)
    if method["customer"] == customer:
        return method
    if method["customer"]:
        raise refused(
            "The payment method you provided has already been attached to a customer.",
            "payment_method_unexpected_state",
            param,
        )
    card = card_of(method)
    if card.decline and card.fails_at == "attach":
        raise cards.declined(card.decline)
    method["customer"] = customer
    method["_clock"] = store.take("customer", customer, param="customer")["test_clock"]
    return store.save(method, event="payment_method.attached")


def attach(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, {"customer": p.filled(200)}, required=("customer",))
    store.take("customer", asked["customer"], param="customer")
    return attach_to(store, identifier, asked["customer"])


def detach(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    method = store.take("payment_method", identifier)
    if not method["customer"]:
        raise refused(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    customer = store.take("customer", method["customer"], deleted=True)
    if customer.get("invoice_settings", {}).get("default_payment_method") == identifier:
        customer["invoice_settings"]["default_payment_method"] = None
        store.save(customer, event="customer.updated")
    method["customer"] = None
    return store.save(method, event="payment_method.detached")


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("payment_method", identifier)


def retrieve_of(store: Store, given: p.Given, customer: str, identifier: str) -> Doc:
    method = retrieve(store, given, identifier)
    if method["customer"] != customer:
        raise no_such("PaymentMethod", identifier, "id")
    return method


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    card = p.nested({"exp_month": p.integer(1, 12), "exp_year": p.integer(2000, 2100)})
    asked = p.read(given, {"billing_details": p.nested(BILLING), "metadata": p.metadata, "card": card})
    method = store.take("payment_method", identifier)
    if not method["customer"]:
        raise refused("You must save this PaymentMethod to a customer before you can update it.")
    method["billing_details"] |= asked.get("billing_details", {})
    method["card"] |= asked.get("card", {})
    method["metadata"] = p.merged(method["metadata"], asked.get("metadata"))
    return store.save(method, event="payment_method.updated")


def list_all(store: Store, given: p.Given) -> Doc:
    return _list(store, given, "", "/v1/payment_methods")


def list_of_customer(store: Store, given: p.Given, customer: str) -> Doc:
    store.take("customer", customer)
    return _list(store, given, customer, f"/v1/customers/{customer}/payment_methods")


def _list(store: Store, given: p.Given, customer: str, url: str) -> Doc:
    filters: dict[str, p.Reader] = {"type": p.one_of("card")}
    if not customer:
        filters["customer"] = p.filled(200)
    return page(
        store,
        given,
        "payment_method",
        url=url,
        filters=filters,
        narrow=lambda found, asked: found.filter(customer=customer or asked.get("customer", "-")),
    )
