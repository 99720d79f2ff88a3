"""The hosted invoice: its lines, its PDF, and paying it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from portal.sandboxes.stripe import pdfs
from portal.sandboxes.stripe.api.errors import ApiError
from portal.sandboxes.stripe.models import Record
from portal.sandboxes.stripe.objects import credit_notes, intents, invoice_payments, settling
from portal.sandboxes.stripe.pages.billing import day
from portal.sandboxes.stripe.pages.forms import CardForm
from portal.sandboxes.stripe.pages.start import gone, show, test_cards
from portal.sandboxes.stripe.store import Doc, Store

NONE = "There is no such invoice."


def taken(token: str) -> tuple[Store, Doc] | None:
    """The invoice of a link: whoever has its token may read and pay it."""
    record = (
        Record.objects.filter(kind="invoice", data___token=token, deleted=False)
        .exclude(data__status="draft")
        .first()
    )
    return (Store(record.account), dict(record.data)) if record else None


@require_http_methods(["GET", "HEAD", "POST"])
def show_invoice(request: HttpRequest, token: str) -> HttpResponse:
    found = taken(token)
    if found is None:
        return gone(request, NONE)
    store, invoice = found
    form = CardForm(request.POST or None, ask_email=False)
    if request.method == "POST" and invoice["status"] in {"open", "uncollectible"} and form.is_valid():
        answer = _paid(store, invoice, form)
        if answer is not None:
            return answer
    return show(request, "invoice", _context(store, invoice, form), status=422 if form.errors else 200)


def _paid(store: Store, invoice: Doc, form: CardForm) -> HttpResponse | None:
    try:
        with transaction.atomic():
            fresh = store.take("invoice", invoice["id"])
            intent = invoice_payments.intent_of(store, fresh)
            done = intents.confirm(
                store, intent, form.method(store), off_session=False, return_url=fresh["hosted_invoice_url"]
            )
            if done["status"] == "requires_payment_method":
                raise intents.failure(done)
            settling.after(store, done)
    except ApiError as error:
        form.refuse(error)
        return None
    if done["status"] == "requires_action":
        return redirect(done["next_action"]["redirect_to_url"]["url"])
    return redirect("invoice", token=invoice["_token"])


def _context(store: Store, invoice: Doc, form: CardForm) -> dict[str, Any]:
    return {
        "invoice": invoice,
        "currency": invoice["currency"].upper(),
        "day": day(invoice["effective_at"] or invoice["created"]),
        "due": day(invoice["due_date"]) if invoice["due_date"] else None,
        "lines": store.of_parent("line_item", invoice["id"]),
        "taxes": pdfs.named_taxes(store, invoice),
        "notes": store.of_parent("credit_note", invoice["id"]),
        "payable": invoice["status"] in {"open", "uncollectible"},
        "form": form,
        "cards": test_cards(),
    }


@require_safe
def pdf(request: HttpRequest, token: str) -> HttpResponse:
    found = taken(token)
    if found is None:
        return gone(request, NONE)
    store, invoice = found
    return _as_file(pdfs.of_invoice(store, invoice), f"Invoice-{invoice['number']}.pdf")


@require_safe
def credit_pdf(request: HttpRequest, token: str, note: str) -> HttpResponse:
    found = taken(token)
    doc = (
        next((each for each in found[0].of_parent("credit_note", found[1]["id"]) if each["id"] == note), None)
        if found
        else None
    )
    if found is None or doc is None:
        return gone(request, "There is no such credit note.")
    store, invoice = found
    return _as_file(
        pdfs.of_credit_note(store, invoice, credit_notes.shown(store, doc)),
        f"Credit-note-{doc['number']}.pdf",
    )


def _as_file(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return answer
