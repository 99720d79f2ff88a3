"""A listing as the pages of partners show it: words instead of codes, and what this tenant has of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock
from portal.kit.countries import country_name
from portal.kit.errors import NotHere
from portal.rights import seat_of
from tenants.rights import Right
from vendors import selectors
from vendors.addresses import is_simulated, return_url_of
from vendors.billing.book import standing
from vendors.billing.models import ContractPrice
from vendors.catalogue.listing import EVERYWHERE, CatalogueListing, Change, Kept, Source
from vendors.catalogue.searching import Candidate
from vendors.catalogue.shelf import Item, find_item, shelf
from vendors.catalogue.words import CONTRACTS, DOCUMENTS, KINDS, LANGUAGES, METHODS, word, words
from vendors.contract import HandlesWebhook, ShowsCode
from vendors.models import Connection
from vendors.registry import ADAPTERS, adapter_of, entry_of, is_listed, listed_as, own_name
from vendors.wording import TONES, taken_in_words

NOT_STATED = gettext_lazy("Not stated")
NOT_MEASURED = gettext_lazy("Not measured yet")
MOST_COUNTRIES = 6


@dataclass(frozen=True)
class Own:
    """What the tenant has of the marketplace, read once for a page."""

    connections: Mapping[str, Connection]
    contract_prices: Mapping[str, ContractPrice]
    currencies: Sequence[str]
    moment: datetime


def read_own() -> Own:
    prices: dict[str, ContractPrice] = {}
    for row in ContractPrice.objects.order_by("created_at", "id"):
        prices[row.vendor] = row
    return Own(
        {row.vendor: row for row in selectors.connections()},
        prices,
        standing().currencies,
        clock.now(),
    )


def item_or_404(slug: str) -> Item:
    found = listed_item(slug)
    if found is None:
        raise NotHere("listing_unknown")
    return found


def listed_item(slug: str) -> Item | None:
    """A listing on the shelf; one of an adapter that nobody has reviewed yet says of itself what it can."""
    found = find_item(listed_as(slug))
    if found is None and is_listed(slug):
        found = _of_adapter(listed_as(slug))
    return None if found is None else item_of(found, slug)


def item_of(found: Item, slug: str) -> Item:
    """One of several is listed like the others, under its name, and has costs of its own."""
    if not own_name(slug):
        return found
    name = selectors.listing(slug).title
    return replace(found, listing=replace(found.listing, slug=slug, vendor=slug, name=name))


def items() -> dict[str, Item]:
    """Everything on the shelf, and adapters without a reviewed file after it."""
    found = dict(shelf())
    return found | {slug: _of_adapter(slug) for slug in ADAPTERS if slug not in found}


def _of_adapter(slug: str) -> Item:
    entry, adapter = entry_of(slug), adapter_of(slug)
    said = adapter.listing
    own = Source("adapter", said.title, "", date(2026, 1, 1))
    made = CatalogueListing(
        slug=slug,
        vendor=slug,
        meter="decision",
        name=said.title,
        publisher="",
        promise=said.summary,
        monogram=said.title[:1],
        effective_from=own.read_on,
        contract_status=adapter.manifest.contract_status,
        contract=said.contract,
        kinds=(entry.kind,),
        methods=(),
        countries=(),
        countries_note="",
        countries_source="",
        documents=(),
        documents_note=", ".join(said.documents),
        documents_source="",
        languages=(),
        certificates=(),
        checks=said.checks,
        cannot_see=said.cannot_see,
        keeps=tuple(Kept(line, said.where, "", own.key) for line in said.keeps),
        terms=(),
        counted=said.billable,
        not_counted=said.not_billable,
        billable_source=own.key,
        price_from=None,
        price_note=said.price_reason,
        plans=(),
        request_to="",
        links=(),
        sources=(own,),
        history=(Change(own.read_on, ""),),
    )
    return Item(made, 1, None, "", None, {})


# ------------------------------------------------------------------ prices


@dataclass(frozen=True, slots=True)
class Price:
    """What stands at "price": an amount with where it comes from, or a sentence where there is none."""

    amount: Decimal | None
    currency: str
    label: str
    note: str


def price_of(item: Item, own: Own) -> Price:
    listing = item.listing
    note = _(listing.price_note) if listing.price_note else ""
    entered = own.contract_prices.get(listing.vendor)
    if entered is not None and "own_contract" in listing.kinds:
        return Price(entered.unit_price, entered.currency, _("Your own contract"), "")
    if listing.plans:
        currency = item.currency_for(own.currencies)
        return Price(item.lowest(currency, own.moment), currency, _("From"), note)
    stated = listing.price_from
    if stated is not None:
        return Price(stated.amount, stated.currency, "", note)
    return Price(None, "", "", note or str(NOT_STATED))


def candidates(found: Mapping[str, Item], own: Own) -> list[Candidate]:
    return [Candidate(item.listing, price_of(item, own).amount) for item in found.values()]


def can_connect(listing: CatalogueListing) -> bool:
    """There is an adapter for it, or it is no partner at all, as Face Checks are."""
    return is_listed(listing.slug) or listing.meter != "decision"


# ------------------------------------------------------------------ words


def stated(text: str) -> str:
    return _(text) if text else str(NOT_STATED)


def countries_in_words(listing: CatalogueListing) -> str:
    """All of them, or the note where there is no list."""
    if listing.countries and EVERYWHERE not in listing.countries:
        return ", ".join(sorted(country_name(code) for code in listing.countries))
    return stated(listing.countries_note)


def countries_in_short(listing: CatalogueListing) -> str:
    if EVERYWHERE in listing.countries:
        return _("No list of countries")
    names = sorted(country_name(code) for code in listing.countries)
    if len(names) > MOST_COUNTRIES:
        return _("%(count)d countries") % {"count": len(names)}
    return ", ".join(names) or str(NOT_STATED)


def documents_in_words(listing: CatalogueListing) -> str:
    named = ", ".join(words(DOCUMENTS, listing.documents))
    note = _(listing.documents_note) if listing.documents_note else ""
    if named and note:
        return f"{named}. {note}"
    return named or note or (_("None: no document is shown") if "eid" in listing.methods else str(NOT_STATED))


def languages_in_words(listing: CatalogueListing) -> str:
    return ", ".join(words(LANGUAGES, listing.languages)) or str(NOT_STATED)


def methods_in_words(listing: CatalogueListing) -> str:
    return ", ".join(words(METHODS, listing.methods)) or str(NOT_STATED)


def kinds_in_words(listing: CatalogueListing) -> str:
    return ", ".join(words(KINDS, listing.kinds))


def certificates_in_short(listing: CatalogueListing) -> str:
    named = [f"{held.name} {held.level}".strip() for held in listing.certificates]
    return ", ".join(named) or str(NOT_STATED)


def card_of(request: HttpRequest, item: Item, own: Own) -> dict[str, Any]:
    """One listing in the list."""
    listing = item.listing
    connection = own.connections.get(listing.slug)
    status = Connection.Status(connection.status) if connection else None
    return {
        "slug": listing.slug,
        "name": _(listing.name),
        "promise": _(listing.promise),
        "monogram": " ".join(listing.monogram),
        "methods": methods_in_words(listing),
        "countries": countries_in_short(listing),
        "kinds": kinds_in_words(listing),
        "price": price_of(item, own),
        "is_unconfirmed": not item.may_be_used_in_production,
        "can_connect": can_connect(listing),
        "status_label": status.label if status else "",
        "status_tone": TONES[status] if status else "neutral",
        "is_simulated": connection is not None and is_simulated(connection),
        "url": reverse("partners:partner", args=[seat_of(request).tenant.slug, listing.slug]),
    }


def details_of(item: Item, own: Own) -> dict[str, Any]:
    """Everything the page of one listing says, each fact with its source."""
    listing = item.listing
    return {
        "listing": listing,
        "monogram": " ".join(listing.monogram),
        "publisher": _(listing.publisher) if listing.publisher else str(NOT_STATED),
        "methods": methods_in_words(listing),
        "countries": countries_in_words(listing),
        "countries_note": _(listing.countries_note)
        if listing.countries_note and EVERYWHERE not in listing.countries and listing.countries
        else "",
        "documents": documents_in_words(listing),
        "languages": languages_in_words(listing),
        "kinds": kinds_in_words(listing),
        "checks": [_(line) for line in listing.checks],
        "cannot_see": [_(line) for line in listing.cannot_see],
        "sent": taken_in_words(listing.vendor),
        "keeps": [
            {"what": _(row.what), "where": stated(row.where), "how_long": stated(row.how_long)}
            for row in listing.keeps
        ],
        "certificates": [
            {
                "name": held.name,
                "laboratory": stated(held.laboratory),
                "level": stated(held.level),
                "scope": stated(held.scope),
                "issued_on": held.issued_on,
                "expires_on": held.expires_on,
                "is_over": bool(held.expires_on and held.expires_on < own.moment.date()),
                "source": listing.source(held.source),
            }
            for held in listing.certificates
        ],
        "terms": [_(term.text) for term in listing.terms],
        "contract_status": word(CONTRACTS, listing.contract_status),
        "contract": _(listing.contract),
        "is_unconfirmed": not item.may_be_used_in_production,
        "confirmed_on": item.confirmed_on if not listing.is_public else None,
        "counted": _(listing.counted),
        "not_counted": _(listing.not_counted),
        "price": price_of(item, own),
        "later": item.later,
        "history": [
            {"on": change.on, "what": _(change.what)} for change in reversed(listing.history) if change.what
        ],
        "sources": listing.sources,
        "links": [{"label": _(link.label), "url": link.url} for link in listing.links],
        "can_connect": can_connect(listing),
    }


def return_to_register(organisation: str, vendor: str) -> str:
    """The address that the other side has to know beforehand; empty where each session tells it: to a partner that keeps a
    record, to a wallet, and to the app of an eID that shows a code here."""
    adapter: object = adapter_of(vendor)
    is_told = isinstance(adapter, HandlesWebhook | ShowsCode) or adapter_of(vendor).manifest.asks_wallets
    return "" if is_told else return_url_of(organisation, vendor)


def registers_alone(vendor: str) -> bool:
    """Nobody sells it: the organisation registers in its country, and asks wallets itself."""
    return is_listed(vendor) and adapter_of(vendor).manifest.asks_wallets


def tabs_of(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """Nothing for whoever came for one task."""
    seat = seat_of(request)
    if seat.is_limited:
        return []
    return [
        {
            "label": _("Browse"),
            "url": reverse("partners:browse", args=[seat.tenant.slug]),
            "current": current == "browse",
        },
        {
            "label": _("Yours"),
            "url": reverse("partners:yours", args=[seat.tenant.slug]),
            "current": current == "yours",
        },
        {
            "label": _("Bridge"),
            "url": reverse("bridges:home", args=[seat.tenant.slug]),
            "current": current == "bridge",
        },
    ]


def may_buy(request: HttpRequest) -> bool:
    return seat_of(request).may(Right.MANAGE_BILLING)


def may_configure(request: HttpRequest) -> bool:
    return seat_of(request).may(Right.MANAGE_PARTNERS)
