"""Subscriptions as they are looked up and listed, and what pages say about them."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import list_of, page
from portal.sandboxes.stripe.objects import intents, invoice_payments, invoices, standing, tiers
from portal.sandboxes.stripe.store import Doc, Store


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    return standing.shown(store, store.take("subscription", identifier))


def list_all(store: Store, given: p.Given) -> Doc:
    def narrow(found: Any, asked: dict[str, Any]) -> Any:
        status = asked.get("status")
        if status == "ended":
            found = found.filter(data__status__in=sorted(standing.ENDED))
        elif status is None:
            found = found.exclude(data__status="canceled")
        elif status != "all":
            found = found.filter(data__status=status)
        if "price" in asked:
            held = store.records("subscription_item").filter(data__price=asked["price"]).values("parent")
            found = found.filter(id__in=held)
        named = {
            name: asked[name] for name in ("collection_method", "customer", "test_clock") if name in asked
        }
        return found.filter(**{f"data__{name}": value for name, value in named.items()})

    filters: dict[str, p.Reader] = {
        "collection_method": invoices.CHANGEABLE["collection_method"],
        "customer": p.filled(200),
        "price": p.filled(200),
        "status": p.one_of(
            "active",
            "all",
            "canceled",
            "ended",
            "incomplete",
            "incomplete_expired",
            "past_due",
            "paused",
            "trialing",
            "unpaid",
        ),
        "test_clock": p.filled(200),
    }
    found = page(store, given, "subscription", url="/v1/subscriptions", filters=filters, narrow=narrow)
    found["data"] = [standing.shown(store, subscription) for subscription in found["data"]]
    return found


def of_customer(store: Store, customer: Doc) -> Doc:
    """For `expand[]=subscriptions`: those that are not over."""
    held = [
        each
        for each in store.of_customer("subscription", customer["id"])
        if each["status"] not in standing.ENDED
    ]
    url = f"/v1/customers/{customer['id']}/subscriptions"
    return list_of(url, [standing.shown(store, each) for each in held[::-1]])


def amount_now(store: Store, subscription: Doc) -> int:
    """What a whole period costs, before tax: for pages."""
    items = store.of_parent("subscription_item", subscription["id"])
    return sum(tiers.amount_of(store.take("price", item["price"]), item["quantity"]) for item in items)


def intent_to_confirm(store: Store, invoice: str) -> Doc | None:
    """The payment a person still has to make on a first invoice."""
    found = invoices.taken(store, invoice)
    if found["status"] != "open":
        return None
    intent = invoice_payments.intent_of(store, found)
    return intent if intent["status"] in intents.OPEN else None
