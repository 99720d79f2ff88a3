"""One document and one account: a decision with its reasons and a confidence. Pure: no database, no clock, no network.

Protects an account from a document that is somebody else's. A name or a birth date that differs is never outweighed by
anything; what agrees only weakly, and slips, are told and never accepted. What it does not do: know who else there is
(`match`), or whether the document is genuine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum, StrEnum
from uuid import UUID

from tenants.directory.matching.agreement import Found, Level, one_letter_apart
from tenants.directory.matching.birthdates import Birth, compare_birthdates
from tenants.directory.matching.names import name_of
from tenants.directory.matching.whole_names import NamesFound, compare_whole


class Mode(StrEnum):
    """How far a name on a document may be from the account's."""

    EXACT = "exact"
    RELAXED = "relaxed"
    FUZZY = "fuzzy"


LIMITS = {Mode.EXACT: Level.EXACT, Mode.RELAXED: Level.RELAXED, Mode.FUZZY: Level.WEAK}


class Decision(Enum):
    MATCH = "match"
    REVIEW = "review"
    NO_MATCH = "no_match"


class Reason(StrEnum):
    """Why a decision is what it is. Codes for us and for the console; a name's `Trouble` may stand beside them."""

    NAMES_AGREE = "names_agree"
    FORMER_NAME = "former_name_agrees"
    FORMER_NAME_NOT_ACCEPTED = "former_name_not_accepted"
    PREFERRED_NAME = "preferred_name_agrees"
    OTHER_SCRIPT = "name_in_another_script_agrees"
    NAMES_DIFFER = "names_differ"
    NAMES_NOT_USABLE = "names_not_usable"
    NAMES_AGREE_TOO_WEAKLY = "names_agree_too_weakly"
    ONE_LETTER_DIFFERS = "one_letter_differs"
    BIRTHDATE_AGREES = "birthdate_agrees"
    BIRTHDATE_DIFFERS = "birthdate_differs"
    BIRTHDATE_NOT_KNOWN = "birthdate_not_known"
    BIRTHDATE_SWAPPED = "birthdate_day_and_month_swapped"
    BIRTHDATE_ONE_DIGIT = "birthdate_one_digit_differs"
    DOCUMENT_HELD_BEFORE = "document_held_before"
    ANOTHER_DOCUMENT = "another_document_than_held"


_SLIPS = {
    Birth.DAY_AND_MONTH_SWAPPED: Reason.BIRTHDATE_SWAPPED,
    Birth.ONE_DIGIT_DIFFERS: Reason.BIRTHDATE_ONE_DIGIT,
}


class HeldDocument(Enum):
    """What it means that another document than the one held before is shown: passports are renewed."""

    TOLD = "told"
    DECIDES = "decides"  # such a document is none of the account's until somebody looks at it


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """What the presented credential and the case's proofing say. Digests are the tenant's keyed ones, or empty."""

    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: date | None = field(repr=False)
    document_digest: str = field(default="", repr=False)
    # What the digest is of: numbers of documents are compared with such, national numbers with national numbers.
    number_kind: str = "document_number"
    # The document's zone was filled to its end, so that names may be cut.
    is_cut: bool = False


class NameKind(StrEnum):
    """What another name of an account is. `OTHER`: its directory does not say."""

    FORMER = "former"
    PREFERRED = "preferred"
    SCRIPT = "script"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class OtherName:
    """A former or preferred name, or the name in another script. Always whole: both fields stand in it."""

    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    kind: NameKind = NameKind.OTHER


@dataclass(frozen=True, slots=True)
class Candidate:
    """One account of the directory, with the digests of documents held for it."""

    person_id: UUID
    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: date | None = field(repr=False)
    document_digests: frozenset[str] = field(default=frozenset(), repr=False)
    other_names: tuple[OtherName, ...] = field(default=(), repr=False)


ALL_KINDS = frozenset(NameKind)


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """For each attribute how far it may differ. The default is the strictest."""

    given_names: Mode = Mode.EXACT
    family_name: Mode = Mode.EXACT
    birthdate_required: bool = True
    held_document: HeldDocument = HeldDocument.TOLD
    # Whether a document in a name that the person bore before counts: documents outlive weddings, and so do stolen ones.
    former_names: bool = False
    every_name: bool = False

    @property
    def kinds(self) -> frozenset[NameKind]:
        """Which other names count. What somebody likes to be called is no name of a register: not where names have to agree
        exactly."""
        if self.every_name:
            return ALL_KINDS
        left_out = set() if self.former_names else {NameKind.FORMER}
        if self.given_names is Mode.EXACT:
            left_out.add(NameKind.PREFERRED)
        return ALL_KINDS - left_out

    def towards_others(self) -> MatchPolicy:
        """How accounts that were not claimed are compared: by every name they have, whatever counts for the claimed one. Who
        might be meant is never overlooked because a profile is strict."""
        return replace(self, every_name=True)

    @classmethod
    def in_mode(cls, mode: str, **settings: bool | HeldDocument) -> MatchPolicy:
        """Both names alike; ValueError for a mode that does not exist."""
        return cls(given_names=Mode(mode), family_name=Mode(mode), **settings)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`reasons` are codes for us; the claimant never learns which attribute agreed (NIST SP 800-63A-4, 3.2.1)."""

    decision: Decision
    reasons: tuple[str, ...]
    confidence: int
    names: NamesFound
    birth: Birth
    document_was_held: bool


_BY_NAME: dict[str, Reason] = {
    NameKind.FORMER: Reason.FORMER_NAME,
    NameKind.PREFERRED: Reason.PREFERRED_NAME,
    NameKind.SCRIPT: Reason.OTHER_SCRIPT,
}
_RULES: dict[str, str] = {
    NameKind.FORMER: "former_name",
    NameKind.PREFERRED: "preferred_name",
    NameKind.SCRIPT: "name_in_another_script",
    NameKind.OTHER: "other_name",
}


def compare(proven: ProvenIdentity, candidate: Candidate, policy: MatchPolicy) -> Comparison:
    """Names first, then the birth date, then the document held before."""
    names = compare_names(proven, candidate, policy)
    birth = compare_birthdates(proven.birthdate, candidate.birthdate)
    held = bool(proven.document_digest) and proven.document_digest in candidate.document_digests
    decision, reasons = _decided(proven, candidate, policy, names, birth, held)
    return Comparison(
        decision, reasons, _confidence(decision, names, birth, held), names, birth, document_was_held=held
    )


def _decided(
    proven: ProvenIdentity,
    candidate: Candidate,
    policy: MatchPolicy,
    names: NamesFound,
    birth: Birth,
    held: bool,
) -> tuple[Decision, tuple[str, ...]]:
    if names.trouble:
        return Decision.NO_MATCH, (Reason.NAMES_NOT_USABLE, names.trouble)
    if not names.agree:
        return _differing(proven, candidate, policy, names, birth)
    if birth is Birth.DIFFERS:
        return Decision.NO_MATCH, (Reason.BIRTHDATE_DIFFERS,)
    if birth in _SLIPS:
        return Decision.REVIEW, (_SLIPS[birth],)
    if birth is Birth.NOT_KNOWN and not held:
        if policy.birthdate_required:
            return Decision.REVIEW, (Reason.BIRTHDATE_NOT_KNOWN,)
        if names.is_weak:
            return Decision.REVIEW, (Reason.NAMES_AGREE_TOO_WEAKLY,)
    another = bool(candidate.document_digests) and not held
    if another and policy.held_document is HeldDocument.DECIDES:
        return Decision.REVIEW, (Reason.ANOTHER_DOCUMENT,)
    reasons = [Reason.NAMES_AGREE]
    if names.by in _BY_NAME:
        reasons.append(_BY_NAME[names.by])
    if birth is Birth.AGREES:
        reasons.append(Reason.BIRTHDATE_AGREES)
    if held:
        reasons.append(Reason.DOCUMENT_HELD_BEFORE)
    if another and proven.document_digest:
        reasons.append(Reason.ANOTHER_DOCUMENT)
    return Decision.MATCH, tuple(reasons)


def _differing(
    proven: ProvenIdentity, candidate: Candidate, policy: MatchPolicy, names: NamesFound, birth: Birth
) -> tuple[Decision, tuple[str, ...]]:
    """Names that differ: a slip of one letter is told where all else agrees and the policy is fuzzy."""
    if birth is Birth.AGREES and Mode.FUZZY in (policy.given_names, policy.family_name):
        given = names.given.level is Level.DIFFERS
        family = names.family.level is Level.DIFFERS
        one = proven.given_names if given else proven.family_name
        other = candidate.given_names if given else candidate.family_name
        if given != family and one_letter_apart(name_of(one), name_of(other)):
            return Decision.REVIEW, (Reason.NAMES_DIFFER, Reason.ONE_LETTER_DIFFERS)
    others = candidate.other_names
    if others and not policy.former_names and any(one.kind is NameKind.FORMER for one in others):
        accepting = replace(policy, former_names=True)
        if not compare_names(proven, candidate, accepting).agree:
            return Decision.NO_MATCH, (Reason.NAMES_DIFFER,)
        return Decision.NO_MATCH, (Reason.NAMES_DIFFER, Reason.FORMER_NAME_NOT_ACCEPTED)
    return Decision.NO_MATCH, (Reason.NAMES_DIFFER,)


_COSTS = {Level.EXACT: 0, Level.RELAXED: 5, Level.FUZZY: 15, Level.WEAK: 25}
_BIRTH_COSTS = {Birth.AGREES: 0, Birth.NOT_KNOWN: 25}


def _confidence(decision: Decision, names: NamesFound, birth: Birth, held: bool) -> int:
    """0 to 100, for people who compare cases: what agrees, how far. No probability, and no rule looks at it."""
    if decision is Decision.NO_MATCH:
        return 0
    found = 100 - _COSTS.get(names.given.level, 40) - _COSTS.get(names.family.level, 40)
    found -= _BIRTH_COSTS.get(birth, 40)
    found += 20 * held - 15 * names.is_weak
    return max(1, min(50 if decision is Decision.REVIEW else 100, found))


def compare_names(proven: ProvenIdentity, candidate: Candidate, policy: MatchPolicy) -> NamesFound:
    """The account's name, else one of its other names; each whole, never a part of one with a part of another."""
    found = _compare(proven, candidate, policy)
    if found.agree and not found.is_weak:
        return found
    for other in candidate.other_names:
        if other.kind not in policy.kinds:
            continue
        also = _compare(proven, other, policy)
        if also.agree and (not found.agree or found.is_weak):
            rule = _RULES[other.kind]
            given, family = Found(also.given.level, rule), Found(also.family.level, rule)
            return NamesFound(given, family, is_weak=also.is_weak, by=other.kind)
    return found


def _compare(proven: ProvenIdentity, held: Candidate | OtherName, policy: MatchPolicy) -> NamesFound:
    return compare_whole(
        (proven.given_names, proven.family_name),
        (held.given_names, held.family_name),
        (LIMITS[policy.given_names], LIMITS[policy.family_name]),
        is_cut=proven.is_cut,
    )


def rules_of(names: NamesFound) -> Iterable[tuple[str, str, str]]:
    """(field, level, rule) of what was found, for whoever explains a decision."""
    for label, found in (("given_names", names.given), ("family_name", names.family)):
        yield label, found.level.name.lower(), found.rule
