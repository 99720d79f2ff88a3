"""Counting tries, in the database, committed before anything is compared.

Protects codes, passes and paid steps from guessing and flooding, also by many requests at once. A counter lives under
a keyed digest of its name and key in a fixed window. What it does not do: forgive; a limiter that cannot count refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


_INSERT = "INSERT INTO tenants_limitcount (key_digest, window_ends_at, count)"
_COUNT = (
    "ON CONFLICT (key_digest) DO UPDATE SET count = tenants_limitcount.count + 1 RETURNING key_digest, count"
)


@dataclass(frozen=True, slots=True)
class _Counter:
    """One row of the table, for now."""

    limit: Limit
    digest: bytes
    window_end: datetime
    retry_after: int

    def is_over(self, counted: Mapping[bytes, int]) -> bool:
        return counted.get(self.digest, self.limit.count + 1) > self.limit.count


def _counter(limit: Limit, key: str, moment: datetime) -> _Counter:
    end = _window_end(limit, moment)
    return _Counter(limit, _digest(limit, key, end), end, max(1, int((end - moment).total_seconds())))


def _counted(
    statement: str, values: Sequence[bytes | datetime | int], counters: Sequence[_Counter]
) -> dict[bytes, int]:
    """Run one counting statement, which commits by itself. {digest: count}."""
    require_no_transaction()
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return {bytes(digest): count for digest, count in cursor.fetchall()}
    except DatabaseError as error:
        raise TooMany("limiter_down", retry_after=max(one.retry_after for one in counters)) from error


def _chained(counters: Sequence[_Counter]) -> tuple[str, list[bytes | datetime | int]]:
    """Each row is counted only if the one before it is not over."""
    parts: list[str] = []
    values: list[bytes | datetime | int] = []
    for number, counter in enumerate(counters):
        before = f" FROM c{number - 1} WHERE count <= %s" if number else ""
        parts.append(f"c{number} AS ({_INSERT} SELECT %s::bytea, %s::timestamptz, 1{before} {_COUNT})")
        values += [counter.digest, counter.window_end]
        values += [counters[number - 1].limit.count] if number else []
    found = " UNION ALL ".join(f"TABLE c{number}" for number in range(len(counters)))
    return f"WITH {', '.join(parts)} {found}", values


class DatabaseLimiter:
    """`portal.kit.limits.LimiterOfMany` on one table of the platform."""

    def take(self, limit: Limit, key: str) -> None:
        self.take_in_turn((limit, key))

    def take_in_turn(self, *wanted: tuple[Limit, str]) -> None:
        moment = clock.now()
        counters = [_counter(limit, key, moment) for limit, key in wanted]
        counted = _counted(*_chained(counters), counters)
        for counter in counters:
            if counter.is_over(counted):
                raise TooMany(counter.limit.name, retry_after=counter.retry_after)

    def over(self, *wanted: tuple[Limit, str]) -> list[bool]:
        moment = clock.now()
        counters = [_counter(limit, key, moment) for limit, key in wanted]
        # Rows in the order of their keys: two requests that count the same ones never wait for each other in a circle.
        ordered = sorted(counters, key=lambda counter: counter.digest)
        rows = ", ".join("(%s::bytea, %s::timestamptz, 1)" for _counter in ordered)
        values: list[bytes | datetime | int] = []
        for counter in ordered:
            values += [counter.digest, counter.window_end]
        counted = _counted(f"{_INSERT} VALUES {rows} {_COUNT}", values, counters)
        return [counter.is_over(counted) for counter in counters]

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
