"""The one clock. Everything asks `now()`; tests move it with `frozen`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones

_frozen: ContextVar[datetime | None] = ContextVar("readmit_frozen_clock", default=None)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


@cache
def time_zone_names() -> frozenset[str]:
    """The IANA names this system knows. Looked up once: each look walks through the files of all zones."""
    return frozenset(available_timezones())


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the clock still at `moment` (aware) inside the block. For tests."""
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
