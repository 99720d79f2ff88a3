"""Which profile is for a person, and why another is not.

Several profiles may be in force at once, in an order: the first that is for somebody counts for them. Protects an account
from a looser profile than the one meant for it: who is kept out of a profile by a group stays out when that group is
deleted, because a profile that names a group nobody knows any more is for nobody until it is saved anew. What it does not
do: look at what somebody can prove.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from recovery.models import Profile
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import groups_of, groups_that_are, members_among

NOBODY = UUID(int=0)


class WhyNot(Enum):
    """Why a profile is not for somebody, the first that holds."""

    NOT_ACTIVE = "not_active"
    NOT_ALLOWED = "not_allowed"
    PRIVILEGED = "privileged"
    GROUP_IS_GONE = "group_is_gone"
    OTHER_DEPARTMENT = "other_department"
    NOT_IN_GROUP = "not_in_group"
    IN_GROUP_LEFT_OUT = "in_group_left_out"


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups somebody is in, and which of those that profiles name are still there."""

    of_person: frozenset[str]
    known: frozenset[str]


NO_GROUPS = Groups(frozenset(), frozenset())


def groups_named(profiles: Iterable[Profile]) -> frozenset[str]:
    return frozenset(name for profile in profiles for name in (*profile.groups_in, *profile.groups_out))


def read_groups(profiles: Sequence[Profile], person_id: UUID | None) -> Groups:
    """No query where no profile names a group; otherwise the same two for somebody and for nobody."""
    named = groups_named(profiles)
    if not named:
        return NO_GROUPS
    return Groups(
        of_person=frozenset(str(group) for group in groups_of(person_id or NOBODY)),
        known=frozenset(str(group) for group in groups_that_are([UUID(name) for name in named])),
    )


def read_groups_of_many(profiles: Sequence[Profile], person_ids: Collection[UUID]) -> dict[UUID, Groups]:
    """The same for many people: one query for the groups and one for who is in them."""
    named = groups_named(profiles)
    if not named:
        return dict.fromkeys(person_ids, NO_GROUPS)
    ids = [UUID(name) for name in named]
    known = frozenset(str(group) for group in groups_that_are(ids))
    members = members_among(ids, person_ids)
    return {one: Groups(frozenset(str(group) for group in members.get(one, ())), known) for one in person_ids}


def why_not(profile: Profile, person: DirectoryPerson, groups: Groups) -> WhyNot | None:
    """None when the profile is for this person."""
    if person.status != DirectoryPerson.Status.ACTIVE:
        return WhyNot.NOT_ACTIVE
    if not person.recovery_allowed:
        return WhyNot.NOT_ALLOWED
    if person.is_privileged and not profile.privileged:
        return WhyNot.PRIVILEGED
    if not set(profile.groups_out) <= groups.known:
        return WhyNot.GROUP_IS_GONE
    if profile.who == Profile.Everyone.DEPARTMENTS and person.department not in profile.departments:
        return WhyNot.OTHER_DEPARTMENT
    if profile.groups_in and groups.of_person.isdisjoint(profile.groups_in):
        return WhyNot.NOT_IN_GROUP
    if not groups.of_person.isdisjoint(profile.groups_out):
        return WhyNot.IN_GROUP_LEFT_OUT
    return None


def may_recover(profile: Profile, person: DirectoryPerson) -> bool:
    """Whether the profile is for this person."""
    return why_not(profile, person, read_groups([profile], person.id)) is None


def profiles_in_force() -> list[Profile]:
    """In the order in which they are tried. One query."""
    found = Profile.objects.filter(status=Profile.Status.PUBLISHED)
    return list(found.order_by("position", "published_at", "id"))


@dataclass(frozen=True, slots=True)
class Applied:
    """`profile` is the one that is for the person; None where none is. `considered` holds all in force, in order, each with
    why it is not for them."""

    profile: Profile | None
    considered: tuple[tuple[Profile, WhyNot | None], ...]


def applied_to(person: DirectoryPerson) -> Applied:
    """With every reason, for the pages that explain it."""
    found = profiles_in_force()
    groups = read_groups(found, person.id)
    considered = tuple((profile, why_not(profile, person, groups)) for profile in found)
    return Applied(next((profile for profile, reason in considered if reason is None), None), considered)


def profile_for(person: DirectoryPerson) -> Profile | None:
    """The profile in force that counts for this person, None where none does."""
    return applied_to(person).profile
