"""People of a page: added, changed, marked as leaving or as disabled.

Protects people from whoever edits them there to recover their account: what changes goes the way of every other
change (`tenants.directory.changing`). Nobody is removed here, and nobody suspended who was here before: who left or is
disabled is marked, and follows when a round is complete (`leaving`, `suspending`). What it does not do: believe that two people may be named alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.bulk import update_many
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.changing import add_people, change_people, person_of
from tenants.directory.connections.models import Kind, RemoteEdge, RemoteObject
from tenants.directory.connections.told import User
from tenants.directory.import_file import ImportedRow
from tenants.directory.import_plan import Change, Held, change_of, held_addresses
from tenants.directory.models import DirectoryPerson, NoticeAddress, PersonKey
from tenants.directory.naming import EXTERNAL_FIELDS, take_external_id
from tenants.directory.selectors import normalise_identifier
from tenants.directory.services import follow_standing

ACTOR = Actor(ActorKind.PROVISIONER, "directory")
WORK, OTHER = "work", "other"
REMOVED, SUSPENDED = DirectoryPerson.Status.REMOVED, DirectoryPerson.Status.SUSPENDED


@dataclass(slots=True)
class Outcome:
    """What came of a page. `problems` are (code, object id)."""

    source: str = ""
    added: int = 0
    changed: int = 0
    suspended: int = 0
    reactivated: int = 0
    leaving: int = 0
    unchanged: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Meant:
    """One user, the row it makes, and who it is here: somebody known, somebody adopted, or nobody yet."""

    user: User
    known: RemoteObject | None
    person: DirectoryPerson | None
    row: ImportedRow


def apply_users(users: Mapping[str, User], *, round_number: int, source: str) -> Outcome:
    """Everything a page tells of people, a few statements whatever their number. In the tenant's scope and a
    transaction."""
    outcome = Outcome(source)
    known = {one.object_id: one for one in RemoteObject.objects.filter(object_id__in=list(users))}
    present = [user for user in users.values() if not user.is_removed]
    _mark_leaving(
        [known[user.id] for user in users.values() if user.is_removed and user.id in known], outcome
    )
    people = _people_of(present, known)
    held = held_addresses([person.id for person in people.values()])
    labels = _labels_of(people.values())
    meant: list[_Meant] = []
    for user in present:
        person = people.get(user.id)
        row = _row_of(user, person, held.get(person.id, []) if person else [], labels)
        if row is None:
            outcome.problems.append(("user_name_missing", user.id))
            continue
        outcome.problems += [(problem, user.id) for problem in user.problems]
        meant.append(_Meant(user, known.get(user.id), person, row))
    meant = _named_once(meant, outcome)
    changed = _change(meant, held, outcome)
    _label([one for one in meant if one.person is not None and (one.person.id in changed or not one.known)])
    _add(meant, outcome)
    _note_seen(users, known, meant, round_number)
    _follow(meant, outcome)
    return outcome


def _mark_leaving(gone: Sequence[RemoteObject], outcome: Outcome) -> None:
    ids = [one.id for one in gone if one.leaving_at is None]
    outcome.leaving += RemoteObject.objects.filter(id__in=ids).update(leaving_at=clock.now())


def _people_of(users: Sequence[User], known: Mapping[str, RemoteObject]) -> dict[str, DirectoryPerson]:
    """Who each is here. Somebody we do not know is whoever was known by that id before, or has the same user name, unless
    another system brought them."""
    ids = {user.id: known[user.id].person_id for user in users if user.id in known}
    rows = DirectoryPerson.objects.select_for_update().exclude(status=REMOVED)
    by_id = {person.id: person for person in rows.filter(id__in=[each for each in ids.values() if each])}
    found = {object_id: by_id[person] for object_id, person in ids.items() if person in by_id}
    names = {
        normalise_identifier(user.texts["user_name"]): user.id
        for user in users
        if user.id not in found and user.texts.get("user_name")
    }
    if names:
        taken = RemoteObject.objects.exclude(person=None).values("person_id")
        free = rows.filter(user_name__in=list(names), external_id="").exclude(id__in=taken)
        found |= {names[person.user_name]: person for person in free}
        again = rows.filter(external_id__in=list(names.values())).exclude(id__in=taken)
        found |= {person.external_id: person for person in again}
    return found


def _labels_of(people: Iterable[DirectoryPerson]) -> dict[UUID, dict[str, str]]:
    """The label of each address, by person and address: which came as `mail` and which as one of `otherMails`."""
    rows = NoticeAddress.objects.filter(person_id__in=[person.id for person in people], kind="email")
    found: dict[UUID, dict[str, str]] = {}
    for person_id, value, label in rows.values_list("person_id", "value", "label"):
        found.setdefault(person_id, {})[value.casefold()] = label
    return found


def _row_of(
    user: User,
    person: DirectoryPerson | None,
    held: Sequence[Held],
    labels: Mapping[UUID, Mapping[str, str]],
) -> ImportedRow | None:
    """What was told over what is held. None without a user name."""
    said = user.texts

    def text(name: str) -> str:
        return said[name] if name in said else str(getattr(person, name, ""))

    if not text("user_name"):
        return None
    names = f"{text('given_names')} {text('family_name')}".strip()
    own = labels.get(person.id, {}) if person else {}
    emails = [one.value for one in held if one.kind == "email"]
    work = [value for value in emails if own.get(value.casefold()) == WORK]
    other = [value for value in emails if own.get(value.casefold()) != WORK]
    wanted = [*(work if user.mail is None else user.mail)]
    wanted += other if user.other_mails is None else user.other_mails
    phone = said.get("phone")
    return ImportedRow(
        line=0,
        user_name=text("user_name"),
        given_names=text("given_names"),
        family_name=text("family_name"),
        emails=tuple({value.casefold(): value for value in wanted}.values()),
        phones=None if phone is None else ((phone,) if phone else ()),
        employee_number=text("employee_number"),
        department=text("department"),
        manager=said.get("manager"),
        country=said.get("country"),
        display_name=text("display_name") or names or text("user_name"),
    )


def _named_once(meant: Sequence[_Meant], outcome: Outcome) -> list[_Meant]:
    """A user name, an address and a number name one person. What names somebody else is left out and told; without a user
    name of their own somebody stays as they are. Whoever holds a name already keeps it."""
    keys = {key for one in meant for key in _keys(one.row)}
    owners = dict(PersonKey.objects.filter(value__in=keys).values_list("value", "person_id"))
    own = {one.person.id for one in meant if one.person is not None}
    claimed: dict[str, str] = {}
    for one in meant:
        for key in _keys(one.row):
            if one.person is not None and owners.get(key) == one.person.id:
                claimed[key] = one.user.id
    before = _told_before(owners, outcome.source)
    kept = []
    for one in meant:
        taken = {
            key
            for key in _keys(one.row)
            if claimed.setdefault(key, one.user.id) != one.user.id
            or (key in owners and owners[key] not in own)
        }
        name = normalise_identifier(one.row.user_name)
        if name in taken:
            other = claimed[name] == one.user.id and owners[name] in before
            outcome.problems.append(("known_by_another_id" if other else "user_name_taken", one.user.id))
            continue
        if taken:
            outcome.problems.append(("address_taken", one.user.id))
            one.row = _without(one.row, taken)
        kept.append(one)
    return kept


def _told_before(owners: Mapping[str, UUID], source: str) -> set[UUID]:
    """Who came from such a directory and is told by no identifier any more: the connection was removed since."""
    known = RemoteObject.objects.exclude(person=None).values("person_id")
    came = DirectoryPerson.objects.filter(id__in=set(owners.values()), source=source)
    return set(came.exclude(external_id="").exclude(id__in=known).values_list("id", flat=True))


def _keys(row: ImportedRow) -> set[str]:
    named = [row.user_name, row.employee_number or "", *row.emails]
    return {normalise_identifier(value) for value in named if value}


def _without(row: ImportedRow, taken: set[str]) -> ImportedRow:
    number = row.employee_number or ""
    return ImportedRow(
        line=0,
        user_name=row.user_name,
        given_names=row.given_names,
        family_name=row.family_name,
        emails=tuple(value for value in row.emails if normalise_identifier(value) not in taken),
        phones=row.phones,
        employee_number="" if normalise_identifier(number) in taken else number,
        department=row.department,
        manager=row.manager,
        country=row.country,
        display_name=row.display_name,
    )


def _change(
    meant: Sequence[_Meant], held: Mapping[UUID, Sequence[Held]], outcome: Outcome
) -> dict[UUID, Change]:
    """Known people, and those who were adopted."""
    found: dict[UUID, Change] = {}
    for one in meant:
        if one.person is None:
            continue
        change = change_of(one.row, one.person, held.get(one.person.id, []))
        if change is not None:
            found[one.person.id] = change
        elif one.known is not None:
            outcome.unchanged += 1
    change_people(list(found.values()))
    told = []
    for one in meant:
        person = one.person
        if person is None:
            continue
        before = person.external_id, person.source, person.is_guest
        take_external_id(person, one.user.id)
        person.source = outcome.source
        person.is_guest = person.is_guest if one.user.is_guest is None else one.user.is_guest
        if before != (person.external_id, person.source, person.is_guest):
            told.append(person)
        names = sorted(found[person.id].names) if person.id in found else []
        if before[2] != person.is_guest:
            names.append("is_guest")
        if names:
            outcome.changed += 1
            record_event(
                EventName.PERSON_CHANGED, actor=ACTOR, subject=person.public_id, data={"changed": names}
            )
    update_many(told, [*EXTERNAL_FIELDS, "source", "is_guest"])
    return found


def _add(meant: Sequence[_Meant], outcome: Outcome) -> None:
    made = []
    for one in meant:
        if one.person is not None:
            continue
        person = person_of(one.row)
        person.external_id, person.source = one.user.id, outcome.source
        person.is_guest = one.user.is_guest is True
        if one.user.is_enabled is False:
            person.status, person.suspended_by = SUSPENDED, ACTOR.kind.value
            person.suspended_at = person.created_at
        made.append((one, person))
    add_people(
        [(person, one.row) for one, person in made],
        labels={person.id: _labels(one) for one, person in made},
    )
    for one, person in made:
        one.person = person
        record_event(
            EventName.PERSON_CREATED, actor=ACTOR, subject=person.public_id, data={"source": outcome.source}
        )
        if person.status == SUSPENDED:
            record_event(EventName.PERSON_SUSPENDED, actor=ACTOR, subject=person.public_id)
            outcome.suspended += 1
    outcome.added += len(made)


def _labels(one: _Meant) -> dict[str, str]:
    work = {value.casefold() for value in one.user.mail or ()}
    names = [value.casefold() for value in one.row.emails]
    return {name: WORK if name in work else OTHER for name in names}


def _label(meant: Sequence[_Meant]) -> None:
    """Which addresses came as `mail`: the rest is `otherMails`."""
    work = {
        one.person.id: {value.casefold() for value in one.user.mail}
        for one in meant
        if one.person is not None and one.user.mail is not None
    }
    rows = list(NoticeAddress.objects.filter(person_id__in=list(work), kind="email"))
    told = []
    for row in rows:
        label = WORK if row.value.casefold() in work[row.person_id] else OTHER
        if row.label != label:
            row.label = label
            told.append(row)
    update_many(told, ["label"])


def _note_seen(
    users: Mapping[str, User],
    known: Mapping[str, RemoteObject],
    meant: Sequence[_Meant],
    round_number: int,
) -> None:
    """Who is there, also when they cannot be kept: who is not seen in a whole round has left."""
    people = {one.user.id: one.person for one in meant}
    present = [user.id for user in users.values() if not user.is_removed]
    RemoteObject.objects.filter(id__in=[known[name].id for name in present if name in known]).update(
        seen_round=round_number, leaving_at=None
    )
    linked = []
    for name in present:
        row, person = known.get(name), people.get(name)
        if row is not None and person is not None and row.person_id != person.id:
            row.person = person
            linked.append(row)
    update_many(linked, ["person"])
    fresh = [name for name in present if name not in known]
    RemoteObject.objects.bulk_create(
        [
            RemoteObject(kind=Kind.USERS, object_id=name, person=people.get(name), seen_round=round_number)
            for name in fresh
        ],
        batch_size=1_000,
    )
    # A group may have been told before its members were.
    came = [*fresh, *(row.object_id for row in linked)]
    waiting = RemoteEdge.objects.filter(member_id__in=came).values("group_id")
    RemoteObject.objects.filter(id__in=waiting).update(is_touched=True)


def _follow(meant: Sequence[_Meant], outcome: Outcome) -> None:
    """Whoever is enabled again is active at once, and waits for nothing any more; whoever is disabled waits for the end of
    the round."""
    enabled = [one for one in meant if one.person is not None and one.user.is_enabled is True]
    waiting = RemoteObject.objects.exclude(suspending_at=None)
    waiting.filter(object_id__in=[one.user.id for one in enabled]).update(suspending_at=None)
    for one in enabled:
        person = one.person
        if person is not None and person.status == SUSPENDED:
            outcome.reactivated += follow_standing(person, True, actor=ACTOR).status != person.status
    disabled = [
        one.user.id
        for one in meant
        if one.person is not None and one.user.is_enabled is False and one.person.status != SUSPENDED
    ]
    if disabled:
        fresh = RemoteObject.objects.filter(object_id__in=disabled, suspending_at=None)
        fresh.update(suspending_at=clock.now())
