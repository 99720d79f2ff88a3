"""Who may send work now, and who waits one moment.

A check needs a second or two of a core. Whoever comes when all places are taken gets a ticket and a place in line
instead of an error; a ticket that is ready holds a place for a short while. Everything is bounded and kept in memory:
after a restart everybody simply asks again.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

READY_SECONDS = 30.0
WAITING_SECONDS = 20.0
MAX_WAITING = 500
_FIRST_GUESS_SECONDS = 1.5


class Overloaded(Exception):
    """No place now. `retry_after_ms` is when to ask again."""

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__("overloaded")
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True)
class Place:
    """How a ticket stands: `ready`, or `wait` with the number of tickets before it."""

    ticket: str
    state: str
    position: int
    retry_after_ms: int


class Admission:
    """Places for `capacity` jobs, of which `threads` run at a time. `monotonic` gives seconds."""

    def __init__(self, *, capacity: int, threads: int, monotonic: Callable[[], float]) -> None:
        self._capacity = capacity
        self._threads = threads
        self._now = monotonic
        self._lock = threading.Lock()
        self._inside = 0
        self._ready: OrderedDict[str, float] = OrderedDict()
        self._waiting: OrderedDict[str, float] = OrderedDict()
        self._seconds = _FIRST_GUESS_SECONDS

    @property
    def is_idle(self) -> bool:
        """Whether nobody works and nobody waits."""
        with self._lock:
            self._advance()
            return not (self._inside or self._ready or self._waiting)

    def issue(self) -> Place:
        """A new ticket. Raises Overloaded when even the line is full."""
        with self._lock:
            self._advance()
            if len(self._waiting) >= MAX_WAITING:
                raise Overloaded(self._wait_ms(len(self._waiting)))
            ticket = secrets.token_urlsafe(16)
            self._waiting[ticket] = self._now() + WAITING_SECONDS
            self._advance()
            return self._place(ticket)

    def look(self, ticket: str) -> Place | None:
        """How it stands now; None when the ticket was used or forgotten. Looking keeps a place in line."""
        with self._lock:
            if ticket in self._waiting:
                self._waiting[ticket] = self._now() + WAITING_SECONDS
            self._advance()
            return self._place(ticket) if ticket in self._waiting or ticket in self._ready else None

    @contextmanager
    def enter(self, ticket: str | None) -> Iterator[None]:
        """Take a place for one job. A ticket is used up; without one there must be a free place and no line."""
        self._take(ticket)
        began = self._now()
        try:
            yield
        finally:
            self._leave(self._now() - began)

    def _take(self, ticket: str | None) -> None:
        with self._lock:
            self._advance()
            if ticket is not None and self._ready.pop(ticket, None) is not None:
                self._inside += 1
                return
            free = self._inside + len(self._ready) < self._capacity and not self._waiting
            if ticket is not None or not free:
                raise Overloaded(self._wait_ms(len(self._waiting)))
            self._inside += 1

    def _leave(self, seconds: float) -> None:
        with self._lock:
            self._inside -= 1
            self._seconds += 0.2 * (min(seconds, 10.0) - self._seconds)
            self._advance()

    def _advance(self) -> None:
        now = self._now()
        for line in (self._ready, self._waiting):
            for ticket in [ticket for ticket, until in line.items() if until < now]:
                del line[ticket]
        while self._waiting and self._inside + len(self._ready) < self._capacity:
            ticket, _ = self._waiting.popitem(last=False)
            self._ready[ticket] = now + READY_SECONDS

    def _place(self, ticket: str) -> Place:
        if ticket in self._ready:
            return Place(ticket, "ready", 0, 0)
        position = list(self._waiting).index(ticket) + 1
        return Place(ticket, "wait", position, self._wait_ms(position))

    def _wait_ms(self, position: int) -> int:
        return round(min(max((position + 1) * self._seconds / self._threads, 0.3), 5.0) * 1000)
