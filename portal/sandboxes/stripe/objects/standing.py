"""What a paid or unpaid invoice does to the subscription behind it."""

from __future__ import annotations

from portal.sandboxes.stripe.objects import lines
from portal.sandboxes.stripe.store import Doc, Store

ENDED = {"canceled", "incomplete_expired"}


def shown(store: Store, subscription: Doc) -> Doc:
    """The subscription with its items, and their prices in full, as it is answered and told."""
    items = [shown_item(store, item) for item in store.of_parent("subscription_item", subscription["id"])]
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    return subscription | {
        "items": {"object": "list", "data": items, "has_more": False, "url": url, "total_count": len(items)}
    }


def shown_item(store: Store, item: Doc) -> Doc:
    price = store.take("price", item["price"]) if isinstance(item["price"], str) else item["price"]
    return item | {"price": price, "plan": plan_of(price)}


def plan_of(price: Doc) -> Doc:
    """The older object that items still carry beside their price."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def save(store: Store, subscription: Doc, previous: Doc | None = None) -> Doc:
    """Save, and tell the change with the items in it."""
    before = store.take("subscription", subscription["id"])
    store.save(subscription)
    changed = {
        name: before.get(name)
        for name in subscription
        if not name.startswith("_") and before.get(name) != subscription[name]
    }
    if changed or previous:
        store.tell("customer.subscription.updated", shown(store, subscription), changed | (previous or {}))
    return subscription


def after_payment(store: Store, invoice: Doc) -> None:
    """Paid: what waited for it is active. Another open invoice keeps it past due."""
    subscription = _of(store, invoice)
    if subscription is None or subscription["status"] not in {"incomplete", "past_due", "unpaid"}:
        return
    open_ones = (
        store.records("invoice")
        .filter(parent=subscription["id"], data__status="open", data__attempted=True)
        .exclude(id=invoice["id"])
    )
    if subscription["status"] == "incomplete" or not open_ones.exists():
        subscription["status"] = "active"
        save(store, subscription)


def after_failure(store: Store, invoice: Doc) -> None:
    subscription = _of(store, invoice)
    if (
        subscription is not None
        and subscription["status"] in {"active", "trialing"}
        and invoice["billing_reason"] != "manual"
    ):
        subscription["status"] = "past_due"
        save(store, subscription)


def _of(store: Store, invoice: Doc) -> Doc | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    identifier = details.get("subscription")
    if not identifier:
        return None
    found = store.take("subscription", identifier)
    return None if found["status"] in ENDED else found


def method_for(store: Store, invoice: Doc) -> str:
    """The payment method an invoice is charged to: its own, the subscription's, the customer's. Empty if there is none."""
    subscription = _of(store, invoice)
    customer = store.take("customer", invoice["customer"], deleted=True)
    return str(
        invoice["default_payment_method"]
        or (subscription or {}).get("default_payment_method")
        or customer.get("invoice_settings", {}).get("default_payment_method")
        or ""
    )


def tell_invoice(store: Store, invoice: Doc, *names: str) -> None:
    whole = lines.shown(store, invoice)
    for name in names:
        store.tell(f"invoice.{name}", whole, {} if name == "updated" else None)
