"""The issuer's question to the holder of a card, which 3-D Secure asks."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal.sandboxes.stripe.api.errors import ApiError
from portal.sandboxes.stripe.objects import settling
from portal.sandboxes.stripe.pages.start import gone, show
from portal.sandboxes.stripe.store import Doc, Store


@require_http_methods(["GET", "HEAD", "POST"])
def authenticate(request: HttpRequest, secret: str) -> HttpResponse:
    found = settling.intent_by_secret(secret)
    if found is None:
        return gone(request, "There is no such payment.")
    store, intent = found
    if request.method == "POST" and intent["status"] == "requires_action":
        try:
            with transaction.atomic():
                fresh = store.take(intent["object"], intent["id"])
                settling.holder_answered(store, fresh, proved=request.POST.get("answer") == "complete")
        except ApiError as error:
            return gone(request, error.message, status=409)
        return redirect("authenticate", secret=secret)
    if intent["status"] == "requires_action":
        return show(request, "holder", {"intent": intent, "currency": intent.get("currency", "").upper()})
    return _answered(request, store, intent)


def _answered(request: HttpRequest, store: Store, intent: Doc) -> HttpResponse:
    """Where it goes on: the Checkout page, or the caller's."""
    if intent["_session"]:
        session = store.take("checkout.session", intent["_session"])
        if session["status"] == "complete":
            return redirect("over", session=session["id"])
    context = {
        "done": intent["status"] == "succeeded",
        "error": (intent.get("last_payment_error") or intent.get("last_setup_error") or {}).get("message"),
        "back": _back(intent),
    }
    return show(request, "answered", context)


def _back(intent: Doc) -> str:
    """The caller's own address with the intent in it, as the real one adds it."""
    if intent["_session"]:
        return str(intent["_return_url"] or "")
    back = intent.get("_return_url") or ""
    if not back:
        return ""
    mark = "&" if "?" in back else "?"
    kind = intent["object"]
    return (
        f"{back}{mark}{kind}={intent['id']}&{kind}_client_secret={intent['client_secret']}&redirect_status="
        + ("succeeded" if intent["status"] == "succeeded" else "failed")
    )
