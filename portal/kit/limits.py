"""Limits, as the rooms ask for them. The counting lives in `tenants.limits`; a broken limiter refuses (STYLE 16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in `seconds`, under `name`."""

    name: str
    count: int
    seconds: int


class Limiter(Protocol):
    def take(self, limit: Limit, key: str) -> None:
        """Count one under (limit, key), commit, then compare. TooMany when over. Refuses inside a transaction."""

    def used(self, limit: Limit, key: str) -> int:
        """How many have been counted in the window now open."""


def limiter() -> Limiter:
    made: Limiter = import_string(settings.LIMITER)()
    return made


def take(limit: Limit, key: str) -> None:
    """Count one, commit, compare. Put the tenant into `key`: counters know no scope."""
    limiter().take(limit, key)
