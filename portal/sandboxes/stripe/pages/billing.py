"""The billing portal: cards, invoices, leaving."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.sandboxes.stripe.api.errors import ApiError
from portal.sandboxes.stripe.models import Record
from portal.sandboxes.stripe.objects import (
    payment_methods,
    settling,
    setup_intents,
    standing,
    subscription_changes,
    subscription_reading,
)
from portal.sandboxes.stripe.objects.portal_sessions import LIFE
from portal.sandboxes.stripe.pages.checkout import every
from portal.sandboxes.stripe.pages.forms import CardForm
from portal.sandboxes.stripe.pages.start import gone, show, test_cards
from portal.sandboxes.stripe.store import Doc, Store

OVER = "This link is over. Open the page again from where you came."
SHOWN_INVOICES = 24


class Visit:
    """A person who came with a link that holds: the store, the customer, and what the page may do."""

    def __init__(self, store: Store, session: Doc) -> None:
        self.store = store
        self.session = session
        self.customer = store.take("customer", session["customer"])
        self.features = store.take("billing_portal.configuration", session["configuration"])["features"]

    def may(self, feature: str) -> bool:
        return bool(self.features[feature]["enabled"])


def visit(secret: str) -> Visit | None:
    record = Record.objects.filter(kind="billing_portal.session", data___secret=secret, deleted=False).first()
    if record is None or record.data["created"] + LIFE < Store(record.account).now():
        return None
    try:
        return Visit(Store(record.account), dict(record.data))
    except ApiError:
        return None


@require_safe
def home(request: HttpRequest, secret: str) -> HttpResponse:
    found = visit(secret)
    return gone(request, OVER) if found is None else _home(request, found, CardForm(ask_email=False))


def _home(request: HttpRequest, found: Visit, form: CardForm, *, status: int = 200) -> HttpResponse:
    store, customer = found.store, found.customer
    held = [card for card in store.of_customer("payment_method", customer["id"]) if card["type"] == "card"]
    running = [
        one
        for one in store.of_customer("subscription", customer["id"])
        if one["status"] not in standing.ENDED
    ]
    invoices = [one for one in store.of_customer("invoice", customer["id"]) if one["status"] != "draft"]
    context: dict[str, Any] = {
        "customer": customer,
        "secret": found.session["_secret"],
        "exit_url": found.session["return_url"],
        "form": form,
        "cards": held,
        "default": customer["invoice_settings"]["default_payment_method"],
        "subscriptions": [_line(store, one) for one in running],
        "invoices": [
            one | {"day": day(one["created"]), "currency": one["currency"].upper()}
            for one in invoices[::-1][:SHOWN_INVOICES]
        ],
        "may_card": found.may("payment_method_update"),
        "may_cancel": found.may("subscription_cancel"),
        "may_invoices": found.may("invoice_history"),
        "test_cards": test_cards(),
    }
    return show(request, "billing", context, status=status)


def _line(store: Store, subscription: Doc) -> dict[str, Any]:
    items = standing.shown(store, subscription)["items"]["data"]
    return {
        "id": subscription["id"],
        "names": [
            store.take("product", item["price"]["product"], deleted=True).get("name", "") for item in items
        ],
        "amount": subscription_reading.amount_now(store, subscription),
        "currency": subscription["currency"].upper(),
        "every": every(items[0]["price"]) if items else "",
        "status": subscription["status"],
        "ends": day(subscription["cancel_at"]) if subscription["cancel_at"] else None,
        "until": day(items[0]["current_period_end"]) if items else None,
    }


def day(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


@require_http_methods(["POST"])
def add_card(request: HttpRequest, secret: str) -> HttpResponse:
    """Save a card, ask its holder if the issuer wants that, and charge it from now on."""
    found = visit(secret)
    if found is None or not found.may("payment_method_update"):
        return gone(request, OVER)
    form = CardForm(request.POST, ask_email=False)
    if not form.is_valid():
        return _home(request, found, form, status=422)
    try:
        with transaction.atomic():
            holder = _save_card(found, form)
    except ApiError as error:
        form.refuse(error)
        return _home(request, found, form, status=422)
    return redirect(holder) if holder else redirect("billing", secret=secret)


def _save_card(found: Visit, form: CardForm) -> str:
    """Empty when done, else where the issuer wants to see the holder."""
    store = found.store
    intent = setup_intents.new(store, found.customer)
    method = form.method(store)
    done = setup_intents.confirm(store, intent, method, return_url=found.session["url"])
    if done["status"] == "requires_payment_method":
        error = done["last_setup_error"]
        raise ApiError(error["message"], error["code"], "", 402, "card_error")
    if done["status"] == "requires_action":
        intent = store.take("setup_intent", done["id"])
        store.save(intent | {"_default_for": found.customer["id"]})
        return str(done["next_action"]["redirect_to_url"]["url"])
    settling.make_default(store, found.customer["id"], method["id"])
    return ""


@require_POST
def make_default(request: HttpRequest, secret: str) -> HttpResponse:
    found = visit(secret)
    if found is None or not found.may("payment_method_update"):
        return gone(request, OVER)
    with transaction.atomic():
        method = _own(found, request.POST.get("method", ""))
        if method:
            settling.make_default(found.store, found.customer["id"], method["id"])
    return redirect("billing", secret=secret)


@require_POST
def remove_card(request: HttpRequest, secret: str) -> HttpResponse:
    found = visit(secret)
    if found is None or not found.may("payment_method_update"):
        return gone(request, OVER)
    with transaction.atomic():
        method = _own(found, request.POST.get("method", ""))
        if method:
            payment_methods.detach(found.store, {}, method["id"])
    return redirect("billing", secret=secret)


def _own(found: Visit, identifier: str) -> Doc | None:
    return next(
        (
            card
            for card in found.store.of_customer("payment_method", found.customer["id"])
            if card["id"] == identifier
        ),
        None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, secret: str, subscription: str) -> HttpResponse:
    """Leave, at the end of what is paid or at once, as the configuration says; or stay after all."""
    found = visit(secret)
    if found is None or not found.may("subscription_cancel"):
        return gone(request, OVER)
    held = found.store.of_customer("subscription", found.customer["id"])
    mine = next(
        (one for one in held if one["id"] == subscription and one["status"] not in standing.ENDED), None
    )
    if mine is None:
        return gone(request, "There is no such subscription, or it is over.")
    if request.method == "POST":
        with transaction.atomic():
            _cancel(found, subscription, stay="stay" in request.POST)
        return redirect("billing", secret=secret)
    at_once = found.features["subscription_cancel"]["mode"] == "immediately"
    context = {"secret": secret, "line": _line(found.store, mine), "at_once": at_once}
    return show(request, "cancel", context)


def _cancel(found: Visit, subscription: str, *, stay: bool) -> None:
    feature = found.features["subscription_cancel"]
    if not stay and feature["mode"] == "immediately":
        prorate = feature["proration_behavior"] != "none"
        given = {"prorate": "true" if prorate else "false"}
        subscription_changes.cancel(found.store, given, subscription)
        return
    given = {"cancel_at_period_end": "false" if stay else "true"}
    subscription_changes.update(found.store, given, subscription)
