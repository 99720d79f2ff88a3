"""Groups of a page, and who is in them once a round is complete.

What a page tells of members is written down as it was told: a member may be a group, or somebody who is told later. Who is
in a group here follows from that at the end of a round; groups in groups are resolved then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import connection

from portal.kit import clock
from portal.kit.bulk import update_many
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.models import Kind, RemoteEdge, RemoteObject
from tenants.directory.connections.people import ACTOR, Outcome
from tenants.directory.connections.told import Group as ToldGroup
from tenants.directory.models import DirectoryPerson, Group, GroupMember

BATCH = 5_000
# Groups whose members are put right in one step.
AT_ONCE = 50


def apply_groups(groups: Mapping[str, ToldGroup], *, round_number: int) -> Outcome:
    """Everything a page tells of groups. In the tenant's scope and a transaction."""
    outcome = Outcome()
    known = {one.object_id: one for one in RemoteObject.objects.filter(object_id__in=list(groups))}
    gone = [known[one.id].id for one in groups.values() if one.is_removed and one.id in known]
    outcome.leaving += RemoteObject.objects.filter(id__in=gone, leaving_at=None).update(
        leaving_at=clock.now()
    )
    present = [one for one in groups.values() if not one.is_removed]
    for one in present:
        if one.id not in known:
            known[one.id] = _added(one, round_number, outcome)
        else:
            _renamed(known[one.id], one, outcome)
    RemoteObject.objects.filter(id__in=[known[one.id].id for one in present]).update(
        seen_round=round_number, leaving_at=None
    )
    _note_members([(known[one.id], one) for one in present], round_number)
    return outcome


def _added(told: ToldGroup, round_number: int, outcome: Outcome) -> RemoteObject:
    group = Group.objects.filter(external_id=told.id).first()
    if group is None:
        group = Group.objects.create(name=told.name or told.id, external_id=told.id)
        record_event(EventName.GROUP_CREATED, actor=ACTOR, subject=group.public_id)
        outcome.added += 1
    return RemoteObject.objects.create(
        kind=Kind.GROUPS, object_id=told.id, group=group, seen_round=round_number, is_touched=True
    )


def _renamed(row: RemoteObject, told: ToldGroup, outcome: Outcome) -> None:
    if row.group_id is None or told.name is None:
        return
    group = Group.objects.get(id=row.group_id)
    if group.name == told.name:
        return
    group.name, group.changed_at = told.name, clock.now()
    group.save(update_fields=["name", "changed_at"])
    record_event(EventName.GROUP_CHANGED, actor=ACTOR, subject=group.public_id, data={"joined": 0, "gone": 0})
    outcome.changed += 1


def _note_members(told: Sequence[tuple[RemoteObject, ToldGroup]], round_number: int) -> None:
    begun = [row for row, group in told if group.begins]
    for row in begun:
        row.telling += 1
    update_many(begun, ["telling"])
    joined = [
        RemoteEdge(group=row, member_id=member, is_user=is_user, seen_round=round_number, telling=row.telling)
        for row, group in told
        for member, is_user in group.joined.items()
    ]
    RemoteEdge.objects.bulk_create(
        joined,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["tenant_id", "group", "member_id"],
        update_fields=["seen_round", "telling", "is_leaving", "is_missing", "is_user"],
    )
    for row, group in told:
        if group.left:
            RemoteEdge.objects.filter(group=row, member_id__in=list(group.left)).update(is_leaving=True)
        if group.ends:
            RemoteEdge.objects.filter(group=row, telling__lt=row.telling).update(is_missing=True)
    touched = [row.id for row, group in told if group.joined or group.left or group.ends]
    RemoteObject.objects.filter(id__in=touched).update(is_touched=True)


def touch_groups_around() -> None:
    """A group is touched where a group in it is: its people are theirs too."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE above AS (
                SELECT id, object_id FROM connections_remoteobject WHERE tenant_id = %(tenant)s AND is_touched
                UNION
                SELECT o.id, o.object_id FROM above a
                JOIN connections_remoteedge e ON e.tenant_id = %(tenant)s AND e.member_id = a.object_id
                JOIN connections_remoteobject o ON o.tenant_id = %(tenant)s AND o.id = e.group_id
            )
            UPDATE connections_remoteobject SET is_touched = true
            WHERE tenant_id = %(tenant)s AND NOT is_touched AND id IN (SELECT id FROM above)
            """,
            {"tenant": current_tenant_id()},
        )


def settle_members() -> tuple[int, int]:
    """Put people into some of the groups that were touched: (how many groups, how many memberships changed)."""
    rows = list(
        RemoteObject.objects.select_for_update()
        .filter(is_touched=True, kind=Kind.GROUPS)
        .exclude(group=None)
        .order_by("id")[:AT_ONCE]
    )
    changed = sum(_settle(row, row.group_id) for row in rows if row.group_id is not None)
    RemoteObject.objects.filter(id__in=[row.id for row in rows]).update(is_touched=False)
    return len(rows), changed


def _settle(row: RemoteObject, group_id: UUID) -> int:
    wanted = _people_in(row)
    held = set(GroupMember.objects.filter(group_id=group_id).values_list("person_id", flat=True))
    gone, fresh = sorted(held - wanted), sorted(wanted - held)
    for at in range(0, len(gone), BATCH):
        GroupMember.objects.filter(group_id=group_id, person_id__in=gone[at : at + BATCH]).delete()
    GroupMember.objects.bulk_create(
        [GroupMember(group_id=group_id, person_id=person_id) for person_id in fresh], batch_size=BATCH
    )
    if gone or fresh:
        group = Group.objects.get(id=group_id)
        group.changed_at = clock.now()
        group.save(update_fields=["changed_at"])
        record_event(
            EventName.GROUP_CHANGED,
            actor=ACTOR,
            subject=group.public_id,
            data={"joined": len(fresh), "gone": len(gone)},
        )
    return len(gone) + len(fresh)


def _people_in(row: RemoteObject) -> set[UUID]:
    """Whoever is in the group, or in a group in it. UNION ends where groups hold each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE inside AS (
                SELECT member_id, is_user FROM connections_remoteedge WHERE tenant_id = %(tenant)s AND group_id = %(group)s
                UNION
                SELECT e.member_id, e.is_user FROM inside i
                JOIN connections_remoteobject o ON o.tenant_id = %(tenant)s AND o.object_id = i.member_id
                JOIN connections_remoteedge e ON e.tenant_id = %(tenant)s AND e.group_id = o.id
                WHERE NOT i.is_user
            )
            SELECT o.person_id FROM inside i
            JOIN connections_remoteobject o ON o.tenant_id = %(tenant)s AND o.object_id = i.member_id
            JOIN directory_directoryperson p ON p.tenant_id = %(tenant)s AND p.id = o.person_id
            WHERE p.status <> %(removed)s
            """,
            {
                "tenant": current_tenant_id(),
                "group": row.id,
                "removed": DirectoryPerson.Status.REMOVED.value,
            },
        )
        return {person_id for (person_id,) in cursor.fetchall()}
