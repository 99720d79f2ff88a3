"""Checkout Sessions: what is to be bought. `checkout_completion` has what a person makes of it on the hosted page."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.api.errors import refused
from portal.sandboxes.stripe.objects import (
    invoices,
    prices,
    products,
    subscriptions,
    tax,
    tiers,
)
from portal.sandboxes.stripe.store import Doc, Store

DAY = 86400
SHORTEST = 1800
PRODUCT_DATA = p.nested(
    {
        name: products.CHANGEABLE[name]
        for name in ("description", "metadata", "name", "tax_code", "unit_label")
    },
    required=("name",),
)
LINE: dict[str, p.Reader] = {
    "metadata": p.metadata,
    "price": p.filled(200),
    "price_data": p.nested(prices.DATA | {"product_data": PRODUCT_DATA}, required=("currency",)),
    "quantity": p.integer(1),
    "tax_rates": p.IDS,
}
OF_SUBSCRIPTION: dict[str, p.Reader] = {
    "billing_cycle_anchor": p.timestamp,
    "billing_mode": subscriptions.CREATE["billing_mode"],
    "default_tax_rates": p.IDS,
    "description": p.or_empty(p.text(500)),
    "metadata": p.metadata,
    "proration_behavior": p.one_of("create_prorations", "none"),
    "trial_end": p.timestamp,
    "trial_period_days": p.integer(1, 730),
}
OF_PAYMENT: dict[str, p.Reader] = {
    "description": p.or_empty(p.text(1000)),
    "metadata": p.metadata,
    "setup_future_usage": p.one_of("off_session", "on_session"),
}
CREATE: dict[str, p.Reader] = {
    "automatic_tax": invoices.AUTOMATIC_TAX,
    "billing_address_collection": p.one_of("auto", "required"),
    "cancel_url": p.url,
    "client_reference_id": p.filled(200),
    "currency": p.currency,
    "customer": p.filled(200),
    "customer_creation": p.one_of("always", "if_required"),
    "customer_email": p.email,
    "customer_update": p.nested({"address": p.one_of("auto", "never"), "name": p.one_of("auto", "never")}),
    "expires_at": p.timestamp,
    "line_items": p.array(p.nested(LINE), most=20),
    "locale": p.filled(10),
    "metadata": p.metadata,
    "mode": p.one_of("payment", "setup", "subscription"),
    "payment_intent_data": p.nested(OF_PAYMENT),
    "payment_method_collection": p.one_of("always", "if_required"),
    "payment_method_types": p.array(p.one_of("card")),
    "setup_intent_data": p.nested({"description": p.or_empty(p.text(1000)), "metadata": p.metadata}),
    "subscription_data": p.nested(OF_SUBSCRIPTION),
    "success_url": p.url,
    "tax_id_collection": p.nested({"enabled": p.boolean}, required=("enabled",)),
    "ui_mode": p.one_of("hosted_page"),
}
ONLY_IN = {
    "payment_intent_data": "payment",
    "setup_intent_data": "setup",
    "subscription_data": "subscription",
}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("mode", "success_url"))
    _require_sense(asked)
    customer = store.take("customer", asked["customer"], param="customer") if "customer" in asked else None
    chosen = _chosen(store, asked)
    session = _blank(store, asked, customer, chosen[0][1]["currency"] if chosen else asked.get("currency"))
    store.add(session, due_at=session["expires_at"])
    store.records("checkout.session").filter(id=session["id"]).update(clock="")
    taxes = _taxes(store, session, customer)
    for wanted, price in chosen:
        _add_line(store, session, wanted, price, taxes)
    return _total(store, session)


def _require_sense(asked: dict[str, Any]) -> None:
    mode = asked["mode"]
    for name, only in ONLY_IN.items():
        if name in asked and mode != only:
            raise refused(f"You can not pass `{name}` in `{mode}` mode.", "", name)
    if mode == "setup" and "line_items" in asked:
        raise refused("You can not pass `line_items` in `setup` mode.", "", "line_items")
    if mode != "setup" and not asked.get("line_items"):
        raise refused(
            f"Missing required param: line_items (in `{mode}` mode).", "parameter_missing", "line_items"
        )
    if "customer" in asked and "customer_email" in asked:
        raise refused(
            "You may only specify one of these parameters: customer, customer_email.", "", "customer_email"
        )
    if "customer_creation" in asked and mode != "payment":
        raise refused("`customer_creation` can only be used in `payment` mode.", "", "customer_creation")


def _chosen(store: Store, asked: dict[str, Any]) -> list[tuple[dict[str, Any], Doc]]:
    found = []
    for place, line in enumerate(asked.get("line_items", [])):
        param = f"line_items[{place}]"
        if "quantity" not in line:
            raise refused(
                f"Quantity is required. Add `quantity` to `{param}`",
                "parameter_missing",
                f"{param}[quantity]",
            )
        found.append((line, prices.named(store, line, param=param)))
    recurring = [price for _, price in found if price["recurring"]]
    if asked["mode"] == "payment" and recurring:
        raise refused(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only "
            "one-time prices.",
            "",
            "mode",
        )
    if asked["mode"] == "subscription" and not recurring:
        raise refused(
            "You must provide at least one recurring price in `subscription` mode when using prices.",
            "",
            "mode",
        )
    if len({price["currency"] for _, price in found}) > 1:
        raise refused("All line items must use the same currency.", "", "line_items")
    return found


def _blank(store: Store, asked: dict[str, Any], customer: Doc | None, currency: str | None) -> Doc:
    now = store.now()
    identifier = ids.new_id("checkout.session")
    expires_at = asked.get("expires_at", now + DAY)
    if not now + SHORTEST - 60 <= expires_at <= now + DAY + 60:
        raise refused(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            "",
            "expires_at",
        )
    enabled = asked.get("automatic_tax", {}).get("enabled", False)
    return {
        "id": identifier,
        "object": "checkout.session",
        "allow_promotion_codes": None,
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": {"enabled": enabled, "liability": None, "provider": None, "status": None},
        "billing_address_collection": asked.get("billing_address_collection"),
        "cancel_url": asked.get("cancel_url"),
        "client_reference_id": asked.get("client_reference_id"),
        "client_secret": None,
        "created": now,
        "currency": currency,
        "custom_fields": [],
        "customer": customer["id"] if customer else None,
        "customer_creation": asked.get("customer_creation", "if_required")
        if asked["mode"] == "payment"
        else None,
        "customer_details": None,
        "customer_email": asked.get("customer_email"),
        "discounts": [],
        "expires_at": expires_at,
        "invoice": None,
        "livemode": False,
        "locale": asked.get("locale"),
        "metadata": p.merged({}, asked.get("metadata")),
        "mode": asked["mode"],
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": asked.get("payment_method_collection", "always"),
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required" if asked["mode"] == "setup" else "unpaid",
        "setup_intent": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": asked["success_url"],
        "tax_id_collection": {
            "enabled": asked.get("tax_id_collection", {}).get("enabled", False),
            "required": "never",
        },
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{settings.SANDBOX_ORIGIN}/c/pay/{identifier}",
        "_subscription_data": asked.get("subscription_data", {}),
        "_payment_data": asked.get("payment_intent_data", {}),
        "_setup_data": asked.get("setup_intent_data", {}),
        "_pending": {},
    }


# Lines -----------------------------------------------------------------------------------------------------------


def _taxes(store: Store, session: Doc, customer: Doc | None) -> list[tax.Tax]:
    if not session["automatic_tax"]["enabled"]:
        return []
    held = store.of_customer("tax_id", customer["id"]) if customer else []
    found = tax.automatic(
        store, (customer or {}).get("address"), held, (customer or {}).get("tax_exempt", "none")
    )
    session["automatic_tax"]["status"] = "complete" if found else "requires_location_inputs"
    return found


def _add_line(
    store: Store, session: Doc, wanted: dict[str, Any], price: Doc, automatic: list[tax.Tax]
) -> None:
    subtotal = tiers.amount_of(price, wanted["quantity"])
    taxes = (
        tax.taxes_of(store, wanted["tax_rates"], param="line_items") if wanted.get("tax_rates") else automatic
    )
    made = [found.line(subtotal) for found in taxes]
    exclusive = sum(found["amount"] for found in made if found["tax_behavior"] == "exclusive")
    store.add(
        {
            "id": ids.new_id("item"),
            "object": "item",
            "adjustable_quantity": None,
            "amount_discount": 0,
            "amount_subtotal": subtotal,
            "amount_tax": sum(found["amount"] for found in made),
            "amount_total": subtotal + exclusive,
            "created": session["created"],
            "currency": price["currency"],
            "description": store.take("product", price["product"], deleted=True).get("name"),
            "metadata": p.merged({}, wanted.get("metadata")),
            "price": price,
            "quantity": wanted["quantity"],
            "_rates": wanted.get("tax_rates", []),
        },
        parent=session["id"],
    )


def _total(store: Store, session: Doc) -> Doc:
    rows = store.of_parent("item", session["id"])
    if rows:
        trial = any(name in session["_subscription_data"] for name in ("trial_end", "trial_period_days"))
        due = [row for row in rows if not (trial and row["price"]["recurring"])]
        session |= {
            "amount_subtotal": sum(row["amount_subtotal"] for row in due),
            "amount_total": sum(row["amount_total"] for row in due),
        }
        session["total_details"]["amount_tax"] = sum(row["amount_tax"] for row in due)
    return store.save(session)


def list_line_items(store: Store, given: p.Given, identifier: str) -> Doc:
    store.take("checkout.session", identifier)
    return page(
        store,
        given,
        "item",
        url=f"/v1/checkout/sessions/{identifier}/line_items",
        narrow=lambda found, asked: found.filter(parent=identifier),
        oldest_first=True,
    )


def first_line_items(store: Store, session: Doc) -> Doc:
    """For `expand[]=line_items`."""
    return list_of(
        f"/v1/checkout/sessions/{session['id']}/line_items", store.of_parent("item", session["id"])
    )


# Looking up and expiring -----------------------------------------------------------------------------------------


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return store.take("checkout.session", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, {"metadata": p.metadata})
    session = store.take("checkout.session", identifier)
    session["metadata"] = p.merged(session["metadata"], asked.get("metadata"))
    return store.save(session)


def list_all(store: Store, given: p.Given) -> Doc:
    filters: dict[str, p.Reader] = {
        "customer": p.filled(200),
        "payment_intent": p.filled(200),
        "status": p.one_of("complete", "expired", "open"),
        "subscription": p.filled(200),
    }
    return page(store, given, "checkout.session", url="/v1/checkout/sessions", filters=filters)


def expire(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    session = store.take("checkout.session", identifier)
    if session["status"] != "open":
        raise refused(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`.",
            "resource_missing",
            "session",
        )
    expire_now(store, session)
    return store.take("checkout.session", identifier)


def expire_now(store: Store, session: Doc) -> None:
    if session["status"] == "open":
        session |= {"status": "expired", "url": None}
        store.save(session)
        store.due(session, None)
        store.tell("checkout.session.expired", session)
