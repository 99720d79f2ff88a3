"""Recovery profiles: who may recover, by which partners, how strictly. Writing them, and putting them into force.

Several may be in force, in an order (`recovery.applying` says which counts for whom). Every save is a version that can be
had back as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.countries import COUNTRIES
from portal.kit.errors import Invalid, NotHere
from portal.kit.seen import marks_of, require_unchanged
from recovery.applying import groups_named, profiles_in_force
from recovery.callouts.services import callout_names
from recovery.decision import has_two_independent_kinds, levels_of_eid_from
from recovery.models import Profile, ProfileVersion
from recovery.ordering import partners_of
from recovery.partner_conditions import groups_named as opened_by
from recovery.reviewing import check_reviewers, check_signs
from recovery.routes import asked_on, required_by, route_of
from recovery.statuses import GATHERED, EvidenceKind, Mode, Route
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.selectors import groups_that_are
from vendors.models import Connection
from vendors.selectors import eid_level, gives_portrait, may_be_used_in_production

FIELDS = (
    "name",
    "description",
    "mode",
    "partners",
    "partner_conditions",
    "evidence_required",
    "face_threshold",
    "eid_level",
    "names",
    "birthdate_required",
    "former_names",
    "other_document",
    "pass_lifetime_minutes",
    "reuse_hours",
    "held_days",
    "daily_checks",
    "who",
    "departments",
    "groups_in",
    "groups_out",
    "callouts",
    "privileged",
    "review_signs",
    "waiting_signs",
    "waiting_hours",
    "sign_limits",
    "reviewers_are",
    "reviewer_role",
    "reviewers",
    "proofings",
    "attempts_a_day",
    "told",
)
MAX_PARTNERS = 3
MAX_CALLOUTS = 3


class Place(Enum):
    """Where a profile comes into the order of those in force."""

    INSTEAD = "instead"  # of all of them
    FIRST = "first"
    LAST = "last"


def profile_names() -> dict[UUID, str]:
    """By id; for rooms that stand below profiles (`portal.registry`)."""
    return dict(Profile.objects.order_by("name", "id").values_list("id", "name"))


def profiles() -> list[Profile]:
    """Those in force first, in the order in which they are tried; then drafts and what was withdrawn, newest first."""
    in_force = profiles_in_force()
    others = Profile.objects.exclude(status=Profile.Status.PUBLISHED).order_by("-created_at", "-id")
    return [*in_force, *others]


def get_profile(profile_id: UUID) -> Profile:
    profile = Profile.objects.filter(id=profile_id).first()
    if profile is None:
        raise NotHere("profile_unknown")
    return profile


def check_profile(profile: Profile) -> None:
    """Invalid when the profile may not go into force; says what to change (DESIGN 1, rule 4)."""
    kinds = required_by(profile)
    if not kinds:
        raise Invalid(
            "profile_asks_nothing", _("Choose what people have to prove."), field="evidence_required"
        )
    if not kinds <= GATHERED:
        raise Invalid(
            "profile_asks_impossible",
            _(
                "No partner of yours can check all of that yet, so that everybody would be refused. Ask for less."
            ),
            field="evidence_required",
        )
    if profile.mode == Mode.PRODUCTION and not has_two_independent_kinds(kinds):
        raise Invalid(
            "profile_one_kind",
            _(
                "In production a photographed document is not enough by itself: somebody can make one. Ask for a "
                "second kind of evidence as well, such as a code to an address you have held for 72 hours."
            ),
            field="evidence_required",
        )
    if not partners_of(profile):
        raise Invalid("profile_no_partner", _("Choose a verification partner first."), field="connection")
    _check_ways(profile, kinds)
    if profile.mode == Mode.PRODUCTION:
        _check_contracts(profile)
    if profile.who == Profile.Everyone.DEPARTMENTS and not profile.departments:
        raise Invalid("profile_nobody", _("Name at least one department."), field="departments")
    _check_groups(profile)
    _check_conditions(profile)
    check_reviewers(profile)
    if profile.callouts and not {UUID(one) for one in profile.callouts} <= set(callout_names()):
        raise Invalid(
            "profile_callout_gone",
            _("It names a callout that is not there any more. Look at its callouts and save it again."),
            field="callout",
        )


def _check_ways(profile: Profile, kinds: frozenset[EvidenceKind]) -> None:
    """Nobody is sent to a partner for what would be refused at the end."""
    for connection in partners_of(profile):
        if route_of(connection) is Route.EID:
            _check_eid(profile, connection, kinds)
        elif not gives_portrait(connection.vendor):
            raise Invalid(
                "profile_no_portrait",
                _(
                    "This partner hands over no portrait, and a recovery compares a live face with one. It can be tried "
                    "from the command line, not chosen here."
                ),
                field="connection",
            )


def _check_eid(profile: Profile, connection: Connection, kinds: frozenset[EvidenceKind]) -> None:
    if profile.mode == Mode.PRODUCTION and not has_two_independent_kinds(asked_on(Route.EID, kinds)):
        raise Invalid(
            "profile_eid_alone",
            _(
                "In production an eID is not enough by itself: it stands for whoever holds the device and its code. Ask "
                "for a code to an address you have held for 72 hours as well."
            ),
            field="evidence_required",
        )
    if EvidenceKind.HELD_DOCUMENT_NUMBER in kinds:
        raise Invalid(
            "profile_eid_shows_no_document",
            _(
                "Nobody shows a document with an eID, so that everybody who takes that way would be refused. Do not ask "
                "for the same document as before, or leave the eID out."
            ),
            field="evidence_required",
        )
    level = eid_level(connection)
    if level is None or level.value not in levels_of_eid_from(profile.eid_level):
        raise Invalid(
            "profile_eid_level",
            _(
                "The name of the eID that is asked for at your broker says no level, or a lower one than this profile asks "
                "for. Change the partner's setting, or the level here."
            ),
            field="connection",
        )


def _check_contracts(profile: Profile) -> None:
    for connection in partners_of(profile):
        if not may_be_used_in_production(connection.vendor):
            raise Invalid(
                "profile_contract_unconfirmed",
                _(
                    "How this partner speaks is not public, and it has not confirmed what we wrote of it. Until then it "
                    "can be tried in evaluation, not used in production."
                ),
                field="connection",
            )


def _check_groups(profile: Profile) -> None:
    """A group that is gone keeps nobody out, and lets nobody in."""
    known = {str(group) for group in groups_that_are([UUID(name) for name in groups_named([profile])])}
    for field, named in (("groups_out", profile.groups_out), ("groups_in", profile.groups_in)):
        if not set(named) <= known:
            raise Invalid(
                "profile_group_gone",
                _("It names a group that is not there any more. Look at its groups and save it again."),
                field=field,
            )


def _check_conditions(profile: Profile) -> None:
    """Nobody is in a group that is gone: the partner would be nobody's."""
    named = opened_by([profile])
    known = {str(group) for group in groups_that_are([UUID(name) for name in named])} if named else set()
    if not named <= known:
        raise Invalid(
            "profile_group_gone",
            _(
                "One of its partners is for a group that is not there any more. Look at whom its partners are for and save "
                "it again."
            ),
        )


def _conditions(values: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """By partner; each country and group once. Invalid for a country that there is not."""
    found = {}
    for name, said in values.items():
        countries = sorted({str(code) for code in said.get("countries", ())})
        groups = list(dict.fromkeys(str(one) for one in said.get("groups", ())))
        if not set(countries) <= set(COUNTRIES):
            raise Invalid("country_unknown", _("One of these is no country."), field="partner_conditions")
        if countries or groups:
            found[str(name)] = {"countries": countries, "groups": groups}
    return found


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    """As a profile keeps them: ids as text, in the order given, each once."""
    ids = {
        name: list(dict.fromkeys(str(one) for one in values[name]))
        for name in ("partners", "groups_in", "groups_out", "callouts", "reviewers")
        if name in values
    }
    if len(ids.get("partners", [])) > MAX_PARTNERS:
        raise Invalid("profile_partners", _("Name at most three partners."), field="connection")
    check_signs(values)
    if len(ids.get("callouts", [])) > MAX_CALLOUTS:
        raise Invalid("profile_callouts", _("Name at most three callouts."), field="callout")
    conditions = values.get("partner_conditions")
    return {
        **values,
        **ids,
        **({"partner_conditions": _conditions(conditions)} if conditions is not None else {}),
    }


def _apply(profile: Profile, values: Mapping[str, Any]) -> list[str]:
    written = _written(values)
    # Whom a partner is for is forgotten with the partner.
    named = written.get("partners", profile.partners)
    conditions = written.get("partner_conditions", profile.partner_conditions)
    written["partner_conditions"] = {name: said for name, said in conditions.items() if name in named}
    changed = [name for name in FIELDS if name in written and getattr(profile, name) != written[name]]
    for name in changed:
        setattr(profile, name, written[name])
    return changed


def _keep_version(profile: Profile) -> None:
    ProfileVersion.objects.create(profile=profile, version=profile.version, values=_values(profile))


@transaction.atomic
def create_profile(*, actor: Actor, **values: Any) -> Profile:
    """A draft. It is checked when it goes into force."""
    profile = Profile()
    _apply(profile, values)
    profile.save(force_insert=True)
    _keep_version(profile)
    record_event(
        EventName.PROFILE_CREATED,
        actor=actor,
        subject=profile.public_id,
        data={"mode": str(profile.mode), "version": profile.version},
    )
    return profile


def marks_of_profile(profile: Profile) -> str:
    """What a form filled from this profile has seen."""
    return marks_of(_values(profile))


def _values(profile: Profile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in FIELDS}


@transaction.atomic
def change_profile(profile_id: UUID, *, actor: Actor, seen: str | None = None, **values: Any) -> Profile:
    """A profile in force stays valid or is not changed. Each change is a new version. ChangedMeanwhile when it is not
    what the page had `seen`."""
    get_profile(profile_id)
    profile = Profile.objects.select_for_update().get(id=profile_id)
    require_unchanged(seen, _values(profile))
    changed = _apply(profile, values)
    if profile.status == Profile.Status.PUBLISHED:
        check_profile(profile)
    if changed:
        profile.version += 1
        profile.save()
        _keep_version(profile)
        record_event(
            EventName.PROFILE_CHANGED,
            actor=actor,
            subject=profile.public_id,
            data={"changed": changed, "version": profile.version, "mode": str(profile.mode)},
        )
    return profile


def copy_profile(profile_id: UUID, *, actor: Actor) -> Profile:
    """A draft that says the same, to be changed in peace."""
    found = get_profile(profile_id)
    name = _("%(name)s (copy)") % {"name": found.name[:70]}
    return create_profile(actor=actor, **{**_values(found), "name": name})


def version_of(profile: Profile, version: int) -> dict[str, Any]:
    """What the profile said as of that version. NotHere where there is none."""
    found = ProfileVersion.objects.filter(profile=profile, version=version).first()
    if found is None:
        raise NotHere("profile_version_unknown")
    return {name: value for name, value in found.values.items() if name in FIELDS}


def restore_version(profile_id: UUID, version: int, *, actor: Actor) -> Profile:
    """Let the profile say again what it said then: a change like any other, with a version of its own."""
    return change_profile(profile_id, actor=actor, **version_of(get_profile(profile_id), version))


def _locked_in_force() -> list[Profile]:
    """All that are in force, in order. Every profile is held, so that two drafts that go into force at once come one after
    the other."""
    # By id, which never changes: whoever locks by the order that others are changing waits in a circle.
    held = list(Profile.objects.select_for_update().order_by("id"))
    in_force = [profile for profile in held if profile.status == Profile.Status.PUBLISHED]
    return sorted(in_force, key=lambda profile: (profile.position, profile.published_at, profile.id))


@transaction.atomic
def publish_profile(profile_id: UUID, *, actor: Actor, place: Place = Place.INSTEAD) -> Profile:
    """Put a profile into force: in the place of all the others, before them, or after them. Quiet when it is."""
    get_profile(profile_id)
    others = _locked_in_force()
    profile = Profile.objects.select_for_update().get(id=profile_id)
    check_profile(profile)
    if profile.status == Profile.Status.PUBLISHED:
        return profile
    if place is Place.INSTEAD:
        for earlier in others:
            _withdraw(earlier, actor)
    positions = [other.position for other in others]
    profile.position = (
        min(positions, default=0) - 1 if place is Place.FIRST else max(positions, default=0) + 1
    )
    profile.status = Profile.Status.PUBLISHED
    profile.published_at = clock.now()
    profile.save(update_fields=["status", "published_at", "position"])
    record_event(
        EventName.PROFILE_PUBLISHED,
        actor=actor,
        subject=profile.public_id,
        data={"mode": str(profile.mode), "version": profile.version, "place": place.value},
    )
    return profile


@transaction.atomic
def move_profile(profile_id: UUID, *, up: bool, actor: Actor) -> None:
    """Change places with the one before or after it in the order. Quiet at the end of the order, and for one that is not
    in force."""
    found = _locked_in_force()
    at = next((number for number, profile in enumerate(found) if profile.id == profile_id), None)
    to = None if at is None else at + (-1 if up else 1)
    if at is None or to is None or not 0 <= to < len(found):
        return
    moved = found[at]
    found[at], found[to] = found[to], found[at]
    # Numbered anew: two that went into force at once may have the same number.
    for number, profile in enumerate(found):
        profile.position = number
    Profile.objects.bulk_update(found, ["position"])
    record_event(
        EventName.PROFILE_MOVED,
        actor=actor,
        subject=moved.public_id,
        data={"from": at + 1, "to": to + 1},
    )


@transaction.atomic
def withdraw_profile(profile_id: UUID, *, actor: Actor) -> None:
    """Whoever it was for falls to the next in the order; nobody recovers where there is none."""
    get_profile(profile_id)
    profile = Profile.objects.select_for_update().get(id=profile_id)
    if profile.status == Profile.Status.PUBLISHED:
        _withdraw(profile, actor)


def _withdraw(profile: Profile, actor: Actor) -> None:
    profile.status = Profile.Status.WITHDRAWN
    profile.save(update_fields=["status"])
    record_event(EventName.PROFILE_WITHDRAWN, actor=actor, subject=profile.public_id)
