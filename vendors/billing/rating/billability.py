"""What counts as one check, as data: the same words stand on the listing and decide here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended, for every partner and for Face Check."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    RETAKE = "retake"
    PARTNER_FAILED = "partner_failed"
    TIMED_OUT = "timed_out"
    GIVEN_UP = "given_up"
    MOVED_BROWSERS = "moved_browsers"
    REUSED = "reused"


# A decision. Nothing else can ever be billed: no price may name another outcome.
DECISIONS = frozenset({Outcome.PASSED, Outcome.FAILED})

# Words that partners, adapters and files use for the same things.
OTHER_WORDS = {
    "pass": Outcome.PASSED,
    "verified": Outcome.PASSED,
    "approved": Outcome.PASSED,
    "fail": Outcome.FAILED,
    "not_verified": Outcome.FAILED,
    "refused": Outcome.FAILED,
    "declined": Outcome.FAILED,
    "retry_allowed": Outcome.INCONCLUSIVE,
    "partner_error": Outcome.PARTNER_FAILED,
    "partner_fault": Outcome.PARTNER_FAILED,
    "error": Outcome.PARTNER_FAILED,
    "no_answer": Outcome.PARTNER_FAILED,
    "timeout": Outcome.TIMED_OUT,
    "time_out": Outcome.TIMED_OUT,
    "expired": Outcome.TIMED_OUT,
    "abandoned": Outcome.GIVEN_UP,
    "user_aborted": Outcome.GIVEN_UP,
}


_NAMED = {**{outcome.value: outcome for outcome in Outcome}, **OTHER_WORDS}


def outcome_named(word: str) -> Outcome:
    """ValueError for a word nobody knows: it is never guessed to be free or billable."""
    found = _NAMED.get(word)
    if found is None:
        raise ValueError(f"{word!r} is not an outcome")
    return found


@dataclass(frozen=True, slots=True)
class Billability:
    """`outcomes` are billed, once for each case within `duplicate_window`; everything else costs nothing."""

    outcomes: frozenset[Outcome] = DECISIONS
    duplicate_window: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if not self.outcomes <= DECISIONS:
            raise ValueError("only a decision can be billed")
