"""Counting tries, in the database, committed before anything is compared.

Protects codes, passes and paid steps from guessing and flooding, also by many requests at once. A counter lives under
a keyed digest of its name and key in a fixed window. What it does not do: forgive; a limiter that cannot count refuses.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, connection

from portal.kit import clock
from portal.kit.codes import keyed_digest
from portal.kit.errors import TooMany
from portal.kit.limits import Limit
from portal.kit.scope import require_no_transaction


def _window_end(limit: Limit, moment: datetime) -> datetime:
    start = int(moment.timestamp()) // limit.seconds * limit.seconds
    return datetime.fromtimestamp(start, UTC) + timedelta(seconds=limit.seconds)


def _digest(limit: Limit, key: str, window_end: datetime) -> bytes:
    return keyed_digest(key, context=f"limit|{limit.name}|{int(window_end.timestamp())}")


class DatabaseLimiter:
    """`portal.kit.limits.Limiter` on one table of the platform."""

    def take(self, limit: Limit, key: str) -> None:
        require_no_transaction()
        moment = clock.now()
        window_end = _window_end(limit, moment)
        retry_after = max(1, int((window_end - moment).total_seconds()))
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO tenants_limitcount (key_digest, window_ends_at, count) VALUES (%s, %s, 1) "
                    "ON CONFLICT (key_digest) DO UPDATE SET count = tenants_limitcount.count + 1 "
                    "RETURNING count",
                    [_digest(limit, key, window_end), window_end],
                )
                row = cursor.fetchone()
        except DatabaseError as error:
            raise TooMany("limiter_down", retry_after=retry_after) from error
        if row is None or row[0] > limit.count:
            raise TooMany(limit.name, retry_after=retry_after)

    def used(self, limit: Limit, key: str) -> int:
        digest = _digest(limit, key, _window_end(limit, clock.now()))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count FROM tenants_limitcount WHERE key_digest = %s", [digest])
            row = cursor.fetchone()
        return int(row[0]) if row else 0


def prune_limits() -> None:
    """Forget windows that are over. Periodic."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_limitcount WHERE window_ends_at < %s", [clock.now()])
