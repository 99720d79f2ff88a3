"""Who may say of somebody that it is them.

Protects an account from a word that the attacker has in hand: an attester signs in with a passkey that was theirs three
days ago, and has neither a recovery of their own under way nor one behind them that is younger than a week. Nobody attests
for themselves or for somebody above them. What it does not do: ask anybody (`asking`), or take their word (`answering`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from portal.kit import clock
from recovery.attesting.models import AttestationAsk
from recovery.attesting.rule import AttestationRule
from recovery.cases import unproven
from recovery.models import Case, Profile
from recovery.passkeys.models import Passkey
from recovery.routes import required_by
from recovery.statuses import GAVE_ACCOUNT, LIVE, CaseStatus, EvidenceKind
from tenants.directory.managers import manager_of, stands_above
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.directory.selectors import people_by_id

HELD_FOR = timedelta(hours=72)
# After a recovery, or "this was not me", an account speaks for nobody for so long.
SETTLED = timedelta(days=7)
ATTESTED_NOT_THEM = "attested_not_them"


@dataclass(frozen=True, slots=True)
class Attester:
    """Somebody who may be asked. `address`: the e-mail address held longest."""

    person: DirectoryPerson
    asked_as: AttestationAsk.As
    address: str


def rule_of(profile: Profile) -> AttestationRule:
    return AttestationRule.of(profile.attestation)


def asks_for_attestation(profile: Profile) -> bool:
    return EvidenceKind.ATTESTATION in required_by(profile)


def may_stand_for_address(profile: Profile) -> bool:
    """Whether the word of somebody who knows them may stand where no code was read."""
    return bool(profile.no_address == Profile.NoAddress.REVIEWED)


def asks_for_word(case: Case) -> bool:
    """Whether somebody's word could be asked for in this case."""
    return asks_for_attestation(case.profile) or (case.proves_first and may_stand_for_address(case.profile))


def asks_manager_only(profile: Profile) -> bool:
    """Whether whoever has no manager on file has nobody."""
    return asks_for_attestation(profile) and not rule_of(profile).named


def unfit(attester: DirectoryPerson, claimed: DirectoryPerson) -> str:
    """Why somebody may not attest for this person, as a code; empty if they may. The same when they are asked and when
    they answer."""
    if attester.id == claimed.id:
        return "own_account"
    if attester.status != DirectoryPerson.Status.ACTIVE:
        return "not_active"
    if stands_above(claimed, attester):
        return "stands_below"
    return _unsettled(attester)


def _unsettled(attester: DirectoryPerson) -> str:
    passkeys = list(Passkey.objects.filter(person_id=attester.id, invalidated_at=None))
    if any(passkey.frozen_at is not None for passkey in passkeys):
        return "account_frozen"
    if not any(is_old(passkey) for passkey in passkeys):
        return "no_passkey_held"
    since = clock.now() - SETTLED
    # What strangers can open by knowing a name keeps nobody out: only what came past the code counts.
    under_way = Q(status__in=LIVE - {CaseStatus.OPENED}, purpose=Case.Purpose.RECOVERY)
    lately = Q(status__in=GAVE_ACCOUNT | {CaseStatus.REPUDIATED}, ended_at__gt=since) | Q(
        status=CaseStatus.HANDED_OVER
    )
    of_their_own = Case.objects.filter(under_way | lately, person=attester).exclude(unproven())
    return "recovery_of_their_own" if of_their_own.exists() else ""


def is_old(passkey: Passkey) -> bool:
    """Whether a passkey was there before whoever sits at an open session could have made it for this."""
    return passkey.is_usable and passkey.created_at <= clock.now() - HELD_FOR


def attesters_for(case: Case) -> list[Attester]:
    """Whom to ask: the manager, and those the profile names where there is none or more voices are asked for. Empty where
    they cannot be enough."""
    person, rule = case.person, rule_of(case.profile)
    if person is None or case.is_enrolment:
        return []
    found = [one for one in [_manager(person)] if one is not None]
    if len(found) < rule.voices:
        there = {one.person.id for one in found}
        found += [one for one in _named(person, rule) if one.person.id not in there]
    return found if len(found) >= rule.voices else []


def has_attesters(case: Case) -> bool:
    """No query where the profile asks for none."""
    return asks_for_word(case) and bool(attesters_for(case))


def _manager(person: DirectoryPerson) -> Attester | None:
    manager = manager_of(person)
    return next(_fit([manager] if manager else [], person, AttestationAsk.As.MANAGER), None)


def _named(person: DirectoryPerson, rule: AttestationRule) -> Iterator[Attester]:
    return _fit(people_by_id(rule.named), person, AttestationAsk.As.NAMED)


def _fit(
    people: Sequence[DirectoryPerson], claimed: DirectoryPerson, asked_as: AttestationAsk.As
) -> Iterator[Attester]:
    for one in people:
        address = _held_address(one)
        if address and not unfit(one, claimed):
            yield Attester(one, asked_as, address)


def _held_address(person: DirectoryPerson) -> str:
    held = NoticeAddress.objects.filter(
        person=person, kind=NoticeAddress.Kind.EMAIL, held_since__lte=clock.now() - HELD_FOR
    )
    first = held.order_by("held_since", "id").first()
    return first.value if first else ""
