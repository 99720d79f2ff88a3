"""Rows that nobody reads before their scope ends, written together in one statement.

Protects nothing; it saves round trips. What is added here is written before anything reads or changes its table, before
a savepoint is made, before another tenant's turn and before the transaction commits; what a savepoint takes back is
taken back here as well. What it does not do: help with rows whose insertion may conflict, since that is found out late.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from django.db import models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import sql

# Before these the rows must be in the database: what comes after may take itself back, or serves another tenant.
_TURNS = ("SAVEPOINT", "SET LOCAL")
_BACK = "ROLLBACK TO SAVEPOINT"

_open: ContextVar[Writer | None] = ContextVar("readmit_writer", default=None)


@lru_cache(maxsize=256)
def _naming(tables: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(tables))})\b")


class Writer:
    """The rows that wait on one connection. Installed around every statement of it."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.rows: list[models.Model] = []
        self.tables: frozenset[str] = frozenset()

    def add(self, row: models.Model) -> None:
        self.rows.append(row)
        # Django would insert it a second time when it is saved again.
        row._state.adding, row._state.db = False, self.connection.alias
        self.tables |= {row._meta.db_table}

    def __call__(
        self, execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if self.rows:
            text = str(statement)
            if text.startswith(_BACK):
                self.forget()
            elif text.startswith(_TURNS) or _naming(self.tables).search(text):
                self.write()
        return execute(statement, params, many, context)

    def forget(self) -> None:
        self.rows, self.tables = [], frozenset()

    def write(self) -> None:
        """One statement for everything that waits."""
        rows = self.rows
        self.forget()
        if not rows or self.connection.needs_rollback:
            return
        parts, params = _insertions(self.connection, rows)
        first = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(parts[:-1]))
        with self.connection.cursor() as cursor:
            cursor.execute(f"WITH {first} {parts[-1]}" if first else parts[-1], params)


def _insertions(connection: Any, rows: Sequence[models.Model]) -> tuple[list[str], list[Any]]:
    """An INSERT for each table, as Django would write it."""
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    parts: list[str] = []
    params: list[Any] = []
    for model, found in by_model.items():
        query = sql.InsertQuery(model)
        query.insert_values(model._meta.local_concrete_fields, found)
        for text, values in query.get_compiler(connection=connection).as_sql():
            parts.append(text)
            params.extend(values)
    return parts, params


@contextmanager
def writing(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Collect inside the block, and write before it ends. Nested blocks share the outermost one's writer."""
    if _open.get() is not None:
        yield
        return
    writer = Writer(connection)
    token = _open.set(writer)
    try:
        with connection.execute_wrapper(writer):
            yield
            writer.write()
    finally:
        _open.reset(token)


def insert_soon(row: models.Model) -> None:
    """Insert `row` before the scope ends; at once where there is none. Call it only for rows that cannot conflict."""
    writer = _open.get()
    if writer is None or router.db_for_write(type(row), instance=row) != writer.connection.alias:
        row.save(force_insert=True)
    else:
        writer.add(row)
