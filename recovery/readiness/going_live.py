"""What should be true before a profile goes into production, each item asked of its room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import clock
from recovery.guiding import problem_in
from recovery.models import Profile
from recovery.ordering import partners_of
from recovery.readiness.evaluation import counts_of
from recovery.readiness.models import Survey
from recovery.readiness.selectors import newest_of
from recovery.routes import routes_of
from recovery.statuses import Mode, Route
from tenants.models import Tenant
from tenants.verified_id.selectors import standing
from vendors.models import Connection

FRESH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Item:
    """`status` as the `checklist` element has it; `url_name` leads to where it is done, with the profile if `of_profile`."""

    label: str
    status: str
    hint: str
    url_name: str
    of_profile: bool = False


def problem_in_production(profile: Profile) -> str:
    """What keeps the profile from production, in a sentence; empty if nothing does."""
    return problem_in(profile, Mode.PRODUCTION)


def items(profile: Profile, tenant: Tenant, problem: str) -> list[Item]:
    """In the order in which one does them. Only the first, which has the `problem`, keeps a profile back; the others are
    advice."""
    rehearsed, looked = newest_of(profile.id)
    return [
        _sound(problem),
        _partner(profile),
        _without_a_face(profile),
        _authority(),
        _help_desk(tenant),
        _rehearsed(profile, rehearsed),
        _evaluated(profile),
        _ready(looked),
    ]


def _sound(problem: str) -> Item:
    hint = problem or _("It asks for two kinds of evidence that do not stand or fall together.")
    status = "problem" if problem else "done"
    return Item(_("The profile may go into production"), status, hint, "profiles:edit", of_profile=True)


def _partner(profile: Profile) -> Item:
    ready = any(one.status == Connection.Status.READY for one in partners_of(profile))
    hint = (
        _("It answers.") if ready else _("None of its partners is ready: nobody would get past the document.")
    )
    return Item(_("A partner of it works"), "done" if ready else "problem", hint, "partners:browse")


def _without_a_face(profile: Profile) -> Item:
    has_one = Route.EID in routes_of(partners_of(profile))
    hint = (
        _("By an eID, which people choose before they agree to anything.")
        if has_one
        else _(
            "There is none: whoever cannot or does not want to show their face has to call your help desk."
        )
    )
    status = "done" if has_one else "todo"
    return Item(_("There is a way without a face"), status, hint, "profiles:edit", of_profile=True)


def _authority() -> Item:
    found = standing()
    if found is None:
        return Item(_("Verified ID is on"), "todo", _("Turn Verified ID on first."), "verified_id:home")
    hint = _("Something it publishes cannot be read from outside.") if found.is_broken else found.did
    return Item(_("Verified ID is on"), "problem" if found.is_broken else "done", hint, "verified_id:home")


def _help_desk(tenant: Tenant) -> Item:
    hint = tenant.help_desk_contact or _("Whoever is refused reads it.")
    return Item(
        _("The help desk is named"), "done" if tenant.help_desk_contact else "todo", hint, "console:settings"
    )


def _rehearsed(profile: Profile, done: Survey | None) -> Item:
    status, hint = "todo", _("See whom it would fail before anybody is locked out.")
    if done and done.profile_version != profile.version:
        hint = _("It was changed since the last rehearsal.")
    elif done:
        status = "problem" if done.cannot else "done"
        hint = ngettext(
            "It would fail %(number)d person.", "It would fail %(number)d people.", done.cannot
        ) % {"number": done.cannot}
    return Item(_("It was rehearsed as it is"), status, hint, "rehearsals:home", of_profile=True)


def _evaluated(profile: Profile) -> Item:
    sums = counts_of(profile)
    hint = _("Ask a few people to walk the whole way in evaluation.")
    if sums.ended:
        hint = _("%(worked)d of %(ended)d trials worked, %(refused)d were refused.") % {
            "worked": sums.worked,
            "ended": sums.ended,
            "refused": sums.refused,
        }
    status = "done" if sums.worked else "todo"
    return Item(_("People tried it"), status, hint, "rehearsals:evaluation", of_profile=True)


def _ready(done: Survey | None) -> Item:
    if done is None or done.finished_at is None or done.finished_at < clock.now() - FRESH:
        return Item(
            _("Everybody was looked at"), "todo", _("See who could not recover today."), "readiness:home"
        )
    hint = ngettext(
        "%(number)d person could not recover today.",
        "%(number)d people could not recover today.",
        done.cannot,
    ) % {"number": done.cannot}
    return Item(_("Everybody was looked at"), "problem" if done.cannot else "done", hint, "readiness:home")
