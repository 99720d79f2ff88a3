"""Recovery profiles: who may recover, by which partner, how strictly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotHere
from portal.kit.seen import marks_of, require_unchanged
from recovery.decision import has_two_independent_kinds
from recovery.models import Profile
from recovery.statuses import GATHERED, EvidenceKind, Mode
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson
from vendors.selectors import may_be_used_in_production

FIELDS = (
    "name",
    "mode",
    "connection_id",
    "evidence_required",
    "face_threshold",
    "names",
    "birthdate_required",
    "pass_lifetime_minutes",
    "reuse_hours",
    "held_days",
    "daily_checks",
    "who",
    "departments",
)


def evidence_kinds(values: Sequence[str]) -> frozenset[EvidenceKind]:
    return frozenset(EvidenceKind(value) for value in values)


def profile_in_force() -> Profile | None:
    return Profile.objects.filter(status=Profile.Status.PUBLISHED).select_related("connection").first()


def profile_names() -> dict[UUID, str]:
    """By id; for rooms that stand below profiles (`portal.registry`)."""
    return dict(Profile.objects.order_by("name", "id").values_list("id", "name"))


def profiles() -> list[Profile]:
    return list(Profile.objects.select_related("connection").order_by("-created_at"))


def get_profile(profile_id: UUID) -> Profile:
    profile = Profile.objects.filter(id=profile_id).select_related("connection").first()
    if profile is None:
        raise NotHere("profile_unknown")
    return profile


def check_profile(profile: Profile) -> None:
    """Invalid when the profile may not go into force; says what to change (DESIGN 1, rule 4)."""
    kinds = evidence_kinds(profile.evidence_required)
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
    if profile.connection_id is None:
        raise Invalid("profile_no_partner", _("Choose a verification partner first."), field="connection")
    if (
        profile.mode == Mode.PRODUCTION
        and profile.connection is not None
        and not may_be_used_in_production(profile.connection.vendor)
    ):
        raise Invalid(
            "profile_contract_unconfirmed",
            _(
                "How this partner speaks is not public, and it has not confirmed what we wrote of it. Until then it can be "
                "tried in evaluation, not used in production."
            ),
            field="connection",
        )
    if profile.who == Profile.Everyone.DEPARTMENTS and not profile.departments:
        raise Invalid("profile_nobody", _("Name at least one department."), field="departments")


def may_recover(profile: Profile, person: DirectoryPerson) -> bool:
    """Whether the profile is for this person."""
    if person.status != DirectoryPerson.Status.ACTIVE or not person.recovery_allowed:
        return False
    return profile.who == Profile.Everyone.EVERYONE or person.department in profile.departments


def _apply(profile: Profile, values: dict[str, Any]) -> list[str]:
    changed = [name for name in FIELDS if name in values and getattr(profile, name) != values[name]]
    for name in changed:
        setattr(profile, name, values[name])
    return changed


@transaction.atomic
def create_profile(*, actor: Actor, **values: Any) -> Profile:
    """A draft. It is checked when it goes into force."""
    profile = Profile()
    _apply(profile, values)
    profile.save(force_insert=True)
    record_event(
        EventName.PROFILE_CREATED, actor=actor, subject=profile.public_id, data={"mode": str(profile.mode)}
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
        record_event(
            EventName.PROFILE_CHANGED,
            actor=actor,
            subject=profile.public_id,
            data={"changed": changed, "version": profile.version, "mode": str(profile.mode)},
        )
    return profile


@transaction.atomic
def publish_profile(profile_id: UUID, *, actor: Actor) -> Profile:
    """Put a profile into force in place of the one before."""
    get_profile(profile_id)
    profile = Profile.objects.select_for_update().get(id=profile_id)
    check_profile(profile)
    if profile.status == Profile.Status.PUBLISHED:
        return profile
    for earlier in Profile.objects.select_for_update().filter(status=Profile.Status.PUBLISHED):
        _withdraw(earlier, actor)
    profile.status = Profile.Status.PUBLISHED
    profile.published_at = clock.now()
    profile.save(update_fields=["status", "published_at"])
    record_event(
        EventName.PROFILE_PUBLISHED,
        actor=actor,
        subject=profile.public_id,
        data={"mode": str(profile.mode), "version": profile.version},
    )
    return profile


@transaction.atomic
def withdraw_profile(profile_id: UUID, *, actor: Actor) -> None:
    """Nobody can begin a recovery until another profile is in force."""
    get_profile(profile_id)
    profile = Profile.objects.select_for_update().get(id=profile_id)
    if profile.status == Profile.Status.PUBLISHED:
        _withdraw(profile, actor)


def _withdraw(profile: Profile, actor: Actor) -> None:
    profile.status = Profile.Status.WITHDRAWN
    profile.save(update_fields=["status"])
    record_event(EventName.PROFILE_WITHDRAWN, actor=actor, subject=profile.public_id)
