"""The words in which a reading answers."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`retake`: nothing is held against anybody, the photograph does not suffice."""

    PASSED = "passed"
    RETAKE = "retake"
    REFUSED = "refused"


class CheckOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class Check:
    """`reason` is a stable code, empty when passed; it holds no personal data."""

    name: str
    outcome: CheckOutcome
    reason: str
