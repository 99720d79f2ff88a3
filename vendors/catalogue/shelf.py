"""What is on offer now: every listing in force with the prices of its plans.

Listings and prices are only ever added, so a process keeps what it read and asks with one statement whether there is more.
Which version is in force is looked at anew each time: a date comes by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db import connection

from portal.kit import clock
from portal.kit.scope import scope_memory
from vendors.billing.book import DEFAULT_CURRENCIES, PricedProduct, priced
from vendors.billing.models import PriceVersion
from vendors.billing.rating.prices import STANDARD
from vendors.catalogue.listing import CatalogueListing, Plan, listing_of
from vendors.catalogue.models import ContractConfirmation, ListingVersion

STAMP = (
    "SELECT (SELECT count(*) || '/' || coalesce(max(created_at)::text, '') FROM catalogue_listingversion)"
    " || ' ' || (SELECT count(*) FROM catalogue_contractconfirmation)"
    " || ' ' || (SELECT count(*) || '/' || coalesce(max(created_at)::text, '') FROM billing_priceversion)"
)


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """What a plan costs now in one currency, and what it will from a later day on, if that is known."""

    now: PricedProduct
    fee: Decimal | None
    next: PricedProduct | None
    next_fee: PricedProduct | None

    @property
    def currency(self) -> str:
        return self.now.price.currency

    @property
    def unit_price(self) -> Decimal:
        return self.now.price.terms.list_price

    @property
    def included(self) -> int:
        return self.now.price.terms.included

    @property
    def trial(self) -> int:
        return self.now.price.terms.trial


@dataclass(frozen=True)
class Item:
    """One listing in force. `later` is the version that comes, `earlier` how many there were."""

    listing: CatalogueListing
    number: int
    confirmed_on: date | None
    confirmed_by: str
    later: CatalogueListing | None
    versions: Mapping[tuple[str, str, str], Sequence[PricedProduct]]

    @property
    def slug(self) -> str:
        return self.listing.slug

    @property
    def may_be_used_in_production(self) -> bool:
        """Its contract is public, or the partner confirmed what we wrote of it."""
        return self.listing.is_public or self.confirmed_on is not None

    def price_of(self, plan: Plan, currency: str, moment: datetime) -> PlanPrice | None:
        """None where the plan has no price in this currency yet."""
        now, coming = self._at(self.listing.meter, plan.key, currency, moment)
        if now is None:
            return None
        fee, next_fee = self._at("fee", plan.key, currency, moment)
        return PlanPrice(now, fee.price.terms.list_price if fee else None, coming, next_fee)

    def _at(
        self, meter: str, plan: str, currency: str, moment: datetime
    ) -> tuple[PricedProduct | None, PricedProduct | None]:
        rows = self.versions.get((meter, plan, currency), ())
        held = [row for row in rows if row.price.effective_from <= moment]
        coming = [row for row in rows if row.price.effective_from > moment]
        return (held[-1] if held else None), (coming[0] if coming else None)

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        found = {currency for meter, _plan, currency in self.versions if meter == self.listing.meter}
        return tuple(sorted(found, key=lambda each: (each not in DEFAULT_CURRENCIES, each)))

    def currency_for(self, wanted: Sequence[str]) -> str:
        """The first of the tenant's currencies that there are prices in, else the listing's own first."""
        known = [each for each in wanted if each in self.currencies]
        return (known or list(self.currencies) or list(wanted) or list(DEFAULT_CURRENCIES))[0]

    def lowest(self, currency: str, moment: datetime) -> Decimal | None:
        """What one decision costs at least, in plans without a fee; of a bundle, what each of its checks is counted at. None
        when nothing is ours to sell."""
        found = [
            price.unit_price
            for plan in self.listing.plans
            if plan.kind in ("per_decision", "tiers", "bundle")
            and (price := self.price_of(plan, currency, moment)) is not None
        ]
        return min(found, default=None)


@dataclass(frozen=True)
class _Stock:
    """Everything that was ever loaded, as of one stamp."""

    listings: Mapping[str, Sequence[tuple[int, datetime, CatalogueListing]]]
    confirmed: Mapping[str, tuple[date, str]]
    prices: Mapping[str, Mapping[tuple[str, str, str], Sequence[PricedProduct]]]


_kept: dict[str, _Stock] = {}


def shelf() -> dict[str, Item]:
    """Every listing in force, by its name, in the order of their titles. Read once a scope."""
    known: dict[str, Item] | None = scope_memory().get("catalogue.shelf")
    if known is None:
        known = _items(_stock(), clock.now())
        scope_memory()["catalogue.shelf"] = known
    return known


def find_item(slug: str) -> Item | None:
    return shelf().get(slug)


def _items(stock: _Stock, moment: datetime) -> dict[str, Item]:
    found = [item for slug in stock.listings if (item := _item(stock, slug, moment)) is not None]
    return {item.slug: item for item in sorted(found, key=lambda each: each.listing.name.casefold())}


def _item(stock: _Stock, slug: str, moment: datetime) -> Item | None:
    versions = stock.listings[slug]
    held = [row for row in versions if row[1] <= moment]
    later = [row for row in versions if row[1] > moment]
    if not held:
        return None
    number, _since, listing = held[-1]
    on, by = stock.confirmed.get(slug, (None, ""))
    return Item(listing, number, on, by, later[0][2] if later else None, stock.prices.get(listing.vendor, {}))


def _stock() -> _Stock:
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        stamp = str(cursor.fetchone()[0])
    if stamp not in _kept:
        read = _read()
        _kept.clear()
        _kept[stamp] = read
    return _kept[stamp]


def _read() -> _Stock:
    listings: dict[str, list[tuple[int, datetime, CatalogueListing]]] = defaultdict(list)
    for row in ListingVersion.objects.order_by("slug", "number"):
        listings[row.slug].append((row.number, row.effective_from, listing_of(row.content)))
    confirmed = {
        row.slug: (row.confirmed_on, row.reference)
        for row in ContractConfirmation.objects.order_by("confirmed_on")
    }
    vendors = {listing.vendor for versions in listings.values() for _n, _since, listing in versions}
    prices: dict[str, dict[tuple[str, str, str], list[PricedProduct]]] = defaultdict(dict)
    for price in PriceVersion.objects.filter(vendor__in=vendors).order_by("effective_from", "id"):
        key = (price.meter, price.plan, price.currency)
        prices[price.vendor].setdefault(key, []).append(priced(price))
    return _Stock(dict(listings), confirmed, dict(prices))


def standard_plan(listing: CatalogueListing) -> Plan | None:
    """What everybody is on who chose none."""
    return listing.plan(STANDARD)
