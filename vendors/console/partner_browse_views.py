"""The catalogue in the console: search, filters, what fits the tenant's own people, and a comparison side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit.countries import country_name
from portal.rights import requires, seat_of
from tenants.directory.selectors import sample_of_addresses
from tenants.rights import Right
from vendors.catalogue.searching import Candidate, Wanted, choices, find, suggest
from vendors.catalogue.shelf import Item
from vendors.catalogue.words import CONTRACTS, DOCUMENTS, KINDS, METHODS, PRICES, word
from vendors.console import partner_shown as shown

PAGE = 16
MOST_COMPARED = 4
SAMPLE = 2_000
LONGEST = 60
FILTERS = ("country", "document", "method", "certificate", "price", "kind")


def _wanted(request: HttpRequest) -> Wanted:
    asked = {name: request.GET.get(name, "")[:LONGEST].replace("\0", "") for name in ("q", *FILTERS)}
    return Wanted(text=asked.pop("q"), **asked)


def _with(request: HttpRequest, **changes: str) -> str:
    """The present address with changes; empty parts are left out. The page begins anew."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def _compared(request: HttpRequest, found: dict[str, Item]) -> list[str]:
    """What was put side by side so far, each once, as far as it exists."""
    asked = request.GET.get("compare", "").split(",")
    return [slug for slug in dict.fromkeys(asked) if slug in found][:MOST_COMPARED]


def _page_number(request: HttpRequest, pages: int) -> int:
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return max(1, min(number, pages))


def _options(rows: list[Candidate]) -> dict[str, list[tuple[str, str]]]:
    known = choices(rows)
    return {
        "country": [("", _("Any country")), *((code, country_name(code)) for code in known["country"])],
        "document": [("", _("Any document")), *((c, word(DOCUMENTS, c)) for c in known["document"])],
        "method": [("", _("Any method")), *((c, word(METHODS, c)) for c in known["method"])],
        "certificate": [("", _("Any certificate")), *((name, name) for name in known["certificate"])],
        "price": [("", _("Any price")), *((c, word(PRICES, c)) for c in PRICES)],
        "kind": [("", _("Paid in any way")), *((c, word(KINDS, c)) for c in known["kind"])],
    }


def _suggestions(request: HttpRequest, rows: list[Candidate], found: dict[str, Item]) -> list[dict[str, Any]]:
    if seat_of(request).is_limited:
        return []
    slug = seat_of(request).tenant.slug
    return [
        {
            "country": country_name(each.country),
            "hints": each.hints,
            "of": each.of,
            "ending": each.ending,
            "dialled": each.dialled,
            "url": _with(request, country=each.country),
            "partners": [
                {"name": _(found[key].listing.name), "url": reverse("partners:partner", args=[slug, key])}
                for key in each.slugs
            ],
        }
        for each in suggest(rows, sample_of_addresses(SAMPLE))
    ]


@require_GET
@requires(Right.SEE_PARTNERS)
def browse(request: HttpRequest) -> HttpResponse:
    own, found, wanted = shown.read_own(), shown.items(), _wanted(request)
    rows = shown.candidates(found, own)
    # What the tenant has, then what it can have, then the rest; each by name.
    fitting = sorted(
        find(rows, wanted),
        key=lambda each: (
            each.listing.slug not in own.connections,
            not shown.can_connect(each.listing),
        ),
    )
    pages = max(1, -(-len(fitting) // PAGE))
    number = _page_number(request, pages)
    compared = _compared(request, found)
    cards = [
        {
            **shown.card_of(request, found[each.listing.slug], own),
            **_toggle(request, each.listing.slug, compared),
        }
        for each in fitting[(number - 1) * PAGE : number * PAGE]
    ]
    context = {
        "partner_tabs": shown.tabs_of(request, "browse"),
        "cards": cards,
        "count": len(fitting),
        "wanted": wanted,
        "options": _options(rows),
        "suggestions": [] if wanted.is_anything else _suggestions(request, rows, found),
        "compare": ",".join(compared),
        "compared": [_(found[slug].listing.name) for slug in compared],
        "compare_url": _compare_url(request, compared),
        "clear_compare_url": _with(request, compare=""),
        "next_url": _with(request, page=str(number + 1)) if number < pages else "",
        "previous_url": _with(request, page=str(number - 1)) if number > 1 else "",
    }
    return render(request, "vendors/browse.html", context)


def _compare_url(request: HttpRequest, compared: list[str]) -> str:
    return f"{reverse('partners:compare', args=[seat_of(request).tenant.slug])}?compare={','.join(compared)}"


def _toggle(request: HttpRequest, slug: str, compared: list[str]) -> dict[str, Any]:
    is_in = slug in compared
    others = [each for each in compared if each != slug]
    can = is_in or len(compared) < MOST_COMPARED
    return {
        "is_compared": is_in,
        "toggle_url": _with(request, compare=",".join(others if is_in else [*compared, slug])) if can else "",
    }


@require_GET
@requires(Right.SEE_PARTNERS)
def compare(request: HttpRequest) -> HttpResponse:
    """Up to four listings beside each other, row by row."""
    own, found = shown.read_own(), shown.items()
    compared = _compared(request, found)
    chosen = [found[slug] for slug in compared]
    slug = seat_of(request).tenant.slug
    columns = [
        {
            "name": _(item.listing.name),
            "monogram": " ".join(item.listing.monogram),
            "url": reverse("partners:partner", args=[slug, item.slug]),
            "remove_url": _with(request, compare=",".join(each for each in compared if each != item.slug)),
        }
        for item in chosen
    ]
    context = {
        "columns": columns,
        "rows": _rows(chosen) if chosen else [],
        "prices": [shown.price_of(item, own) for item in chosen],
        "breadcrumbs": [
            {"label": _("Partners"), "url": reverse("partners:browse", args=[slug])},
            {"label": _("Comparison")},
        ],
        "back": f"{reverse('partners:browse', args=[slug])}?compare={','.join(compared)}",
    }
    return render(request, "vendors/compare.html", context)


def _rows(chosen: list[Item]) -> list[dict[str, Any]]:
    asked: tuple[tuple[str, Callable[[Item], str]], ...] = (
        (_("What it promises"), lambda item: _(item.listing.promise)),
        (_("Methods"), lambda item: shown.methods_in_words(item.listing)),
        (_("Countries"), lambda item: shown.countries_in_words(item.listing)),
        (_("Documents"), lambda item: shown.documents_in_words(item.listing)),
        (_("Languages"), lambda item: shown.languages_in_words(item.listing)),
        (_("Certificates"), lambda item: shown.certificates_in_short(item.listing)),
        (_("How it is paid"), lambda item: shown.kinds_in_words(item.listing)),
        (_("Counted"), lambda item: _(item.listing.counted)),
        (_("What it cannot see"), lambda item: " ".join(_(line) for line in item.listing.cannot_see)),
        (_("What binds you"), lambda item: " ".join(_(term.text) for term in item.listing.terms)),
        (
            _("What it keeps"),
            lambda item: " ".join(
                f"{_(row.what)}: {shown.stated(row.how_long)}." for row in item.listing.keeps
            ),
        ),
        (_("Contract"), lambda item: word(CONTRACTS, item.listing.contract_status)),
    )
    return [
        {"label": label, "values": [read(item) or str(shown.NOT_STATED) for item in chosen]}
        for label, read in asked
    ]
