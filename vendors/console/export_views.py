"""The export: exactly the rows that the usage page counts, as a file that a spreadsheet opens without running anything."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from portal.rights import actor_of, requires, seat_of
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.rights import Right
from vendors.billing.book import standing
from vendors.billing.summing import sums_of_usage
from vendors.console.usage_csv import stream_usage
from vendors.console.usage_filter import read_filter
from vendors.console.usage_rows import COLUMNS
from vendors.console.usage_views import options_of

MEANINGS: dict[str, str] = {
    "id": gettext_noop("The check. The same in the API."),
    "occurred_at": gettext_noop("When, in your organisation's time zone, with its distance from UTC."),
    "occurred_at_utc": gettext_noop("The same moment in UTC."),
    "case": gettext_noop("The case's reference. There is no name anywhere."),
    "step": gettext_noop("The step of the case that caused it."),
    "meter": gettext_noop("A partner's decision or a Face Check."),
    "partner": gettext_noop("Whose check it was; readmit for Face Checks."),
    "paid": gettext_noop("Through us, by your own contract, or free."),
    "billable": gettext_noop("Whether it was charged."),
    "why": gettext_noop("Why it was charged or not, as a code."),
    "quantity": gettext_noop("How many; below zero where a check was taken back."),
    "unit_price": gettext_noop(
        "The list price of one, with six decimals; empty where nobody had entered it."
    ),
    "amount": gettext_noop(
        "Quantity times price where it was charged, with six decimals; empty where that is unknown."
    ),
    "currency": gettext_noop("Of price and amount."),
    "mode": gettext_noop("Evaluation or production."),
    "outcome": gettext_noop("How the check ended, as a code."),
    "profile": gettext_noop("The recovery profile."),
    "department": gettext_noop("The department of whoever recovered."),
    "takes_back": gettext_noop("The check that this line takes back, if it does."),
    "price_known": gettext_noop("Whether anybody had entered what one costs under your own contract."),
}
if tuple(MEANINGS) != COLUMNS:
    raise TypeError("every column of the export is explained, in its order")
FILTERS = ("q", "partner", "meter", "outcome", "profile", "department", "price", "paid", "billable")


@require_GET
@requires(Right.SEE_USAGE)
def export(request: HttpRequest) -> HttpResponse:
    """What would be in the file, before it is asked for."""
    found = standing()
    chosen = read_filter(request.GET.dict(), seat_of(request).tenant, found)
    query = request.GET.urlencode()
    address = reverse("usage:csv", args=[seat_of(request).tenant.slug])
    options, _names = options_of(request, chosen, found)
    context = {
        "chosen": chosen,
        "typed": request.GET.get("q", "")[:20],
        "count": sum(each.entries for each in sums_of_usage(chosen)),
        "download_url": f"{address}?{query}" if query else address,
        "columns": [{"name": name, "meaning": _(MEANINGS[name])} for name in COLUMNS],
        **options,
    }
    return render(request, "billing/export.html", context)


@require_GET
@requires(Right.SEE_USAGE)
def csv(request: HttpRequest) -> HttpResponse:
    """Who took what period away stays in the audit log, also when the connection breaks half-way."""
    tenant = seat_of(request).tenant
    chosen = read_filter(request.GET.dict(), tenant, standing())
    record_event(
        EventName.USAGE_EXPORTED,
        actor=actor_of(request),
        subject=tenant.public_id,
        data={
            "since": chosen.first_day.isoformat(),
            "until": chosen.last_day.isoformat(),
            "filters": [name for name in FILTERS if request.GET.get(name)],
        },
    )
    name = f"usage-{tenant.slug}-{chosen.first_day}-{chosen.last_day}.csv"
    answer = StreamingHttpResponse(
        stream_usage(tenant.id, chosen),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base
