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
from recovery.applying import profiles_in_force
from recovery.attesting.settling import check_rule
from recovery.models import Profile, ProfileVersion
from recovery.profile_checks import check_profile
from recovery.reference_evidence import said_of
from recovery.reviewing import check_signs
from tenants.audit.events import EventName
from tenants.audit.services import record_event

FIELDS = (
    "name",
    "description",
    "mode",
    "partners",
    "partner_conditions",
    "reference_evidence",
    "evidence_required",
    "face_threshold",
    "eid_level",
    "names",
    "birthdate_required",
    "former_names",
    "other_document",
    "pass_lifetime_minutes",
    "old_ways",
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
    "code_goes_to",
    "work_domains",
    "no_address",
    "first_proofs_a_day",
    "decoys_end",
    "attestation",
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
    check_rule(values)
    if len(ids.get("callouts", [])) > MAX_CALLOUTS:
        raise Invalid("profile_callouts", _("Name at most three callouts."), field="callout")
    conditions = values.get("partner_conditions")
    evidence = values.get("reference_evidence")
    return {
        **values,
        **ids,
        **({"reference_evidence": said_of(evidence)} if evidence is not None else {}),
        **({"partner_conditions": _conditions(conditions)} if conditions is not None else {}),
    }


def _apply(profile: Profile, values: Mapping[str, Any]) -> list[str]:
    written = _written(values)
    # Whom a partner is for, and what it is told, is forgotten with the partner.
    named = written.get("partners", profile.partners)
    conditions = written.get("partner_conditions", profile.partner_conditions)
    written["partner_conditions"] = {name: said for name, said in conditions.items() if name in named}
    evidence = written.get("reference_evidence", profile.reference_evidence)
    written["reference_evidence"] = {name: said for name, said in evidence.items() if name in named}
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
