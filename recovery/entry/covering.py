"""Who could get in again and who has nothing: counted, never named. And whom a mail would reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from portal.kit import clock
from recovery.entry.models import Invitation, Kind, NoReminders
from recovery.held import HELD_FOR
from recovery.models import CredentialBinding
from recovery.passkeys.models import Passkey, SavedRecoveryCode
from tenants.directory.models import DirectoryPerson, Group, GroupMember, NoticeAddress
from tenants.verified_id.models import Credential

# Nobody is mailed twice in this time, however they are asked for, and no more than so often in a quarter.
AGAIN_AFTER = timedelta(days=7)
QUARTER = timedelta(days=90)
MOST_A_QUARTER = 3
MOST_GROUPS = 50


def _has_passkey(person: str) -> Exists:
    return Exists(
        Passkey.objects.filter(
            person_id=OuterRef(person), invalidated_at=None, frozen_at=None, suspended_at=None
        )
    )


def _has_codes(person: str) -> Exists:
    return Exists(
        SavedRecoveryCode.objects.filter(person_id=OuterRef(person), used_at=None, replaced_at=None)
    )


def _has_card(person: str) -> Exists:
    live = Credential.objects.exclude(state=Credential.State.REVOKED).filter(expires_at__gt=clock.now())
    tied = CredentialBinding.objects.filter(person_id=OuterRef(person), credential_id__in=live.values("id"))
    return Exists(tied)


@dataclass(frozen=True, slots=True)
class Covered:
    """Active people, and how many of them have each."""

    people: int
    passkey: int
    codes: int
    card: int
    nothing: int


def _counts(person: str) -> dict[str, Count]:
    passkey, codes, card = _has_passkey(person), _has_codes(person), _has_card(person)
    return {
        "people": Count("id"),
        "passkey": Count("id", filter=Q(passkey)),
        "codes": Count("id", filter=Q(codes)),
        "card": Count("id", filter=Q(card)),
        "nothing": Count("id", filter=~Q(passkey) & ~Q(codes) & ~Q(card)),
    }


def _active() -> QuerySet[DirectoryPerson]:
    return DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE)


def covered() -> Covered:
    return Covered(**_active().aggregate(**_counts("id")))


def covered_by_group() -> list[tuple[Group, Covered]]:
    """The groups with most people who have nothing first."""
    members: Any = GroupMember.objects.filter(person__status=DirectoryPerson.Status.ACTIVE).values("group_id")
    rows = members.annotate(**_counts("person_id")).order_by("-nothing", "group_id")[:MOST_GROUPS]
    found: dict[UUID, Covered] = {}
    for row in rows:
        group_id = row.pop("group_id")
        found[group_id] = Covered(**row)
    groups = Group.objects.in_bulk(list(found))
    return [(groups[one], counts) for one, counts in found.items() if one in groups]


# Whom a mail would reach ---------------------------------------------------------------------------------------------


def _chosen(group_id: UUID | None) -> QuerySet[DirectoryPerson]:
    if group_id is None:
        return _active()
    return _active().filter(id__in=GroupMember.objects.filter(group_id=group_id).values("person_id"))


def _reasons(kind: str) -> dict[str, Any]:
    """Why somebody is left out, in the order in which it is told. A passkey that is frozen leaves out as well: it was
    frozen because somebody else may have been there."""
    moment = clock.now()
    mailed = Invitation.objects.filter(person_id=OuterRef("id"))
    held = NoticeAddress.objects.filter(
        person_id=OuterRef("id"), kind=NoticeAddress.Kind.EMAIL, held_since__lte=moment - HELD_FOR
    )
    often = mailed.filter(created_at__gt=moment - QUARTER).order_by().values("person_id")
    often = often.annotate(number=Count("id")).filter(number__gte=MOST_A_QUARTER)
    reasons: dict[str, Any] = {
        "has_passkey": Q(Exists(Passkey.objects.filter(person_id=OuterRef("id"), invalidated_at=None))),
        "not_allowed": Q(recovery_allowed=False),
        "no_address": ~Q(Exists(held)),
        "mailed_lately": Q(Exists(mailed.filter(created_at__gt=moment - AGAIN_AFTER))) | Q(Exists(often)),
    }
    if kind == Kind.REMINDER:
        reasons["has_other"] = Q(_has_codes("id")) | Q(_has_card("id"))
        reasons["opted_out"] = Q(Exists(NoReminders.objects.filter(person_id=OuterRef("id"))))
    return reasons


def reachable(kind: str, group_id: UUID | None) -> QuerySet[DirectoryPerson]:
    """Whom a mail of this kind may go to now."""
    found = _chosen(group_id)
    for reason in _reasons(kind).values():
        found = found.exclude(reason)
    return found


def why_left_out(person_id: UUID) -> str:
    """Why an invitation may not go to this person now, the first reason that holds; empty if it may."""
    found = _active().filter(id=person_id)
    if not found.exists():
        return "not_active"
    reasons = _reasons(Kind.INVITATION)
    return next((name for name, reason in reasons.items() if found.filter(reason).exists()), "")


@dataclass(frozen=True, slots=True)
class Preview:
    """`left_out` by reason, each person under the first that holds."""

    chosen: int
    mailed: int
    left_out: dict[str, int]


def preview(kind: str, group_id: UUID | None) -> Preview:
    reasons = _reasons(kind)
    before = Q()
    counts: dict[str, Count] = {"chosen": Count("id")}
    for name, reason in reasons.items():
        counts[name] = Count("id", filter=before & reason)
        before &= ~reason
    counts["mailed"] = Count("id", filter=before)
    found = _chosen(group_id).aggregate(**counts)
    return Preview(found.pop("chosen"), found.pop("mailed"), {name: n for name, n in found.items() if n})
