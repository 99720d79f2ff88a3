"""Who left, once a round is complete: removed, or held until an owner has looked. Who is disabled: `suspending`.

Protects an organisation from a directory that answers half, from one that was emptied by whoever took it over, and from a
filter somebody set there: more than a share of its people never goes without an owner's word, counted over a day, so that
many small rounds do not do what one may not. Until then nobody is removed, not even the share.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import NotHere
from portal.kit.origins import site_url
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.models import (
    DirectoryConnection,
    Kind,
    RemoteEdge,
    RemoteObject,
    SyncRun,
    Track,
)
from tenants.directory.connections.people import ACTOR
from tenants.directory.models import Group, GroupMember
from tenants.directory.services import remove_person
from tenants.models import Member, Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Role

# Of a hundred people this many may go in a day, and a handful of the few there are.
SHARE, FEW = 10, 3
DAY = timedelta(days=1)
AT_ONCE = 200
EDGES_AT_ONCE = 5_000


def mark_unseen_people(track: Track) -> None:
    """A round that told everything did not tell these: they left."""
    unseen = RemoteObject.objects.filter(kind=Kind.USERS, seen_round__lt=track.round, leaving_at=None)
    unseen.update(leaving_at=clock.now())


def _leaving() -> QuerySet[RemoteObject]:
    return RemoteObject.objects.filter(kind=Kind.USERS).exclude(leaving_at=None)


def share_of(known: int) -> int:
    return max(FEW, known * SHARE // 100)


def may_go(leaving: int, known: int, name: str) -> bool:
    """Whether so many of those `known` are few enough, with all that the runs of a day counted as `name`."""
    recent = SyncRun.objects.filter(created_at__gt=clock.now() - DAY).values_list("counts", flat=True)
    gone = sum(int(counts.get(name, 0)) for counts in recent)
    return gone + leaving <= share_of(known + gone)


def decide_people(run: SyncRun, row: DirectoryConnection) -> None:
    """Whether those who left may go. Sets `run.may_remove`; tells the owners once for each number."""
    leaving = _leaving().exclude(person=None).count()
    known = RemoteObject.objects.filter(kind=Kind.USERS).exclude(person=None)
    run.may_remove = row.allowed_people >= leaving or may_go(leaving, known.count(), "removed")
    hold(row, "held_people", 0 if run.may_remove else leaving)


def _unseen(track: Track) -> Q:
    """Memberships that a whole round did not tell, or that were not among those of a group when they were told whole."""
    return Q(seen_round__lt=track.round) | Q(is_missing=True)


def decide_members(run: SyncRun, row: DirectoryConnection, track: Track) -> None:
    """The same for memberships that a round did not tell: whom a profile is for hangs on them. What was told to have ended
    ends, however much it is."""
    unseen = RemoteEdge.objects.filter(_unseen(track), is_leaving=False).count()
    run.may_remove = row.allowed_memberships >= unseen or may_go(
        unseen, RemoteEdge.objects.count(), "memberships_unseen"
    )
    hold(row, "held_memberships", 0 if run.may_remove else unseen)


def hold(row: DirectoryConnection, name: str, number: int) -> None:
    """So many wait now; owners are told when it is more than before."""
    before = getattr(row, name)
    if before == number:
        return
    setattr(row, name, number)
    row.save(update_fields=[name])
    if number > before:
        record_event(
            EventName.SYNC_REMOVAL_HELD,
            actor=ACTOR,
            subject=row.public_id,
            data=_numbers(row.held_people, row.held_memberships, row.held_suspensions),
        )
        _tell_owners(row)


def _tell_owners(row: DirectoryConnection) -> None:
    tenant = Tenant.objects.get(id=current_tenant_id())
    path = reverse("people:connection", urlconf=settings.ROOT_URLCONF, args=[tenant.slug])
    context = {
        "organisation": tenant.name,
        "people": str(row.held_people or ""),
        "memberships": str(row.held_memberships or ""),
        "suspensions": str(row.held_suspensions or ""),
        "page_url": site_url(path),
    }
    owners = Member.objects.filter(role=Role.OWNER, removed_at=None).select_related("user")
    for address in sorted({member.user.email for member in owners}):
        send_staff_mail("staff_sync_held", address=address, context=context)


def who_left(most: int) -> list[str]:
    """The names of some who wait to be removed."""
    rows = _leaving().exclude(person=None).order_by("person__sort_key", "id")
    return list(rows.values_list("person__display_name", flat=True)[:most])


def remove_some() -> int:
    """Some of those who left, for good; how many there were. Who cannot be removed any more is let go all the same."""
    rows = list(_leaving().order_by("id")[:AT_ONCE])
    removed = 0
    for row in rows:
        if row.person_id is not None:
            try:
                remove_person(row.person_id, actor=ACTOR)
                removed += 1
            except NotHere:
                pass
    names = [row.object_id for row in rows]
    RemoteObject.objects.filter(id__in=[row.id for row in rows]).delete()
    RemoteEdge.objects.filter(member_id__in=names).delete()
    return removed


def end_memberships(track: Track, *, also_unseen: bool) -> int:
    """Memberships and groups that were told to have ended, and those that a round did not tell any more; how many of the
    latter. Groups they were in are touched."""
    over, gone = Q(is_leaving=True), Q(leaving_at__isnull=False)
    unseen = _unseen(track)
    number = RemoteEdge.objects.filter(unseen, is_leaving=False).count() if also_unseen else 0
    if also_unseen:
        over, gone = over | unseen, gone | Q(seen_round__lt=track.round)
    groups = list(RemoteObject.objects.filter(gone, kind=Kind.GROUPS))
    over |= Q(member_id__in=[row.object_id for row in groups])
    ended = RemoteEdge.objects.filter(over)
    RemoteObject.objects.filter(id__in=ended.values("group_id")).update(is_touched=True)
    ended.delete()
    for row in groups:
        _remove_group(row)
    return number


def _remove_group(row: RemoteObject) -> None:
    group_id = row.group_id
    RemoteEdge.objects.filter(group=row).delete()
    row.delete()
    group = Group.objects.filter(id=group_id).first() if group_id else None
    if group is None:
        return
    GroupMember.objects.filter(group_id=group.id).delete()
    record_event(EventName.GROUP_REMOVED, actor=ACTOR, subject=group.public_id)
    group.delete()


def _numbers(people: int, memberships: int, suspensions: int) -> dict[str, int]:
    return {"people": people, "memberships": memberships, "suspended": suspensions}


def allow_removal(
    row: DirectoryConnection, *, people: int, memberships: int, suspensions: int, actor: Actor
) -> None:
    """An owner's word for what waits: for that number and no more. Invalid numbers hold nothing open."""
    row.allowed_people, row.allowed_memberships = people, memberships
    row.allowed_suspensions = suspensions
    row.save(update_fields=["allowed_people", "allowed_memberships", "allowed_suspensions"])
    record_event(
        EventName.SYNC_REMOVAL_ALLOWED,
        actor=actor,
        subject=row.public_id,
        data=_numbers(people, memberships, suspensions),
    )


def are_left() -> bool:
    """Whether somebody who left is still here."""
    return _leaving().exists()
