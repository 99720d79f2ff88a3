"""Where a page of the API goes on: the row it ended with, signed.

Protects a list from cursors that were made up, changed, or cut from another list, filter or organisation. What it does not
do: expire; a cursor of an append-only list stays good.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from portal.api.problems import Problem
from portal.kit.codes import keyed_digest, same
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
