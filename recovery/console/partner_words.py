"""Whom each partner of a profile is for, in words; and which of them a person would be offered, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kit.countries import country_name
from recovery.models import Profile
from recovery.ordering import partners_of
from recovery.partner_conditions import (
    Condition,
    WhyNotOffered,
    circumstances_of,
    condition_of,
    has_conditions,
    why_not_offered,
)
from recovery.reference_evidence import told_to
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import group_names, groups_of
from vendors.health import resting
from vendors.models import Connection
from vendors.wording import partner_name, references_in_words

SHOWN = 4
WHY_NOT = {
    WhyNotOffered.COUNTRY_NOT_SAID: gettext_noop(
        "The directory names no country that can be read: it is offered if they say that one of these issued what they "
        "show: %(countries)s."
    ),
    WhyNotOffered.OTHER_COUNTRY: gettext_noop("It is for %(countries)s, and the directory says %(country)s."),
    WhyNotOffered.NOT_IN_GROUP: gettext_noop("They are in none of its groups: %(groups)s."),
}


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    if len(names) <= SHOWN:
        return shown
    return _("%(shown)s and %(more)d more") % {"shown": shown, "more": len(names) - SHOWN}


def _countries(condition: Condition) -> str:
    return _few(sorted(country_name(code) for code in condition.countries))


def _groups(condition: Condition, names: Mapping[UUID, str]) -> str:
    gone = _("a group that is not there any more")
    return _few(sorted(names.get(UUID(one), gone) for one in condition.groups))


def condition_in_words(condition: Condition, names: Mapping[UUID, str]) -> str:
    """ "Czechia, Poland; members of Pilots"; empty for everybody. `names`: of groups, by id."""
    parts = []
    if condition.countries:
        parts.append(_countries(condition))
    if condition.groups:
        parts.append(_("members of %(groups)s") % {"groups": _groups(condition, names)})
    return "; ".join(parts)


def partners_in_words(profile: Profile) -> list[str]:
    """ "mojeID (Poland)", in order."""
    names = group_names() if any(one.get("groups") for one in profile.partner_conditions.values()) else {}
    found = []
    for one in partners_of(profile):
        said = condition_in_words(condition_of(profile, one.id), names)
        title = partner_name(one.vendor)
        found.append(
            _("%(partner)s (%(condition)s)") % {"partner": title, "condition": said} if said else title
        )
    return found


def told_in_words(profile: Profile) -> list[str]:
    """ "Persona is told beforehand: names, date of birth.", for each that is told anything."""
    told = [(one, told_to(profile, one)) for one in partners_of(profile)]
    return [
        _("%(partner)s is told beforehand: %(what)s.")
        % {"partner": partner_name(one.vendor), "what": references_in_words([word.value for word in words])}
        for one, words in told
        if words
    ]


def conditions_in_words(profile: Profile) -> str:
    """Beside the link to their page."""
    is_for = (
        f"{', '.join(partners_in_words(profile))}."
        if has_conditions(profile)
        else _("Every partner is for everybody.")
    )
    return " ".join([is_for, *told_in_words(profile)])


def offers_to(profile: Profile, person: DirectoryPerson) -> list[dict[str, Any]]:
    """Each partner of the profile, in order: whether it would be offered to this person now, and why."""
    there = partners_of(profile)
    rest = resting(one.id for one in there)
    names = group_names()
    about = circumstances_of(person, [str(one) for one in groups_of(person.id)])
    country = country_name(about.country) if about.country else ""
    rows: list[dict[str, Any]] = []
    for one in there:
        condition = condition_of(profile, one.id)
        reason = why_not_offered(condition, about)
        is_well = one.status == Connection.Status.READY and one.id not in rest
        rows.append({"partner": partner_name(one.vendor), "reason": reason, "is_well": is_well})
        if reason is not None:
            facts = {
                "country": country,
                "countries": _countries(condition),
                "groups": _groups(condition, names),
            }
            rows[-1]["why"] = _(WHY_NOT[reason]) % facts
        else:
            said = condition_in_words(condition, names)
            rows[-1]["why"] = (
                _("For them: %(condition)s.") % {"condition": said} if said else _("For everybody.")
            )
    _mark_first(rows)
    return rows


def _mark_first(rows: list[dict[str, Any]]) -> None:
    """The first that is for them and answers; where none does, the first that is for them."""
    mine = [row for row in rows if row["reason"] is None]
    first = next((row for row in mine if row["is_well"]), mine[0] if mine else None)
    for row in rows:
        row["tone"], row["label"] = ("info", _("If the one before does not answer"))
        if row["reason"] is WhyNotOffered.COUNTRY_NOT_SAID:
            row["tone"], row["label"] = ("info", _("Depends on what they say"))
        elif row["reason"] is not None:
            row["tone"], row["label"] = ("neutral", _("No"))
        elif row is first:
            row["tone"], row["label"] = ("ok", _("Offered first"))
        if row["reason"] is None and not row["is_well"]:
            row["why"] += " " + _("It does not answer just now.")
