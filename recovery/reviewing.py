"""Sending a case to review, and who may decide it.

Protects an account from a review by whoever happens to be there: a profile may name a role or members, and a profile whose
reviewers cannot be two does not go into force. What it does not do: count voices (recovery.review).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import ActorKind
from portal.kit.errors import Invalid
from portal.kit.ids import public_id
from recovery.cases import move_case
from recovery.decision import Decision
from recovery.holding import tell_of_wait, wait_from_now
from recovery.models import Case, Profile
from recovery.signs import BOUNDS, CHOSEN
from recovery.statuses import CaseStatus
from recovery.telling import tell_members_of_wait, tell_reviewers
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson
from tenants.models import Member
from tenants.rights import Right, rights_of

VOICES = 2
# Whoever prepared a recovery has no say in it; what is older than this has been seen by its owner many times.
SINCE_CHANGE = timedelta(days=30)
CHANGES = (EventName.PERSON_CREATED, EventName.PERSON_CHANGED)


def reviewers_of(profile: Profile) -> list[Member]:
    """The members who may decide its reviews, as they are seated now. One query."""
    seated = Member.objects.filter(removed_at=None).select_related("user").order_by("id")
    return [member for member in seated if is_reviewer(profile, member.id, member.role)]


def is_reviewer(profile: Profile, member_id: UUID, role: str) -> bool:
    """Whether a member of that role may; the right to review comes first, whatever the profile names."""
    if Right.REVIEW_CASES not in rights_of(role):
        return False
    match profile.reviewers_are:
        case Profile.ReviewersAre.ANYONE:
            return True
        case Profile.ReviewersAre.ROLE:
            return bool(profile.reviewer_role) and role == profile.reviewer_role
        case Profile.ReviewersAre.NAMED:
            return str(member_id) in profile.reviewers
        case _:
            return False


def changed_the_person(case: Case, member_id: UUID) -> bool:
    """Whether the member wrote the account the case is about within thirty days: a name, an address, a date of birth."""
    if case.person_id is None:
        return False
    return AuditEvent.objects.filter(
        name__in=[event.value for event in CHANGES],
        subject=public_id(DirectoryPerson.prefix, case.person_id),
        actor_kind=ActorKind.MEMBER.value,
        actor_id=public_id(Member.prefix, member_id),
        created_at__gt=clock.now() - SINCE_CHANGE,
    ).exists()


def check_reviewers(profile: Profile) -> None:
    """Invalid where something of the profile leads to a review and there are not two members to decide it."""
    leads_to_review = bool(profile.review_signs) or profile.no_address == Profile.NoAddress.REVIEWED
    if leads_to_review and len(reviewers_of(profile)) < VOICES:
        raise Invalid(
            "profile_reviewers",
            _(
                "Two members have to decide a review, and there are not two who may for this profile. Name others under “Risky "
                "recoveries”, or let neither a sign nor the way without an address lead to a review."
            ),
            field="reviewers_are",
        )


def check_signs(values: Mapping[str, Any]) -> None:
    """Invalid for signs that nobody knows and numbers outside their bounds: a profile that is restored or written by a
    program comes this way as well."""
    named = {*values.get("review_signs", ()), *values.get("waiting_signs", ())}
    if not named <= {sign.value for sign in CHOSEN}:
        raise Invalid("profile_sign_unknown", _("It names a sign of risk that there is not."))
    for name, value in values.get("sign_limits", {}).items():
        least, most = BOUNDS.get(name, (0, 1))
        if not least <= int(value) <= most:
            raise Invalid("profile_sign_limit", _("A number of a sign of risk is outside its bounds."))


def send_to_review(case: Case, decision: Decision, fields: dict[str, str]) -> None:
    """Two members look, and if it waits as well the time begins at once. With the case locked and deciding."""
    waits: dict[str, Any] = (
        wait_from_now(case, decision.to_wait, decision.wait_hours) if decision.wait_hours else {}
    )
    # Only what everything else passed for can be let go on; a silence of the organisation's own systems cannot.
    signs = list(decision.to_review) if set(decision.reasons) <= _looked_at(decision) else []
    moved = move_case(
        case.id,
        CaseStatus.IN_REVIEW,
        reasons=decision.reasons,
        fields={**fields, **waits, "signs_in_review": signs},
    )
    if decision.to_review or waits:
        tell_of_wait(moved)
        tell_members_of_wait(moved)
    tell_reviewers(moved, reviewers_of(moved.profile))


def _looked_at(decision: Decision) -> set[str]:
    return {*decision.to_review, *decision.to_wait}
