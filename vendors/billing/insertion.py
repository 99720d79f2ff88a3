"""Writing many rows of the ledger in one statement, each once.

The same statement serves one live event and twenty thousand of a file. COPY would be refused: the tables have row-level
security. Which of two writers of one key comes first is decided by the unique key; the other one waits and is told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection, models

from portal.kit.models import TenantModel
from vendors.billing.book import budgets_lock
from vendors.billing.models import UsageEntry


@cache
def _fields(model: type[TenantModel]) -> tuple[Any, ...]:
    """The columns that a writer fills; the others the database does."""
    return tuple(field for field in model._meta.concrete_fields if not field.has_db_default())


@cache
def written_names(model: type[TenantModel]) -> tuple[str, ...]:
    return tuple(field.attname for field in _fields(model))


@dataclass(frozen=True, slots=True)
class Around:
    """A statement around the one that inserts, which ends in RETURNING id: more columns may follow. It answers the ids."""

    statement: str = "{}"
    params: tuple[Any, ...] = ()


# A function of the database (migration 0009).
WRITE = "SELECT has_budgets, written FROM billing_write(%s::jsonb, %s, %s)"
ALONE = Around()
# Notes of each new entry that it is in no roll-up yet.
NOTING = Around(
    "WITH new AS ({}, tenant_id, created_at) INSERT INTO billing_usagepending (id, tenant_id, created_at) "
    "SELECT id, tenant_id, created_at FROM new RETURNING id"
)


class Sent(Enum):
    """How a column goes over: once for all rows, as an array of its own, or not at all, being the id."""

    ONCE = 1
    EACH = 2
    AS_ID = 3


@cache
def _statement(model: type[TenantModel], conflict: str, sent: tuple[Sent, ...]) -> str:
    """In the order of the fields."""
    fields = _fields(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    # text, not varchar(n): a cast to varchar(n) would cut what is too long, an insert of text refuses it.
    types = ["text" if isinstance(field, models.CharField) else field.db_type(connection) for field in fields]
    arrays = ", ".join(f"%s::{kind}[]" for kind, how in zip(types, sent, strict=True) if how is Sent.EACH)
    of_id = [field.name for field in fields].index("id")
    told = ", ".join(
        {Sent.ONCE: f"%s::{kind}", Sent.EACH: f"r.c{number}", Sent.AS_ID: f"r.c{of_id}"}[how]
        for number, (kind, how) in enumerate(zip(types, sent, strict=True))
    )
    names = ", ".join(f"c{number}" for number, how in enumerate(sent) if how is Sent.EACH)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) '  # noqa: S608  names of our own
        f"SELECT {told} FROM unnest({arrays}) AS r({names}) ON CONFLICT ({conflict}) DO NOTHING RETURNING id"
    )


def _plain(value: object) -> Any:
    return value.value if isinstance(value, Enum) else value


def _array(column: Sequence[Any]) -> str:
    """An array as PostgreSQL reads it: quicker than a driver that looks at each value to find its type."""
    kinds = set(map(type, column))
    if kinds == {UUID}:
        return "{" + ",".join([f"{value.int:032x}" for value in column]) + "}"
    if kinds <= {int, Decimal, bool}:
        return "{" + ",".join(map(str, column)) + "}"
    if kinds == {datetime}:
        return '{"' + '","'.join([value.isoformat() for value in column]) + '"}'
    if all(issubclass(kind, str) for kind in kinds):
        text = '","'.join(column)
        if "\\" not in text and text.count('"') == 2 * (len(column) - 1):
            return '{"' + text + '"}'
    return "{" + ",".join(map(_element, column)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + str(_plain(value)).replace("\\", r"\\").replace('"', r"\"") + '"'
    return f'"{value}"'


def insert_new(
    rows: Sequence[Any],
    *,
    key: str = "idempotency_key",
    model: type[TenantModel] | None = None,
    around: Around = ALONE,
) -> set[UUID]:
    """Insert the rows of one model whose (tenant, key) is not there yet. The ids of those that were inserted.

    Rows may be anything with the attributes of the model. `around` is for what else is written of those that are new.
    """
    if not rows:
        return set()
    table: Any = model or type(rows[0])
    names = written_names(table)
    # In one order for everybody: two writers of the same keys wait for each other, never in a circle.
    ordered = sorted(rows, key=attrgetter(*key.split(", ")))
    columns = list(zip(*map(attrgetter(*names), ordered), strict=True))
    ids = columns[names.index("id")]
    sent = tuple(_sent(name, column, ids) for name, column in zip(names, columns, strict=True))
    once: list[Any] = [
        _plain(column[0]) for column, how in zip(columns, sent, strict=True) if how is Sent.ONCE
    ]
    each = [_array(column) for column, how in zip(columns, sent, strict=True) if how is Sent.EACH]
    statement = around.statement.format(_statement(table, f"tenant_id, {key}", sent))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*once, *each, *around.params])
        return {found for (found,) in cursor.fetchall()}


def _sent(name: str, column: Sequence[Any], ids: Sequence[Any]) -> Sent:
    """The ids are an array always, so that there is one to count the rows by."""
    if name == "id":
        return Sent.EACH
    # The last one first: most columns that differ do so there, and counting asks every element.
    if column[-1] == column[0] and column.count(column[0]) == len(column):
        return Sent.ONCE
    return Sent.AS_ID if column == ids else Sent.EACH


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one entry. `is_new` is None where nothing was tried: the stamp was another one."""

    has_budgets: bool
    is_new: bool | None


def write_one(row: Any, stamp: str) -> Written:
    """Insert one entry of usage that the worker will roll up, if `book.open_book` would say this stamp. Holds the same lock
    as that to the end of the transaction."""
    names = written_names(UsageEntry)
    told = json.dumps(dict(zip(names, attrgetter(*names)(row), strict=True)), default=str)
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [told, stamp, budgets_lock()])
        has_budgets, is_new = cursor.fetchone()
    return Written(has_budgets, is_new)
