"""Could this person recover today? Pure: facts, names as a document prints them and everybody else in; reasons out.

Names are judged by the matching that decides recoveries, with the people a recovery would compare. What it does not do:
foresee what goes wrong at a partner, with a camera or with a document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from recovery.code_address import opens_with_account
from recovery.readiness.accounts import Near
from recovery.readiness.reasons import DOUBTS, WAITS, Reason, in_order
from recovery.signs import FORESEEN, Limits, foreseen_signs
from tenants.directory.matching import (
    Candidate,
    HeldDocument,
    MatchOutcome,
    MatchPolicy,
    NameKind,
    OtherName,
    PersonMatch,
    ProvenIdentity,
    match_person,
    normalise,
)

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
# How Entra names people of other organisations.
_GUEST = "#ext#"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the directory has of one person."""

    person_id: UUID
    user_name: str = field(repr=False)
    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    display_name: str = field(repr=False)
    birthdate: date | None = field(repr=False)
    recovery_allowed: bool
    digests: frozenset[str] = field(default=frozenset(), repr=False)
    # Since when the oldest e-mail address and the newest address of any kind are held.
    email_since: datetime | None = None
    newest_since: datetime | None = None
    named_at: datetime | None = None
    has_saved_code: bool = False
    source_is_stale: bool = False
    is_guest: bool = False
    other_names: tuple[OtherName, ...] = field(default=(), repr=False)
    # When the last e-mail address went, and whether the account was proven at a higher level before.
    address_lost_at: datetime | None = None
    was_proven: bool = False
    # Since when a manager is on file; whether that one may speak is found out in the recovery.
    managed_since: datetime | None = None
    # Whether the organisation's own rule lets go of every document held, and soon.
    document_goes: bool = False
    # A number that a file brought and that does not count yet.
    has_fresh_document: bool = False
    is_privileged: bool | None = None
    # Days since the newest address that came after the first, since a recovery, and since one that was not them.
    days_since_address: float | None = None
    days_since_recovery: float | None = None
    days_since_not_me: float | None = None
    # (domain, label) of each e-mail address.
    mailboxes: frozenset[tuple[str, str]] = frozenset()

    @property
    def own_names(self) -> list[tuple[str, str]]:
        """The name a document is in: as the directory has it, and in another script where that is kept as well."""
        script = [
            (one.given_names, one.family_name) for one in self.other_names if one.kind is NameKind.SCRIPT
        ]
        return list(dict.fromkeys([(self.given_names, self.family_name), *script]))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the profile asks for, as far as the directory answers it. `held_before`: the address has to be as old."""

    policy: MatchPolicy
    address: bool
    document: bool
    held_before: datetime
    # Whether one of its partners is for this person.
    has_partner: bool = True
    # The manager's word, and nobody named who could give it instead.
    manager: bool = False
    # The way of people of whom no address is on file (recovery.first_proof): whether there is one, whether somebody's word may
    # stand there for a document that was held, and whether the manager alone can give it.
    without_address: bool = False
    word_instead: bool = False
    word_of_manager: bool = False
    # Signs of risk that two members look at, and those that are waited for.
    review_signs: frozenset[str] = frozenset()
    waiting_signs: frozenset[str] = frozenset()
    sign_limits: Limits = field(default_factory=Limits)
    # Domains whose mailboxes open with the account, beside those that show it themselves.
    work_domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Printed:
    """A name as a document would print it."""

    given_names: str = field(repr=False)
    family_name: str = field(repr=False)


def judge(facts: Facts, asked: Asked | None, prints: Sequence[Printed], near: Near) -> list[Reason]:
    """Every reason, worst first; empty for somebody who could recover. `asked` None: no profile is for this person. No
    `prints`: nobody here knows how a document prints the name."""
    if not facts.recovery_allowed:
        return [Reason.NOT_ALLOWED]
    if asked is None:
        return [Reason.NO_PROFILE, *in_order(_oddities_of_name(facts))]
    found = {*_of_names(facts, asked, prints, near), *_of_evidence(facts, asked)}
    return in_order({*found, *_of_risk(facts, asked), *_doubts(facts, asked)})


def is_hopeless(reasons: Sequence[Reason]) -> bool:
    return any(reason not in DOUBTS and reason not in WAITS for reason in reasons)


def would_wait(reasons: Sequence[Reason]) -> bool:
    """Whether nothing but time, or two members, is between the person and their account."""
    return not is_hopeless(reasons) and any(reason in WAITS for reason in reasons)


def _oddities_of_name(facts: Facts) -> set[Reason]:
    """What is wrong with a name whatever a document says."""
    found: set[Reason] = set()
    if not facts.given_names.strip() or not facts.family_name.strip():
        found.add(Reason.NAME_MISSING)
    if any(_has_digits(name) for name in (facts.given_names, facts.family_name)):
        found.add(Reason.NAME_DIGITS)
    return found


def _has_digits(name: str) -> bool:
    return any(unicodedata.category(char) == "Nd" for char in _BRACKETED.sub(" ", name))


def _of_names(facts: Facts, asked: Asked, prints: Sequence[Printed], near: Near) -> set[Reason]:
    """A document has its names twice, on the page and in the zone, and a partner may read either: what fails in one of
    them only may turn out well. Whether a whole name in one field will do, the profile's own rule says."""
    found = _oddities_of_name(facts)
    is_in_one_field = Reason.NAME_MISSING in found
    if found - {Reason.NAME_MISSING}:
        return found
    if not prints:
        return found or {Reason.SPELLING_UNKNOWN}
    results = [_of_match(match_as(facts, asked, printed, near)) for printed in prints]
    if all(results):
        told = set().union(*results)
        is_missing = is_in_one_field and Reason.NAMES_DIFFER in told
        return told - {Reason.NAMES_DIFFER} | found if is_missing else told
    doubts = {Reason.NAMES_IN_ONE_FIELD} if is_in_one_field else set()
    return doubts | ({Reason.ONE_SPELLING} if any(results) else set())


def match_as(facts: Facts, asked: Asked, printed: Printed, near: Near) -> PersonMatch:
    """What a recovery would find when the document says so, and is the one held before if one is asked for."""
    brings_it = asked.document or asked.policy.held_document is HeldDocument.DECIDES
    digest = min(facts.digests) if brings_it and facts.digests else ""
    proven = ProvenIdentity(printed.given_names, printed.family_name, facts.birthdate, digest)
    claimed = Candidate(
        facts.person_id,
        facts.given_names,
        facts.family_name,
        facts.birthdate,
        facts.digests,
        facts.other_names,
    )
    return match_person(proven, claimed, near(proven), policy=asked.policy)


_BY_CODE = {
    "names_differ": Reason.NAMES_DIFFER,
    "birthdate_not_known": Reason.NO_BIRTHDATE,
    "names_agree_too_weakly": Reason.NO_BIRTHDATE,
    "hidden_characters": Reason.NAME_HIDDEN,
    "mixed_scripts": Reason.NAME_MIXED,
    "unusual_letters": Reason.NAME_UNUSUAL,
    "too_many_marks": Reason.NAME_MARKS,
    "too_long": Reason.NAME_LONG,
}


def _of_match(match: PersonMatch) -> set[Reason]:
    if match.outcome is MatchOutcome.ONE:
        return set()
    if match.outcome is MatchOutcome.SEVERAL:
        return {Reason.DUPLICATE}
    if match.outcome is MatchOutcome.ANOTHER:
        return {Reason.ANOTHER}
    found = {_BY_CODE[code] for code in match.reasons if code in _BY_CODE}
    return found or {Reason.NAMES_DIFFER}


def _of_evidence(facts: Facts, asked: Asked) -> set[Reason]:
    found: set[Reason] = set()
    if not asked.has_partner:
        found.add(Reason.NO_PARTNER)
    if asked.document and not facts.digests:
        found.add(Reason.FRESH_DOCUMENT if facts.has_fresh_document else Reason.NO_DOCUMENT)
    if asked.address and not facts.has_saved_code:
        if facts.email_since is None:
            found.add(_without_address(facts, asked))
        elif facts.email_since > asked.held_before:
            found.add(Reason.FRESH_ADDRESS)
    if asked.manager and facts.managed_since is None:
        found.add(Reason.NO_MANAGER)
    elif asked.manager and facts.managed_since is not None and facts.managed_since > asked.held_before:
        found.add(Reason.FRESH_MANAGER)
    return found


def _is_managed(facts: Facts, asked: Asked) -> bool:
    return facts.managed_since is not None and facts.managed_since <= asked.held_before


def _without_address(facts: Facts, asked: Asked) -> Reason:
    """What becomes of somebody to whom no code can be sent and who saved none, as recovery.first_proof has it."""
    if not asked.without_address or facts.birthdate is None:
        return Reason.NO_ADDRESS
    if facts.address_lost_at is not None and facts.address_lost_at > asked.held_before:
        return Reason.LOST_ADDRESS
    if facts.digests:
        return Reason.FIRST_PROOF
    has_voice = asked.word_instead and (not asked.word_of_manager or _is_managed(facts, asked))
    # Somebody's word raises no level of assurance.
    return Reason.FIRST_PROOF if has_voice and not facts.was_proven else Reason.NO_ADDRESS


def _of_risk(facts: Facts, asked: Asked) -> set[Reason]:
    """What the profile answers signs with that are known today. That every recovery is looked at says nothing of anybody."""
    if not FORESEEN.intersection(asked.review_signs | asked.waiting_signs):
        return set()
    signs = foreseen_signs(
        asked.sign_limits,
        is_privileged=facts.is_privileged,
        days_since_address=facts.days_since_address,
        days_since_recovery=facts.days_since_recovery,
        days_since_not_me=facts.days_since_not_me,
    )
    found = {Reason.RISK_REVIEW} if signs & asked.review_signs else set()
    return found | ({Reason.RISK_WAIT} if signs & asked.waiting_signs else set())


def _has_work_only(facts: Facts, asked: Asked) -> bool:
    return all(
        opens_with_account(f"@{domain}", label, user_name=facts.user_name, work_domains=asked.work_domains)
        for domain, label in facts.mailboxes
    )


def _doubts(facts: Facts, asked: Asked) -> set[Reason]:
    found: set[Reason] = set()
    if asked.address and facts.mailboxes and not facts.has_saved_code and _has_work_only(facts, asked):
        found.add(Reason.WORK_MAILBOX)
    if _names_conflict(facts):
        found.add(Reason.NAMES_CONFLICT)
    if _changed_recently(facts, asked.held_before):
        found.add(Reason.CHANGED_RECENTLY)
    if asked.document and facts.document_goes:
        found.add(Reason.DOCUMENT_GOES)
    if facts.is_guest or _GUEST in facts.user_name.casefold():
        found.add(Reason.GUEST)
    if facts.source_is_stale:
        found.add(Reason.STALE)
    return found


def _changed_recently(facts: Facts, since: datetime) -> bool:
    """As `recovery.gathering` holds a recovery: not an account whose every address is new."""
    named = facts.named_at is not None and facts.named_at > since
    old, new = facts.email_since, facts.newest_since
    return named or (old is not None and old <= since and new is not None and new > since)


def _names_conflict(facts: Facts) -> bool:
    """Whether the display name, where a directory keeps one, holds no word of the family name."""
    if facts.family_name.casefold() in facts.display_name.casefold():
        return False
    shown = set(normalise(_BRACKETED.sub(" ", facts.display_name)).split())
    family = normalise(facts.family_name).split()
    if not shown or not family or facts.display_name.casefold() == facts.user_name.casefold():
        return False
    together = "".join(normalise(facts.display_name).split())
    return shown.isdisjoint(family) and "".join(family) not in together
