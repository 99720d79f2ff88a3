"""The decision on a case. Pure: evidence and policy in, a decision with its reasons out.

Protects an account from whoever proved something, but not enough, or is somebody else. Refuses when unsure; a failed
check is never outweighed by another that passed. What it does not do: gather evidence, or change anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from recovery.statuses import (
    INDEPENDENT_OF_PHOTOGRAPH,
    STANDS_IN_FOR_ADDRESS,
    WORDS_OF_OTHERS,
    EvidenceKind,
    Mode,
)
from tenants.directory.matching import MatchOutcome


class Outcome(Enum):
    APPROVED = "approved"
    REFUSED = "refused"
    NEEDS_REVIEW = "needs_review"
    NEEDS_MORE_EVIDENCE = "needs_more_evidence"
    HOLD = "hold"
    EVALUATED = "evaluated"


class Assurance(Enum):
    """The level the case reached (NIST SP 800-63A-4, section 4), as far as this product's evidence goes."""

    IAL1 = "ial1"
    IAL2 = "ial2"


# How long something odd holds a recovery, whatever its profile says.
HOLD_HOURS = 24
ORDER = {Assurance.IAL1: 1, Assurance.IAL2: 2}
# Levels of an eID that carry anything at all, the highest last; below them it stands for nobody.
EID_LEVELS = ("substantial", "high")
ENOUGH, HIGHEST_EID_LEVEL = frozenset(EID_LEVELS), EID_LEVELS[-1]
WITH_A_FACE = frozenset({EvidenceKind.DOCUMENT_PHOTOGRAPH, EvidenceKind.CHIP, EvidenceKind.HELD_CREDENTIAL})


@dataclass(frozen=True, slots=True)
class Policy:
    """What the profile asks for. `required` holds at least one kind; an empty set refuses. `eid_levels`: those that are high
    enough for an eID."""

    mode: Mode
    required: frozenset[EvidenceKind]
    eid_levels: frozenset[str] = ENOUGH
    # Where no code was read: one of these has to be there in its place. Empty: a code was.
    instead_of_address: frozenset[EvidenceKind] = frozenset()
    # Signs of risk that two members look at, and that are waited for, and how long.
    review_signs: frozenset[str] = frozenset()
    waiting_signs: frozenset[str] = frozenset()
    waiting_hours: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was gathered, each part already judged by its room. `covers` is what a card that was held before was proven
    with, and `card_level` what that reached: it answers what the profile asks for and is no kind of its own, because it
    stands and falls with the card. `by_eid`: the person agreed to an eID in this very case, which needs no face;
    `eid_level` is what it reached, empty where nobody said."""

    kinds: frozenset[EvidenceKind]
    profile_in_force: bool
    person_may_recover: bool
    is_decoy: bool
    credential_is_of_this_case: bool
    credential_is_valid: bool
    face_passed: bool
    match: MatchOutcome
    match_reasons: tuple[str, ...]
    contradicted: bool
    changed_recently: bool
    many_attempts: bool
    repudiated_recently: bool
    hold_is_over: bool
    account_level: Assurance
    covers: frozenset[EvidenceKind] = frozenset()
    card_level: Assurance = Assurance.IAL2
    by_eid: bool = False
    eid_level: str = ""
    face_failed_recently: bool = False
    # What the organisation's own checks came to: a no, or a silence that refuses; and a silence that is looked at.
    callout_refusals: tuple[str, ...] = ()
    callout_doubts: tuple[str, ...] = ()
    # Every sign of risk there is (recovery.signs), whatever the profile does about it; those that two members let go on; and
    # what was waited for, if the time is over (`hold_is_over`).
    signs: tuple[str, ...] = ()
    signs_reviewed: frozenset[str] = frozenset()
    waited: frozenset[str] = frozenset()
    # Whether there is anybody who could still be asked for their word.
    has_attesters: bool = False
    # Why a recovery that read no code may not go without one (recovery.no_address); empty if it may, or read one.
    needs_code: str = ""
    # Why nobody is let in where accounts live, as far as that is known here; empty if somebody may be, or they live here.
    no_account: str = ""

    @property
    def needs_no_face(self) -> bool:
        """An eID stands for whoever signed in with it. Anything that was proven by a face beside it needs the face."""
        return self.by_eid and EvidenceKind.EID in self.kinds and not (self.kinds | self.covers) & WITH_A_FACE


def levels_of_eid_from(lowest: str) -> frozenset[str]:
    """The level that is asked for, and those above it; none for a word nobody knows."""
    return frozenset(EID_LEVELS[EID_LEVELS.index(lowest) :] if lowest in EID_LEVELS else ())


@dataclass(frozen=True, slots=True)
class Decision:
    """`signs`: all that fired. `wait_hours`: how long it waits, also beside a review; `to_review` and `to_wait`: for what."""

    outcome: Outcome
    reasons: tuple[str, ...]
    assurance: Assurance
    signs: tuple[str, ...] = ()
    wait_hours: int = 0
    to_review: tuple[str, ...] = ()
    to_wait: tuple[str, ...] = ()


def assurance_of(evidence: Evidence) -> Assurance:
    """IAL2 for a document, shown now or when the card was made, with a live face and a second, independent kind (SP 800-63A-4,
    4.2.6.3), and for an eID of level substantial or high with another kind beside it (4.2.6.2, decision 0032); anything
    less IAL1, and never more than the card did."""
    kinds = evidence.kinds - WORDS_OF_OTHERS
    if evidence.card_level is Assurance.IAL1:
        return Assurance.IAL1
    if evidence.needs_no_face:
        strong = evidence.eid_level in ENOUGH and len(kinds) >= 2
        return Assurance.IAL2 if strong else Assurance.IAL1
    document = (kinds | evidence.covers) & {EvidenceKind.DOCUMENT_PHOTOGRAPH, EvidenceKind.CHIP}
    independent = kinds & INDEPENDENT_OF_PHOTOGRAPH
    enough = bool(document and independent and len(kinds) >= 2 and evidence.face_passed)
    return Assurance.IAL2 if enough else Assurance.IAL1


def has_two_independent_kinds(kinds: frozenset[EvidenceKind]) -> bool:
    """DESIGN 1, rule 4: two kinds that do not stand or fall together. A photograph is one; codes alone are none, and nor are
    codes with somebody's word."""
    if kinds <= {EvidenceKind.HELD_ADDRESS, EvidenceKind.SAVED_CODE, *WORDS_OF_OTHERS}:
        return False
    return len(kinds) >= 2 and bool(kinds & INDEPENDENT_OF_PHOTOGRAPH)


def decide_as_in_production(evidence: Evidence, policy: Policy) -> Decision:
    """What the same evidence would have come to if the profile were in production."""
    return decide(evidence, replace(policy, mode=Mode.PRODUCTION))


def _missing(evidence: Evidence, policy: Policy) -> frozenset[EvidenceKind]:
    """What the profile asked for and nothing was shown for."""
    kinds = evidence.kinds | evidence.covers
    covered = kinds | ({EvidenceKind.HELD_ADDRESS} if kinds & STANDS_IN_FOR_ADDRESS else frozenset())
    return (policy.required - covered) | _missing_instead(evidence, policy)


def _missing_instead(evidence: Evidence, policy: Policy) -> frozenset[EvidenceKind]:
    """What has to stand where no code was read: somebody's word where it may and somebody can give it, else a document
    that was held."""
    if not policy.instead_of_address or evidence.kinds & policy.instead_of_address:
        return frozenset()
    words = policy.instead_of_address & WORDS_OF_OTHERS if evidence.has_attesters else frozenset()
    return words or frozenset({EvidenceKind.HELD_DOCUMENT_NUMBER})


def _failures(evidence: Evidence, policy: Policy) -> list[str]:
    failed = {
        "policy_asks_for_nothing": not policy.required,
        "decoy": evidence.is_decoy,
        "profile_not_in_force": not evidence.profile_in_force,
        "person_may_not_recover": not evidence.person_may_recover,
        "partner_contradicted_itself": evidence.contradicted,
        "credential_of_another_case": not evidence.credential_is_of_this_case,
        "credential_not_valid": not evidence.credential_is_valid,
        "face_check_failed": not (evidence.face_passed or evidence.needs_no_face),
        "eid_level_too_low": EvidenceKind.EID in evidence.kinds
        and evidence.eid_level not in policy.eid_levels & ENOUGH,
        "match_none": evidence.match is MatchOutcome.NONE,
        "match_several": evidence.match is MatchOutcome.SEVERAL,
        "match_another": evidence.match is MatchOutcome.ANOTHER,
    }
    found = [reason for reason, is_so in failed.items() if is_so]
    named = [reason for reason in (evidence.needs_code, evidence.no_account) if reason]
    return [*found, *named, *evidence.callout_refusals]


def decide(evidence: Evidence, policy: Policy) -> Decision:
    """In this order: what failed refuses, and so does what is missing; who knows the person is asked; what nobody answered
    is looked at; what is odd is waited for; then grant or evaluate."""
    reached = assurance_of(evidence)
    failures = _failures(evidence, policy)
    if failures:
        return Decision(Outcome.REFUSED, (*failures, *evidence.match_reasons), reached)
    missing = _missing(evidence, policy)
    asked = missing & WORDS_OF_OTHERS if evidence.has_attesters else frozenset()
    if missing - asked:
        named = sorted(kind.value for kind in missing - asked)
        return Decision(Outcome.REFUSED, tuple(f"missing_{kind}" for kind in named), reached)
    if policy.mode is Mode.PRODUCTION and not has_two_independent_kinds(evidence.kinds | asked):
        return Decision(Outcome.REFUSED, ("one_kind_of_evidence_only",), reached)
    if ORDER[reached] < ORDER[evidence.account_level]:
        return Decision(Outcome.REFUSED, ("assurance_below_account",), reached)
    if asked:
        return Decision(Outcome.NEEDS_MORE_EVIDENCE, ("attestation_due",), reached, signs=evidence.signs)
    if policy.mode is Mode.EVALUATION:
        told = (*evidence.match_reasons, *evidence.callout_doubts)
        return Decision(Outcome.EVALUATED, told, reached, signs=evidence.signs)
    return _weigh_signs(evidence, policy, reached)


def _odd(evidence: Evidence) -> tuple[str, ...]:
    """What holds every recovery for a day, whatever a profile says."""
    return tuple(
        reason
        for reason, is_so in (
            ("changed_recently", evidence.changed_recently),
            ("many_attempts", evidence.many_attempts),
            ("repudiated_recently", evidence.repudiated_recently),
            # Whoever could not show the face has not become somebody else by leaving it out.
            ("face_failed_recently", evidence.face_failed_recently and evidence.needs_no_face),
        )
        if is_so
    )


def _weigh_signs(evidence: Evidence, policy: Policy, reached: Assurance) -> Decision:
    """Everything passed. What is odd about it is looked at, waited for, or both at once; each sign for itself, so that one
    that comes up later finds nothing done for it."""
    waited = evidence.waited if evidence.hold_is_over else frozenset()
    odd = tuple(reason for reason in _odd(evidence) if reason not in waited)
    wait = tuple(sign for sign in evidence.signs if sign in policy.waiting_signs and sign not in waited)
    review = tuple(sign for sign in evidence.signs if sign in policy.review_signs - evidence.signs_reviewed)
    hours = max(HOLD_HOURS if odd else 0, policy.waiting_hours if wait else 0)
    looked_at = (*evidence.callout_doubts, *review)
    if looked_at:
        outcome, reasons = Outcome.NEEDS_REVIEW, (*looked_at, *odd, *wait)
    elif odd or wait:
        outcome, reasons = Outcome.HOLD, (*odd, *wait)
    else:
        outcome, reasons = Outcome.APPROVED, evidence.match_reasons
    return Decision(
        outcome,
        tuple(dict.fromkeys(reasons)),
        reached,
        signs=evidence.signs,
        wait_hours=hours,
        to_review=review,
        to_wait=(*odd, *wait),
    )
