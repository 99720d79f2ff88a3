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


class LimiterOfMany(Limiter, Protocol):
    """Counts several at once: a page that counts five things sends one or two statements, not five."""

    def take_in_turn(self, *wanted: tuple[Limit, str]) -> None:
        """Count one under each (limit, key), commit, then compare. A limit is counted only while those before it hold,
        so that who is refused by the first uses up none of the second. TooMany for the first that is over. Refuses
        inside a transaction."""

    def over(self, *wanted: tuple[Limit, str]) -> list[bool]:
        """Count one under each (limit, key), whatever the others say, commit, and tell which are over. Refuses inside
        a transaction; TooMany("limiter_down") when it cannot count."""


def limiter() -> LimiterOfMany:
    made: LimiterOfMany = import_string(settings.LIMITER)()
    return made


def take(limit: Limit, key: str) -> None:
    """Count one, commit, compare. Put the tenant into `key`: counters know no scope."""
    limiter().take(limit, key)


def take_in_turn(*wanted: tuple[Limit, str]) -> None:
    """Several limits in one statement, each counted only while those before it hold."""
    limiter().take_in_turn(*wanted)


def over(*wanted: tuple[Limit, str]) -> list[bool]:
    """Several limits in one statement, all counted; says which are over instead of refusing."""
    return limiter().over(*wanted)
