"""Matching the proven person to exactly one account, with reasons (DESIGN 1, THREATS "the other Anna Novak")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tenants.directory.matching.birthdates import Birth, compare_birthdates
from tenants.directory.matching.comparison import (
    Candidate,
    Comparison,
    Decision,
    MatchPolicy,
    ProvenIdentity,
    compare,
    compare_names,
)


class MatchOutcome(Enum):
    ONE = "one"
    NONE = "none"
    SEVERAL = "several"
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """`reasons` are codes for us; the claimant never learns which attribute agreed (NIST SP 800-63A-4, 3.2.1)."""

    outcome: MatchOutcome
    reasons: tuple[str, ...]
    document_was_held: bool = False
    # How many other accounts fit as well. A number, never who.
    others: int = 0
    confidence: int = 0


def could_be(proven: ProvenIdentity, candidate: Candidate, policy: MatchPolicy) -> bool:
    """Somebody whom this document might just as well belong to, by any name they have or had."""
    if compare_birthdates(proven.birthdate, candidate.birthdate) not in (Birth.AGREES, Birth.NOT_KNOWN):
        return False
    if compare_names(proven, candidate, policy).agree:
        return True
    return bool(candidate.other_names) and compare_names(proven, candidate, policy.towards_others()).agree


def match_person(
    proven: ProvenIdentity, claimed: Candidate, others: Sequence[Candidate], *, policy: MatchPolicy
) -> PersonMatch:
    """The claimed account first, then whether anybody else fits as well, then documents held elsewhere.

    `others` are the accounts whose names or documents come near; an account that is `claimed` is ignored there.
    """
    rest = [candidate for candidate in others if candidate.person_id != claimed.person_id]
    showed_it = sum(
        bool(proven.document_digest) and proven.document_digest in other.document_digests for other in rest
    )
    if showed_it:
        return PersonMatch(MatchOutcome.ANOTHER, ("document_of_another_account",), others=showed_it)
    fitting = sum(could_be(proven, other, policy) for other in rest)
    found = compare(proven, claimed, policy)
    outcome, reasons = _outcome(found, fitting)
    return PersonMatch(
        outcome,
        reasons,
        document_was_held=found.document_was_held,
        others=fitting,
        confidence=found.confidence if outcome is MatchOutcome.ONE else 0,
    )


def _outcome(found: Comparison, fitting: int) -> tuple[MatchOutcome, tuple[str, ...]]:
    if found.decision is not Decision.MATCH:
        elsewhere = fitting and not found.names.agree
        return MatchOutcome.ANOTHER if elsewhere else MatchOutcome.NONE, found.reasons
    if fitting and not found.document_was_held:
        return MatchOutcome.SEVERAL, ("several_accounts_fit",)
    return MatchOutcome.ONE, found.reasons
