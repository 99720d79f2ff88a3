"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum
from django.db.models.functions import Collate

from portal.kit.ids import decode_base32, encode_base32
from portal.kit.paging import Column, Order, read_order
from vendors.billing.book import DEFAULT_CURRENCIES, Book
from vendors.billing.models import ContractPrice, PriceVersion, UsageEntry
from vendors.billing.rating.periods import Period
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
    """Days are the tenant's own; both ends are included. A `period` is exact: it begins and ends at its own hour."""

    first_day: date
    last_day: date
    zone: ZoneInfo
    period: Period | None = None
    vendor: str = ""
    meter: str = ""
    outcome: str = ""
    profile_id: UUID | None = None
    department: str = ""
    price_id: UUID | None = None
    connection_kind: str = ""
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

    @property
    def start(self) -> datetime:
        return self.period.start if self.period else datetime.combine(self.first_day, time(), self.zone)

    @property
    def end(self) -> datetime:
        following = self.last_day + timedelta(days=1)
        return self.period.end if self.period else datetime.combine(following, time(), self.zone)

    @property
    def equals(self) -> dict[str, object]:
        """Columns that have to be exactly this."""
        asked = {
            "vendor": self.vendor,
            "meter": self.meter,
            "outcome": self.outcome,
            "profile_id": self.profile_id,
            "department": self.department,
            "price_version_id": self.price_id,
            "connection_kind": self.connection_kind,
        }
        chosen: dict[str, object] = {name: value for name, value in asked.items() if value}
        return chosen if self.billable is None else {**chosen, "billable": self.billable}


def usage(chosen: UsageFilter) -> QuerySet[UsageEntry]:
    """The entries of a filter in its order, newest first otherwise."""
    entries = UsageEntry.objects.filter(
        occurred_at__gte=chosen.start, occurred_at__lt=chosen.end, **chosen.equals
    )
    if chosen.reference:
        entries = _with_reference(entries, chosen.reference)
    return entries.order_by(*chosen.order.fields())


def _with_reference(entries: QuerySet[UsageEntry], typed: str) -> QuerySet[UsageEntry]:
    """Of cases whose reference begins with what was typed, by the index `entry_reference`."""
    try:
        known = encode_base32(decode_base32(typed), len(typed))
    except ValueError:
        return entries.none()
    first = "-".join(filter(None, (known[:4], known[4:])))
    found = entries.alias(reference=Collate("case_reference", "C"))
    # Whatever follows the first characters is a letter, a digit or a hyphen.
    return cast("QuerySet[UsageEntry]", found.filter(reference__gte=first, reference__lt=f"{first}~"))


def entry_of(entry_id: UUID) -> UsageEntry | None:
    return UsageEntry.objects.select_related("price_version").filter(id=entry_id).first()


def paid_checks_since(moment: datetime) -> int:
    """How many checks were charged from `moment` on, decisions and Face Checks together."""
    found = UsageEntry.objects.filter(occurred_at__gte=moment, billable=True)
    return int(found.aggregate(checks=Sum("quantity"))["checks"] or 0)
