"""Matching the proven person to exactly one account, with reasons (DESIGN 1, THREATS "the other Anna Novak")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from uuid import UUID

from tenants.directory.matching.names import core_words, same_name, words


class MatchOutcome(Enum):
    ONE = "one"
    NONE = "none"
    SEVERAL = "several"
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """What the presented credential and the case's proofing say. Digests are the tenant's keyed ones, or empty."""

    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: date | None = field(repr=False)
    document_digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One account of the directory, with the digests of documents held for it."""

    person_id: UUID
    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: date | None = field(repr=False)
    document_digests: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    relaxed_names: bool = False
    birthdate_required: bool = True


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """`reasons` are codes for us; the claimant never learns which attribute agreed (NIST SP 800-63A-4, 3.2.1)."""

    outcome: MatchOutcome
    reasons: tuple[str, ...]
    document_was_held: bool = False
    # How many other accounts fit as well. A number, never who.
    others: int = 0


def _relaxed(proven: ProvenIdentity, candidate: Candidate) -> bool:
    """The directory's first given name and its family name both stand in the document, in the right place."""
    given = words(candidate.given_names)
    return bool(
        given
        and given[0] in words(proven.given_names)
        and core_words(candidate.family_name)
        and core_words(candidate.family_name) <= frozenset(words(proven.family_name))
    )


def _names_agree(proven: ProvenIdentity, candidate: Candidate, policy: MatchPolicy) -> bool:
    exact = same_name(proven.given_names, candidate.given_names) and same_name(
        proven.family_name, candidate.family_name
    )
    return exact or (policy.relaxed_names and _relaxed(proven, candidate))


def _birthdate(proven: ProvenIdentity, candidate: Candidate) -> bool | None:
    """None when one side has none."""
    if proven.birthdate is None or candidate.birthdate is None:
        return None
    return proven.birthdate == candidate.birthdate


def _could_be(proven: ProvenIdentity, candidate: Candidate, policy: MatchPolicy) -> bool:
    """Somebody else whom this document might just as well belong to."""
    return _names_agree(proven, candidate, policy) and _birthdate(proven, candidate) is not False


def match_person(
    proven: ProvenIdentity, claimed: Candidate, others: Sequence[Candidate], *, policy: MatchPolicy
) -> PersonMatch:
    """Names first, then the birth date, then whether anybody else fits as well, then documents held elsewhere.

    `others` are the accounts whose names or documents come near; an account that is `claimed` is ignored there.
    """
    rest = [candidate for candidate in others if candidate.person_id != claimed.person_id]
    held = bool(proven.document_digest) and proven.document_digest in claimed.document_digests
    showed_it = sum(
        bool(proven.document_digest) and proven.document_digest in o.document_digests for o in rest
    )
    if showed_it:
        return PersonMatch(MatchOutcome.ANOTHER, ("document_of_another_account",), others=showed_it)
    fitting = sum(_could_be(proven, other, policy) for other in rest)
    if not _names_agree(proven, claimed, policy):
        outcome = MatchOutcome.ANOTHER if fitting else MatchOutcome.NONE
        return PersonMatch(outcome, ("names_differ",), document_was_held=held, others=fitting)
    born = _birthdate(proven, claimed)
    if born is False:
        return PersonMatch(MatchOutcome.NONE, ("birthdate_differs",), document_was_held=held, others=fitting)
    if born is None and policy.birthdate_required and not held:
        return PersonMatch(MatchOutcome.NONE, ("birthdate_not_known",), others=fitting)
    if not held and fitting:
        return PersonMatch(MatchOutcome.SEVERAL, ("several_accounts_fit",), others=fitting)
    reasons = ["names_agree"]
    if born:
        reasons.append("birthdate_agrees")
    if held:
        reasons.append("document_held_before")
    return PersonMatch(MatchOutcome.ONE, tuple(reasons), document_was_held=held, others=fitting)
