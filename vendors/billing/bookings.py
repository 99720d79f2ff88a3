"""What becomes a row of the ledger, and what takes one back or takes its place. Nothing here writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.scope import current_tenant_id
from vendors.billing.book import SCALE
from vendors.billing.insertion import written_names
from vendors.billing.models import EntryKind, Paid, UsageEntry, Why


@dataclass(slots=True)
class Booking:
    """What becomes a row of the ledger: the columns of `UsageEntry`. A file has a million of them."""

    idempotency_key: str
    debit: str
    credit: str
    amount: Decimal
    currency: str
    meter: str
    vendor: str
    connection_kind: str
    quantity: int
    price_version_id: UUID | None
    contract_price_id: UUID | None
    unit_price: Decimal
    billable: bool
    outcome: str
    why: str
    case_id: UUID
    case_reference: str
    step: str
    mode: str
    profile_id: UUID | None
    department: str
    refers_to_id: UUID | None
    occurred_at: datetime
    id: UUID = field(default_factory=uuid7)
    tenant_id: UUID = field(default_factory=current_tenant_id)
    created_at: datetime = field(default_factory=clock.now)
    kind: str = EntryKind.USAGE
    invoice_id: None = None
    expires_at: None = None
    of_transaction: UUID | None = None

    @property
    def transaction_id(self) -> UUID:
        """A check is a transaction of its own, and so is each that takes its place; what takes one back is of its own."""
        return self.of_transaction or self.id

    @classmethod
    def read(cls, row: Sequence[Any]) -> Booking:
        """An entry that is in the ledger, from the columns `WRITTEN`: much quicker than a model's instance."""
        return cls(*row)

    def to_entry(self) -> UsageEntry:
        return UsageEntry(**{name: getattr(self, name) for name in written_names(UsageEntry)})


# The columns of an entry in the order of a booking's fields.
WRITTEN = tuple("transaction_id" if each.name == "of_transaction" else each.name for each in fields(Booking))
# What an entry hands on to the one that takes it back and to the one that takes its place.
_KEPT = (
    "debit",
    "credit",
    "currency",
    "meter",
    "vendor",
    "connection_kind",
    "price_version_id",
    "contract_price_id",
    "unit_price",
    "outcome",
    "case_id",
    "case_reference",
    "step",
    "mode",
    "profile_id",
    "department",
    "occurred_at",
)
_AGAIN = re.compile(r"again:(\d+):(.*)", re.DOTALL)


def reversal_of(entry: UsageEntry | Booking, key: str = "") -> Booking:
    """Takes an entry back whole, in its own period and at its own price. What was free for a reason is so no more: its count
    goes where it was."""
    return Booking(
        kind=EntryKind.REVERSAL,
        of_transaction=entry.transaction_id,
        idempotency_key=key or f"back:{entry.id}",
        refers_to_id=entry.id,
        quantity=-entry.quantity,
        amount=-entry.amount,
        billable=entry.billable,
        why=Why.CORRECTED if entry.billable else entry.why,
        **_kept(entry),
    )


def in_place_of(entry: UsageEntry | Booking, *, is_repeated: bool) -> Booking:
    """The same check, judged the other way round."""
    is_charged = not is_repeated and entry.connection_kind != Paid.FREE
    return Booking(
        idempotency_key=key_after(entry.idempotency_key),
        refers_to_id=entry.id,
        quantity=entry.quantity,
        amount=(entry.unit_price * entry.quantity if is_charged else Decimal(0)).quantize(SCALE),
        billable=not is_repeated,
        why=Why.DUPLICATE if is_repeated else Why.DECIDED,
        **_kept(entry),
    )


def _kept(entry: UsageEntry | Booking) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _KEPT}


def key_after(key: str) -> str:
    """Of the entry that takes the place of the one with this key."""
    found = _AGAIN.fullmatch(key)
    return f"again:{int(found[1]) + 1}:{found[2]}" if found else f"again:1:{key}"


def first_key(key: str) -> str:
    """The key that the check itself came with."""
    found = _AGAIN.fullmatch(key)
    return found[2] if found else key
