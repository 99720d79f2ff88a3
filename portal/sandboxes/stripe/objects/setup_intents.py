"""Setup intents: keeping a card for later without charging it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.objects import cards, intents, payment_methods
from portal.sandboxes.stripe.store import Doc, Store, public

CREATE: dict[str, p.Reader] = {
    "automatic_payment_methods": intents.CREATE["automatic_payment_methods"],
    "confirm": p.boolean,
    "customer": p.filled(200),
    "description": p.or_empty(p.text(1000)),
    "metadata": p.metadata,
    "payment_method": p.filled(200),
    "payment_method_types": p.array(p.one_of("card")),
    "return_url": p.url,
    "usage": p.one_of("off_session", "on_session"),
}


def new(
    store: Store, customer: Doc | None, *, metadata: dict[str, str] | None = None, usage: str = "off_session"
) -> Doc:
    identifier = ids.new_id("setup_intent")
    clock = (customer or {}).get("test_clock")
    doc: Doc = {
        "id": identifier,
        "object": "setup_intent",
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_{ids.word(25)}",
        "created": store.now(clock or ""),
        "customer": customer["id"] if customer else None,
        "description": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": metadata or {},
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": usage,
        "_clock": clock,
        "_session": "",
    }
    return store.add(doc, event="setup_intent.created")


def confirm(store: Store, intent: Doc, method: Doc, *, return_url: str | None = None) -> Doc:
    """Ask the issuer. The status says how it went, as with payments."""
    card = payment_methods.card_of(method)
    intent |= {"payment_method": method["id"], "next_action": None, "last_setup_error": None}
    if intents.wants_holder(card, method):
        url = f"{settings.SANDBOX_ORIGIN}/authenticate/{intent['client_secret']}"
        intent |= {
            "status": "requires_action",
            "next_action": {
                "redirect_to_url": {"return_url": return_url, "url": url},
                "type": "redirect_to_url",
            },
            "_return_url": return_url,
        }
        return store.save(intent, event="setup_intent.requires_action")
    return finish(store, intent, method)


def finish(store: Store, intent: Doc, method: Doc) -> Doc:
    """The holder is known, or nobody asked: attach the card, unless its issuer says no."""
    card = payment_methods.card_of(method)
    if card.decline and card.fails_at == "attach":
        return fail(store, intent, cards.declined(card.decline))
    if intent["customer"]:
        intents.keep_method(store, method, intent["customer"])
    intent |= {"status": "succeeded", "next_action": None}
    return store.save(intent, event="setup_intent.succeeded")


def fail(store: Store, intent: Doc, error: ApiError) -> Doc:
    intent |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
    intent["last_setup_error"] = error.body()["error"]
    return store.save(intent, event="setup_intent.setup_failed")


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE)
    customer = store.take("customer", asked["customer"], param="customer") if "customer" in asked else None
    intent = new(
        store, customer, metadata=p.merged({}, asked.get("metadata")), usage=asked.get("usage", "off_session")
    )
    intent["description"] = asked.get("description")
    store.save(intent)
    return confirm_asked(store, intent, asked) if asked.get("confirm") else intent


def confirm_asked(store: Store, intent: Doc, asked: dict[str, Any]) -> Doc:
    if "payment_method" not in asked:
        raise refused(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            "setup_intent_unexpected_state",
        )
    if intent["status"] == "succeeded":
        raise refused(
            "You cannot confirm this SetupIntent because it has already succeeded.",
            "setup_intent_unexpected_state",
        )
    method = intents.taken_for(store, intent, asked["payment_method"])
    done = confirm(store, intent, method, return_url=asked.get("return_url"))
    if done["status"] == "requires_payment_method":
        error = done["last_setup_error"]
        extra = {"decline_code": error.get("decline_code", ""), "setup_intent": public(done)}
        raise ApiError(error["message"], error["code"], "", 402, "card_error", extra, keeps=True)
    return done


def confirm_one(store: Store, given: p.Given, identifier: str) -> Doc:
    names = ("payment_method", "return_url")
    return confirm_asked(
        store, store.take("setup_intent", identifier), p.read(given, {name: CREATE[name] for name in names})
    )


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {"client_secret": p.filled(200)})
    return store.take("setup_intent", identifier)


def cancel(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {})
    intent = store.take("setup_intent", identifier)
    if intent["status"] in {"succeeded", "canceled"}:
        raise refused(
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}.",
            "setup_intent_unexpected_state",
        )
    intent["status"] = "canceled"
    return store.save(intent, event="setup_intent.canceled")


def list_all(store: Store, given: p.Given) -> Doc:
    return page(store, given, "setup_intent", url="/v1/setup_intents", filters={"customer": p.filled(200)})
