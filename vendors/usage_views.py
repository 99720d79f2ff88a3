"""Usage in the console: what was counted, why, and what it costs. No personal data."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit.ids import parse_public_id, public_id
from portal.kit.paging import page_of
from portal.rights import requires, seat_of
from tenants.rights import Right
from vendors.billing import selectors as billing
from vendors.billing.models import UsageEntry
from vendors.billing.reasons import sentence_of
from vendors.models import Connection
from vendors.usage_chart import draw
from vendors.usage_csv import stream_usage
from vendors.usage_filter import read_filter
from vendors.wording import partner_name

PAGE = 50
CASE_PAGE = "cases:case"


def case_url(request: HttpRequest, case_id: UUID | None) -> str:
    """The case's page, for those who may see cases; empty otherwise."""
    seat = seat_of(request)
    if case_id is None or not seat.may(Right.SEE_CASES):
        return ""
    try:
        return reverse(CASE_PAGE, args=[seat.tenant.slug, public_id("case", case_id)])
    except NoReverseMatch:
        return ""


def _row(request: HttpRequest, entry: UsageEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "partner": partner_name(entry.vendor),
        "kind": Connection.Kind(entry.connection_kind).label,
        "sentence": sentence_of(entry.why),
        "case_url": case_url(request, entry.case_id),
        "url": reverse("usage:entry", args=[seat_of(request).tenant.slug, entry.public_id]),
    }


def _address(request: HttpRequest, **changes: str | None) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


@require_GET
@requires(Right.SEE_USAGE)
def usage(request: HttpRequest) -> HttpResponse:
    tenant = seat_of(request).tenant
    chosen = read_filter(request.GET.dict(), tenant)
    page = page_of(billing.usage(chosen), chosen.order, request.GET.get("cursor", ""), PAGE)
    days = billing.usage_by_day(chosen)
    totals = billing.totals(chosen)
    vendors = [
        ("", _("All partners")),
        *((name, partner_name(name)) for name in billing.vendors_used(chosen)),
    ]
    csv_query = _address(request, cursor=None)
    context = {
        "rows": [_row(request, entry) for entry in page.rows],
        "count": sum(total.entries for total in totals),
        "chosen": chosen,
        "vendors": vendors,
        "billable_options": [("", _("Charged or not")), ("yes", _("Charged")), ("no", _("Not charged"))],
        "billable": request.GET.get("billable", ""),
        "typed": request.GET.get("q", "")[:20],
        "chart": draw(days),
        "days": [day for day in days if day.total],
        "totals": [
            {"total": total, "kind": Connection.Kind(total.connection_kind).label} for total in totals
        ],
        "csv_url": reverse("usage:csv", args=[tenant.slug]) + csv_query,
        "next_url": _address(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": _address(request, cursor=page.previous_cursor) if page.previous_cursor else "",
    }
    return render(request, "billing/usage.html", context)


@require_GET
@requires(Right.SEE_USAGE)
def csv(request: HttpRequest) -> HttpResponse:
    tenant = seat_of(request).tenant
    chosen = read_filter(request.GET.dict(), tenant)
    name = f"usage-{tenant.slug}-{chosen.first_day}-{chosen.last_day}.csv"
    answer = StreamingHttpResponse(
        stream_usage(tenant.id, chosen),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base


@require_GET
@requires(Right.SEE_USAGE)
def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    try:
        found = billing.entry_of(parse_public_id("usage", entry_id))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return render(request, "billing/entry.html", _row(request, found))
