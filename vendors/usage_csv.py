"""The usage list as CSV, streamed in a scope of its own, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from portal.kit.scope import tenant_scope
from vendors.billing.models import UsageEntry
from vendors.billing.selectors import UsageFilter, usage

HEADER = (
    "id",
    "occurred_at",
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
)
# What a spreadsheet would read as a formula (OWASP, CSV Injection).
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, line: str) -> str:
        return line


def safe_cell(value: Any) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _row(entry: UsageEntry, chosen: UsageFilter) -> list[str]:
    values = (
        entry.public_id,
        entry.occurred_at.astimezone(chosen.zone).isoformat(timespec="seconds"),
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
    )
    return [safe_cell(value) for value in values]


def stream_usage(tenant_id: UUID, chosen: UsageFilter) -> Iterator[str]:
    """Every entry of the filter, in the page's order. The view's scope is over when this runs."""
    writer = csv.writer(_Echo())
    yield writer.writerow(HEADER)
    with tenant_scope(tenant_id):
        for entry in usage(chosen).iterator(chunk_size=500):
            yield writer.writerow(_row(entry, chosen))
