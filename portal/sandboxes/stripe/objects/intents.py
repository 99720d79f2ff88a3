"""Payment intents: what is to be paid, the tries at it, and the moment an issuer wants to see the holder."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api import parameters as p
from portal.sandboxes.stripe.api.answers import page
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.models import Record
from portal.sandboxes.stripe.objects import cards, charges, disputes, payment_methods
from portal.sandboxes.stripe.store import Doc, Store, public

OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
CREATE: dict[str, p.Reader] = {
    "amount": p.integer(1, 99_999_999),
    "automatic_payment_methods": p.nested(
        {"enabled": p.boolean, "allow_redirects": p.one_of("always", "never")}
    ),
    "confirm": p.boolean,
    "currency": p.currency,
    "customer": p.filled(200),
    "description": p.or_empty(p.text(1000)),
    "metadata": p.metadata,
    "off_session": p.boolean,
    "payment_method": p.filled(200),
    "payment_method_types": p.array(p.one_of("card")),
    "return_url": p.url,
    "setup_future_usage": p.or_empty(p.one_of("off_session", "on_session")),
}


def new(
    store: Store,
    *,
    amount: int,
    currency: str,
    customer: Doc | None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    keep: str | None = None,
    invoice: str = "",
    session: str = "",
) -> Doc:
    """`keep` is how the card may be used later; `invoice` and `session` are what the payment is for."""
    identifier = ids.new_id("payment_intent")
    clock = (customer or {}).get("test_clock")
    doc: Doc = {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{identifier}_secret_{ids.word(25)}",
        "confirmation_method": "automatic",
        "created": store.now(clock or ""),
        "currency": currency,
        "customer": customer["id"] if customer else None,
        "description": description,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata or {},
        "next_action": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": keep,
        "status": "requires_payment_method",
        "_clock": clock,
        "_invoice": invoice,
        "_session": session,
    }
    return store.add(doc, event="payment_intent.created")


def confirm(
    store: Store, intent: Doc, method: Doc, *, off_session: bool, return_url: str | None = None
) -> Doc:
    """Try the card. How it went is the intent's status: `succeeded`, `requires_action`, `requires_payment_method`."""
    card = payment_methods.card_of(method)
    intent["payment_method"] = method["id"]
    intent["next_action"] = intent["last_payment_error"] = None
    if wants_holder(card, method):
        if off_session:
            return _fail(store, intent, method, card, cards.NOT_AUTHENTICATED)
        return _ask_holder(store, intent, return_url)
    return charge(store, intent, method)


def wants_holder(card: cards.Card, method: Doc) -> bool:
    return card.challenge == "always" or (card.challenge == "once" and not method["_authenticated"])


def _ask_holder(store: Store, intent: Doc, return_url: str | None) -> Doc:
    intent["status"] = "requires_action"
    intent["_return_url"] = return_url
    intent["next_action"] = {
        "redirect_to_url": {"return_url": return_url, "url": holder_url(intent)},
        "type": "redirect_to_url",
    }
    return store.save(intent, event="payment_intent.requires_action")


def holder_url(intent: Doc) -> str:
    return f"{settings.SANDBOX_ORIGIN}/authenticate/{intent['client_secret']}"


def charge(store: Store, intent: Doc, method: Doc) -> Doc:
    """What the issuer says once it knows all it asked for."""
    card = payment_methods.card_of(method)
    intent["next_action"] = None
    if card.decline:
        return _fail(store, intent, method, card, card.decline)
    made = charges.make(store, intent, method, card, None)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": made["id"],
        "last_payment_error": None,
    }
    store.save(intent, event="payment_intent.succeeded")
    if card.disputed:
        disputes.open_for(store, made, card.disputed)
    return intent


def _fail(store: Store, intent: Doc, method: Doc, card: cards.Card, decline: cards.Decline) -> Doc:
    made = charges.make(store, intent, method, card, decline)
    intent |= {"status": "requires_payment_method", "latest_charge": made["id"], "payment_method": None}
    error = cards.declined(decline, charge=made["id"], payment_method=public(method)).body()["error"]
    intent["last_payment_error"] = error
    return store.save(intent, event="payment_intent.payment_failed")


def not_authenticated(store: Store, intent: Doc) -> Doc:
    """The holder did not prove to be the holder."""
    intent |= {"status": "requires_payment_method", "next_action": None, "payment_method": None}
    intent["last_payment_error"] = {
        "code": "payment_intent_authentication_failure",
        "doc_url": "https://docs.stripe.com/error-codes#payment-intent-authentication-failure",
        "message": "We are unable to authenticate your payment method. Choose a different payment method and try again.",
        "type": "invalid_request_error",
    }
    return store.save(intent, event="payment_intent.payment_failed")


def failure(intent: Doc) -> ApiError:
    """The error of a call whose payment failed. What happened stays."""
    error = intent["last_payment_error"] or {}
    extra = {name: error[name] for name in ("charge", "decline_code", "payment_method") if name in error}
    return ApiError(
        error.get("message", "Your card was declined."),
        error.get("code", "card_declined"),
        "",
        402,
        "card_error",
        extra | {"payment_intent": public(intent)},
        keeps=True,
    )


# The API's own addresses -----------------------------------------------------------------------------------------


def create(store: Store, given: p.Given) -> Doc:
    asked = p.read(given, CREATE, required=("amount", "currency"))
    customer = store.take("customer", asked["customer"], param="customer") if "customer" in asked else None
    intent = new(
        store,
        amount=asked["amount"],
        currency=asked["currency"],
        customer=customer,
        description=asked.get("description"),
        metadata=p.merged({}, asked.get("metadata")),
        keep=asked.get("setup_future_usage"),
    )
    if "payment_method" in asked:
        method = taken_for(store, intent, asked["payment_method"])
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        store.save(intent)
    if not asked.get("confirm"):
        return intent
    return confirm_asked(store, intent, asked)


def confirm_asked(store: Store, intent: Doc, asked: dict[str, Any]) -> Doc:
    """A confirmation as a caller asks for it: a decline is an error."""
    identifier = asked.get("payment_method") or intent["payment_method"]
    if not identifier:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method.",
            "payment_intent_unexpected_state",
        )
    method = (
        taken_for(store, intent, identifier)
        if identifier != intent["payment_method"]
        else store.take("payment_method", identifier, param="payment_method")
    )
    done = confirm(
        store, intent, method, off_session=asked.get("off_session", False), return_url=asked.get("return_url")
    )
    if done["status"] == "requires_payment_method":
        raise failure(done)
    if done["status"] == "succeeded" and done["setup_future_usage"] and done["customer"]:
        keep_method(store, method, done["customer"])
    return done


def taken_for(store: Store, intent: Doc, identifier: str) -> Doc:
    method = payment_methods.taken(store, identifier, param="payment_method")
    if method["customer"] and method["customer"] != intent["customer"]:
        raise refused(
            "The provided PaymentMethod belongs to a different customer.",
            "payment_method_unexpected_state",
            "payment_method",
        )
    return method


def keep_method(store: Store, method: Doc, customer: str) -> Doc:
    """Attach a card that just worked, known to its issuer from now on."""
    method = store.take("payment_method", method["id"])
    method["_authenticated"] = True
    if method["customer"]:
        return store.save(method)
    method |= {"customer": customer, "_clock": store.take("customer", customer)["test_clock"]}
    return store.save(method, event="payment_method.attached")


def retrieve(store: Store, given: p.Given, identifier: str) -> Doc:
    p.read(given, {"client_secret": p.filled(200)})
    return store.take("payment_intent", identifier)


def update(store: Store, given: p.Given, identifier: str) -> Doc:
    asked = p.read(
        given,
        {"description": p.or_empty(p.text(1000)), "metadata": p.metadata, "payment_method": p.filled(200)},
    )
    intent = store.take("payment_intent", identifier)
    intent["metadata"] = p.merged(intent["metadata"], asked.get("metadata"))
    intent["description"] = asked.get("description", intent["description"])
    if "payment_method" in asked:
        require_open(intent, "update")
        intent |= {
            "payment_method": taken_for(store, intent, asked["payment_method"])["id"],
            "status": "requires_confirmation",
        }
    return store.save(intent)


def cancel(store: Store, given: p.Given, identifier: str) -> Doc:
    reasons = p.one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer")
    asked = p.read(given, {"cancellation_reason": reasons})
    intent = store.take("payment_intent", identifier)
    require_open(intent, "cancel")
    if intent["_invoice"]:
        raise refused(
            "You cannot cancel this PaymentIntent: it belongs to an invoice. Void the invoice instead."
        )
    return void(store, intent, asked.get("cancellation_reason"))


def void(store: Store, intent: Doc, reason: str | None) -> Doc:
    intent |= {
        "status": "canceled",
        "canceled_at": store.now_of(intent),
        "cancellation_reason": reason,
        "next_action": None,
    }
    return store.save(intent, event="payment_intent.canceled")


def require_open(intent: Doc, verb: str) -> None:
    if intent["status"] not in OPEN:
        raise ApiError(
            f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
            "payment_intent_unexpected_state",
            extra={"payment_intent": public(intent)},
        )


def record_by_secret(kind: str, client_secret: str) -> Record | None:
    """For the page on which the holder answers: whoever has the secret may."""
    identifier = client_secret.partition("_secret_")[0]
    record = Record.objects.filter(kind=kind, id=identifier, deleted=False).first()
    if record is None or not constant_time_compare(record.data["client_secret"], client_secret):
        return None
    return record


def list_all(store: Store, given: p.Given) -> Doc:
    return page(
        store, given, "payment_intent", url="/v1/payment_intents", filters={"customer": p.filled(200)}
    )
