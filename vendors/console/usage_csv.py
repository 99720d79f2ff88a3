"""The usage list as CSV, streamed in a scope of its own, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from vendors.billing.selectors import UsageFilter
from vendors.console.usage_rows import COLUMNS, UsageRow, rows_of

HEADER = COLUMNS


def _cells(row: UsageRow) -> Sequence[object]:
    return [_cell(getattr(row, name)) for name in COLUMNS]


def _cell(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def stream_usage(tenant_id: UUID, chosen: UsageFilter) -> Iterator[str]:
    """Every entry of the filter, in the page's order. The view's scope is over when this runs; whoever stops reading
    ends the scope, and the database's cursor with it."""
    with tenant_scope(tenant_id):
        yield from sheet_lines(HEADER, (_cells(row) for row in rows_of(chosen)))
