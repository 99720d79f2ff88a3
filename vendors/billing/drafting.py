"""What a period costs, read from the ledger: the same for a preview and for closing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, DecimalField, F, Min, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from portal.kit.money import EXPONENTS
from vendors.billing.book import Standing, known_version, load_versions
from vendors.billing.counted import NOTHING, Counted, InDays, InEntries, ProductName, Used, Whose
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

FEE_PRODUCT = (FEE, "readmit")
# How long a transaction that was open while a period was closed may take to become visible.
SLOWEST_WRITER = timedelta(days=1)
Cut = tuple[Whose, list[Stretch]]


def _cuts_of(standing: Standing, period: Period) -> list[Cut]:
    """Vendors with a plan of their own are cut where that changes, all others where the tenant's does."""
    apart = standing.of_vendors
    cuts = [(Whose(vendor), stretches(standing.spans_of(vendor), period)) for vendor in sorted(apart)]
    return [*cuts, (Whose(besides=frozenset(apart)), stretches(standing.spans, period))]


def _stretches_of(standing: Standing, periods: Iterable[Period]) -> list[Stretch]:
    return [each for period in periods for _whose, cut in _cuts_of(standing, period) for each in cut]


def _segments(
    used: Mapping[str, Used], prices: Sequence[Price], stretch: Stretch, period: Period
) -> list[Segment]:
    """The versions in force in a stretch, and any that is in the ledger all the same: what was booked before a price was
    loaded for that time keeps its own."""
    found = in_force(prices, stretch, period)
    missing = set(used) - {held.price.id for held in found}
    found += [InForce(price, price.effective_from, Fraction(0)) for price in prices if price.id in missing]
    found.sort(key=lambda held: (held.began, held.price.id))
    return [
        Segment(
            version=held.price.id,
            terms=held.price.terms,
            quantity=used.get(held.price.id, NOTHING).quantity,
            entries=used.get(held.price.id, NOTHING).entries,
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


def lines_of(standing: Standing, period: Period, currency: str, counted: Counted | None = None) -> list[Line]:
    """What a period costs in a currency as the ledger stands now."""
    counted = counted or InEntries(_stretches_of(standing, [period]))
    cuts = _cuts_of(standing, period)
    usages = [(cut, [counted.used(stretch, currency, whose) for stretch in cut]) for whose, cut in cuts]
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


def _changed_periods(standing: Standing, period: Period) -> list[Period]:
    """Every closed period since the earliest late event: trial quantities make later ones depend on it."""
    invoices = _first_invoices(standing)
    closed = sorted((each for each in invoices if each.start < period.start), key=lambda each: each.start)
    since = _earliest_late(period, invoices[closed[-1]]) if closed else None
    return [each for each in closed if each.end > since] if since else []


@dataclass(frozen=True, slots=True)
class _Stored:
    """A line of a document, and which document."""

    line: Line
    invoice_id: UUID
    is_note: bool
    period: str
    currency: str


def _stored_about(periods: Sequence[Period]) -> list[_Stored]:
    """The lines about these periods, whatever else stands on their invoices, and the notes about them: in their order."""
    if not periods:
        return []
    labels = [each.label for each in periods]
    invoices = InvoiceLine.objects.filter(about__in=labels, invoice__kind=Invoice.Kind.INVOICE)
    rows = InvoiceLine.objects.filter(
        Q(invoice_id__in=invoices.values("invoice_id"))
        | Q(invoice__kind=Invoice.Kind.CREDIT_NOTE, invoice__period__in=labels)
    ).select_related("invoice")
    return [
        _Stored(
            stored_line(row),
            row.invoice_id,
            row.invoice.kind == Invoice.Kind.CREDIT_NOTE,
            row.invoice.period,
            row.invoice.currency,
        )
        for row in rows.order_by("invoice_id", "position")
    ]


def _settled(earlier: Period, stored: Sequence[_Stored]) -> Settled:
    """What the invoices with lines about a period charged, and the credits that paid for them. `stored` is of a currency."""
    about = {row.invoice_id for row in stored if not row.is_note and row.line.about == earlier.label}
    charged, used = 0, dict[str, Line]()
    for row in stored:
        line = row.line
        if row.invoice_id not in about and not (row.is_note and row.period == earlier.label):
            continue
        if line.kind is not LineKind.CREDIT:
            charged += line.minor
        elif line.version in used:
            used[line.version] = replace(line, minor=line.minor + used[line.version].minor)
        else:
            used[line.version] = line
    return Settled(charged, tuple(used.values()))


# ------------------------------------------------------------------ credits


def credits_left(currency: str) -> list[Credit]:
    """What was given, less what was used and what was paid back."""
    return _credits_left([currency])[currency]


def _credits_left(currencies: Sequence[str]) -> dict[str, list[Credit]]:
    uses = Entry.objects.filter(
        kind__in=(EntryKind.CREDIT, EntryKind.REFUND), refers_to=OuterRef("pk")
    ).order_by()
    # An entry of a refund is below zero, one of a credit that was used above.
    gone = Sum(Case(When(kind=EntryKind.REFUND, then=-F("amount")), default=F("amount")))
    used = uses.values("refers_to").annotate(used=gone).values("used")
    given = Entry.objects.filter(kind=EntryKind.CREDIT_GRANTED, currency__in=currencies)
    rows = given.annotate(used=Coalesce(Subquery(used), Value(Decimal(0)), output_field=DecimalField()))
    found: dict[str, list[Credit]] = {currency: [] for currency in currencies}
    columns = ("id", "currency", "amount", "used", "occurred_at", "expires_at")
    for grant, currency, amount, spent, granted_at, expires_at in rows.values_list(*columns):
        left = int((amount - spent).scaleb(EXPONENTS[currency]))
        found[currency].append(Credit(str(grant), left, granted_at, expires_at))
    return found


# ------------------------------------------------------------------ the whole of it


def draft_of(standing: Standing, period: Period, *, summed: bool = False) -> list[Drafts]:
    """The invoice of a period and the credit notes that go with it, one of each currency of the tenant. `summed`: the
    period's own usage from the sums of days, for a page; what is closed is always read from the entries.

    Each table is asked once, however many earlier periods and currencies there are.
    """
    own = _stretches_of(standing, [period])
    running: Counted = InDays(standing, own) if summed else InEntries(own)
    changed = _changed_periods(standing, period)
    before = InEntries(_stretches_of(standing, changed))
    load_versions(sorted({*running.names(), *before.names(), *_fee_products(standing)}))
    stored, credits = _stored_about(changed), _credits_left(standing.currencies)
    found = []
    for currency in standing.currencies:
        ours = [row for row in stored if row.currency == currency]
        corrections = {
            earlier: lines
            for earlier in changed
            if (lines := _corrections(standing, earlier, currency, before, ours))
        }
        found.append(
            draft(
                period,
                currency,
                lines_of(standing, period, currency, running),
                corrections=corrections,
                credits=credits[currency],
                settled={
                    earlier: _settled(earlier, ours)
                    for earlier, lines in corrections.items()
                    if sum(line.minor for line in lines) < 0
                },
            )
        )
    return found


def draft_lines_about(standing: Standing, period: Period, currency: str, about: str) -> list[Line]:
    """Of the draft of a running period the lines about that or an earlier one, without rating the rest. For a page."""
    if about == period.label:
        return lines_of(standing, period, currency, InDays(standing, _stretches_of(standing, [period])))
    changed = [each for each in _changed_periods(standing, period) if each.label == about]
    stored = [row for row in _stored_about(changed) if row.currency == currency]
    counted = InEntries(_stretches_of(standing, changed))
    return [line for each in changed for line in _corrections(standing, each, currency, counted, stored)]


def _corrections(
    standing: Standing, earlier: Period, currency: str, counted: Counted, stored: Sequence[_Stored]
) -> list[Line]:
    """What a closed period costs more or less than its documents say, because events came or were taken back."""
    told = [
        row.line for row in stored if row.line.about == earlier.label and row.line.kind is not LineKind.CREDIT
    ]
    return differences(lines_of(standing, earlier, currency, counted), told)


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
