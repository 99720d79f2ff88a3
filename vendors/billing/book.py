"""The book of one tenant: its subscription, its periods, and the prices that hold for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Q

from portal.kit.scope import current_tenant_id
from tenants.models import Tenant
from vendors.billing.models import ContractPrice, PriceVersion, Subscription
from vendors.billing.rating.billability import Billability, Outcome
from vendors.billing.rating.periods import Anchor, Period, period_at, period_named
from vendors.billing.rating.prices import STANDARD, PlanSpan, Price, plan_at, price_in_force
from vendors.billing.rating.terms import read_terms

DEFAULT_CURRENCIES = ("EUR",)
Product = tuple[str, str]  # meter, vendor


def zone_named(name: str) -> ZoneInfo:
    """UTC for a name this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """A price version with what is billable under it."""

    price: Price
    billability: Billability


_known: dict[str, PricedProduct] = {}


def priced(row: PriceVersion) -> PricedProduct:
    """A stored version as the rating knows it. Versions never change, so each is read once in a process."""
    key = str(row.id)
    if key not in _known:
        price = Price(
            key, row.meter, row.vendor, row.plan, row.currency, row.effective_from, read_terms(row.terms)
        )
        billability = Billability(
            frozenset(Outcome(word) for word in row.billable_outcomes),
            timedelta(minutes=row.duplicate_window_minutes),
        )
        _known[key] = PricedProduct(price, billability)
    return _known[key]


def load_versions(products: Collection[Product]) -> dict[Product, list[PricedProduct]]:
    """Every version of each product, in all plans and currencies."""
    wanted = Q(pk__in=[])
    for meter, vendor in products:
        wanted |= Q(meter=meter, vendor=vendor)
    found: dict[Product, list[PricedProduct]] = {product: [] for product in products}
    for row in PriceVersion.objects.filter(wanted).order_by("effective_from", "id"):
        found[row.meter, row.vendor].append(priced(row))
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant is billed: its periods, its plans in their order of time, its currencies with the main one first."""

    anchor: Anchor
    spans: tuple[PlanSpan, ...]
    currencies: tuple[str, ...]
    is_chosen: bool = True

    def period_at(self, moment: datetime) -> Period:
        return period_at(self.anchor, moment)

    def period_named(self, label: str) -> Period:
        return period_named(self.anchor, label)


def standing() -> Standing:
    """Of the tenant in scope. One that never chose a plan is on the standard one, by calendar months, in euros."""
    rows = list(Subscription.objects.order_by("effective_at"))
    if rows:
        first = rows[0]
        anchor = Anchor.of(first.anchored_at, zone_named(first.time_zone))
        spans = tuple(PlanSpan(row.plan, row.effective_at) for row in rows)
        return Standing(anchor, spans, tuple(first.currencies))
    tenant = Tenant.objects.only("created_at", "time_zone").get(id=current_tenant_id())
    zone = zone_named(tenant.time_zone)
    local = tenant.created_at.astimezone(zone)
    anchor = Anchor(datetime(local.year, local.month, 1), zone)  # noqa: DTZ001  a wall clock, its zone stands beside it
    begun = period_at(anchor, tenant.created_at).start
    return Standing(anchor, (PlanSpan(STANDARD, begun),), DEFAULT_CURRENCIES, is_chosen=False)


@dataclass
class Book:
    """What is needed to price many events of one tenant, read once. In its scope."""

    versions: Mapping[Product, list[PricedProduct]]
    _sorted: dict[Product, list[list[Price]]] = field(default_factory=dict)

    @classmethod
    def of(cls, *products: Product) -> Book:
        return cls(load_versions(products))

    @cached_property
    def standing(self) -> Standing:
        return standing()

    @cached_property
    def contracts(self) -> dict[str, list[ContractPrice]]:
        found: dict[str, list[ContractPrice]] = {}
        vendors = {vendor for _meter, vendor in self.versions}
        for row in ContractPrice.objects.filter(vendor__in=vendors).order_by("created_at", "id"):
            found.setdefault(row.vendor, []).append(row)
        return found

    def contract_price(self, vendor: str, moment: datetime) -> ContractPrice | None:
        """The tenant's own price, as entered before the moment."""
        rows = [row for row in self.contracts.get(vendor, ()) if row.created_at <= moment]
        return rows[-1] if rows else None

    def find(self, product: Product, moment: datetime) -> PricedProduct | None:
        """Our price in force, in the first of the tenant's currencies that has one."""
        plan = plan_at(self.standing.spans, moment)
        for prices in self._by_currency(product):
            price = price_in_force(prices, plan, moment)
            if price is not None:
                return _known[price.id]
        return None

    def _by_currency(self, product: Product) -> list[list[Price]]:
        """The prices of a product in each of the tenant's currencies, the first currency first."""
        if product not in self._sorted:
            prices = [entry.price for entry in self.versions.get(product, ())]
            self._sorted[product] = [
                [price for price in prices if price.currency == currency]
                for currency in self.standing.currencies
            ]
        return self._sorted[product]

    def priced_elsewhere(self, product: Product, moment: datetime) -> bool:
        """Whether there is a price, but in no currency of the tenant's subscription."""
        return any(entry.price.effective_from <= moment for entry in self.versions.get(product, ()))
