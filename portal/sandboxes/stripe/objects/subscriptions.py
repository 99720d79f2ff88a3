"""Subscriptions as they are created. `subscription_changes` has what comes after, `subscription_reading` looks them up."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.objects import (
    invoice_items,
    invoice_moves,
    invoice_payments,
    invoices,
    lines,
    periods,
    prices,
    proration,
    standing,
    tax,
)
from portal.sandboxes.stripe.store import Doc, Store

DAY = 86400
# An unpaid first invoice ends the subscription after this long.
PATIENCE = 23 * 3600
MOST_ITEMS = 20
ITEM: dict[str, p.Reader] = {
    "metadata": p.metadata,
    "price": p.filled(200),
    "price_data": p.nested(prices.DATA, required=("currency", "product", "recurring")),
    "quantity": p.integer(),
    "tax_rates": p.IDS,
}
EXTRA: dict[str, p.Reader] = {
    "price": p.filled(200),
    "price_data": p.nested(invoice_items.DATA, required=("currency", "product")),
    "quantity": p.integer(),
    "tax_rates": p.IDS,
}
PRORATION = p.one_of("always_invoice", "create_prorations", "none")
BEHAVIOUR = p.one_of("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
SHARED: dict[str, p.Reader] = {
    "add_invoice_items": p.array(p.nested(EXTRA), most=20),
    "automatic_tax": invoices.AUTOMATIC_TAX,
    "cancel_at": p.or_empty(p.timestamp),
    "cancel_at_period_end": p.boolean,
    "collection_method": invoices.CHANGEABLE["collection_method"],
    "days_until_due": p.integer(0, 730),
    "default_payment_method": p.or_empty(p.text(200)),
    "default_tax_rates": p.IDS,
    "description": p.or_empty(p.text(500)),
    "metadata": p.metadata,
    "off_session": p.boolean,
    "payment_behavior": BEHAVIOUR,
    "payment_settings": p.nested(
        {
            "payment_method_types": p.array(p.one_of("card")),
            "save_default_payment_method": p.one_of("off", "on_subscription"),
        }
    ),
    "proration_behavior": PRORATION,
    "trial_end": p.timestamp_or("now"),
}
CREATE: dict[str, p.Reader] = SHARED | {
    "billing_cycle_anchor": p.timestamp,
    "billing_mode": p.nested({"type": p.one_of("classic", "flexible")}, required=("type",)),
    "currency": p.currency,
    "customer": p.filled(200),
    "items": p.array(p.nested(ITEM), most=MOST_ITEMS),
    "trial_period_days": p.integer(1, 730),
}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("customer", "items"))
    customer = store.take("customer", asked["customer"], param="customer")
    behaviour = asked.get("payment_behavior", "allow_incomplete")
    subscription, invoice = begin(store, customer, asked)
    error = first_payment(store, subscription, invoice, behaviour)
    if error:
        error.keeps = False
        raise error
    return standing.shown(store, store.take("subscription", subscription["id"]))


def begin(store: Store, customer: Doc, asked: dict[str, Any]) -> tuple[Doc, Doc]:
    """The subscription and its first invoice, not yet paid. Told by the caller, once its status is known."""
    chosen = _chosen_prices(store, asked)
    subscription = _blank(store, customer, asked, chosen[0][1])
    set_shared(store, subscription, asked)
    _require_terms(subscription)
    _require_payable(store, customer, subscription, asked)
    period = _first_period(store, subscription, asked, chosen[0][1])
    store.add(subscription)
    for item, price in chosen:
        add_item(store, subscription, item, price, period)
    invoice = first_invoice(store, subscription, customer, asked, period)
    subscription["latest_invoice"] = invoice["id"]
    store.save(subscription)
    return subscription, invoice


def _chosen_prices(store: Store, asked: dict[str, Any]) -> list[tuple[dict[str, Any], Doc]]:
    if not asked["items"]:
        raise refused("Missing required param: items.", "parameter_missing", "items")
    found = [
        (item, prices.named(store, item, param=f"items[{place}]", recurring=True))
        for place, item in enumerate(asked["items"])
    ]
    require_alike(price for _, price in found)
    if asked.get("currency", found[0][1]["currency"]) != found[0][1]["currency"]:
        raise refused(f"The prices are in {found[0][1]['currency']}.", "", "currency")
    return found


def require_alike(found: Any) -> None:
    """One currency and one period for all items."""
    rows = list(found)
    if len({price["currency"] for price in rows}) > 1:
        raise refused("All prices on a subscription must use the same currency.", "", "items")
    if len({(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in rows}) > 1:
        raise refused(
            "The sandbox bills all items of a subscription for the same period: `recurring.interval` and "
            "`recurring.interval_count` must agree.",
            "",
            "items",
        )
    if len({price["id"] for price in rows}) < len(rows):
        raise refused("Cannot add multiple subscription items with the same price.", "", "items")


def _blank(store: Store, customer: Doc, asked: dict[str, Any], price: Doc) -> Doc:
    now = store.now_of(customer)
    return {
        "id": ids.new_id("subscription"),
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": asked.get("billing_mode", {}).get("type", "flexible"),
        },
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": price["currency"],
        "customer": customer["id"],
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "incomplete",
        "test_clock": customer["test_clock"],
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
        "_interval": price["recurring"]["interval"],
        "_count": price["recurring"]["interval_count"],
    }


def set_shared(store: Store, subscription: Doc, asked: dict[str, Any]) -> None:
    plain = (
        "cancel_at",
        "cancel_at_period_end",
        "collection_method",
        "days_until_due",
        "default_payment_method",
        "description",
    )
    subscription |= {name: asked[name] for name in plain if name in asked}
    subscription["metadata"] = p.merged(subscription["metadata"], asked.get("metadata"))
    subscription["automatic_tax"] |= asked.get("automatic_tax", {})
    subscription["payment_settings"] |= asked.get("payment_settings", {})
    if "default_tax_rates" in asked:
        tax.require_rates(store, asked["default_tax_rates"])
        subscription["default_tax_rates"] = [
            store.take("tax_rate", rate) for rate in asked["default_tax_rates"]
        ]
    if method := asked.get("default_payment_method"):
        held = store.take("payment_method", method, param="default_payment_method")
        if held["customer"] != subscription["customer"]:
            raise refused(
                "The payment method must be attached to the customer.",
                "resource_missing",
                "default_payment_method",
            )


def _require_terms(subscription: Doc) -> None:
    by_mail = subscription["collection_method"] == "send_invoice"
    if by_mail and subscription["days_until_due"] is None:
        raise refused(
            "days_until_due is required when collection_method is send_invoice.",
            "parameter_missing",
            "days_until_due",
        )
    if not by_mail and subscription["days_until_due"] is not None:
        raise refused(
            "You can only specify `days_until_due` if the collection method is `send_invoice`.",
            "",
            "days_until_due",
        )


def _require_payable(store: Store, customer: Doc, subscription: Doc, asked: dict[str, Any]) -> None:
    """Somebody who is charged at once needs something to charge, unless the caller says it comes later."""
    later = (
        asked.get("payment_behavior") == "default_incomplete"
        or "trial_end" in asked
        or "trial_period_days" in asked
    )
    held = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if subscription["collection_method"] == "charge_automatically" and not later and not held:
        raise refused(
            "This customer has no attached payment source or default payment method. Please consider adding a default "
            "payment method. For more information, visit "
            "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
            "resource_missing",
        )


def _first_period(store: Store, subscription: Doc, asked: dict[str, Any], price: Doc) -> tuple[int, int]:
    """A trial until it ends, a stub up to a later anchor, or a whole period from now."""
    now = int(subscription["created"])
    trial_end = asked.get("trial_end")
    if "trial_period_days" in asked:
        trial_end = now + asked["trial_period_days"] * DAY
    if isinstance(trial_end, int):
        if trial_end <= now:
            raise refused(
                "Invalid timestamp: must be an integer Unix timestamp in the future", "", "trial_end"
            )
        subscription |= {"trial_start": now, "trial_end": trial_end, "billing_cycle_anchor": trial_end}
        return now, trial_end
    interval, count = subscription["_interval"], subscription["_count"]
    anchor = int(asked.get("billing_cycle_anchor", now))
    if anchor < now or anchor > periods.boundary(now, interval, count, 1):
        raise refused(
            "billing_cycle_anchor must be in the future and before the end of one period.",
            "",
            "billing_cycle_anchor",
        )
    subscription["billing_cycle_anchor"] = anchor
    return (now, anchor) if anchor > now else (now, periods.boundary(anchor, interval, count, 1))


def add_item(
    store: Store, subscription: Doc, asked: dict[str, Any], price: Doc, period: tuple[int, int]
) -> Doc:
    return store.add(
        {
            "id": ids.new_id("subscription_item"),
            "object": "subscription_item",
            "billing_thresholds": None,
            "created": store.now_of(subscription),
            "current_period_end": period[1],
            "current_period_start": period[0],
            "discounts": [],
            "metadata": p.merged({}, asked.get("metadata")),
            "price": price["id"],
            "quantity": asked.get("quantity", 1),
            "subscription": subscription["id"],
            "tax_rates": [
                store.take("tax_rate", rate, param="tax_rates") for rate in asked.get("tax_rates", [])
            ],
            "_rates": asked.get("tax_rates", []),
            "_clock": subscription["test_clock"],
        },
        parent=subscription["id"],
    )


def first_invoice(
    store: Store, subscription: Doc, customer: Doc, asked: dict[str, Any], period: tuple[int, int]
) -> Doc:
    add_extras(store, subscription, customer, asked)
    waiting = invoice_items.pending(store, customer["id"], subscription["id"])
    invoice = new_invoice(store, subscription, "subscription_create")
    trial = subscription["trial_end"] is not None
    anchor = subscription["billing_cycle_anchor"]
    stub = not trial and anchor > subscription["created"]
    for item in store.of_parent("subscription_item", subscription["id"]):
        if stub:
            if asked.get("proration_behavior") != "none":
                _bill_stub(store, invoice, subscription, item, period)
            continue
        shown = {"start": period[0], "end": period[1]}
        lines.of_subscription_item(store, invoice, subscription, item, shown, trial=trial)
    for item in waiting:
        lines.of_item(store, invoice, item)
    store.save(lines.recount(store, invoice))
    return invoice


def _bill_stub(store: Store, invoice: Doc, subscription: Doc, item: Doc, period: tuple[int, int]) -> None:
    """From now to the anchor, as its share of the period that ends there."""
    price = store.take("price", item["price"])
    whole = periods.boundary(period[1], subscription["_interval"], subscription["_count"], -1)
    amount = proration.share(price, item["quantity"], whole, period[1], period[0])
    lines.of_subscription_item(
        store, invoice, subscription, item, {"start": period[0], "end": period[1]}, trial=True
    )
    line = store.of_parent("line_item", invoice["id"])[-1]
    name = store.take("product", price["product"], deleted=True).get("name", "")
    line |= {
        "amount": amount,
        "subtotal": amount,
        "description": f"{item['quantity']} × {name} (up to the anchor)",
        "pricing": lines.pricing(price, None),
    }
    store.save(line)


def add_extras(store: Store, subscription: Doc, customer: Doc, asked: dict[str, Any]) -> None:
    """One-time amounts for the next invoice of this subscription."""
    for place, extra in enumerate(asked.get("add_invoice_items", [])):
        price = prices.named(store, extra, param=f"add_invoice_items[{place}]", recurring=False)
        wanted = {
            "pricing": {"price": price["id"]},
            "quantity": extra.get("quantity", 1),
            "tax_rates": extra.get("tax_rates", []),
        }
        if not price["active"]:
            store.save(price | {"active": True})
        parent = invoice_items.of_subscription(subscription["id"], None)
        invoice_items.add(store, customer, wanted, parent=parent)


def new_invoice(store: Store, subscription: Doc, reason: str) -> Doc:
    customer = store.take("customer", subscription["customer"])
    invoice = invoices.blank(
        store, customer, subscription["currency"], reason=reason, subscription=subscription
    )
    return store.add(invoice, parent=subscription["id"])


def first_payment(store: Store, subscription: Doc, invoice: Doc, behaviour: str) -> ApiError | None:
    """Finalise the first invoice and try to have it paid; the status follows. An error only where one was asked for."""
    by_mail = subscription["collection_method"] == "send_invoice"
    trial = subscription["trial_end"] is not None
    subscription["status"] = "trialing" if trial else "active" if by_mail else "incomplete"
    store.save(subscription)
    store.tell("customer.subscription.created", standing.shown(store, subscription))
    standing.tell_invoice(store, invoice, "created")
    error = None if by_mail else _pay_first(store, invoice, behaviour)
    if by_mail:
        invoices.schedule(store, invoice)
    schedule(store, store.take("subscription", subscription["id"]))
    return error if behaviour == "error_if_incomplete" else None


def _pay_first(store: Store, invoice: Doc, behaviour: str) -> ApiError | None:
    invoice["auto_advance"] = False
    invoice_moves.finalise(store, invoice)
    invoice = invoices.taken(store, invoice["id"])
    if invoice["status"] == "paid":
        return None
    if behaviour == "default_incomplete":
        invoice_payments.intent_of(store, invoice)
        return None
    return invoice_moves.try_card(store, invoice, standing.method_for(store, invoice), off_session=False)


def schedule(store: Store, subscription: Doc) -> None:
    """When something next happens to it by itself."""
    items = store.of_parent("subscription_item", subscription["id"])
    at: int | None = None
    if subscription["status"] == "incomplete":
        at = subscription["created"] + PATIENCE
    elif subscription["status"] not in standing.ENDED and items:
        at = min(item["current_period_end"] for item in items)
        at = min(at, subscription["cancel_at"]) if subscription["cancel_at"] else at
    store.due(subscription, at)
