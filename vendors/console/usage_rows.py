"""One check as it leaves the console: the row of the CSV and of the API, written once for both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.kit.ids import public_id
from vendors.billing.models import UsageEntry
from vendors.billing.selectors import UsageFilter, usage
from vendors.billing.unpriced import has_no_price, is_unpriced

CHUNK = 2_000
# What a row is made of; the rest of an entry is not read.
READ = (
    *("id", "occurred_at", "case_reference", "step", "meter", "vendor", "connection_kind", "billable", "why"),
    *("quantity", "unit_price", "amount", "currency", "mode", "outcome", "profile_id", "department"),
    *("refers_to_id", "contract_price_id"),
)


class ReadEntry(Protocol):
    """An entry, or only what `READ` names of one."""

    id: Any
    occurred_at: Any
    case_reference: Any
    step: Any
    meter: Any
    vendor: Any
    connection_kind: Any
    billable: Any
    why: Any
    quantity: Any
    unit_price: Any
    amount: Any
    currency: Any
    mode: Any
    outcome: Any
    profile_id: Any
    department: Any
    refers_to_id: Any
    contract_price_id: Any


@dataclass(frozen=True, slots=True)
class UsageRow:
    """In the order of the columns. Times to the second: the organisation's own, and the same in UTC. Amounts are text
    with six decimals; None where nobody knows (`price_known`), and never nothing instead. No personal data: a person is a case's
    reference."""

    id: str
    occurred_at: str
    occurred_at_utc: str
    case: str
    step: str
    meter: str
    partner: str
    paid: str
    billable: bool
    why: str
    quantity: int
    unit_price: Decimal | None
    amount: Decimal | None
    currency: str
    mode: str
    outcome: str
    profile: str
    department: str
    takes_back: str
    price_known: bool


COLUMNS = tuple(field.name for field in fields(UsageRow))


def _id(prefix: str, identifier: UUID | None) -> str:
    return public_id(prefix, identifier) if identifier else ""


def _time(moment: datetime, zone: ZoneInfo | None) -> str:
    return moment.astimezone(zone or UTC).isoformat(timespec="seconds")


def row_of(entry: ReadEntry, zone: ZoneInfo) -> UsageRow:
    return UsageRow(
        id=public_id(UsageEntry.prefix, entry.id),
        occurred_at=_time(entry.occurred_at, zone),
        occurred_at_utc=_time(entry.occurred_at, None),
        case=entry.case_reference,
        step=entry.step,
        meter=entry.meter,
        partner=entry.vendor,
        paid=entry.connection_kind,
        billable=entry.billable,
        why=entry.why,
        quantity=entry.quantity,
        unit_price=None if has_no_price(entry) else entry.unit_price,
        amount=None if is_unpriced(entry) else entry.amount,
        currency=entry.currency,
        mode=entry.mode,
        outcome=entry.outcome,
        profile=_id("profile", entry.profile_id),
        department=entry.department,
        takes_back=_id(UsageEntry.prefix, entry.refers_to_id),
        price_known=not has_no_price(entry),
    )


def rows_of(chosen: UsageFilter) -> Iterator[UsageRow]:
    """Every entry of the filter in the page's order, read through a cursor of the database: the open scope holds it."""
    for entry in usage(chosen).values_list(*READ, named=True).iterator(chunk_size=CHUNK):
        yield row_of(entry, chosen.zone)
