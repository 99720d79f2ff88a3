"""Changing a subscription, ending it, and what happens to it by itself."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.errors import no_such, refused
from portal.sandboxes.stripe.objects import (
    customers,
    invoice_items,
    invoice_moves,
    invoices,
    lines,
    periods,
    prices,
    proration,
    standing,
    subscriptions,
)
from portal.sandboxes.stripe.store import Doc, Store

DETAILS = p.nested(
    {
        "comment": p.or_empty(p.text()),
        "feedback": p.or_empty(
            p.one_of(
                "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex",
                "too_expensive", "unused",
            )
        ),
    }
)  # fmt: skip
ITEM: dict[str, p.Reader] = subscriptions.ITEM | {"id": p.filled(200), "deleted": p.boolean}
UPDATE: dict[str, p.Reader] = subscriptions.SHARED | {
    "billing_cycle_anchor": p.one_of("now", "unchanged"),
    "cancellation_details": DETAILS,
    "items": p.array(p.nested(ITEM), most=subscriptions.MOST_ITEMS),
    "proration_date": p.timestamp,
}
ENDED_BY = {"reason": "cancellation_requested"}


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, UPDATE)
    subscription = _alive(store, identifier)
    change(store, subscription, asked)
    return standing.shown(store, store.take("subscription", identifier))


def _alive(store: Store, identifier: str) -> Doc:
    subscription = store.take("subscription", identifier)
    if subscription["status"] in standing.ENDED:
        raise refused("A canceled subscription can only update its cancellation_details and metadata.")
    return subscription


def change(store: Store, subscription: Doc, asked: dict[str, Any]) -> None:
    before = standing.shown(store, subscription)
    was = dict(subscription)
    subscriptions.set_shared(store, subscription, asked)
    _set_cancellation(store, subscription, asked)
    store.save(subscription)
    customer = store.take("customer", subscription["customer"])
    subscriptions.add_extras(store, subscription, customer, asked)
    invoice_now = _change_items(store, subscription, asked)
    if "trial_end" in asked:
        invoice_now |= _change_trial(store, subscription, asked["trial_end"])
    elif asked.get("billing_cycle_anchor") == "now":
        _restart(store, subscription, asked)
        invoice_now = True
    _tell_change(store, subscription["id"], before, was)
    if invoice_now:
        _bill_now(store, store.take("subscription", subscription["id"]), asked)
    subscriptions.schedule(store, store.take("subscription", subscription["id"]))


def _tell_change(store: Store, identifier: str, before: Doc, was: Doc) -> None:
    now = store.take("subscription", identifier)
    after = standing.shown(store, now)
    previous: Doc = {
        name: before[name] for name in after if not name.startswith("_") and before.get(name) != after[name]
    }
    if previous:
        store.tell("customer.subscription.updated", after, previous)


def _set_cancellation(store: Store, subscription: Doc, asked: dict[str, Any]) -> None:
    subscription["cancellation_details"] |= asked.get("cancellation_details", {})
    if "cancel_at_period_end" in asked and "cancel_at" in asked:
        raise refused(
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.", "", "cancel_at"
        )
    now = store.now_of(subscription)
    if asked.get("cancel_at") is not None and asked["cancel_at"] <= now:
        raise refused("`cancel_at` must be in the future.", "", "cancel_at")
    if "cancel_at_period_end" in asked:
        items = store.of_parent("subscription_item", subscription["id"])
        ends = min(item["current_period_end"] for item in items)
        subscription["cancel_at"] = ends if asked["cancel_at_period_end"] else None
    if "cancel_at_period_end" in asked or "cancel_at" in asked:
        leaving = subscription["cancel_at"] is not None
        subscription["canceled_at"] = now if leaving else None
        subscription["cancellation_details"]["reason"] = ENDED_BY["reason"] if leaving else None


# Items -----------------------------------------------------------------------------------------------------------


def _change_items(store: Store, subscription: Doc, asked: dict[str, Any]) -> bool:
    """Whether an invoice has to be made at once."""
    wanted = asked.get("items")
    if not wanted:
        return False
    at = _proration_date(store, subscription, asked)
    prorate = asked.get("proration_behavior") != "none" and subscription["status"] != "trialing"
    held = store.of_parent("subscription_item", subscription["id"])
    future = _future_prices(store, subscription, held, wanted)
    periodic = {(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in future}
    restarted = periodic != {(subscription["_interval"], subscription["_count"])}
    for place, entry in enumerate(wanted):
        _change_item(store, subscription, entry, place, at, prorate and not restarted)
    if restarted:
        subscription |= {"_interval": next(iter(periodic))[0], "_count": next(iter(periodic))[1]}
        _restart(store, subscription, asked, credited=held if prorate else [])
    else:
        store.save(subscription)
    return restarted or asked.get("proration_behavior") == "always_invoice"


def _proration_date(store: Store, subscription: Doc, asked: dict[str, Any]) -> int:
    at = int(asked.get("proration_date", store.now_of(subscription)))
    items = store.of_parent("subscription_item", subscription["id"])
    start, end = items[0]["current_period_start"], items[0]["current_period_end"]
    if not start <= at <= end:
        raise refused(
            "Cannot specify proration_date outside the bounds of the subscription's current period.",
            "",
            "proration_date",
        )
    return at


def _future_prices(
    store: Store, subscription: Doc, held: list[Doc], wanted: list[dict[str, Any]]
) -> list[Doc]:
    """The prices after the change; checked before anything is changed."""
    found = {item["id"]: store.take("price", item["price"]) for item in held}
    for place, entry in enumerate(wanted):
        if "id" in entry and entry["id"] not in found:
            raise no_such("subscription_item", entry["id"], f"items[{place}][id]")
        if entry.get("deleted"):
            found.pop(entry.get("id", ""), None)
        elif "price" in entry or "price_data" in entry:
            price = prices.named(store, entry, param=f"items[{place}]", recurring=True)
            if "price_data" in entry:
                entry["price"] = price["id"]
                del entry["price_data"]
                store.save(price | {"active": True})
            found[entry.get("id", f"new {place}")] = price
        elif "id" not in entry:
            raise refused(
                "Missing required param: items[0][price].", "parameter_missing", f"items[{place}][price]"
            )
    if not found:
        raise refused(
            "A subscription must have at least one active item; cancel the subscription instead.", "", "items"
        )
    subscriptions.require_alike(found.values())
    if next(iter(found.values()))["currency"] != subscription["currency"]:
        raise refused("The currency of a subscription cannot be changed.", "", "items")
    return list(found.values())


def _change_item(
    store: Store, subscription: Doc, entry: dict[str, Any], place: int, at: int, prorate: bool
) -> None:
    if "id" not in entry:
        price = prices.named(store, entry, param=f"items[{place}]", recurring=True)
        first = store.of_parent("subscription_item", subscription["id"])[0]
        period = first["current_period_start"], first["current_period_end"]
        added = subscriptions.add_item(store, subscription, entry, price, period)
        if prorate:
            proration.debit(store, subscription, added, at)
        return
    item = store.take("subscription_item", entry["id"])
    changed = (
        entry.get("deleted")
        or entry.get("price", item["price"]) != item["price"]
        or entry.get("quantity", item["quantity"]) != item["quantity"]
    )
    if changed and prorate:
        proration.credit(store, subscription, item, at)
    if entry.get("deleted"):
        store.remove(item)
        return
    item |= {name: entry[name] for name in ("price", "quantity") if name in entry}
    item["metadata"] = p.merged(item["metadata"], entry.get("metadata"))
    if "tax_rates" in entry:
        item |= {
            "tax_rates": [store.take("tax_rate", rate, param="tax_rates") for rate in entry["tax_rates"]],
            "_rates": entry["tax_rates"],
        }
    store.save(item)
    if changed and prorate:
        proration.debit(store, subscription, item, at)


def _change_trial(store: Store, subscription: Doc, trial_end: int | str) -> bool:
    now = store.now_of(subscription)
    if trial_end == "now" or (isinstance(trial_end, int) and trial_end <= now):
        if subscription["status"] != "trialing":
            raise refused("This subscription has no trial that could end.", "", "trial_end")
        subscription |= {"trial_end": now, "status": "active"}
        _set_period(store, subscription, now)
        return True
    subscription |= {
        "trial_end": trial_end,
        "trial_start": subscription["trial_start"] or now,
        "status": "trialing",
        "billing_cycle_anchor": trial_end,
    }
    store.save(subscription)
    for item in store.of_parent("subscription_item", subscription["id"]):
        store.save(item | {"current_period_end": trial_end})
    return False


def _restart(
    store: Store, subscription: Doc, asked: dict[str, Any], credited: list[Doc] | None = None
) -> None:
    """A new period begins now; what the old one was billed for comes back."""
    now = store.now_of(subscription)
    if credited is None:
        prorate = asked.get("proration_behavior") != "none" and subscription["status"] != "trialing"
        credited = store.of_parent("subscription_item", subscription["id"]) if prorate else []
    for item in credited:
        proration.credit(store, subscription, item, now)
    if subscription["status"] == "trialing":
        subscription |= {"status": "active", "trial_end": now}
    _set_period(store, subscription, now)


def _set_period(store: Store, subscription: Doc, anchor: int) -> None:
    subscription["billing_cycle_anchor"] = anchor
    store.save(subscription)
    end = periods.boundary(anchor, subscription["_interval"], subscription["_count"], 1)
    for item in store.of_parent("subscription_item", subscription["id"]):
        store.save(item | {"current_period_start": anchor, "current_period_end": end})


def _bill_now(store: Store, subscription: Doc, asked: dict[str, Any]) -> None:
    """An invoice for what just changed, finalised and charged."""
    waiting = invoice_items.pending(store, subscription["customer"], subscription["id"])
    items = store.of_parent("subscription_item", subscription["id"])
    now = store.now_of(subscription)
    begun = [item for item in items if item["current_period_start"] == now]
    if not waiting and not begun:
        return
    invoice = subscriptions.new_invoice(store, subscription, "subscription_update")
    for item in begun if subscription["billing_cycle_anchor"] == now else []:
        period = {"start": item["current_period_start"], "end": item["current_period_end"]}
        lines.of_subscription_item(store, invoice, subscription, item, period, trial=False)
    for item in waiting:
        lines.of_item(store, invoice, item)
    store.save(lines.recount(store, invoice))
    store.save(subscription | {"latest_invoice": invoice["id"]})
    standing.tell_invoice(store, invoice, "created")
    invoice_moves.finalise(store, invoice)
    invoice = invoices.taken(store, invoice["id"])
    if invoice["status"] != "open" or subscription["collection_method"] == "send_invoice":
        return
    method = standing.method_for(store, invoice)
    error = invoice_moves.try_card(store, invoice, method) if method else invoice_moves.no_method()
    if error and asked.get("payment_behavior") == "error_if_incomplete":
        error.keeps = False
        raise error


# Ending ----------------------------------------------------------------------------------------------------------


def cancel(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(given, {"cancellation_details": DETAILS, "invoice_now": p.boolean, "prorate": p.boolean})
    subscription = store.take("subscription", identifier)
    if subscription["status"] in standing.ENDED:
        raise no_such("subscription", identifier, "id")
    subscription["cancellation_details"] |= asked.get("cancellation_details", {})
    if asked.get("prorate") and subscription["status"] not in {"trialing", "incomplete"}:
        for item in store.of_parent("subscription_item", identifier):
            proration.credit(store, subscription, item, store.now_of(subscription))
    if asked.get("invoice_now"):
        _bill_now(store, subscription, {})
        subscription["latest_invoice"] = store.take("subscription", identifier)["latest_invoice"]
    return standing.shown(store, end(store, subscription, "cancellation_requested"))


def end(store: Store, subscription: Doc, reason: str, *, status: str = "canceled") -> Doc:
    now = store.now_of(subscription)
    subscription |= {"status": status, "ended_at": now, "canceled_at": subscription["canceled_at"] or now}
    subscription["cancellation_details"]["reason"] = reason
    store.save(subscription)
    store.due(subscription, None)
    for invoice in store.of_parent("invoice", subscription["id"]):
        if invoice["status"] in {"draft", "open"}:
            invoice |= {
                "auto_advance": False,
                "automatically_finalizes_at": None,
                "next_payment_attempt": None,
            }
            store.save(invoice)
            store.due(invoice, None)
    name = "deleted" if status == "canceled" else "updated"
    store.tell(
        f"customer.subscription.{name}",
        standing.shown(store, subscription),
        {} if name == "updated" else None,
    )
    return subscription


# By itself -------------------------------------------------------------------------------------------------------


def advance(store: Store, subscription: Doc) -> None:
    """The moment a subscription waited for has come: the first payment never came, it ends, or a period begins."""
    now = store.now_of(subscription)
    if subscription["status"] == "incomplete":
        expire(store, subscription)
        return
    if subscription["cancel_at"] and subscription["cancel_at"] <= now:
        end(store, subscription, "cancellation_requested")
        return
    renew(store, subscription, now)
    subscriptions.schedule(store, store.take("subscription", subscription["id"]))


def expire(store: Store, subscription: Doc) -> None:
    invoice = invoices.taken(store, subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoice_moves.make_void(store, invoice)
    end(store, subscription, "payment_failed", status="incomplete_expired")


def renew(store: Store, subscription: Doc, now: int) -> None:
    """The next period begins, with a draft that is finalised an hour later."""
    before = standing.shown(store, subscription)
    was = dict(subscription)
    start, end_ = periods.period_around(
        subscription["billing_cycle_anchor"], subscription["_interval"], subscription["_count"], now
    )
    for item in store.of_parent("subscription_item", subscription["id"]):
        store.save(item | {"current_period_start": start, "current_period_end": end_})
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    invoice = subscriptions.new_invoice(store, subscription, "subscription_cycle")
    _fill_cycle(store, subscription, invoice, {"start": start, "end": end_})
    subscription["latest_invoice"] = invoice["id"]
    store.save(subscription)
    invoices.schedule(store, invoice)
    _tell_change(store, subscription["id"], before, was)
    standing.tell_invoice(store, invoice, "created")


def _fill_cycle(store: Store, subscription: Doc, invoice: Doc, period: Doc) -> None:
    for item in store.of_parent("subscription_item", subscription["id"]):
        lines.of_subscription_item(store, invoice, subscription, item, period, trial=False)
    for item in invoice_items.pending(store, subscription["customer"], subscription["id"]):
        lines.of_item(store, invoice, item)
    invoice |= {"period_start": period["start"], "period_end": period["end"]}
    store.save(lines.recount(store, invoice))


def after_last_try(store: Store, invoice: Doc) -> None:
    """Nobody paid in time: the subscription ends."""
    identifier = invoices.subscription_of(invoice)
    subscription = store.take("subscription", identifier) if identifier else None
    if subscription and subscription["status"] == "past_due":
        end(store, subscription, "payment_failed")


def end_all(store: Store, customer: Doc) -> None:
    """Of a customer who is deleted."""
    for subscription in store.of_customer("subscription", customer["id"]):
        if subscription["status"] not in standing.ENDED:
            end(store, subscription, "cancellation_requested")


def delete_customer(store: Store, given: p.Given, identifier: str) -> Doc:
    end_all(store, store.take("customer", identifier))
    return customers.delete(store, given, identifier)
