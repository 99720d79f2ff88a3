"""Invoices in the console: what past periods cost, what the running one costs so far, and the checks behind each line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.paging import Column, Order, page_of
from portal.kit.seen import ChangedMeanwhile
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors.billing import documents
from vendors.billing.book import Standing, standing
from vendors.billing.collecting.selectors import (
    Collected,
    StripeState,
    money_moves_of,
    stripe_state_of,
    stripe_states_of,
)
from vendors.billing.details import Buyer, buyer_now, change_billing_details
from vendors.billing.documents import Document
from vendors.billing.models import Invoice, PriceVersion
from vendors.billing.rating.invoice import LineKind
from vendors.billing.rating.periods import Period
from vendors.console.case_links import case_url
from vendors.console.invoice_forms import DetailsForm
from vendors.console.invoice_pdf import pdf_of
from vendors.console.invoice_words import amounts_of, days_of, line_title, title_of, told_lines
from vendors.wording import period_words

PAGE = 24
ENTRIES = 50
TONES = {
    Collected.ON_ITS_WAY: "info",
    Collected.HELD_UP: "warn",
    Collected.OPEN: "info",
    Collected.PAST_DUE: "bad",
    Collected.PAID: "ok",
    Collected.ISSUED: "info",
}
MOVES = {
    "paid": _lazy("Paid"),
    "succeeded": _lazy("Paid back"),
    "pending": _lazy("On its way"),
    "failed": _lazy("Failed"),
    "canceled": _lazy("Canceled"),
    "requires_action": _lazy("Waiting for your bank"),
    "needs_response": _lazy("Being looked at"),
    "under_review": _lazy("Being looked at"),
    "warning_needs_response": _lazy("Asked about by the bank"),
    "warning_under_review": _lazy("Asked about by the bank"),
    "warning_closed": _lazy("Asked about by the bank, settled"),
    "prevented": _lazy("Settled before it began"),
    "won": _lazy("Ended in our favour"),
    "lost": _lazy("Ended in your favour"),
}
WHEN = Order(Column("occurred_at"), is_descending=False)


def invoice_or_404(text: str) -> Invoice:
    try:
        found = documents.invoice_of(parse_public_id(Invoice.prefix, text))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _address(request: HttpRequest, cursor: str) -> str:
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}" if cursor else ""


def crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    back = reverse("invoices:list", args=[seat_of(request).tenant.slug])
    return [{"label": _("Invoices"), "url": back}, *({"label": label, "url": ""} for label in labels)]


@require_GET
@requires(Right.SEE_USAGE)
def invoices(request: HttpRequest) -> HttpResponse:
    found = standing()
    page = page_of(documents.invoices(), documents.NEWEST, request.GET.get("cursor", ""), PAGE)
    notes = documents.credit_notes_of(page.rows)
    shown = [*page.rows, *(note for listed in notes.values() for note in listed)]
    taxes, states = documents.taxes_of(shown), stripe_states_of(shown)
    period = found.period_at(clock.now())
    context = {
        "rows": [
            {
                **_listed(request, invoice, taxes, found),
                **told_state(states[invoice.id]),
                "notes": [_listed(request, note, taxes, found) for note in notes[invoice.id]],
            }
            for invoice in page.rows
        ],
        "may_manage": seat_of(request).may(Right.MANAGE_BILLING),
        "running_days": period_words(period, found.anchor.zone),
        "running_url": reverse("invoices:so_far", args=[seat_of(request).tenant.slug]),
        "currencies": found.currencies,
        "next_url": _address(request, page.next_cursor),
        "previous_url": _address(request, page.previous_cursor),
    }
    return render(request, "billing/invoices.html", context)


@require_GET
@requires(Right.SEE_USAGE)
def so_far(request: HttpRequest) -> HttpResponse:
    """The running period's totals, for the list: rating them takes longer than reading what is closed."""
    found = standing()
    drafts = documents.drafts_of(found, found.period_at(clock.now()))
    running = [
        {"document": document, "url": _running_url(request, document)}
        for document in drafts
        if not document.is_credit_note
    ]
    return render(request, "billing/parts/so_far.html", {"running": running})


def _listed(
    request: HttpRequest, invoice: Invoice, taxes: dict[UUID, int], found: Standing
) -> dict[str, Any]:
    period = Period(invoice.period, invoice.period_start, invoice.period_end)
    return {
        "invoice": invoice,
        "number": documents.number_of(invoice),
        "days": period_words(period, found.anchor.zone),
        "tax": taxes[invoice.id],
        "total": invoice.total_minor + taxes[invoice.id],
        "url": reverse("invoices:invoice", args=[seat_of(request).tenant.slug, invoice.public_id]),
    }


def told_state(stripe: StripeState) -> dict[str, Any]:
    """What is known of the payment. Of a document that nobody collects the ledger knows only that it is issued."""
    state = Collected.ISSUED if stripe.state is Collected.NOT_SENT else stripe.state
    return {"state": state.label, "tone": TONES.get(state, "neutral"), "stripe": stripe}


def _running_url(request: HttpRequest, document: Document) -> str:
    return reverse("invoices:running", args=[seat_of(request).tenant.slug, document.currency])


# ------------------------------------------------------------------ one document


@require_GET
@requires(Right.SEE_USAGE)
def invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    row = invoice_or_404(invoice_id)
    document, found = documents.document_of(row), standing()
    about = documents.corrected_by(row) if document.is_credit_note else None
    notes = [] if document.is_credit_note else documents.credit_notes_of([row])[row.id]
    taxes = documents.taxes_of(notes)
    slug = seat_of(request).tenant.slug
    stripe = stripe_state_of(row)
    # Money moves only where an invoice was issued at Stripe.
    is_collected = stripe.total_minor is not None and not document.is_credit_note
    context = {
        **_page_of(request, document, found),
        **told_state(stripe),
        "row": row,
        "buyer": document.parties["buyer"],
        "seller": _party(document.parties["seller"]),
        "notes": [_listed(request, note, taxes, found) for note in notes],
        "moves": [
            {"move": move, "kind": move.kind.label, "status": MOVES.get(move.status, move.status)}
            for move in (money_moves_of(row) if is_collected else ())
        ],
        "about": {"number": documents.number_of(about), "url": _url(slug, about)} if about else None,
        "breadcrumbs": crumbs(request, document.number),
    }
    return render(request, "billing/invoice.html", context)


def _url(slug: str, row: Invoice) -> str:
    return reverse("invoices:invoice", args=[slug, row.public_id])


def _party(seller: dict[str, str]) -> dict[str, Any]:
    lines = [part.strip() for part in seller.get("address", "").split(";") if part.strip()]
    return {**seller, "address": lines}


def _page_of(request: HttpRequest, document: Document, found: Standing) -> dict[str, Any]:
    lines = told_lines(document, found.anchor.zone)
    return {
        "document": document,
        "title": title_of(document),
        "days": days_of(document, found.anchor.zone),
        "zone": found.anchor.zone.key,
        "amounts": amounts_of(document),
        "lines": [
            {"told": told, "url": _line_url(request, document, told.position) if told.entries else ""}
            for told in lines
        ],
    }


def _line_url(request: HttpRequest, document: Document, position: int) -> str:
    slug = seat_of(request).tenant.slug
    if document.invoice is not None:
        return reverse("invoices:line", args=[slug, document.invoice.public_id, position])
    shown = document.lines[position - 1]
    assert shown.price is not None
    return reverse(
        "invoices:running_line", args=[slug, document.currency, shown.line.about, shown.price.public_id]
    )


@require_GET
@requires(Right.SEE_USAGE)
def pdf(request: HttpRequest, invoice_id: str) -> HttpResponse:
    document = documents.document_of(invoice_or_404(invoice_id))
    return HttpResponse(
        pdf_of(document, standing().anchor.zone),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{document.number}.pdf"'},
    )


@require_GET
@requires(Right.SEE_USAGE)
def running(request: HttpRequest, currency: str) -> HttpResponse:
    """What the running period costs so far, and the credit notes that would go with it."""
    found = standing()
    drafts = [
        document
        for document in documents.drafts_of(found, found.period_at(clock.now()))
        if document.currency == currency
    ]
    if not drafts:
        raise Http404
    first, *notes = (_page_of(request, document, found) for document in drafts)
    label = _("So far, %(currency)s") % {"currency": currency}
    context = {**first, "notes": notes, "breadcrumbs": crumbs(request, label)}
    return render(request, "billing/running.html", context)


# ------------------------------------------------------------------ the checks behind a line


@require_GET
@requires(Right.SEE_USAGE)
def line(request: HttpRequest, invoice_id: str, position: int) -> HttpResponse:
    document, found = documents.document_of(invoice_or_404(invoice_id)), standing()
    if not 1 <= position <= len(document.lines):
        raise Http404
    return _entries(request, document, position, found)


@require_GET
@requires(Right.SEE_USAGE)
def running_line(request: HttpRequest, currency: str, about: str, price_id: str) -> HttpResponse:
    found = standing()
    try:
        version = str(parse_public_id(PriceVersion.prefix, price_id))
    except ValueError:
        raise Http404 from None
    document = documents.running_line(found, found.period_at(clock.now()), currency, about, version)
    if document is None:
        raise Http404
    return _entries(request, document, 1, found)


def _entries(request: HttpRequest, document: Document, position: int, found: Standing) -> HttpResponse:
    told, shown = told_lines(document, found.anchor.zone)[position - 1], document.lines[position - 1]
    period = found.period_named(shown.line.about)
    rows = documents.entries_behind(shown.line, document.currency, period, document.invoice)
    page = page_of(rows, WHEN, request.GET.get("cursor", ""), ENTRIES)
    slug = seat_of(request).tenant.slug
    back = _url(slug, document.invoice) if document.invoice else _running_url(request, document)
    context = {
        "document": document,
        "told": told,
        "has_entries": shown.line.kind is LineKind.USAGE,
        "rows": [
            {
                "entry": entry,
                "case_url": case_url(request, entry.case_id, entry.step),
                "url": reverse("usage:entry", args=[slug, entry.public_id]),
            }
            for entry in page.rows
        ],
        "next_url": _address(request, page.next_cursor),
        "previous_url": _address(request, page.previous_cursor),
        "breadcrumbs": [
            *crumbs(request),
            {"label": document.number or _("So far"), "url": back},
            {"label": line_title(shown.line), "url": ""},
        ],
    }
    return render(request, "billing/invoice_line.html", context)


# ------------------------------------------------------------------ whom invoices are made out to


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def details(request: HttpRequest) -> HttpResponse:
    """From the next invoice on; one that is issued never changes."""
    form = DetailsForm(request.POST or None, present=asdict(buyer_now()))
    if request.method == "POST" and form.is_valid():
        seen = form.take_seen()
        try:
            change_billing_details(Buyer(**form.cleaned_data), actor=actor_of(request), seen=seen)
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return redirect("invoices:list", organisation=seat_of(request).tenant.slug)
    context = {"form": form, "breadcrumbs": crumbs(request, _("Billing details"))}
    return render(request, "billing/details.html", context)
