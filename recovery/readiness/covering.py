"""Which profile is for whom: the one place of this room that asks."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.kit import clock
from recovery.held import HELD_FOR
from recovery.models import Profile
from recovery.profiles import may_recover, profile_in_force
from recovery.readiness.judging import Asked
from recovery.statuses import EvidenceKind
from tenants.directory.matching import MatchPolicy
from tenants.directory.models import DirectoryPerson


@dataclass(frozen=True, slots=True)
class Covering:
    """The profiles that come into question, read once for everybody, with what each asks."""

    profiles: tuple[Profile, ...]
    asked: dict[UUID, Asked]

    def asked_of(self, person: DirectoryPerson) -> Asked | None:
        """What is asked of this person by the profile that applies; None if none does."""
        found = next((profile for profile in self.profiles if may_recover(profile, person)), None)
        return self.asked[found.id] if found else None


def covering(profile: Profile | None = None) -> Covering:
    """By the profiles in force, or by one that is rehearsed as if it were."""
    found = profile or profile_in_force()
    profiles = (found,) if found else ()
    return Covering(profiles, {one.id: _asked_by(one) for one in profiles})


def _asked_by(profile: Profile) -> Asked:
    return Asked(
        policy=MatchPolicy.in_mode(profile.names, birthdate_required=profile.birthdate_required),
        address=EvidenceKind.HELD_ADDRESS.value in profile.evidence_required,
        document=EvidenceKind.HELD_DOCUMENT_NUMBER.value in profile.evidence_required,
        held_before=clock.now() - HELD_FOR,
    )
