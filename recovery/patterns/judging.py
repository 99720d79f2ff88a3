"""When numbers are odd enough to be told. Pure.

Each organisation is looked at many times a day, and whoever is told of nothing often stops reading: a change is told only
where chance would make it less than once in ten thousand looks, and where it is large.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma

CHANCE = 0.0001
# Fewer decisions say nothing, however they fell.
RECENT_DECISIONS = 20
EARLIER_DECISIONS = 50
FEWEST_NOT_BORNE_OUT = 5
# Half as often, or twice.
TIMES = 2
NAMES_TRIED = 15
# At most this share of them had read the mailbox of the account they named.
CONFIRMED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Counts:
    """`events` of `total`, in the days just past and in those before them."""

    events: int
    total: int
    events_before: int
    total_before: int

    @property
    def rate(self) -> float:
        return self.events / self.total if self.total else 0.0

    @property
    def rate_before(self) -> float:
        return self.events_before / self.total_before if self.total_before else 0.0


def refuses_less(refusals: Counts) -> bool:
    """Whether a partner that refused people refuses hardly anybody now: somebody may hold its key, or it stopped looking."""
    if refusals.total < RECENT_DECISIONS or refusals.total_before < EARLIER_DECISIONS:
        return False
    return refusals.rate * TIMES <= refusals.rate_before and _chance_of_at_most(refusals) < CHANCE


def is_not_borne_out(failed: Counts) -> bool:
    """Whether more of whom a partner passed were refused afterwards, or said that it was not them."""
    if failed.total < RECENT_DECISIONS or failed.events < FEWEST_NOT_BORNE_OUT:
        return False
    if not failed.total_before:
        return False
    others = Counts(
        failed.total - failed.events,
        failed.total,
        failed.total_before - failed.events_before,
        failed.total_before,
    )
    return failed.rate >= TIMES * failed.rate_before and _chance_of_at_most(others) < CHANCE


def tries_names(names: int, confirmed: int) -> bool:
    """Whether a network goes through accounts: many names in a day, and few that could read the account's mailbox. An
    office with one address has many names and most of them can."""
    return names >= NAMES_TRIED and confirmed <= names * CONFIRMED_SHARE


def _log_choose(total: int, chosen: int) -> float:
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def _chance_of_at_most(counts: Counts) -> float:
    """The chance of so few events now if nothing had changed: the lower tail of the hypergeometric distribution (Fisher's
    exact test, one-sided)."""
    everything = counts.total + counts.total_before
    events = counts.events + counts.events_before
    least = max(0, events - counts.total_before)
    whole = _log_choose(everything, counts.total)
    return sum(
        exp(_log_choose(events, few) + _log_choose(everything - events, counts.total - few) - whole)
        for few in range(least, counts.events + 1)
    )
