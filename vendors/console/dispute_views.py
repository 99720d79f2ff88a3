"""Disputes in the console: which charges the organisation says are wrong, and what the answer was."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.paging import Column, Order, page_of
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors.billing import disputing
from vendors.billing.models import UsageEntry
from vendors.billing.selectors import entry_of
from vendors.console.dispute_cards import told_dispute
from vendors.console.invoice_forms import DisputeForm
from vendors.console.invoice_words import product_name

PAGE = 50
NEWEST = Order(Column("created_at"), is_descending=True)


def _entry_or_404(text: str) -> UsageEntry:
    try:
        found = entry_of(parse_public_id(UsageEntry.prefix, text))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    back = reverse("disputes:list", args=[seat_of(request).tenant.slug])
    return [{"label": _("Disputes"), "url": back}, *({"label": label, "url": ""} for label in labels)]


@require_GET
@requires(Right.SEE_USAGE)
def disputes(request: HttpRequest) -> HttpResponse:
    page = page_of(disputing.disputes(), NEWEST, request.GET.get("cursor", ""), PAGE)
    context = {
        "rows": [told_dispute(request, row, row.entry) for row in page.rows],
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
        "previous_url": f"?cursor={page.previous_cursor}" if page.previous_cursor else "",
    }
    return render(request, "billing/disputes.html", context)


@require_GET
@requires(Right.SEE_USAGE)
def dispute(request: HttpRequest, entry_id: str) -> HttpResponse:
    entry = _entry_or_404(entry_id)
    found = disputing.dispute_of(entry)
    if found is None:
        raise Http404
    context = {**told_dispute(request, found, entry), "breadcrumbs": _crumbs(request, entry.case_reference)}
    return render(request, "billing/dispute.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def open_dispute(request: HttpRequest, entry_id: str) -> HttpResponse:
    """Say what is wrong with a charge. Who comes second reads what the colleague said."""
    entry = _entry_or_404(entry_id)
    form = DisputeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            disputing.dispute_entry(entry, reason=form.cleaned_data["reason"], actor=actor_of(request))
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return redirect("disputes:dispute", seat_of(request).tenant.slug, entry.public_id)
    context = {
        "form": form,
        "entry": entry,
        "what": product_name(entry.meter, entry.vendor),
        "breadcrumbs": _crumbs(request, _("Dispute a charge")),
    }
    return render(request, "billing/dispute_open.html", context)
