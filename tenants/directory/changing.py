"""Adding and changing people, whoever says so: a file, or the system that provisions them.

Protects people from whoever edits names or addresses to recover their account: a change of what recovery compares counts
only after a while, an address that is new is held since now, and every address held before is told. What it does not do:
decide what changes (`tenants.directory.import_plan`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from portal.kit import clock
from portal.kit.bulk import insert_many, update_many, uuid7_hexes
from portal.kit.models import TenantModel
from tenants.directory.evidence import add_numbers, put_numbers
from tenants.directory.import_file import ImportedRow
from tenants.directory.import_plan import NAMES, Change
from tenants.directory.models import DirectoryPerson, NoticeAddress, PersonKey, PersonName, SearchWord
from tenants.directory.named import Named, names_by_person, put_names
from tenants.directory.naming import keys_since
from tenants.directory.services import names_of, new_person, words_of
from tenants.notices.services import send_notice

BATCH = 2_000
# What a change may write of the person's own row.
WRITTEN = (
    "user_name",
    "given_names",
    "family_name",
    "display_name",
    "sort_key",
    "employee_number",
    "department",
    "birthdate",
    "manager",
    "manager_changed_at",
    "country",
    "is_privileged",
    "is_guest",
    "names_changed_at",
    "changed_at",
    "address_lost_at",
)


def change_people(changes: Sequence[Change]) -> None:
    """Write what changes, a few statements a batch whatever their number, and tell whom it concerns. IntegrityError when somebody
    was changed, removed or let go of since they were read."""
    moment = clock.now()
    renumbered: set[UUID] = set()
    for at in range(0, len(changes), BATCH):
        batch = changes[at : at + BATCH]
        ids = [change.person.id for change in batch]
        _lock([change.person for change in batch])
        named_since = keys_since(ids)
        PersonKey.objects.filter(person_id__in=ids).delete()
        SearchWord.objects.filter(person_id__in=ids).delete()
        numbers = {change.person.id: told for change in batch if (told := change.row.numbers())}
        renumbering = put_numbers(numbers, moment)
        renumbered |= renumbering.keys()
        for change in batch:
            _apply_fields(change, moment)
            if renumbering.get(change.person.id):
                # Another document was refused until now.
                change.person.names_changed_at = moment
        put_names({change.person.id: named for change in batch if (named := change.row.named())}, moment)
        update_many([change.person for change in batch], WRITTEN)
        write_words([(change.person, change.row) for change in batch], names_by_person(ids), named_since)
        _change_addresses(batch, moment)
    _tell(changes, renumbered)


def _lock(people: Sequence[DirectoryPerson]) -> None:
    """In the order of their ids. What was read of them before has to be so still: else whoever was erased meanwhile would come
    back by half."""
    rows = DirectoryPerson.objects.select_for_update().filter(id__in=[person.id for person in people])
    held = dict(rows.order_by("id").values_list("id", "changed_at"))
    if any(held.get(person.id) != person.changed_at for person in people):
        raise IntegrityError("somebody was changed meanwhile")


def add_people(
    people: Sequence[tuple[DirectoryPerson, ImportedRow]],
    *,
    labels: Mapping[UUID, Mapping[str, str]] | None = None,
) -> None:
    """New people in bulk, not saved yet: four inserts a batch, whatever their number. `labels` of their e-mail addresses
    are by person and by the address without capitals."""
    moment = clock.now()
    fields = DirectoryPerson._meta.local_concrete_fields
    for at in range(0, len(people), BATCH):
        made = people[at : at + BATCH]
        insert_many(
            DirectoryPerson,
            (
                {str(field.column): getattr(person, field.attname) for field in fields}
                for person, _row in made
            ),
        )
        named = {person.id: [one for each in row.named().values() for one in each] for person, row in made}
        write_words(made, named)
        _write_names(made, named, moment)
        add_numbers([(person, row.numbers()) for person, row in made], moment)
        _write_addresses(made, moment, labels or {})


def _write_names(
    people: Sequence[tuple[DirectoryPerson, ImportedRow]],
    named: Mapping[UUID, Sequence[Named]],
    moment: datetime,
) -> None:
    found = [(person, one._asdict()) for person, _row in people for one in named[person.id]]
    insert_owned(PersonName, moment, found, held_since=moment)


def _write_addresses(
    people: Sequence[tuple[DirectoryPerson, ImportedRow]],
    moment: datetime,
    labels: Mapping[UUID, Mapping[str, str]],
) -> None:
    held = [
        (
            person,
            {
                "kind": kind,
                "value": value,
                "label": labels.get(person.id, {}).get(value.casefold(), ""),
            },
        )
        for person, row in people
        for kind, values in (("email", row.emails), ("phone", row.phones or ()))
        for value in values
    ]
    insert_owned(NoticeAddress, moment, held, held_since=moment)


def _apply_fields(change: Change, moment: datetime) -> None:
    person, row = change.person, change.row
    fresh = person_of(row)
    person.user_name, person.changed_at = fresh.user_name, moment
    person.given_names, person.family_name = fresh.given_names, fresh.family_name
    person.display_name, person.sort_key = fresh.display_name, fresh.sort_key
    if row.employee_number is not None:
        person.employee_number = fresh.employee_number
    if row.department is not None:
        person.department = fresh.department
    if row.has_birthdate:
        person.birthdate = fresh.birthdate
    take_standing(person, row)
    if change.touches_identity:
        person.names_changed_at = moment
    if not row.emails and any(held.kind == NoticeAddress.Kind.EMAIL for held in change.held):
        person.address_lost_at = moment


def _change_addresses(changes: Sequence[Change], moment: datetime) -> None:
    """Addresses that stay keep the day since which they are held; new ones are held since now."""
    gone: list[UUID] = []
    fresh: list[NoticeAddress] = []
    for change in changes:
        wanted = {("email", value.casefold()): value for value in change.row.emails}
        kinds = {"email"}
        if change.row.phones is not None:
            kinds.add("phone")
            wanted |= {("phone", value): value for value in change.row.phones}
        for held in change.held:
            key = (held.kind, held.value.casefold() if held.kind == "email" else held.value)
            if held.kind in kinds and wanted.pop(key, None) is None:
                gone.append(held.id)
        fresh += [
            NoticeAddress(person=change.person, kind=kind, value=value, held_since=moment)
            for (kind, _key), value in wanted.items()
        ]
    NoticeAddress.objects.filter(id__in=gone).delete()
    NoticeAddress.objects.bulk_create(fresh, batch_size=BATCH)


def _tell(changes: Sequence[Change], renumbered: Collection[UUID]) -> None:
    """A notice to every address held before the change: it may not have been asked for."""
    for change in changes:
        is_renumbered = change.person.id in renumbered
        if not (change.touches_identity or change.touches_addresses or is_renumbered):
            continue
        send_notice(
            "details_changed",
            addresses=[held.value for held in change.held if held.kind == "email"],
            context={
                "names": "yes" if change.names & NAMES else "",
                "birthdate": "yes" if "birthdate" in change.names else "",
                "addresses": "yes" if change.touches_addresses else "",
                "numbers": "yes" if is_renumbered else "",
            },
        )


def insert_owned(
    model: type[TenantModel],
    moment: datetime,
    rows: Sequence[tuple[DirectoryPerson, dict[str, Any]]],
    **same: Any,
) -> None:
    """Rows of a table that belongs to people of one organisation, each with its person, in bulk. `same`: columns that have one
    value in all of them."""
    if not rows:
        return
    insert_many(
        model,
        (
            {"id": identifier, "person_id": person.id.hex, **values}
            for identifier, (person, values) in zip(uuid7_hexes(len(rows)), rows, strict=True)
        ),
        same={"tenant_id": rows[0][0].tenant_id, "created_at": moment, **same},
    )


def person_of(row: ImportedRow) -> DirectoryPerson:
    """A person not saved yet."""
    person = new_person(
        user_name=row.user_name,
        given_names=row.given_names,
        family_name=row.family_name,
        employee_number=row.employee_number or "",
        birthdate=row.birthdate,
        department=row.department or "",
    )
    person.display_name = row.display_name or person.display_name or person.user_name
    take_standing(person, row)
    return person


def take_standing(person: DirectoryPerson, row: ImportedRow) -> None:
    """What the source tells of where somebody stands; what it does not tell of stays."""
    if row.manager is not None and row.manager != person.manager:
        person.manager_changed_at = clock.now()
    for name in ("manager", "country", "is_privileged", "is_guest"):
        said = getattr(row, name)
        if said is not None:
            setattr(person, name, said)


def write_words(
    people: Sequence[tuple[DirectoryPerson, ImportedRow]],
    named: Mapping[UUID, Sequence[Named]],
    named_since: Mapping[tuple[UUID, str], datetime] | None = None,
) -> None:
    """What each is named and found by. `named`: their other names. `named_since`: what somebody was named by before, with
    the day; None for people who come now, with all of it."""
    moment = clock.now()

    def since(person: DirectoryPerson, value: str) -> datetime:
        return person.created_at if named_since is None else named_since.get((person.id, value), moment)

    keys = [
        (person, {"kind": kind, "value": value, "held_since": since(person, value)})
        for person, row in people
        for value, kind in names_of(person, row.emails).items()
    ]
    insert_owned(PersonKey, moment, keys)
    found = [
        (person, {"word": word})
        for person, row in people
        for word in words_of(person, row.emails, named.get(person.id, ()))
    ]
    insert_owned(SearchWord, moment, found)
