"""Which profile is for whom: the one place of this room that asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from portal.kit import clock
from recovery.applying import Groups, profiles_in_force, read_groups_of_many, why_not
from recovery.attesting.attesters import asks_manager_only, may_stand_for_address, rule_of
from recovery.held import HELD_FOR
from recovery.models import Profile
from recovery.no_address import has_way_without_address
from recovery.ordering import free_partner, partners_of
from recovery.partner_conditions import circumstances_of, groups_of_each, has_conditions, is_anybody_for
from recovery.readiness.judging import Asked
from recovery.signs import Limits
from recovery.statuses import EvidenceKind
from tenants.directory.models import DirectoryPerson
from vendors.models import Connection


@dataclass(frozen=True, slots=True)
class Covering:
    """The profiles that come into question, read once for everybody, with what each asks."""

    profiles: tuple[Profile, ...]
    asked: dict[UUID, Asked]
    partners: dict[UUID, list[Connection]]

    def asked_of_each(self, people: Sequence[DirectoryPerson]) -> list[Asked | None]:
        """What is asked of each by the first profile that is for them; None if none is. Three queries at most."""
        ids = [person.id for person in people]
        groups = read_groups_of_many(self.profiles, ids)
        opens = groups_of_each(self.profiles, ids)
        return [self._asked_of(person, groups[person.id], opens[person.id]) for person in people]

    def _asked_of(self, person: DirectoryPerson, groups: Groups, opens: frozenset[str]) -> Asked | None:
        found = next((one for one in self.profiles if why_not(one, person, groups) is None), None)
        if found is None:
            return None
        there = self.partners[found.id]
        about = circumstances_of(person, opens)
        has_partner = not there or is_anybody_for(found, there, about)
        return replace(self.asked[found.id], has_partner=has_partner)


def covering(profile: Profile | None = None) -> Covering:
    """By the profiles in force, or by one that is rehearsed as if it were."""
    profiles = (profile,) if profile else tuple(profiles_in_force())
    return Covering(
        profiles,
        {one.id: _asked_by(one) for one in profiles},
        {one.id: partners_of(one) if has_conditions(one) else [] for one in profiles},
    )


def _asked_by(profile: Profile) -> Asked:
    return Asked(
        policy=profile.match_policy,
        address=EvidenceKind.HELD_ADDRESS.value in profile.evidence_required,
        document=EvidenceKind.HELD_DOCUMENT_NUMBER.value in profile.evidence_required,
        held_before=clock.now() - HELD_FOR,
        manager=asks_manager_only(profile),
        without_address=has_way_without_address(profile) and free_partner() is not None,
        word_instead=may_stand_for_address(profile),
        word_of_manager=not rule_of(profile).named,
        review_signs=frozenset(profile.review_signs),
        waiting_signs=frozenset(profile.waiting_signs),
        sign_limits=Limits.of(profile.sign_limits),
        work_domains=frozenset(profile.work_domains),
    )
