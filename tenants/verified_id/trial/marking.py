"""Which trial the exchange that runs now belongs to: whoever finds a row of one says so, and the endpoint writes it down.

A variable of the context and not an argument, because the row is found deep inside verbs that know nothing of trials, and
because an exchange of anybody else must not pay for one more question.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol
from uuid import UUID

_trial: ContextVar[UUID | None] = ContextVar("verified_id_trial", default=None)


class OfTrial(Protocol):
    @property
    def trial_id(self) -> UUID | None: ...


def mark(row: OfTrial) -> None:
    """The exchange is about this row."""
    if row.trial_id is not None:
        _trial.set(row.trial_id)


def marked() -> UUID | None:
    return _trial.get()


@contextmanager
def exchange() -> Iterator[None]:
    """One request of a wallet, from its first byte to its answer."""
    token = _trial.set(None)
    try:
        yield
    finally:
        _trial.reset(token)
