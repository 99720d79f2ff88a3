"""Profiles in words: for whom one is, why another is not for somebody, and what two versions say differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recovery.applying import Applied, WhyNot
from recovery.attesting.attesters import may_stand_for_address
from recovery.console.profile_labels import GONE, labels, risk_sentence, said
from recovery.models import Profile
from recovery.no_address import has_way_without_address, lost_lately
from recovery.ordering import partners_of
from recovery.profiles import FIELDS
from recovery.routes import route_of
from recovery.statuses import Route
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import emails_of
from vendors.wording import partner_name

WHY_NOT: dict[WhyNot, str] = {
    WhyNot.NOT_ACTIVE: gettext_noop("The person is suspended, and nobody who is suspended recovers."),
    WhyNot.NOT_ALLOWED: gettext_noop("Recovery was turned off for this person."),
    WhyNot.PRIVILEGED: gettext_noop("The account is privileged, and it lets no privileged accounts in."),
    WhyNot.GROUP_IS_GONE: gettext_noop(
        "It keeps a group out that is not there any more, so it is for nobody until it is saved again."
    ),
    WhyNot.OTHER_DEPARTMENT: gettext_noop("It is for other departments."),
    WhyNot.NOT_IN_GROUP: gettext_noop("The person is in none of the groups it is for."),
    WhyNot.IN_GROUP_LEFT_OUT: gettext_noop("The person is in a group that it keeps out."),
}
SHOWN = 3
NOT_NEEDED = gettext_noop("A profile before it counts already.")


def _listed(ids: Sequence[str], names: Mapping[UUID, str]) -> str:
    """ "Pilots, Sales and 3 more"."""
    named = [names.get(UUID(one), str(GONE)) for one in ids]
    shown = ", ".join(named[:SHOWN])
    if len(named) <= SHOWN:
        return shown
    return _("%(shown)s and %(more)d more") % {"shown": shown, "more": len(named) - SHOWN}


def is_for(profile: Profile, names: Mapping[UUID, str]) -> str:
    """ "Finance, Sales; members of Pilots; nobody from Administrators". `names`: of groups, by id."""
    parts = []
    if profile.who == Profile.Everyone.DEPARTMENTS:
        parts.append(", ".join(profile.departments))
    if profile.groups_in:
        parts.append(_("Members of %(groups)s") % {"groups": _listed(profile.groups_in, names)})
    if profile.groups_out:
        parts.append(_("Nobody from %(groups)s") % {"groups": _listed(profile.groups_out, names)})
    if profile.privileged:
        parts.append(_("Privileged accounts as well"))
    return "; ".join(parts) or _("Everyone who is active")


def explained(applied: Applied) -> list[dict[str, Any]]:
    """Each profile in force, in order, with whether it counts and why not."""
    counts = applied.profile
    rows = []
    for profile, reason in applied.considered:
        is_it = counts is not None and profile.id == counts.id
        sentence = WHY_NOT[reason] if reason else ("" if is_it else NOT_NEEDED)
        rows.append(
            {
                "profile": profile,
                "counts": is_it,
                "why_not": _(sentence) if sentence else "",
                "risk": risk_sentence(profile) if is_it else "",
            }
        )
    return rows


def without_code_words(profile: Profile, person: DirectoryPerson) -> str:
    """What the profile lets somebody do of whom no e-mail address is on file; empty for everybody else."""
    if emails_of(person.id):
        return ""
    if not has_way_without_address(profile):
        return _("No e-mail address is on file, so a code that they saved is their only way.")
    if lost_lately(person):
        return _(
            "The last e-mail address was taken away less than 72 hours ago: until then no other way is open."
        )
    if may_stand_for_address(profile):
        return _(
            "No e-mail address is on file: they may prove who they are at the free partner first. Without a document that you "
            "hold, somebody who knows them has to say so and two members look."
        )
    return _(
        "No e-mail address is on file: they may prove who they are at the free partner first, with the document that you hold."
    )


def without_a_face(profile: Profile) -> dict[str, Any]:
    """What the profile offers those who cannot or do not want to show a face: the eIDs by name, or that there is none."""
    found = partners_of(profile)
    eids = [partner_name(one.vendor) for one in found if route_of(one) is Route.EID]
    is_only = bool(eids) and len(eids) == len(found)
    level = str(Profile.EidLevel(profile.eid_level).label)
    return {"eids": ", ".join(eids), "is_only": is_only, "level": level, "has_partner": bool(found)}


def said_now(profile: Profile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in FIELDS}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a profile said before and says after, in words; only what differs. A part that did not exist yet is left out."""
    called = labels()
    found = [
        {"label": called[name], "before": said(name, before[name]), "after": said(name, value)}
        for name, value in after.items()
        if name in called and name in before and value != before[name]
    ]
    # What is kept another way and says the same is no difference.
    return [row for row in found if row["before"] != row["after"]]
