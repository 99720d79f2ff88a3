"""Where a page of the API goes on: the row it ended with, signed.

Protects a list from cursors that were made up, changed, or cut from another list, filter or organisation. What it does not
do: expire; a cursor of an append-only list stays good.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.api.problems import Problem
from portal.kit.codes import keyed_digest, same
from portal.kit.paging import Order, Row, page_of
from portal.kit.scope import current_tenant_id

MARK = 16


def _mark(row: UUID, resource: str, filters: Mapping[str, object]) -> bytes:
    written = json.dumps(filters, sort_keys=True, default=str)
    context = f"api_cursor|{current_tenant_id()}|{resource}"
    return keyed_digest(row.bytes + written.encode(), context=context)[:MARK]


def write_cursor(row: UUID, resource: str, filters: Mapping[str, object]) -> str:
    marked = row.bytes + _mark(row, resource, filters)
    return base64.urlsafe_b64encode(marked).decode().rstrip("=")


def read_cursor(unverified: str, resource: str, filters: Mapping[str, object]) -> UUID:
    """The row after which the page begins. Problem 400 for a cursor that is not of this very list."""
    try:
        row = UUID(bytes=base64.urlsafe_b64decode(unverified.encode("ascii") + b"=")[:16])
    except ValueError:
        row = UUID(int=0)
    # As it is written, to the letter: base64 reads more than one text as the same bytes.
    if same(unverified.encode(), write_cursor(row, resource, filters).encode()):
        return row
    raise Problem(
        400, "cursor_unusable", _("This cursor belongs to another list or was changed. Begin without one.")
    )


def rows_asked_for(
    found: QuerySet[Row], order: Order, asked: Mapping[str, Any], resource: str, filters: Mapping[str, object]
) -> tuple[list[Row], str | None]:
    """The rows of one page, and the cursor of the next if there is one. `asked` holds what `Paging` read."""
    after = f"after~{read_cursor(asked['cursor'], resource, filters)}" if "cursor" in asked else ""
    page = page_of(found, order, after, asked["limit"])
    following = write_cursor(page.rows[-1].pk, resource, filters) if page.next_cursor else None
    return page.rows, following
