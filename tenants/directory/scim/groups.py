"""Groups as SCIM groups: read, added, changed, removed. A change writes what differs, not every member anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from scim2_models import InvalidValueException, NotFoundException, Resource, TooManyException

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.ids import public_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson, GroupMember
from tenants.directory.models import Group as GroupRow
from tenants.directory.scim.description import Group
from tenants.directory.scim.filters import Columns, Identifier, Moment, Several, Text, identifier_in
from tenants.directory.scim.membership import Be, Join, Step
from tenants.directory.scim.users import LONGEST, everybody, shown, word

# What one answer holds, and what is put together where a change has to be tried on the whole of a group.
MOST_MEMBERS = 200_000
MOST_TRIED = 20_000
BATCH = 5_000
COLUMNS: Columns = {
    "id": Identifier("id", GroupRow.prefix),
    "externalid": Text("external_id", exact=True),
    "displayname": Text("name"),
    "members": Several(
        GroupMember,
        "group",
        {"value": Identifier("person_id", DirectoryPerson.prefix)},
    ),
    "meta.created": Moment("created_at"),
    "meta.lastmodified": Moment("changed_at"),
}


def all_groups() -> QuerySet[GroupRow]:
    return GroupRow.objects.order_by("created_at", "id")


def group_with(resource_id: str, *, lock: bool = False) -> GroupRow:
    """NotFoundException for what is unknown or another organisation's."""
    identifier = identifier_in(GroupRow.prefix, resource_id)
    found = GroupRow.objects.filter(id=identifier) if identifier else GroupRow.objects.none()
    group = (found.select_for_update() if lock else found).first()
    if group is None:
        raise NotFoundException(detail="There is no such group.")
    return group


def resources_of(groups: Sequence[GroupRow], *, with_members: bool = True) -> list[Resource[Any]]:
    """As the service shows them. Who is in them is remembered beside them and written into the answer: the library would look
    at each of very many members several times."""
    made = {group.id: cast(Group, _resource(group)) for group in groups}
    if with_members:
        members: dict[UUID, list[str]] = {}
        for group_id, person in _members(list(made), MOST_MEMBERS):
            members.setdefault(group_id, []).append(person)
        for group_id, people in members.items():
            made[group_id].remember_members(people)
    return list(made.values())


def resource_told(group: GroupRow, most: int) -> Group:
    """One group with who is in it, or with one more than `most` of them."""
    rows = GroupMember.objects.filter(group_id=group.id).values_list("person_id", flat=True)[: most + 1]
    made = cast(Group, _resource(group))
    made.remember_members(public_id(DirectoryPerson.prefix, one) for one in rows)
    return made


def bare_group(group: GroupRow) -> Group:
    """Without anybody in it, for a change that says who comes and goes."""
    return cast(Group, _resource(group))


def whole_group(group: GroupRow) -> Group:
    """With everybody in it, for a change that the library has to try."""
    told = [{"value": person} for _group_id, person in _members([group.id], MOST_TRIED)]
    return cast(Group, _resource(group, told))


def _members(group_ids: Sequence[UUID], most: int) -> Iterator[tuple[UUID, str]]:
    rows = GroupMember.objects.filter(group_id__in=group_ids).order_by("created_at", "id")
    told = rows.values_list("group_id", "person_id")[: most + 1]
    for number, (group_id, person_id) in enumerate(told.iterator(chunk_size=BATCH)):
        if number == most:
            raise _too_many()
        yield group_id, public_id(DirectoryPerson.prefix, person_id)


def _too_many() -> TooManyException:
    return TooManyException(
        detail="These groups have more members than one answer holds: ask with excludedAttributes=members."
    )


def _resource(group: GroupRow, members: Sequence[dict[str, str]] = ()) -> Resource[Any]:
    said: dict[str, Any] = {"displayName": group.name}
    if group.external_id:
        said["externalId"] = group.external_id
    if members:
        said["members"] = list(members)
    # Of the row and not of the members, who may be left out: it moves with every change of either.
    return shown(Group, group, said, version=f"{group.id} {group.changed_at.isoformat()}")


def add_group(resource: Group, actor: Actor) -> GroupRow:
    """With those of its members who are users here."""
    group = GroupRow(name=_name(resource), external_id=word(resource.external_id, LONGEST))
    group.changed_at = group.created_at
    group.save(force_insert=True)
    _put(group, _users_here(_named(str(member.value) for member in resource.members or ())))
    record_event(EventName.GROUP_CREATED, actor=actor, subject=group.public_id)
    return group


def change_group(group: GroupRow, resource: Group, actor: Actor) -> GroupRow:
    """The group as the resource says."""
    members = frozenset(str(member.value) for member in resource.members or ())
    return step_group(group, resource, [Be(members)], actor)


def step_group(group: GroupRow, resource: Group, steps: Iterable[Step], actor: Actor) -> GroupRow:
    """The group named as the resource says, with the members that the steps make of those it has."""
    told = {"joined": 0, "left": 0}
    for step in steps:
        joined, left = _take(group, step)
        told = {"joined": told["joined"] + joined, "left": told["left"] + left}
    renamed = (group.name, group.external_id)
    group.name, group.external_id = _name(resource), word(resource.external_id, LONGEST)
    if any(told.values()) or renamed != (group.name, group.external_id):
        group.changed_at = clock.now()
        group.save(update_fields=["name", "external_id", "changed_at"])
        record_event(EventName.GROUP_CHANGED, actor=actor, subject=group.public_id, data=told)
    return group


def remove_group(group: GroupRow, actor: Actor) -> None:
    """The group and who is in it; the people stay."""
    GroupMember.objects.filter(group_id=group.id).delete()
    record_event(EventName.GROUP_REMOVED, actor=actor, subject=group.public_id)
    group.delete()


def _name(resource: Group) -> str:
    name = word(resource.display_name, LONGEST)
    if not name:
        raise InvalidValueException(detail="A group has a displayName.")
    return name


def _take(group: GroupRow, step: Step) -> tuple[int, int]:
    """How many joined and how many left."""
    named = _named(step.people)
    members = GroupMember.objects.filter(group_id=group.id)
    if isinstance(step, Be):
        held = set(members.values_list("person_id", flat=True))
        wanted = _users_here(named)
        gone, fresh = held - wanted, wanted - held
    elif isinstance(step, Join):
        gone, fresh = set(), _users_here(named) - _within(members, named)
    else:
        gone, fresh = _within(members, named), set()
    for batch in _batches(sorted(gone)):
        members.filter(person_id__in=batch).delete()
    _put(group, fresh)
    return len(fresh), len(gone)


def _named(written: Iterable[str]) -> list[UUID]:
    """Those that can be anybody's. An identifier of nobody is passed over, as one of somebody who has just left: it will never
    be anybody's, and the answer tells who is in the group."""
    found = {identifier_in(DirectoryPerson.prefix, one) for one in written}
    return sorted(identifier for identifier in found if identifier)


def _users_here(named: Sequence[UUID]) -> set[UUID]:
    here: set[UUID] = set()
    for batch in _batches(named):
        here |= set(everybody().filter(id__in=batch).values_list("id", flat=True))
    return here


def _within(members: QuerySet[GroupMember], named: Sequence[UUID]) -> set[UUID]:
    held: set[UUID] = set()
    for batch in _batches(named):
        held |= set(members.filter(person_id__in=batch).values_list("person_id", flat=True))
    return held


def _put(group: GroupRow, people: set[UUID]) -> None:
    GroupMember.objects.bulk_create(
        [GroupMember(group=group, person_id=person_id) for person_id in sorted(people)], batch_size=BATCH
    )


def _batches(identifiers: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [identifiers[at : at + BATCH] for at in range(0, len(identifiers), BATCH)]
