"""The hosted Checkout page: what is bought, the card form, and the way back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.sandboxes.stripe.api.errors import ApiError
from portal.sandboxes.stripe.models import Record
from portal.sandboxes.stripe.objects import settling
from portal.sandboxes.stripe.pages.forms import CardForm
from portal.sandboxes.stripe.pages.start import gone, show, test_cards
from portal.sandboxes.stripe.store import Doc, Store

TITLES = {"payment": "Pay", "setup": "Save a card", "subscription": "Subscribe"}


def taken(identifier: str) -> tuple[Store, Doc] | None:
    """The session of a link: whoever has its identifier may pay."""
    record = Record.objects.filter(kind="checkout.session", id=identifier, deleted=False).first()
    return (Store(record.account), dict(record.data)) if record else None


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, session: str) -> HttpResponse:
    found = taken(session)
    if found is None:
        return gone(request, "There is no such Checkout Session.")
    store, doc = found
    if doc["status"] == "complete":
        return redirect("over", session=session)
    if doc["status"] != "open" or doc["expires_at"] <= store.now():
        return gone(request, "This page has expired. Begin again where you came from.", status=410)
    ask_email = not (doc["customer"] or doc["customer_email"])
    form = CardForm(request.POST or None, ask_email=ask_email)
    if request.method == "POST" and form.is_valid():
        answer = _paid(store, session, form)
        if answer is not None:
            return answer
    return show(request, "pay", _context(store, doc, form), status=422 if form.errors else 200)


def _paid(store: Store, identifier: str, form: CardForm) -> HttpResponse | None:
    """The next page, or None with the reason in the form. A refused card leaves nothing behind."""
    try:
        with transaction.atomic():
            doc = store.take("checkout.session", identifier)
            details = form.details() | ({"email": doc["customer_email"]} if doc["customer_email"] else {})
            holder = settling.pay_session(store, doc, form.method(store), details)
    except ApiError as error:
        form.refuse(error)
        return None
    return redirect(holder) if holder else redirect("over", session=identifier)


def _context(store: Store, doc: Doc, form: CardForm) -> dict[str, Any]:
    rows = store.of_parent("item", doc["id"])
    return {
        "form": form,
        "session": doc,
        "title": TITLES[doc["mode"]],
        "currency": (doc["currency"] or "").upper(),
        "rows": [row | {"every": every(row["price"])} for row in rows],
        "tax": doc["total_details"]["amount_tax"],
        "cards": test_cards(),
        "exit_url": doc["cancel_url"],
    }


def every(price: Doc) -> str:
    """How often a price is due, in a few words; empty for once."""
    recurring = price["recurring"]
    if not recurring:
        return ""
    count = recurring["interval_count"]
    return f"every {count} {recurring['interval']}s" if count > 1 else f"every {recurring['interval']}"


@require_safe
def over(request: HttpRequest, session: str) -> HttpResponse:
    """Done. The way back is a link, because a form may not end on a foreign page."""
    found = taken(session)
    if found is None or found[1]["status"] != "complete":
        return gone(request, "There is no such Checkout Session, or it is not complete.")
    doc = found[1]
    back = doc["success_url"].replace("{CHECKOUT_SESSION_ID}", doc["id"])
    return show(request, "over", {"session": doc, "back": back, "currency": (doc["currency"] or "").upper()})


def here(session: str) -> str:
    return reverse("pay", kwargs={"session": session})
