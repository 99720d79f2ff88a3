"""The book of one tenant: its subscription, its periods, and the prices that hold for it."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection
from django.db.models import Q, Subquery

from portal.kit.scope import current_tenant_id, scope_memory
from tenants.selectors import own_tenant
from vendors.billing.models import ContractPrice, PriceVersion, Subscription, UsageDays
from vendors.billing.rating.billability import Billability, Outcome
from vendors.billing.rating.periods import Anchor, Period, period_at, period_named
from vendors.billing.rating.prices import STANDARD, PlanSpan, Price, plan_at, price_in_force
from vendors.billing.rating.terms import read_terms

DEFAULT_CURRENCIES = ("EUR",)
EARLIEST = datetime.min.replace(tzinfo=UTC)
Product = tuple[str, str]  # meter, vendor
# What the database holds, so that an entry says the same before and after it is read back.
SCALE = Decimal("0.000001")


def zone_named(name: str) -> ZoneInfo:
    """UTC for a name this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """A price version with what is billable under it. Its id and its price as an entry has them are worked out once."""

    price: Price
    billability: Billability
    version_id: UUID
    unit_price: Decimal


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
        _known[key] = PricedProduct(price, billability, row.id, price.terms.list_price.quantize(SCALE))
    return _known[key]


def priced_version(version_id: UUID) -> PricedProduct:
    """A version by its id."""
    known = _known.get(str(version_id))
    return known or priced(PriceVersion.objects.get(id=version_id))


def know_versions(version_ids: Iterable[UUID | None]) -> None:
    """Read those that this process has not met, in one question, before each is asked for."""
    missing = [each for each in set(version_ids) if each is not None and str(each) not in _known]
    for row in PriceVersion.objects.filter(id__in=missing) if missing else ():
        priced(row)


def load_versions(products: Collection[Product]) -> dict[Product, list[PricedProduct]]:
    """Every version of each product, in all plans and currencies; of each product read once a scope."""
    rows = {product: scope_memory().get(_versions_as(product)) for product in products}
    missing = [product for product, known in rows.items() if known is None]
    rows |= _read_versions(missing) if missing else {}
    return {product: [priced(row) for row in rows[product] or ()] for product in products}


def _read_versions(products: Collection[Product]) -> dict[Product, list[PriceVersion]]:
    wanted = Q(pk__in=[])
    for meter, vendor in products:
        wanted |= Q(meter=meter, vendor=vendor)
    found: dict[Product, list[PriceVersion]] = {product: [] for product in products}
    for row in PriceVersion.objects.filter(wanted).order_by("effective_from", "id"):
        found[row.meter, row.vendor].append(row)
        scope_memory()[_version_as(row.id)] = row
    for product, rows in found.items():
        scope_memory()[_versions_as(product)] = rows
    return found


def known_version(version_id: str) -> PriceVersion | None:
    """The row of a version, if this scope has read it."""
    found: PriceVersion | None = scope_memory().get(_version_as(version_id))
    return found


def _versions_as(product: Product) -> str:
    return f"billing.versions of {product}"


def _version_as(version_id: UUID | str) -> str:
    return f"billing.version {version_id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant is billed: its periods, its plans in their order of time, its currencies with the main one first."""

    anchor: Anchor
    spans: tuple[PlanSpan, ...]
    currencies: tuple[str, ...]
    is_chosen: bool = True
    # Plans of single vendors, each from its first on; an empty plan is the tenant's own again.
    of_vendors: Mapping[str, tuple[PlanSpan, ...]] = field(default_factory=dict)
    # The zone of the days that usage is added up in; empty where none are, None where it was not read.
    days_zone: str | None = field(default=None, compare=False)

    def spans_of(self, vendor: str) -> tuple[PlanSpan, ...]:
        """The plans that hold for a vendor's checks, in their order of time."""
        own = self.of_vendors.get(vendor)
        if own is None:
            return self.spans
        starts = sorted({span.start for span in (*self.spans, *own)})
        return tuple(PlanSpan(self._plan_of(own, start), start) for start in starts)

    def _plan_of(self, own: tuple[PlanSpan, ...], moment: datetime) -> str:
        chosen = [span.plan for span in own if span.start <= moment]
        return (chosen[-1] if chosen else "") or plan_at(self.spans, moment)

    def period_at(self, moment: datetime) -> Period:
        return period_at(self.anchor, moment)

    def period_named(self, label: str) -> Period:
        return period_named(self.anchor, label)


def standing() -> Standing:
    """Of the tenant in scope. One that never chose a plan is on the standard one, by calendar months, in euros."""
    days = UsageDays.objects.order_by("id").values("time_zone")[:1]
    rows = list(Subscription.objects.annotate(days_zone=Subquery(days)).order_by("effective_at"))
    own = [row for row in rows if not row.vendor]
    if own:
        first = own[0]
        anchor = Anchor.of(first.anchored_at, zone_named(first.time_zone))
        spans = tuple(PlanSpan(row.plan, row.effective_at) for row in own)
        of_vendors: dict[str, tuple[PlanSpan, ...]] = {}
        for row in rows:
            if row.vendor:
                of_vendors[row.vendor] = (
                    *of_vendors.get(row.vendor, ()),
                    PlanSpan(row.plan, row.effective_at),
                )
        return Standing(
            anchor,
            spans,
            tuple(first.currencies),
            of_vendors=of_vendors,
            days_zone=first.days_zone or "",
        )
    tenant = own_tenant()
    zone = zone_named(tenant.time_zone)
    local = tenant.created_at.astimezone(zone)
    anchor = Anchor(datetime(local.year, local.month, 1), zone)  # noqa: DTZ001  a wall clock, its zone stands beside it
    begun = period_at(anchor, tenant.created_at).start
    return Standing(anchor, (PlanSpan(STANDARD, begun),), DEFAULT_CURRENCIES, is_chosen=False)


@dataclass
class Book:
    """What is needed to price many events of one tenant, read once. In its scope."""

    versions: Mapping[Product, list[PricedProduct]]
    _timelines: dict[Product, tuple[list[datetime], list[PricedProduct | None]]] = field(default_factory=dict)

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

    def read_whole(self) -> Book:
        """Itself, with everything that is read from the database in it."""
        assert self.standing and self.contracts is not None
        return self

    def contract_price(self, vendor: str, moment: datetime) -> ContractPrice | None:
        """The tenant's own price, as entered before the moment."""
        rows = self.contracts.get(vendor)
        if not rows:
            return None
        entered = bisect_right(rows, moment, key=lambda row: row.created_at)
        return rows[entered - 1] if entered else None

    def find(self, product: Product, moment: datetime) -> PricedProduct | None:
        """Our price in force, in the first of the tenant's currencies that has one."""
        borders, found = self._timeline(product)
        return found[bisect_right(borders, moment)]

    def _timeline(self, product: Product) -> tuple[list[datetime], list[PricedProduct | None]]:
        """The moments at which the price of a product may change, and what is in force before, between and after them."""
        if product not in self._timelines:
            versions = self.versions.get(product, ())
            borders = sorted(
                {entry.price.effective_from for entry in versions}
                | {span.start for span in self.standing.spans_of(product[1])}
            )
            moments = [EARLIEST, *borders]
            self._timelines[product] = (borders, [self._in_force(product, moment) for moment in moments])
        return self._timelines[product]

    def _in_force(self, product: Product, moment: datetime) -> PricedProduct | None:
        plan = plan_at(self.standing.spans_of(product[1]), moment)
        listed = [entry.price for entry in self.versions.get(product, ())]
        for currency in self.standing.currencies:
            price = price_in_force([each for each in listed if each.currency == currency], plan, moment)
            if price is not None:
                return _known[price.id]
        return None

    def find_between(self, product: Product, start: datetime, end: datetime) -> list[PricedProduct]:
        """Our prices in force from `start` to `end`, as they are known now."""
        borders, found = self._timeline(product)
        return [each for each in found[bisect_right(borders, start) : bisect_right(borders, end) + 1] if each]

    def may_repeat(self, product: Product) -> bool:
        """Whether a decision may cost nothing because of one before it."""
        return any(each.billability.duplicate_window for each in self.versions.get(product, ()))

    def priced_elsewhere(self, product: Product, moment: datetime) -> bool:
        """Whether there is a price, but in no currency of the tenant's subscription."""
        return any(entry.price.effective_from <= moment for entry in self.versions.get(product, ()))


# ------------------------------------------------------------------ books that are known already


@dataclass(frozen=True, slots=True)
class Open:
    """The book for one check, and whether the tenant has budgets in which it may count."""

    book: Book
    has_budgets: bool


_books: OrderedDict[tuple[UUID, Product], tuple[str, Book]] = OrderedDict()
MOST_BOOKS = 5_000
# What is read for a book is never changed, only added to: the same rows make the same book. A function of the database, made
# by this room's first migration: it takes the lock and then looks, and plans its questions once for a connection.
STAMP = "SELECT stamp, has_budgets FROM billing_stamp(%s, %s, %s, %s)"


def open_book(product: Product) -> Open:
    """For one check that is about to be written: what this process knows already, if it is still all there is. Holds the
    lock of those who add to budgets (`counting.share_budgets`) to the end of the transaction."""
    tenant_id = current_tenant_id()
    meter, vendor = product
    with connection.cursor() as cursor:
        cursor.execute(STAMP, [tenant_id, meter, vendor, budgets_lock()])
        stamp, has_budgets = cursor.fetchone()
    key = (tenant_id, product)
    known = _books.get(key)
    if known is None or known[0] != stamp:
        book = Book.of(product)
        known = (stamp, book.read_whole())
        _books[key] = known
        while len(_books) > MOST_BOOKS:
            _books.popitem(last=False)
    return Open(known[1], has_budgets)


@dataclass(frozen=True, slots=True)
class Known:
    """A book that this process had the last time, and the stamp of what it was made of."""

    book: Book
    stamp: str


def known_book(product: Product) -> Known | None:
    """It may be out of date: whoever uses it says its stamp when they write."""
    known = _books.get((current_tenant_id(), product))
    return Known(known[1], known[0]) if known else None


def budgets_lock() -> str:
    return f"budgets:{current_tenant_id()}"
