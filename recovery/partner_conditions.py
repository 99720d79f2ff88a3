"""For whom each partner of a profile is: the countries and groups that it is named for.

Protects people from a partner that cannot read their document or has no right to look at it, and an organisation from paying
it for them. A partner without conditions is for everybody. The country is what the directory says; only where the directory
says nothing that can be read does the person say which country issued what they will show (decision 0059). What it does
not do: say who may recover, or let anybody pass: every partner of a profile proves what the profile asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from portal.kit.countries import country_of
from portal.kit.scope import read_once
from recovery.models import Case, Profile
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import groups_of, members_among
from vendors.models import Connection

NOBODY = UUID(int=0)


class WhyNotOffered(Enum):
    """Why a partner is not offered to somebody, the first that holds."""

    COUNTRY_NOT_SAID = "country_not_said"
    OTHER_COUNTRY = "other_country"
    NOT_IN_GROUP = "not_in_group"


@dataclass(frozen=True, slots=True)
class Condition:
    """Both have to hold. Empty: it does not matter."""

    countries: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def is_for_everybody(self) -> bool:
        return not self.countries and not self.groups


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What conditions look at. `country`: two letters, `ANOTHER` for one that no partner is named for, empty while nobody
    knows. `is_on_file`: the directory says so, and nobody may say otherwise."""

    country: str = ""
    is_on_file: bool = False
    groups: frozenset[str] = frozenset()


def condition_of(profile: Profile, connection_id: UUID) -> Condition:
    said = profile.partner_conditions.get(str(connection_id), {})
    return Condition(frozenset(said.get("countries", ())), frozenset(said.get("groups", ())))


def conditions_of(profile: Profile) -> list[Condition]:
    """Of each partner that the profile names, in its order."""
    return [condition_of(profile, UUID(name)) for name in profile.partners]


def has_conditions(profile: Profile) -> bool:
    return any(not one.is_for_everybody for one in conditions_of(profile))


def countries_named(profile: Profile) -> frozenset[str]:
    return frozenset().union(*(one.countries for one in conditions_of(profile)))


def groups_named(profiles: Sequence[Profile]) -> frozenset[str]:
    return frozenset(name for each in profiles for one in conditions_of(each) for name in one.groups)


def why_not_offered(condition: Condition, about: Circumstances) -> WhyNotOffered | None:
    """None when the partner is for them."""
    if condition.countries and not about.country:
        return WhyNotOffered.COUNTRY_NOT_SAID
    if condition.countries and about.country not in condition.countries:
        return WhyNotOffered.OTHER_COUNTRY
    if condition.groups and about.groups.isdisjoint(condition.groups):
        return WhyNotOffered.NOT_IN_GROUP
    return None


def circumstances_of(
    person: DirectoryPerson | None, groups: Collection[str], *, said: str = ""
) -> Circumstances:
    """`said`: the country that the person named, which counts only where the directory has none."""
    on_file = country_of(person.country) if person else ""
    return Circumstances(on_file or said, bool(on_file), frozenset(groups))


def circumstances(case: Case) -> Circumstances:
    """Read once a scope; nothing is read for a profile without conditions."""
    profile = case.profile
    if not has_conditions(profile):
        return Circumstances()
    asks_groups = bool(groups_named([profile]))

    def read() -> list[UUID]:
        return groups_of(case.person_id or NOBODY) if asks_groups else []

    groups = read_once(f"groups of {case.id}", read)
    return circumstances_of(case.person, [str(one) for one in groups], said=case.issuing_country)


def groups_of_each(profiles: Sequence[Profile], people: Collection[UUID]) -> Mapping[UUID, frozenset[str]]:
    """Which of the groups that conditions name each of the people is in. One query, and none where none is named."""
    named = groups_named(profiles)
    members = members_among([UUID(one) for one in named], people) if named else {}
    return {one: frozenset(str(group) for group in members.get(one, ())) for one in people}


def is_anybody_for(profile: Profile, there: Sequence[Connection], about: Circumstances) -> bool:
    """Whether one of these partners is for somebody, perhaps once they said which country issued their document."""
    reasons = (why_not_offered(condition_of(profile, one.id), about) for one in there)
    return any(reason in (None, WhyNotOffered.COUNTRY_NOT_SAID) for reason in reasons)
