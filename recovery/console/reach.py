"""What a profile does to people, in numbers: how many can recover with it, and why the others cannot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import clock
from portal.kit.kept_counts import kept_count
from recovery.attesting.attesters import asks_manager_only, may_stand_for_address, rule_of
from recovery.models import Profile
from recovery.no_address import has_way_without_address
from recovery.ordering import free_partner, partners_of
from recovery.partner_conditions import condition_of, has_conditions
from recovery.statuses import EvidenceKind
from tenants.directory.counting import Needs, Obstacle, OnlyFor, WithoutAddress, count_by_obstacle

HELD_FOR = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Reach:
    """Numbers of people. `reasons` are sentences; each person counts in one of them, the first that holds. `waiting`: of those
    who cannot, those who only have to wait. `counted_at` is None where the numbers are of this moment."""

    can: int
    cannot: int
    outside: int
    reasons: tuple[str, ...]
    waiting: int = 0
    counted_at: datetime | None = None


def needs_of(profile: Profile) -> Needs:
    """What the profile asks of the directory."""
    by_department = profile.who == Profile.Everyone.DEPARTMENTS
    holds_address = EvidenceKind.HELD_ADDRESS.value in profile.evidence_required
    return Needs(
        departments=profile.departments if by_department else None,
        groups_in=profile.groups_in,
        groups_out=profile.groups_out,
        privileged=profile.privileged,
        held_before=clock.now() - HELD_FOR if holds_address else None,
        document=EvidenceKind.HELD_DOCUMENT_NUMBER.value in profile.evidence_required,
        birthdate=profile.birthdate_required,
        ways=ways_of(profile),
        managed_before=clock.now() - HELD_FOR if asks_manager_only(profile) else None,
        without_address=_without_address(profile),
    )


def _without_address(profile: Profile) -> WithoutAddress | None:
    """None where the profile lets nobody in without a code, or no partner costs nothing."""
    if not has_way_without_address(profile) or free_partner() is None:
        return None
    since = clock.now() - HELD_FOR
    has_named = bool(rule_of(profile).named)
    return WithoutAddress(since, may_stand_for_address(profile), None if has_named else since)


def ways_of(profile: Profile) -> list[OnlyFor]:
    """Its partners by whom they are for; empty where one is for everybody, or none is there: that is told elsewhere."""
    if not has_conditions(profile):
        return []
    found = [condition_of(profile, one.id) for one in partners_of(profile)]
    if any(one.is_for_everybody for one in found):
        return []
    return [OnlyFor(sorted(one.countries), sorted(one.groups)) for one in found]


def reach_of(profile: Profile) -> Reach:
    """One query over the directory, whether the profile is in force or only typed."""
    return reach_by(needs_of(profile))


def kept_reach_of(profile: Profile) -> Reach:
    """As `reach_of`; of a directory that takes long to count, what was counted in the last ten minutes."""
    return kept_reach_by(needs_of(profile))


def kept_reach_by(needs: Needs) -> Reach:
    def count() -> dict[str, int]:
        return {obstacle.value: number for obstacle, number in count_by_obstacle(needs).items()}

    # Each moment in it is so long ago from now: of the same profile it is another one every time.
    name = json.dumps(asdict(needs), default=lambda moment: "ago", sort_keys=True)
    kept = kept_count(f"people by obstacle {name}", count)
    return replace(_reach({Obstacle(one): number for one, number in kept.value.items()}), counted_at=kept.at)


def reach_by(needs: Needs) -> Reach:
    return _reach(count_by_obstacle(needs))


def _reach(counted: dict[Obstacle, int]) -> Reach:
    can, outside = counted.pop(Obstacle.NONE, 0), counted.pop(Obstacle.OUTSIDE, 0)
    waiting = counted.get(Obstacle.FRESH_ADDRESS, 0)
    return Reach(can, sum(counted.values()), outside, _sentences(counted), waiting)


def _sentences(counted: dict[Obstacle, int]) -> tuple[str, ...]:
    return tuple(sentence(counted[group]) for group, sentence in _WORDS.items() if counted.get(group))


def _no_address(number: int) -> str:
    return ngettext("%(number)d has no e-mail address.", "%(number)d have no e-mail address.", number) % {
        "number": number
    }


def _fresh_address(number: int) -> str:
    return ngettext(
        "%(number)d has no address that was held for 72 hours yet: waiting is enough.",
        "%(number)d have no address that was held for 72 hours yet: waiting is enough.",
        number,
    ) % {"number": number}


def _no_document(number: int) -> str:
    return ngettext(
        "%(number)d never showed a document before.", "%(number)d never showed a document before.", number
    ) % {"number": number}


def _no_birthdate(number: int) -> str:
    return ngettext(
        "%(number)d has no date of birth in the directory.",
        "%(number)d have no date of birth in the directory.",
        number,
    ) % {"number": number}


def _no_partner(number: int) -> str:
    return ngettext(
        "%(number)d is in none of the countries and groups that its partners are for.",
        "%(number)d are in none of the countries and groups that its partners are for.",
        number,
    ) % {"number": number}


def _no_manager(number: int) -> str:
    return ngettext(
        "%(number)d has no manager on file since 72 hours, who could say that it is them.",
        "%(number)d have no manager on file since 72 hours, who could say that it is them.",
        number,
    ) % {"number": number}


_WORDS = {
    Obstacle.NO_ADDRESS: _no_address,
    Obstacle.NO_DOCUMENT: _no_document,
    Obstacle.NO_BIRTHDATE: _no_birthdate,
    Obstacle.NO_PARTNER: _no_partner,
    Obstacle.NO_MANAGER: _no_manager,
    Obstacle.FRESH_ADDRESS: _fresh_address,
}


def can_sentence(reach: Reach) -> str:
    """ "124 people can recover, 3 cannot." Whoever only has to wait is not told as one who cannot."""
    if not reach.can and not reach.cannot:
        return _("There is nobody yet for whom this profile is.")
    can = ngettext("%(number)d person can recover", "%(number)d people can recover", reach.can) % {
        "number": reach.can
    }
    told = {"can": can, "waiting": reach.waiting, "cannot": reach.cannot - reach.waiting}
    if reach.waiting:
        return _("%(can)s, %(waiting)d more within 72 hours, %(cannot)d cannot.") % told
    return _("%(can)s, %(cannot)d cannot.") % told
