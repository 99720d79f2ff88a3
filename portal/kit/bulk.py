"""Many rows of one table in one statement: for imports, where building a model for each row costs more than the rest.

COPY is refused under row-level security, so the rows travel as one JSON text and PostgreSQL reads them as rows of the
table. What it does not do: defaults, signals or conflicts; every column that may not be null is given. Nor columns of
bytes or of JSON, which do not travel as they are.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, models

from portal.kit.ids import uuid7_hex
from portal.kit.models import TenantModel
from portal.kit.scope import current_tenant_id

BATCH = 20_000


def uuid7_hexes(count: int) -> list[str]:
    """New time-ordered ids as 32 hexadecimal digits, with one call for their random bits."""
    milliseconds, bits = time.time_ns() // 1_000_000, secrets.token_bytes(10 * count)
    return [
        uuid7_hex(milliseconds, int.from_bytes(bits[at : at + 10], "big")) for at in range(0, 10 * count, 10)
    ]


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def insert_many(
    model: type[models.Model], rows: Iterable[Mapping[str, Any]], *, same: Mapping[str, Any] | None = None
) -> int:
    """Insert `rows`, {column: value}, all with the columns of the first; the columns of `same` have one value in all of them,
    which travels once. Returns how many statements it took."""
    left, statements = iter(rows), 0
    while batch := list(islice(left, BATCH)):
        _insert(model, list(batch[0]), batch, same or {})
        statements += 1
    return statements


def _insert(
    model: type[models.Model],
    columns: Sequence[str],
    batch: Sequence[Mapping[str, Any]],
    same: Mapping[str, Any],
) -> None:
    # Table and columns are our models' own names, never anybody's input.
    table, fields = model._meta.db_table, {str(field.column): field for field in model._meta.local_fields}
    names = ", ".join(f'"{column}"' for column in columns)
    into = ", ".join(f'"{column}"' for column in (*columns, *same))
    values = "".join(f", %s::{fields[column].db_type(connection)}" for column in same)
    text = json.dumps(batch, ensure_ascii=False, default=_plain)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({into}) SELECT {names}{values} FROM json_populate_recordset(NULL::"{table}", %s::json)',  # noqa: S608
            [*same.values(), text],
        )


def update_many(rows: Sequence[TenantModel], fields: Collection[str]) -> None:
    """Save `fields` of rows of one model, in the tenant's scope: one statement for each batch, whatever is in it. Django's own
    way writes a condition for each row and field, which takes twenty times as long to put together."""
    for at in range(0, len(rows), BATCH):
        _update(rows[at : at + BATCH], [rows[0]._meta.get_field(name) for name in fields])


def _update(batch: Sequence[TenantModel], fields: Sequence[Any]) -> None:
    table = batch[0]._meta.db_table
    told = [
        {"id": row.id, **{field.column: getattr(row, field.attname) for field in fields}} for row in batch
    ]
    put = ", ".join(f'"{field.column}" = told."{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" AS held SET {put} FROM json_populate_recordset(NULL::"{table}", %s::json) AS told '  # noqa: S608
            "WHERE held.tenant_id = %s AND held.id = told.id",
            [json.dumps(told, ensure_ascii=False, default=_plain), current_tenant_id()],
        )
