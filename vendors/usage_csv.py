"""The usage list as CSV, streamed in a scope of its own, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from uuid import UUID

from portal.kit.ids import public_id
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from vendors.billing.models import UsageEntry
from vendors.billing.selectors import UsageFilter, usage

HEADER = (
    "id",
    "occurred_at",
    "occurred_at_utc",
    "case",
    "step",
    "meter",
    "partner",
    "paid",
    "billable",
    "why",
    "quantity",
    "unit_price",
    "amount",
    "currency",
    "mode",
    "outcome",
    "profile",
    "department",
    "takes_back",
)


def _row(entry: UsageEntry, chosen: UsageFilter) -> Sequence[object]:
    return (
        entry.public_id,
        entry.occurred_at.astimezone(chosen.zone).isoformat(timespec="seconds"),
        entry.occurred_at.astimezone(UTC).isoformat(timespec="seconds"),
        entry.case_reference,
        entry.step,
        entry.meter,
        entry.vendor,
        entry.connection_kind,
        "yes" if entry.billable else "no",
        entry.why,
        entry.quantity,
        entry.unit_price,
        entry.amount,
        entry.currency,
        entry.mode,
        entry.outcome,
        public_id("profile", entry.profile_id) if entry.profile_id else "",
        entry.department,
        public_id(UsageEntry.prefix, entry.refers_to_id) if entry.refers_to_id else "",
    )


def stream_usage(tenant_id: UUID, chosen: UsageFilter) -> Iterator[str]:
    """Every entry of the filter, in the page's order. The view's scope is over when this runs."""
    with tenant_scope(tenant_id):
        entries = usage(chosen).iterator(chunk_size=500)
        yield from sheet_lines(HEADER, (_row(entry, chosen) for entry in entries))
