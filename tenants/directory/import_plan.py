"""What a file would change in the directory: people to add, people to change, people as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit.one_of import OneOf
from tenants.directory.evidence import kinds_from_files
from tenants.directory.import_file import ImportedRow, RowProblem, keys_of
from tenants.directory.models import (
    DirectoryPerson,
    HeldEvidence,
    NoticeAddress,
    PersonKey,
    PersonName,
)
from tenants.directory.named import Named, names_by_person, written
from tenants.directory.selectors import normalise_identifier

BATCH = 5_000
Value = TypeVar("Value")
# What recovery compares with the document: a change of it counts only after a while (THREATS, insider).
NAMES = frozenset({"given_names", "family_name", "former_names", "preferred_name", "name_in_other_script"})
# Who is no longer privileged may come under a looser profile.
IDENTITY = NAMES | {"birthdate", "privileged_no_more"}


NAME_FIELDS = {
    PersonName.Kind.FORMER.value: "former_names",
    PersonName.Kind.PREFERRED.value: "preferred_name",
    PersonName.Kind.SCRIPT.value: "name_in_other_script",
}


NUMBER_FIELDS = {
    HeldEvidence.Kind.DOCUMENT_NUMBER.value: "document_number",
    HeldEvidence.Kind.NATIONAL_ID.value: "national_number",
}


@dataclass(frozen=True, slots=True)
class Held:
    """One address the organisation holds, as the plan needs it."""

    id: UUID
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """One person who is in the directory already. `fields` are (name, before, after)."""

    person: DirectoryPerson
    row: ImportedRow
    fields: tuple[tuple[str, str, str], ...]
    held: tuple[Held, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _before, _after in self.fields)

    @property
    def touches_identity(self) -> bool:
        return bool(self.names & IDENTITY)

    @property
    def brings_numbers(self) -> bool:
        return bool(self.names & {"document_number", "national_number"})

    @property
    def touches_addresses(self) -> bool:
        return bool(self.names & {"email", "phone"})


@dataclass(slots=True)
class Plan:
    added: list[ImportedRow] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)


def plan_import(rows: Sequence[ImportedRow]) -> Plan:
    """Compare with the directory as it is now. People are recognised by their user name; who is not in the file
    stays as they are."""
    owners = _owners({key for row in rows for key in keys_of(row)})
    people = _people({owners[name] for name in map(_user_name, rows) if name in owners})
    held = held_addresses(people)
    named: dict[UUID, list[Named]] = {}
    if any(row.named() for row in rows):
        for batch in _batches(people):
            named |= names_by_person(batch)
    numbered: dict[UUID, set[str]] = {}
    if any(row.numbers() for row in rows):
        for batch in _batches(people):
            numbered |= kinds_from_files(batch)
    plan = Plan()
    for row in rows:
        known = people.get(owners.get(_user_name(row), UUID(int=0)))
        person = known if known is not None and known.user_name == _user_name(row) else None
        taken = [key for key in keys_of(row) if key in owners and (not person or owners[key] != person.id)]
        if taken:
            sentence = _("“%(value)s” already names somebody else in the directory.") % {
                "value": taken[0][:80]
            }
            plan.problems.append(RowProblem(row.line, sentence))
        elif person is None:
            plan.added.append(row)
        else:
            change = change_of(
                row,
                person,
                held.get(person.id, ()),
                named.get(person.id, ()),
                numbered.get(person.id, ()),
            )
            if change is None:
                plan.unchanged += 1
            else:
                plan.changed.append(change)
    return plan


def _user_name(row: ImportedRow) -> str:
    return normalise_identifier(row.user_name)


def change_of(
    row: ImportedRow,
    person: DirectoryPerson,
    held: Sequence[Held],
    named: Sequence[Named] = (),
    numbered: Collection[str] = (),
) -> Change | None:
    """What the row changes of the person, None when that is nothing. `named`: the other names held, where the row tells of
    any; `numbered`: the kinds of number that a file brought."""
    fields = _differences(row, person, held) + _of_names(row, named) + _of_standing(row, person)
    fields += _of_numbers(row, numbered)
    return Change(person, row, fields, tuple(held)) if fields else None


def _differences(
    row: ImportedRow, person: DirectoryPerson, held: Sequence[Held]
) -> tuple[tuple[str, str, str], ...]:
    pairs = [
        ("user_name", person.user_name, _user_name(row)),
        ("given_names", person.given_names, row.given_names),
        ("family_name", person.family_name, row.family_name),
        ("email", _values(held, "email"), " ".join(sorted(row.emails, key=str.casefold))),
    ]
    if row.employee_number is not None:
        pairs.append(("employee_number", person.employee_number, row.employee_number))
    if row.department is not None:
        pairs.append(("department", person.department, row.department))
    if row.display_name is not None:
        pairs.append(("display_name", person.display_name, row.display_name))
    if row.has_birthdate:
        pairs.append(("birthdate", _iso(person.birthdate), _iso(row.birthdate)))
    if row.phones is not None:
        pairs.append(("phone", _values(held, "phone"), " | ".join(sorted(row.phones))))
    return tuple((name, before, after) for name, before, after in pairs if not _same(name, before, after))


def _of_names(row: ImportedRow, named: Sequence[Named]) -> tuple[tuple[str, str, str], ...]:
    """A kind of names that the row does not tell of stays as it is."""
    pairs = [
        (NAME_FIELDS[kind], written(named, kind), written(names, kind)) for kind, names in row.named().items()
    ]
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def _of_standing(row: ImportedRow, person: DirectoryPerson) -> tuple[tuple[str, str, str], ...]:
    pairs = [
        (name, getattr(person, name), said)
        for name, said in (("manager", row.manager), ("country", row.country))
        if said is not None
    ]
    if row.is_privileged is not None:
        name = "privileged_no_more" if person.is_privileged and not row.is_privileged else "privileged"
        pairs.append((name, _sign(person.is_privileged), _sign(row.is_privileged)))
    if row.is_guest is not None:
        pairs.append(("guest", _sign(person.is_guest), _sign(row.is_guest)))
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def _of_numbers(row: ImportedRow, numbered: Collection[str]) -> tuple[tuple[str, str, str], ...]:
    """That there is a number, and never whether it is the one on file: whoever could read that would find out anybody's by
    sending guesses."""
    pairs = [
        (NUMBER_FIELDS[kind], _sign(True) if kind in numbered else "", _sign(True) if digest else "")
        for kind, digest in row.numbers().items()
    ]
    return tuple(pair for pair in pairs if pair[1] or pair[2])


def _sign(is_so: bool | None) -> str:
    return "" if is_so is None else "✓" if is_so else "–"


def _same(name: str, before: str, after: str) -> bool:
    return before.casefold() == after.casefold() if name == "email" else before == after


def _iso(value: object) -> str:
    return str(value) if value else ""


def _values(held: Iterable[Held], kind: str) -> str:
    found = sorted((address.value for address in held if address.kind == kind), key=str.casefold)
    return (" " if kind == "email" else " | ").join(found)


def _batches(values: Collection[Value]) -> Iterable[list[Value]]:
    ordered = list(values)
    return (ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH))


def _owners(keys: Collection[str]) -> dict[str, UUID]:
    """Whom each key names now."""
    found: dict[str, UUID] = {}
    for batch in _batches(keys):
        found.update(PersonKey.objects.filter(OneOf("value", batch)).values_list("value", "person_id"))
    return found


def _people(ids: Collection[UUID]) -> dict[UUID, DirectoryPerson]:
    found: dict[UUID, DirectoryPerson] = {}
    for batch in _batches(ids):
        found.update((each.id, each) for each in DirectoryPerson.objects.filter(OneOf("id", batch)))
    return found


def held_addresses(people: Collection[UUID]) -> dict[UUID, list[Held]]:
    """The addresses the organisation holds of each."""
    found: dict[UUID, list[Held]] = {}
    for batch in _batches(people):
        rows = NoticeAddress.objects.filter(OneOf("person_id", batch)).values_list(
            "person_id", "id", "kind", "value"
        )
        for person_id, address_id, kind, value in rows:
            found.setdefault(person_id, []).append(Held(address_id, kind, value))
    return found
