"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from portal.kit.paging import Column, Order, read_order
from portal.kit.references import with_reference
from vendors.billing.book import DEFAULT_CURRENCIES, Book
from vendors.billing.models import ContractPrice, PriceVersion, UsageEntry
from vendors.billing.rating.prices import STANDARD


def price_at(meter: str, vendor: str, moment: datetime) -> PriceVersion | None:
    """The price version in force on the standard plan, in its own currency: what is listed for everybody."""
    versions = PriceVersion.objects.filter(
        meter=meter, vendor=vendor, plan=STANDARD, currency=DEFAULT_CURRENCIES[0], effective_from__lte=moment
    )
    return versions.order_by("-effective_from").first()


def own_price_at(meter: str, vendor: str, moment: datetime) -> PriceVersion | None:
    """The price version in force for the tenant in scope: on its plan, in one of its currencies."""
    found = Book.of((meter, vendor)).find((meter, vendor), moment)
    return PriceVersion.objects.get(id=found.price.id) if found else None


def contract_price_at(vendor: str, moment: datetime) -> ContractPrice | None:
    prices = ContractPrice.objects.filter(vendor=vendor, created_at__lte=moment)
    return prices.order_by("-created_at", "-id").first()


COLUMNS: Mapping[str, Column] = {
    "when": Column("occurred_at"),
    "case": Column("case_reference"),
    "amount": Column("amount"),
}


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Days are the tenant's own; both ends are included."""

    first_day: date
    last_day: date
    zone: ZoneInfo
    vendor: str = ""
    billable: bool | None = None
    reference: str = ""
    sort: str = ""

    @property
    def order(self) -> Order:
        return read_order(self.sort, COLUMNS, "-when")

    @property
    def days(self) -> list[date]:
        return [
            self.first_day + timedelta(days=offset)
            for offset in range((self.last_day - self.first_day).days + 1)
        ]


def usage(chosen: UsageFilter) -> QuerySet[UsageEntry]:
    """The entries of a filter in its order, newest first otherwise."""
    start = datetime.combine(chosen.first_day, time(), chosen.zone)
    end = datetime.combine(chosen.last_day + timedelta(days=1), time(), chosen.zone)
    entries = UsageEntry.objects.filter(occurred_at__gte=start, occurred_at__lt=end)
    if chosen.vendor:
        entries = entries.filter(vendor=chosen.vendor)
    if chosen.billable is not None:
        entries = entries.filter(billable=chosen.billable)
    if chosen.reference:
        entries = with_reference(entries, "case_id", chosen.reference)
    return entries.order_by(*chosen.order.fields())


def entry_of(entry_id: UUID) -> UsageEntry | None:
    return UsageEntry.objects.select_related("price_version").filter(id=entry_id).first()


def vendors_used(chosen: UsageFilter) -> list[str]:
    """The partners with entries in the days of a filter, whatever else it asks for; the chosen one in any case."""
    days = replace(chosen, vendor="", billable=None, reference="")
    found = usage(days).order_by().values_list("vendor", flat=True).distinct()
    return sorted({*found, chosen.vendor} - {""})


@dataclass(frozen=True, slots=True)
class DayCount:
    day: date
    billable: int
    free: int

    @property
    def total(self) -> int:
        return self.billable + self.free


def usage_by_day(chosen: UsageFilter) -> list[DayCount]:
    """One entry for every day of the filter, empty days included."""
    rows = (
        usage(chosen)
        .order_by()
        .annotate(day=TruncDate("occurred_at", tzinfo=chosen.zone))
        .values("day")
        .annotate(
            paid=Sum("quantity", filter=Q(billable=True)), free=Sum("quantity", filter=Q(billable=False))
        )
    )
    counted = {row["day"]: row for row in rows}
    return [
        DayCount(day, counted[day]["paid"] or 0, counted[day]["free"] or 0)
        if day in counted
        else DayCount(day, 0, 0)
        for day in chosen.days
    ]


@dataclass(frozen=True, slots=True)
class Total:
    """One row per currency and way of payment: amounts in different currencies do not add."""

    currency: str
    connection_kind: str
    entries: int
    billable: int
    amount: Decimal


def totals(chosen: UsageFilter) -> Sequence[Total]:
    rows = (
        usage(chosen)
        .order_by("connection_kind", "currency")
        .values("connection_kind", "currency")
        .annotate(entries=Count("id"), paid=Count("id", filter=Q(billable=True)), amount=Sum("amount"))
    )
    return [
        Total(row["currency"], row["connection_kind"], row["entries"], row["paid"], row["amount"])
        for row in rows
    ]


def paid_checks_since(moment: datetime) -> int:
    """How many checks were charged from `moment` on, decisions and Face Checks together."""
    found = UsageEntry.objects.filter(occurred_at__gte=moment, billable=True)
    return int(found.aggregate(checks=Sum("quantity"))["checks"] or 0)
