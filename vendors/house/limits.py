"""Counting on one table of the house partner's own: counted, committed, then compared. It refuses when it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, connection

from portal.kit import clock
from portal.kit.codes import keyed_digest
from portal.kit.errors import TooMany
from portal.kit.limits import Limit
from portal.kit.scope import require_no_transaction

REGISTRATIONS = Limit("house_registrations", 120, 3600)
REGISTRATIONS_WITHOUT_TOKEN = Limit("house_registrations_without_token", 20, 3600)
PUSHED_REQUESTS = Limit("house_pushed_requests", 600, 3600)


def _window_end(limit: Limit, moment: datetime) -> datetime:
    start = int(moment.timestamp()) // limit.seconds * limit.seconds
    return datetime.fromtimestamp(start, UTC) + timedelta(seconds=limit.seconds)


def _digest(limit: Limit, key: str, window_end: datetime) -> bytes:
    return keyed_digest(key, context=f"limit|{limit.name}|{int(window_end.timestamp())}")


class HouseLimiter:
    """`portal.kit.limits.Limiter` on `house_limitcount`."""

    def take(self, limit: Limit, key: str) -> None:
        require_no_transaction()
        moment = clock.now()
        window_end = _window_end(limit, moment)
        retry_after = max(1, int((window_end - moment).total_seconds()))
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO house_limitcount (key_digest, window_ends_at, count) VALUES (%s, %s, 1) "
                    "ON CONFLICT (key_digest) DO UPDATE SET count = house_limitcount.count + 1 RETURNING count",
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
            cursor.execute("SELECT count FROM house_limitcount WHERE key_digest = %s", [digest])
            row = cursor.fetchone()
        return int(row[0]) if row else 0
