"""What a period costs, read from the ledger: the same for a preview and for closing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q, Sum

from portal.kit.money import EXPONENTS
from portal.kit.scope import read_once
from vendors.billing.book import Standing, known_version, load_versions
from vendors.billing.day_sums import Group, groups_of
from vendors.billing.models import Entry, EntryKind, Invoice, InvoiceLine, Paid, PriceVersion, UsageEntry
from vendors.billing.rating.invoice import (
    Credit,
    Drafts,
    Line,
    LineKind,
    Product,
    Settled,
    differences,
    draft,
    period_lines,
)
from vendors.billing.rating.periods import Period
from vendors.billing.rating.prices import FEE, Fee, InForce, Price, Stretch, fees, in_force, stretches
from vendors.billing.rating.rate import Segment
from vendors.billing.rollups import rolled_up_zone
from vendors.billing.selectors import UsageFilter

FEE_PRODUCT = (FEE, "readmit")
# How long a transaction that was open while a period was closed may take to become visible.
SLOWEST_WRITER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Used:
    quantity: int
    entries: int


ProductName = tuple[str, str]  # meter, vendor


@dataclass(frozen=True, slots=True)
class _Whose:
    """One vendor's entries, or those of all `besides` some."""

    vendor: str = ""
    besides: frozenset[str] = frozenset()

    @property
    def entries(self) -> Q:
        if self.vendor:
            return Q(vendor=self.vendor)
        return ~Q(vendor__in=sorted(self.besides)) if self.besides else Q()

    def includes(self, vendor: str) -> bool:
        return vendor == self.vendor if self.vendor else vendor not in self.besides


Usage = dict[ProductName, dict[str, _Used]]
# Reads what is ours to invoice in a stretch and a currency, by product and price version.
Read = Callable[[Stretch, str, _Whose], Usage]


def _from_entries(stretch: Stretch, currency: str, whose: _Whose) -> Usage:
    """From the ledger itself, in a time that grows with it: for closing."""
    rows = (
        UsageEntry.objects.filter(
            whose.entries,
            occurred_at__gte=stretch.start,
            occurred_at__lt=stretch.end,
            connection_kind=Paid.THROUGH_US,
            billable=True,
            currency=currency,
        )
        .values("meter", "vendor", "price_version_id")
        .annotate(units=Sum("quantity"), rows=Count("id"))
    )
    found: Usage = {}
    for row in rows:
        by_version = found.setdefault((row["meter"], row["vendor"]), {})
        by_version[str(row["price_version_id"])] = _Used(row["units"], row["rows"])
    return found


def _from_days(standing: Standing) -> Read:
    """From the sums of days, with what waits to be added to them (decision 0014): exact, and as quick for millions of
    entries as for ten. Each stretch is asked for once."""
    known_zone = standing.days_zone
    name = read_once("billing.rolled_up_zone", rolled_up_zone if known_zone is None else lambda: known_zone)
    zone = ZoneInfo(name or standing.anchor.zone.key)
    known: dict[tuple[datetime, datetime], list[Group]] = {}

    def groups(stretch: Stretch) -> list[Group]:
        key = (stretch.start, stretch.end)
        if key not in known:
            chosen = UsageFilter(
                stretch.start.astimezone(zone).date(),
                stretch.end.astimezone(zone).date(),
                zone,
                Period("", stretch.start, stretch.end),
                connection_kind=Paid.THROUGH_US,
                billable=True,
            )
            known[key] = groups_of(chosen, "meter", "vendor", "price_version_id", "currency")
        return known[key]

    def read(stretch: Stretch, currency: str, whose: _Whose) -> Usage:
        found: Usage = {}
        for group in groups(stretch):
            meter, vendor, version, of = group.key
            if group.entries and of == currency and whose.includes(vendor):
                by_version = found.setdefault((meter, vendor), {})
                by_version[str(version)] = _Used(group.quantity, group.entries)
        return found

    return read


def _segments(
    used: Mapping[str, _Used], prices: Sequence[Price], stretch: Stretch, period: Period
) -> list[Segment]:
    """The versions in force in a stretch, and any that is in the ledger all the same: what was booked before a price was
    loaded for that time keeps its own."""
    found = in_force(prices, stretch, period)
    missing = set(used) - {held.price.id for held in found}
    found += [InForce(price, price.effective_from, Fraction(0)) for price in prices if price.id in missing]
    found.sort(key=lambda held: (held.began, held.price.id))
    nothing = _Used(0, 0)
    return [
        Segment(
            version=held.price.id,
            terms=held.price.terms,
            quantity=used.get(held.price.id, nothing).quantity,
            entries=used.get(held.price.id, nothing).entries,
            share=held.share,
        )
        for held in found
    ]


def _used_before(
    product: tuple[str, str], currency: str, segments: Sequence[Segment], moment: datetime
) -> int:
    """Only trial quantities ask for the past."""
    if not any(segment.terms.trial for segment in segments):
        return 0
    meter, vendor = product
    earlier = UsageEntry.objects.filter(
        meter=meter,
        vendor=vendor,
        connection_kind=Paid.THROUGH_US,
        billable=True,
        currency=currency,
        occurred_at__lt=moment,
    )
    return earlier.aggregate(units=Sum("quantity"))["units"] or 0


def lines_of(standing: Standing, period: Period, currency: str, read: Read = _from_entries) -> list[Line]:
    """What a period costs in a currency as the ledger stands now. Vendors with a plan of their own are cut where that
    changes, all others where the tenant's does."""
    apart = standing.of_vendors
    cuts = [(_Whose(vendor), stretches(standing.spans_of(vendor), period)) for vendor in sorted(apart)]
    cuts.append((_Whose(besides=frozenset(apart)), stretches(standing.spans, period)))
    usages = [(cut, [read(stretch, currency, whose) for stretch in cut]) for whose, cut in cuts]
    names = sorted({name for _cut, usage in usages for used in usage for name in used})
    # With the fees that are asked for below, in one question.
    versions = load_versions([*names, *_fee_products(standing)])
    products = []
    for name in names:
        cut, usage = next(found for found in usages if any(name in used for used in found[1]))
        prices = [entry.price for entry in versions[name] if entry.price.currency == currency]
        segments: list[Segment] = []
        for stretch, used in zip(cut, usage, strict=True):
            segments += _segments(used.get(name, {}), prices, stretch, period)
        before = _used_before(name, currency, segments, period.start)
        products.append(Product(*name, tuple(segments), before))
    due = _fees(standing, period) if currency == standing.currencies[0] else []
    return period_lines(period, products, due, currency)


def _fee_products(standing: Standing) -> list[ProductName]:
    return sorted({FEE_PRODUCT, *((FEE, vendor) for vendor in standing.of_vendors)})


def _fees(standing: Standing, period: Period) -> list[Fee]:
    """The fee of the tenant's plan, then those of single vendors' plans. A plan that ended has no fee."""
    versions = load_versions(_fee_products(standing))
    prices: dict[str, list[Price]] = {
        vendor: [entry.price for entry in rows if entry.price.currency == standing.currencies[0]]
        for (_meter, vendor), rows in versions.items()
    }
    due = fees(prices[FEE_PRODUCT[1]], standing.spans, period)
    for vendor, spans in sorted(standing.of_vendors.items()):
        due += fees(prices[vendor], spans, period)
    return due


# ------------------------------------------------------------------ earlier periods


def invoiced_lines(period: str, currency: str) -> list[Line]:
    """What was put on documents about a period so far, credits apart."""
    rows = InvoiceLine.objects.filter(about=period, invoice__currency=currency).exclude(kind=LineKind.CREDIT)
    return [stored_line(row) for row in rows.order_by("invoice_id", "position")]


def stored_line(row: InvoiceLine) -> Line:
    return Line(
        kind=LineKind(row.kind),
        about=row.about,
        meter=row.meter,
        vendor=row.vendor,
        version=str(row.source_id),
        quantity=row.quantity,
        entries=row.entries,
        minor=row.minor,
        exact=row.exact,
        at_list_price=row.at_list_price,
        detail=row.detail,
    )


def closed_periods(standing: Standing) -> list[Period]:
    """In their order."""
    return sorted(_first_invoices(standing), key=lambda period: period.start)


def _first_invoices(standing: Standing) -> dict[Period, UUID]:
    """The invoice by which each period was closed."""
    invoices = Invoice.objects.filter(kind=Invoice.Kind.INVOICE).order_by("period", "id")
    rows = invoices.distinct("period").values_list("period", "id")
    return {standing.period_named(label): invoice_id for label, invoice_id in rows}


def _first_id_at(made_at: UUID, earlier: timedelta) -> UUID:
    """The smallest UUIDv7 of the millisecond that lies `earlier` before another's."""
    milliseconds = (made_at.int >> 80) - int(earlier.total_seconds() * 1000)
    return UUID(int=max(0, milliseconds) << 80)


def _earliest_late(period: Period, closed_by: UUID) -> datetime | None:
    """When the earliest event happened that may have come after the period before this one was closed."""
    late = UsageEntry.objects.filter(
        id__gte=_first_id_at(closed_by, SLOWEST_WRITER), occurred_at__lt=period.start
    )
    found: datetime | None = late.aggregate(first=Min("occurred_at"))["first"]
    return found


def corrections(standing: Standing, period: Period, currency: str) -> dict[Period, list[Line]]:
    """What earlier closed periods cost more or less than their documents say, because events came or were taken back.

    Every closed period since the earliest late event is rated anew: trial quantities make later ones depend on it.
    """
    invoices = _first_invoices(standing)
    closed = sorted((each for each in invoices if each.start < period.start), key=lambda each: each.start)
    since = _earliest_late(period, invoices[closed[-1]]) if closed else None
    if since is None:
        return {}
    found = {
        earlier: differences(lines_of(standing, earlier, currency), invoiced_lines(earlier.label, currency))
        for earlier in closed
        if earlier.end > since
    }
    return {earlier: lines for earlier, lines in found.items() if lines}


# ------------------------------------------------------------------ credits


def credits_left(currency: str) -> list[Credit]:
    """What was given, less what was used."""
    given = Entry.objects.filter(kind=EntryKind.CREDIT_GRANTED, currency=currency)
    rows = list(given.values_list("id", "amount", "occurred_at", "expires_at"))
    used = dict(
        Entry.objects.filter(kind=EntryKind.CREDIT, refers_to_id__in=[row[0] for row in rows])
        .values_list("refers_to_id")
        .annotate(used=Sum("amount"))
    )
    scale = 10 ** EXPONENTS[currency]
    return [
        Credit(str(grant), int((amount - used.get(grant, Decimal(0))) * scale), granted_at, expires_at)
        for grant, amount, granted_at, expires_at in rows
    ]


def settled(earlier: Period, currency: str) -> Settled:
    """What the invoices with lines about a period charged, and the credits that paid for them."""
    about = InvoiceLine.objects.filter(about=earlier.label, invoice__currency=currency)
    invoices = about.filter(invoice__kind=Invoice.Kind.INVOICE).values("invoice_id")
    rows = InvoiceLine.objects.filter(invoice__currency=currency).filter(
        Q(invoice_id__in=invoices) | Q(invoice__kind=Invoice.Kind.CREDIT_NOTE, invoice__period=earlier.label)
    )
    charged, used = 0, dict[str, Line]()
    for line in map(stored_line, rows.order_by("invoice_id", "position")):
        if line.kind is not LineKind.CREDIT:
            charged += line.minor
        elif line.version in used:
            used[line.version] = replace(line, minor=line.minor + used[line.version].minor)
        else:
            used[line.version] = line
    return Settled(charged, tuple(used.values()))


def draft_of(standing: Standing, period: Period, *, summed: bool = False) -> list[Drafts]:
    """The invoice of a period and the credit notes that go with it, one of each currency of the tenant. `summed`: the
    period's own usage from the sums of days, for a page; what is closed is always read from the entries."""
    read = _from_days(standing) if summed else _from_entries
    return [_draft_in(currency, standing, period, read) for currency in standing.currencies]


def _draft_in(currency: str, standing: Standing, period: Period, read: Read) -> Drafts:
    changed = corrections(standing, period, currency)
    return draft(
        period,
        currency,
        lines_of(standing, period, currency, read),
        corrections=changed,
        credits=credits_left(currency),
        settled={
            earlier: settled(earlier, currency)
            for earlier, lines in changed.items()
            if sum(line.minor for line in lines) < 0
        },
    )


# ------------------------------------------------------------------ what is not invoiced


def metered_elsewhere(period: Period) -> list[dict[str, Any]]:
    """Own contracts at the price the tenant entered: counted, never on our invoice."""
    rows = UsageEntry.objects.filter(
        occurred_at__gte=period.start,
        occurred_at__lt=period.end,
        connection_kind=Paid.OWN_CONTRACT,
        billable=True,
    )
    found = (
        rows.values("vendor", "meter", "currency")
        .annotate(units=Sum("quantity"), rows=Count("id"), cost=Sum("amount"))
        .order_by("vendor", "meter", "currency")
    )
    return [dict(row) for row in found]


def not_charged(period: Period) -> list[dict[str, Any]]:
    """What was counted and costs nothing, by reason; decisions of free partners among it."""
    rows = UsageEntry.objects.filter(occurred_at__gte=period.start, occurred_at__lt=period.end)
    free = rows.filter(billable=False) | rows.filter(connection_kind=Paid.FREE)
    found = (
        free.values("vendor", "meter", "connection_kind", "why")
        .annotate(units=Sum("quantity"), rows=Count("id"))
        .order_by("vendor", "meter", "connection_kind", "why")
    )
    return [dict(row) for row in found]


def price_versions(ids: Sequence[str]) -> dict[str, PriceVersion]:
    known = {key: row for key in ids if (row := known_version(key)) is not None}
    missing = [key for key in ids if key not in known]
    return known | {str(row.id): row for row in PriceVersion.objects.filter(id__in=missing)}
