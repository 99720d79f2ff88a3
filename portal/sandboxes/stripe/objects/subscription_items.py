"""Items of a subscription by their own addresses: each call is a change of the subscription."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.objects import standing, subscription_changes, subscriptions
from portal.sandboxes.stripe.store import Doc, Store

OF_ITEM = ("metadata", "price", "price_data", "quantity", "tax_rates")
OF_CHANGE: dict[str, p.Reader] = {
    "payment_behavior": subscriptions.BEHAVIOUR,
    "proration_behavior": subscriptions.PRORATION,
    "proration_date": p.timestamp,
}
CHANGE: dict[str, p.Reader] = OF_CHANGE | {name: subscriptions.ITEM[name] for name in OF_ITEM}


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CHANGE | {"subscription": p.filled(200)}, required=("subscription",))
    subscription = store.take("subscription", asked["subscription"], param="subscription")
    _change(store, subscription, asked, {})
    return standing.shown_item(store, store.of_parent("subscription_item", subscription["id"])[-1])


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, CHANGE)
    item = store.take("subscription_item", identifier)
    _change(store, store.take("subscription", item["subscription"]), asked, {"id": identifier})
    return standing.shown_item(store, store.take("subscription_item", identifier))


def delete(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, OF_CHANGE)
    item = store.take("subscription_item", identifier)
    _change(
        store, store.take("subscription", item["subscription"]), asked, {"id": identifier, "deleted": True}
    )
    return {"id": identifier, "object": "subscription_item", "deleted": True}


def _change(store: Store, subscription: Doc, asked: dict[str, Any], entry: dict[str, Any]) -> None:
    entry |= {name: asked[name] for name in OF_ITEM if name in asked}
    whole = {name: asked[name] for name in OF_CHANGE if name in asked}
    subscription_changes.change(store, subscription, whole | {"items": [entry]})


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return standing.shown_item(store, store.take("subscription_item", identifier))


def list_all(store: Store, given: p.Given) -> Doc:
    subscription = str(given.get("subscription") or "")
    store.take("subscription", subscription, param="subscription")
    found = page(
        store,
        given,
        "subscription_item",
        url="/v1/subscription_items",
        filters={"subscription": p.filled(200)},
        oldest_first=True,
    )
    found["data"] = [standing.shown_item(store, item) for item in found["data"]]
    return found
