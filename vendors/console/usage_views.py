"""Usage in the console: what was counted, why, and what it costs. No personal data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit import clock
from portal.kit.ids import parse_public_id, public_id
from portal.kit.paging import page_of
from portal.rights import requires, seat_of
from tenants.rights import Right
from vendors.billing import selectors as billing
from vendors.billing.book import Standing, standing
from vendors.billing.budgeting import budget_states
from vendors.billing.day_sums import zone_beside, zone_of_days
from vendors.billing.help_desk import reset_cost
from vendors.billing.models import METERED, UsageEntry
from vendors.billing.reasons import why_of
from vendors.billing.summing import (
    Sums,
    by_day,
    by_meter,
    seen_in,
    sums_of_usage,
    totals,
)
from vendors.billing.unpriced import Unpriced, is_unpriced, unpriced
from vendors.console.budget_forms import profile_names
from vendors.console.case_links import case_urls
from vendors.console.dispute_cards import dispute_card
from vendors.console.usage_breakdown import BY, NotCharged, Row, break_down, not_charged, read_columns
from vendors.console.usage_chart import draw
from vendors.console.usage_filter import read_filter, recent_periods
from vendors.console.usage_outlook import History, budget_outlooks, outlooks
from vendors.face_price import VENDOR
from vendors.models import Connection
from vendors.wording import mode_word, outcome_word, partner_name, period_words, step_word

PAGE = 50
# What a row of the list says; the rest of an entry is not read for it.
SHOWN = (
    *("occurred_at", "case_id", "case_reference", "step", "meter", "vendor", "billable", "why"),
    *("connection_kind", "amount", "currency", "contract_price"),
)
CENT = Decimal("0.01")


def _rows(request: HttpRequest, entries: Sequence[UsageEntry]) -> list[dict[str, Any]]:
    """Addresses are resolved once for all of them: a slug has no capitals, so the place of the id is found again."""
    url = reverse("usage:entry", args=[seat_of(request).tenant.slug, "ENTRY"])
    case_url = case_urls(request)
    return [
        {
            "entry": entry,
            "partner": partner_name(entry.vendor),
            "is_unpriced": is_unpriced(entry),
            "case_url": case_url(entry.case_id, entry.step),
            "url": url.replace("ENTRY", entry.public_id),
        }
        for entry in entries
    ]


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
    found = standing()
    chosen = read_filter(request.GET.dict(), tenant, found)
    listed = billing.usage(chosen).only(*SHOWN).annotate(days_zone=zone_beside())
    page = page_of(listed, chosen.order, request.GET.get("cursor", ""), PAGE)
    zone_of_days(getattr(page.rows[0], "days_zone") or "" if page.rows else found.days_zone)  # noqa: B009  annotated
    sums = sums_of_usage(chosen)
    options, names = options_of(request, chosen, found)
    columns = read_columns(request.GET.getlist("by"))
    unknown = unpriced(chosen, _by_own_contract(sums))
    broken_down = break_down(chosen, sums, columns, names)
    days = by_day(sums, chosen.days)
    context = {
        "rows": _rows(request, page.rows),
        "count": sum(each.entries for each in sums),
        "chosen": chosen,
        "typed": request.GET.get("q", "")[:20],
        "chart": draw(days, lambda first, last: _days_address(request, first, last)),
        "days": [{"day": day, "url": _days_address(request, day.day, day.day)} for day in days if day.total],
        "breakdown": broken_down,
        "broken_down": [
            _linked(request, row) | {"is_unknown": row.costs_unknown(unknown)} for row in broken_down.rows
        ],
        "by": [{"value": value, "label": label, "chosen": value in columns} for value, label in BY.items()],
        "not_charged": [_linked(request, row) for row in not_charged(sums)],
        "meters": by_meter(sums),
        "totals": [
            {"total": total, "kind": Connection.Kind(total.connection_kind).label} for total in totals(sums)
        ],
        "recovered": _recovered(chosen, sums, is_whole=not unknown),
        "unpriced": _unpriced(request, unknown),
        **_ahead(chosen, found),
        "may_manage": seat_of(request).may(Right.MANAGE_BILLING),
        "csv_url": reverse("usage:csv", args=[tenant.slug]) + _address(request, cursor=None),
        "next_url": _address(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": _address(request, cursor=page.previous_cursor) if page.previous_cursor else "",
        **options,
    }
    return render(request, "billing/usage.html", context)


def _days_address(request: HttpRequest, first: date, last: date) -> str:
    """The entries of some days. A single one stays inside the exact period, if one is shown."""
    if first == last and not (request.GET.get("from") or request.GET.get("to")):
        return _address(request, day=first.isoformat(), cursor=None) + "#checks"
    changes = {"from": first.isoformat(), "to": last.isoformat()}
    return _address(request, day=None, cursor=None, **changes) + "#checks"


def _linked(request: HttpRequest, row: Row | NotCharged) -> dict[str, Any]:
    filters = dict(row.filters)
    if "day" in filters and (request.GET.get("from") or request.GET.get("to")):
        filters["from"] = filters["to"] = filters.pop("day")
    return {"row": row, "url": _address(request, **{"cursor": None, **filters}) + "#checks"}


def _ahead(chosen: billing.UsageFilter, found: Standing) -> dict[str, Any]:
    """Where the running period ends, and which budgets it crosses. A budget's own is told where nothing is filtered."""
    period = found.period_at(clock.now())
    shows_it = chosen.period == period and not chosen.reference
    budgets = budget_states(found)
    history = History(chosen, period, [state.budget for state in budgets]) if shows_it else None
    everything = history if not chosen.equals else None
    return {
        "outlooks": outlooks(history) if history else None,
        "budgets": budget_outlooks(everything, budgets),
    }


def _by_own_contract(sums: Sequence[Sums]) -> dict[str, int]:
    """How many checks each partner charged the organisation itself."""
    counted: dict[str, int] = {}
    for each in sums:
        if each.billable and each.connection_kind == Connection.Kind.OWN_CONTRACT:
            counted[each.vendor] = counted.get(each.vendor, 0) + each.quantity
    return counted


def _unpriced(request: HttpRequest, unknown: Mapping[str, Unpriced]) -> list[dict[str, Any]]:
    """Checks whose cost is unknown, and where whoever may says what one costs, unless somebody did or it is used no more."""
    if not unknown:
        return []
    seat, used = (
        seat_of(request),
        set(
            Connection.objects.filter(vendor__in=unknown)
            .exclude(status=Connection.Status.REMOVED)
            .values_list("vendor", flat=True)
        ),
    )

    def address(vendor: str) -> str:
        if vendor == VENDOR and seat.may(Right.MANAGE_BILLING):
            return reverse("usage:face_price", args=[seat.tenant.slug])
        if vendor in used and seat.may(Right.MANAGE_PARTNERS):
            return reverse("partners:settings", args=[seat.tenant.slug, vendor])
        return ""

    return [
        {
            "partner": partner_name(vendor),
            "number": found.checks,
            "url": "" if found.is_stated else address(vendor),
        }
        for vendor, found in sorted(unknown.items())
    ]


def _recovered(chosen: billing.UsageFilter, sums: Sequence[Sums], *, is_whole: bool) -> dict[str, Any]:
    """What one recovered account cost, in each currency, beside a reset at the help desk. Only where the page shows
    everything of its days. Where the cost of some checks is unknown it is the least, and nobody can say what was saved."""
    if chosen.equals or chosen.reference:
        return {}
    accounts: int = import_string(settings.RECOVERED_BETWEEN)(chosen.start, chosen.end)
    if not accounts:
        return {}
    desk = reset_cost()
    spent: dict[str, Decimal] = {}
    for each in sums:
        spent[each.currency] = spent.get(each.currency, Decimal(0)) + each.amount
    costs = [
        {
            "amount": (amount / accounts).quantize(CENT),
            "currency": currency,
            "saved": (desk.amount * accounts - amount).quantize(CENT)
            if currency == desk.currency and is_whole
            else None,
        }
        for currency, amount in sorted(spent.items())
        if amount
    ]
    return {"accounts": accounts, "costs": costs, "desk": desk, "is_whole": is_whole}


def options_of(
    request: HttpRequest, chosen: billing.UsageFilter, found: Standing
) -> tuple[dict[str, Any], Mapping[UUID, str]]:
    """What the filters offer: only what the days have, and what is chosen already; and the names of profiles."""
    seen = seen_in(chosen)
    names = profile_names() if seen.profiles or chosen.profile_id else {}
    profiles = {*seen.profiles, *([chosen.profile_id] if chosen.profile_id else [])}
    options = {
        "periods": [
            {
                "label": period_words(period, chosen.zone),
                "url": _address(
                    request, period=period.label, cursor=None, day=None, **{"from": None, "to": None}
                ),
                "current": period == chosen.period,
            }
            for period in recent_periods(found)
        ],
        "period_label": chosen.period.label if chosen.period else "",
        "period_words": period_words(chosen.period, chosen.zone) if chosen.period else "",
        "vendors": [("", _("All partners")), *_named({*seen.vendors, chosen.vendor}, partner_name)],
        "outcomes": [("", _("All outcomes")), *_named({*seen.outcomes, chosen.outcome}, outcome_word)],
        "departments": [("", _("All departments")), *_named({*seen.departments, chosen.department}, str)],
        "profiles": [
            ("", _("All profiles")),
            *(
                (public_id("profile", each), names.get(each, _("A profile that is gone")))
                for each in profiles
            ),
        ],
        "profile": public_id("profile", chosen.profile_id) if chosen.profile_id else "",
        "meter_options": [("", _("Decisions and Face Checks")), *((m.value, m.label) for m in METERED)],
        "billable_options": [("", _("Charged or not")), ("yes", _("Charged")), ("no", _("Not charged"))],
        "billable": {True: "yes", False: "no", None: ""}[chosen.billable],
    }
    return options, names


def _named(words: set[str], name_of: Callable[[str], str]) -> list[tuple[str, str]]:
    return sorted(((word, name_of(word)) for word in words if word), key=lambda pair: pair[1])


@require_GET
@requires(Right.SEE_USAGE)
def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    try:
        found = billing.entry_of(parse_public_id("usage", entry_id))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    context = {
        **_rows(request, [found])[0],
        "kind": Connection.Kind(found.connection_kind).label,
        "sentence": why_of(found),
        "step": step_word(found.step),
        "mode": mode_word(found.mode),
        "dispute": dispute_card(request, found),
    }
    return render(request, "billing/entry.html", context)
