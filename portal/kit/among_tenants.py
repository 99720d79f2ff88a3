"""Which tenants have something to do, asked of all of them in few round trips.

Protects the periodic jobs from their own number: with ten thousand organisations a scope for each, opened to find that nothing
is due, keeps a worker busy all the time. It asks the same question in every tenant's scope, one after the other in one message,
so that row-level security answers each as it always does. What it does not do: act; whoever acts opens the scope and looks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from portal.kit.scope import announcement

# So many questions are one message: a few kilobytes for each hundred.
AT_ONCE = 200


def tenants_with(model: type[Model], where: str, among: Iterable[UUID]) -> Iterator[UUID]:
    """Of the tenants `among`, those that have a row `where` (SQL without anything a person wrote; empty: any row), as it is when
    their part is asked. Called outside any scope."""
    return tenants_with_any({model: where}, among)


def tenants_with_any(wanted: Mapping[type[Model], str], among: Iterable[UUID]) -> Iterator[UUID]:
    """As `tenants_with`, of several tables: {model: where}."""
    asked = f"SELECT {' OR '.join(_exists(model, where) for model, where in wanted.items())}"
    ids = iter(among)
    while part := list(islice(ids, AT_ONCE)):
        yield from [
            tenant_id for tenant_id, has_one in zip(part, _answers(asked, part), strict=True) if has_one
        ]


def _exists(model: type[Model], where: str) -> str:
    condition = f" WHERE {where}" if where else ""
    return f'EXISTS (SELECT FROM "{model._meta.db_table}"{condition})'


def _answers(asked: str, tenant_ids: list[UUID]) -> list[bool]:
    message = ";".join(f"{announcement(tenant_id)};{asked}" for tenant_id in tenant_ids)
    found = []
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(message)
        while True:
            if cursor.description is not None:
                found.append(bool(cursor.fetchone()[0]))
            if not cursor.nextset():
                return found
