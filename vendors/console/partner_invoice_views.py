"""Partner invoices in the console: what a partner bills under the tenant's own contract, beside what was counted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.bodies import declared_length
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id, public_id
from portal.kit.paging import Column, Order, page_of
from portal.kit.scope import tenant_scope
from portal.kit.sheet_file import MAX_BYTES
from portal.kit.sheets import sheet_lines
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors.billing.bills.file import known_columns
from vendors.billing.models import PartnerDifference, PartnerInvoice, UsageEntry
from vendors.console.partner_invoice_forms import BillForm
from vendors.console.partner_invoices import compare_bill
from vendors.wording import partner_name

PAGE = 24
DIFFERENCES = 50
NEWEST = Order(Column("created_at"), is_descending=True)
IN_ORDER = Order(Column("position"), is_descending=False)
HEADER = (
    *("kind", "line", "reference", "case", "occurred_at", "theirs", "ours", "amount", "currency", "entry"),
)


def _bill_or_404(text: str) -> PartnerInvoice:
    try:
        found = PartnerInvoice.objects.filter(id=parse_public_id(PartnerInvoice.prefix, text)).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    back = reverse("partner_invoices:list", args=[seat_of(request).tenant.slug])
    return [{"label": _("Partner invoices"), "url": back}, *({"label": label, "url": ""} for label in labels)]


def _listed(request: HttpRequest, row: PartnerInvoice) -> dict[str, Any]:
    return {
        "bill": row,
        "partner": partner_name(row.vendor),
        "changed": Decimal(row.totals["theirs"]) - Decimal(row.totals["ours"]),
        "url": reverse("partner_invoices:bill", args=[seat_of(request).tenant.slug, row.public_id]),
    }


@require_GET
@requires(Right.SEE_USAGE)
def bills(request: HttpRequest) -> HttpResponse:
    page = page_of(PartnerInvoice.objects.all(), NEWEST, request.GET.get("cursor", ""), PAGE)
    context = {
        "rows": [_listed(request, row) for row in page.rows],
        "may_manage": seat_of(request).may(Right.MANAGE_BILLING),
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
        "previous_url": f"?cursor={page.previous_cursor}" if page.previous_cursor else "",
    }
    return render(request, "billing/partner_invoices.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def compare(request: HttpRequest) -> HttpResponse:
    """Read a partner's file and show what differs. Nothing of the ledger changes."""
    form = BillForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = BillForm(request.POST, request.FILES)
        if declared_length(request) > MAX_BYTES + 200_000:
            form.add_error("file", _("This file is larger than 10 MB. Split it and import the parts."))
        elif form.is_valid():
            row = _compared(request, form)
            if row is not None:
                return redirect("partner_invoices:bill", seat_of(request).tenant.slug, row.public_id)
    context = {
        "form": form,
        "columns": [
            {"name": name, "is_required": needed, "also": also} for name, needed, also in known_columns()
        ],
        "has_partners": len(form.fields["vendor"].choices) > 0,  # type: ignore[attr-defined]
        "breadcrumbs": _crumbs(request, _("Compare an invoice")),
    }
    return render(request, "billing/partner_invoice_new.html", context)


def _compared(request: HttpRequest, form: BillForm) -> PartnerInvoice | None:
    unverified, facts = form.read()
    try:
        return compare_bill(unverified, facts, actor=actor_of(request))
    except Invalid as refused:
        form.add_error(refused.field or None, refused.sentence)
        return None


@require_GET
@requires(Right.SEE_USAGE)
def bill(request: HttpRequest, bill_id: str) -> HttpResponse:
    row = _bill_or_404(bill_id)
    chosen = request.GET.get("kind", "")
    rows = PartnerDifference.objects.filter(bill=row)
    if chosen in PartnerDifference.Kind.values:
        rows = rows.filter(kind=chosen)
    page = page_of(rows, IN_ORDER, request.GET.get("cursor", ""), DIFFERENCES)
    kept = f"&kind={chosen}" if chosen in PartnerDifference.Kind.values else ""
    slug = seat_of(request).tenant.slug
    context = {
        **_listed(request, row),
        "kinds": [
            {"label": kind.label, "count": row.counts[kind.value], "value": kind.value}
            for kind in PartnerDifference.Kind
            if row.counts.get(kind.value)
        ],
        "options": [
            ("", _("All differences")),
            *((kind.value, kind.label) for kind in PartnerDifference.Kind if row.counts.get(kind.value)),
        ],
        "chosen": chosen,
        "rows": [_told(slug, each) for each in page.rows],
        "count": row.counts.get(chosen, 0) if kept else row.differences,
        "csv_url": reverse("partner_invoices:csv", args=[slug, row.public_id]),
        "next_url": f"?cursor={page.next_cursor}{kept}" if page.next_cursor else "",
        "previous_url": f"?cursor={page.previous_cursor}{kept}" if page.previous_cursor else "",
        "breadcrumbs": _crumbs(request, partner_name(row.vendor)),
    }
    return render(request, "billing/partner_invoice.html", context)


def _told(slug: str, each: PartnerDifference) -> dict[str, Any]:
    entry = public_id(UsageEntry.prefix, each.entry_id) if each.entry_id else ""
    return {"each": each, "entry_url": reverse("usage:entry", args=[slug, entry]) if entry else ""}


@require_GET
@requires(Right.SEE_USAGE)
def csv(request: HttpRequest, bill_id: str) -> HttpResponse:
    row = _bill_or_404(bill_id)
    name = f"differences-{seat_of(request).tenant.slug}-{row.first_day}-{row.last_day}.csv"
    answer = StreamingHttpResponse(
        _stream(row.tenant_id, row),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base


def _stream(tenant_id: UUID, row: PartnerInvoice) -> Iterator[str]:
    """The view's scope is over when this runs."""
    with tenant_scope(tenant_id):
        found = PartnerDifference.objects.filter(bill=row).order_by("position").iterator(chunk_size=500)
        yield from sheet_lines(HEADER, (_cells(each, row.currency) for each in found))


def _cells(each: PartnerDifference, currency: str) -> tuple[object, ...]:
    return (
        each.kind,
        each.line,
        each.reference,
        each.case_reference,
        each.occurred_at.isoformat(timespec="seconds") if each.occurred_at else "",
        each.theirs,
        each.ours,
        each.amount,
        currency,
        public_id(UsageEntry.prefix, each.entry_id) if each.entry_id else "",
    )
