"""What follows when a payment or a set-up ends: the invoice is paid, the Checkout Session is complete."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.objects import (
    checkout_completion,
    intents,
    invoice_moves,
    invoices,
    payment_methods,
    setup_intents,
    standing,
    subscription_changes,
    subscription_reading,
    subscriptions,
)
from portal.sandboxes.stripe.store import Doc, Store

CONFIRM: dict[str, p.Reader] = {
    name: intents.CREATE[name]
    for name in ("off_session", "payment_method", "return_url", "setup_future_usage")
}


def confirm(store: Store, given: p.Given, identifier: str) -> Doc:
    """The address at which a caller confirms an intent, also one of an invoice."""
    asked = p.read(given, CONFIRM)
    intent = store.take("payment_intent", identifier)
    intents.require_open(intent, "confirm")
    if "setup_future_usage" in asked:
        intent["setup_future_usage"] = asked["setup_future_usage"]
    intents.confirm_asked(store, intent, asked)
    after(store, store.take("payment_intent", identifier))
    return store.take("payment_intent", identifier)


def after(store: Store, intent: Doc) -> None:
    """Tell whoever the payment is for."""
    if intent["status"] != "succeeded":
        return
    if intent["_invoice"]:
        invoice = invoices.taken(store, intent["_invoice"])
        if invoice["status"] in {"open", "uncollectible"}:
            invoice |= {"attempt_count": invoice["attempt_count"] + 1}
            invoice_moves.settle(store, invoice, intent)
            _adopt(store, invoice, intent)
            subscription = invoices.subscription_of(invoice)
            if subscription:
                subscriptions.schedule(store, store.take("subscription", subscription))


def _adopt(store: Store, invoice: Doc, intent: Doc) -> None:
    """A subscription without a payment method keeps the one that worked, if it was told to."""
    identifier = invoices.subscription_of(invoice)
    if not identifier:
        return
    subscription = store.take("subscription", identifier)
    wanted = subscription["payment_settings"]["save_default_payment_method"] == "on_subscription"
    if wanted and not subscription["default_payment_method"]:
        subscription["default_payment_method"] = intent["payment_method"]
        standing.save(store, subscription)


# Checkout --------------------------------------------------------------------------------------------------------


def pay_session(store: Store, session: Doc, method: Doc, details: dict[str, Any]) -> str:
    """Pay what a session asks for. Empty when done, else where the issuer wants to see the holder. Raises a decline."""
    if session["status"] != "open" or session["expires_at"] <= store.now():
        raise refused("This Checkout Session is over.", "", "session")
    customer = checkout_completion.customer_for(store, session, details)
    if customer:
        session["customer"] = customer["id"]
    if session["mode"] == "payment" and session["amount_total"]:
        intent = checkout_completion.new_payment(store, session, customer)
        return _pay(store, session, intent, method, details)
    if session["mode"] == "payment":
        checkout_completion.complete(store, session, {}, details)
        return ""
    if session["mode"] == "setup":
        return _set_up(store, session, customer, method, details)
    return _subscribe(store, session, customer or {}, method, details)


def _pay(store: Store, session: Doc, intent: Doc, method: Doc, details: dict[str, Any]) -> str:
    intent["_session"] = session["id"]
    store.save(intent)
    session |= {"payment_intent": intent["id"], "_pending": {"method": method["id"], "details": details}}
    store.save(session)
    done = intents.confirm(store, intent, method, off_session=False, return_url=session["url"])
    if done["status"] == "requires_payment_method":
        raise intents.failure(done)
    if done["status"] == "requires_action":
        return str(done["next_action"]["redirect_to_url"]["url"])
    finish_session(store, store.take("checkout.session", session["id"]), done)
    return ""


def _set_up(store: Store, session: Doc, customer: Doc | None, method: Doc, details: dict[str, Any]) -> str:
    data = session["_setup_data"]
    intent = setup_intents.new(store, customer, metadata=p.merged({}, data.get("metadata")))
    return _confirm_setup(store, session, intent, method, details)


def _confirm_setup(store: Store, session: Doc, intent: Doc, method: Doc, details: dict[str, Any]) -> str:
    intent["_session"] = session["id"]
    session |= {"setup_intent": intent["id"] if session["mode"] == "setup" else None}
    session["_pending"] |= {"method": method["id"], "details": details}
    store.save(session)
    done = setup_intents.confirm(store, intent, method, return_url=session["url"])
    if done["status"] == "requires_payment_method":
        error = done["last_setup_error"]
        raise ApiError(error["message"], error["code"], "", 402, "card_error")
    if done["status"] == "requires_action":
        return str(done["next_action"]["redirect_to_url"]["url"])
    finish_session(store, store.take("checkout.session", session["id"]), None)
    return ""


def _subscribe(store: Store, session: Doc, customer: Doc, method: Doc, details: dict[str, Any]) -> str:
    card = payment_methods.card_of(method)
    method |= {"customer": customer["id"], "_clock": customer["test_clock"]}
    store.save(method, event="payment_method.attached")
    subscription = checkout_completion.new_subscription(store, session, customer, method)
    session["_pending"] = {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    intent = subscription_reading.intent_to_confirm(store, subscription["latest_invoice"])
    if intent:
        return _pay(store, session, intent, method, details)
    if intents.wants_holder(card, method):
        return _confirm_setup(store, session, setup_intents.new(store, customer), method, details)
    finish_session(store, session, None, details)
    return ""


def finish_session(
    store: Store, session: Doc, intent: Doc | None, details: dict[str, Any] | None = None
) -> None:
    pending = session["_pending"]
    changed: dict[str, Any] = {}
    if session["mode"] == "subscription":
        held = _subscription_behind(store, session)
        changed = {"subscription": held["id"], "invoice": held["latest_invoice"], "payment_intent": None}
    if intent is not None:
        after(store, intent)
        method = store.take("payment_method", intent["payment_method"])
        if intent["setup_future_usage"] and intent["customer"]:
            intents.keep_method(store, method, intent["customer"])
    checkout_completion.complete(store, session, changed, details or pending.get("details", {}))


def _subscription_behind(store: Store, session: Doc) -> Doc:
    """The one this session made: the newest of its customer."""
    identifier = session["_pending"].get("subscription")
    if identifier:
        return store.take("subscription", identifier)
    return store.of_customer("subscription", session["customer"])[-1]


# The holder ------------------------------------------------------------------------------------------------------


def intent_by_secret(client_secret: str) -> tuple[Store, Doc] | None:
    """The intent behind the address an issuer was asked at."""
    kind = "setup_intent" if client_secret.startswith("seti_") else "payment_intent"
    record = intents.record_by_secret(kind, client_secret)
    return (Store(record.account), dict(record.data)) if record else None


def holder_answered(store: Store, intent: Doc, *, proved: bool) -> None:
    """The holder proved to be the holder, or did not."""
    if intent["status"] != "requires_action":
        raise refused("This payment is not waiting for you any more.")
    method = store.take("payment_method", intent["payment_method"])
    method["_authenticated"] = method["_authenticated"] or proved
    store.save(method)
    if intent["object"] == "setup_intent":
        done = setup_intents.finish(store, intent, method) if proved else _setup_failed(store, intent)
    else:
        done = intents.charge(store, intent, method) if proved else intents.not_authenticated(store, intent)
    session = store.take("checkout.session", intent["_session"]) if intent["_session"] else None
    if done["status"] == "succeeded":
        paid = done if done["object"] == "payment_intent" else None
        if session:
            finish_session(store, session, paid)
        elif paid:
            after(store, paid)
        elif done.get("_default_for"):
            make_default(store, done["_default_for"], method["id"])
    elif session:
        _clear(store, session)


def make_default(store: Store, customer: str, method: str) -> None:
    """The card a customer is charged from now on."""
    doc = store.take("customer", customer)
    doc["invoice_settings"]["default_payment_method"] = method
    store.save(doc, event="customer.updated")


def _setup_failed(store: Store, intent: Doc) -> Doc:
    return setup_intents.fail(
        store,
        intent,
        refused("The card's holder could not be authenticated.", "setup_intent_authentication_failure"),
    )


def _clear(store: Store, session: Doc) -> None:
    """What was begun for a session that was not paid ends, and the session is open for another try."""
    identifier = session["_pending"].get("subscription")
    if identifier:
        subscription = store.take("subscription", identifier)
        if subscription["status"] == "incomplete":
            subscription_changes.expire(store, subscription)
    session |= {"_pending": {}, "payment_intent": None}
    store.save(session)
