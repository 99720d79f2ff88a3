"""People as SCIM users: read, added, changed, removed.

A change goes the way of a changed file (`tenants.directory.changing`): names count only after a while, addresses are held
since they came, and whoever it concerns is told at the addresses held before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from scim2_models import InvalidValueException, Meta, NotFoundException, Resource, UniquenessException

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.bulk import update_many
from portal.kit.ids import public_id
from portal.kit.sheet_file import BadCell
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.changing import change_people, take_standing
from tenants.directory.import_file import LENGTHS, ImportedRow, called_in, names_in
from tenants.directory.import_plan import change_of, held_addresses
from tenants.directory.models import DirectoryPerson, GroupMember, NoticeAddress, PersonKey, PersonName
from tenants.directory.named import Named, names_by_person, written
from tenants.directory.naming import EXTERNAL_FIELDS, take_external_id
from tenants.directory.scim.description import EnterpriseUser, PersonResource, RecoveryUser, User
from tenants.directory.scim.filters import (
    Columns,
    Identifier,
    Moment,
    Several,
    Standing,
    Text,
    Truth,
    identifier_in,
)
from tenants.directory.selectors import normalise_identifier
from tenants.directory.services import create_person, follow_standing, remove_person, suspend_person

SOURCE = "scim"
LONGEST = 250
LONGEST_NAMES = 1_000
LONGEST_ADDRESS = {"email": 254, "phone": 40}
LONGEST_LABEL = 60
MOST_ADDRESSES = 20
_ADDRESS: Mapping[str, Text | Truth | Identifier] = {
    "value": Text("value"),
    "type": Text("label"),
    "primary": Truth("is_primary"),
}
KINDS = PersonName.Kind
# (address, label, whether it is the first, where that was said)
Given = tuple[str, str, bool | None]
COLUMNS: Columns = {
    "id": Identifier("id", DirectoryPerson.prefix),
    "externalid": Text("external_id", exact=True),
    "username": Text("user_name", folded=True),
    "displayname": Text("display_name"),
    "name.givenname": Text("given_names"),
    "name.familyname": Text("family_name"),
    "active": Standing("status", DirectoryPerson.Status.ACTIVE),
    "employeenumber": Text("employee_number"),
    "department": Text("department"),
    "manager": Text("manager", exact=True),
    "country": Text("country"),
    "privileged": Truth("is_privileged"),
    "nickname": Several(PersonName, "person", {"value": Text("given_names")}, {"kind": KINDS.PREFERRED}),
    "formernames": Several(PersonName, "person", {"value": Text("family_name")}, {"kind": KINDS.FORMER}),
    "nameinotherscript": Several(
        PersonName, "person", {"value": Text("family_name")}, {"kind": KINDS.SCRIPT}
    ),
    "emails": Several(NoticeAddress, "person", _ADDRESS, {"kind": "email"}),
    "phonenumbers": Several(NoticeAddress, "person", _ADDRESS, {"kind": "phone"}),
    "groups": Several(
        GroupMember, "person", {"value": Identifier("group_id", "group"), "display": Text("group__name")}
    ),
    "meta.created": Moment("created_at"),
    "meta.lastmodified": Moment("changed_at"),
}


def everybody() -> QuerySet[DirectoryPerson]:
    """All who were not removed, in the order of their coming."""
    return DirectoryPerson.objects.exclude(status=DirectoryPerson.Status.REMOVED).order_by("created_at", "id")


def person_with(resource_id: str, *, lock: bool = False) -> DirectoryPerson:
    """NotFoundException for whoever is unknown, removed or another organisation's."""
    identifier = identifier_in(DirectoryPerson.prefix, resource_id)
    found = everybody().filter(id=identifier) if identifier else DirectoryPerson.objects.none()
    person = (found.select_for_update() if lock else found).first()
    if person is None:
        raise NotFoundException(detail="There is no such user.")
    return person


def resources_of(people: Sequence[DirectoryPerson]) -> list[Resource[Any]]:
    """As the service shows them, four statements for all."""
    ids = [person.id for person in people]
    addresses: dict[UUID, list[NoticeAddress]] = {}
    for address in NoticeAddress.objects.filter(person_id__in=ids).order_by("created_at", "id"):
        addresses.setdefault(address.person_id, []).append(address)
    groups: dict[UUID, list[dict[str, str]]] = {}
    memberships = GroupMember.objects.filter(person_id__in=ids).order_by("group__name", "group_id")
    for person_id, group_id, name in memberships.values_list("person_id", "group_id", "group__name"):
        identifier = public_id("group", group_id)
        groups.setdefault(person_id, []).append(
            {"value": identifier, "$ref": f"Groups/{identifier}", "display": name}
        )
    named = names_by_person(ids)
    return [
        _resource(person, addresses.get(person.id, ()), groups.get(person.id, ()), named.get(person.id, ()))
        for person in people
    ]


def _resource(
    person: DirectoryPerson,
    addresses: Collection[NoticeAddress],
    groups: Collection[dict[str, str]],
    named: Sequence[Named],
) -> Resource[Any]:
    said = {
        "externalId": person.external_id,
        "userName": person.user_name,
        "name": {"givenName": person.given_names or None, "familyName": person.family_name or None},
        "displayName": person.display_name,
        "nickName": " | ".join(one.given_names for one in named if one.kind == KINDS.PREFERRED),
        "active": person.status == DirectoryPerson.Status.ACTIVE,
        "emails": [_address(one) for one in addresses if one.kind == NoticeAddress.Kind.EMAIL],
        "phoneNumbers": [_address(one) for one in addresses if one.kind == NoticeAddress.Kind.PHONE],
        "groups": list(groups),
        EnterpriseUser.__schema__: {
            "employeeNumber": person.employee_number or None,
            "department": person.department or None,
            "manager": _manager(person.manager) if person.manager else None,
        },
        RecoveryUser.__schema__: {
            "formerNames": written(named, KINDS.FORMER) or None,
            "nameInOtherScript": written(named, KINDS.SCRIPT) or None,
            "country": person.country or None,
            "privileged": person.is_privileged,
        },
    }
    if not (person.given_names or person.family_name):
        del said["name"]
    for schema in (EnterpriseUser.__schema__, RecoveryUser.__schema__):
        told = said[schema]
        if isinstance(told, dict) and all(value is None for value in told.values()):
            del said[schema]
    return shown(
        PersonResource, person, {name: value for name, value in said.items() if value not in ("", [])}
    )


def shown(model: type[Resource[Any]], row: Any, said: dict[str, Any], *, version: str = "") -> Resource[Any]:
    """A resource of what a row says. Its version is made of what it says, so that it changes with it whoever changed it;
    or of the words given."""
    made = model.model_validate(said)
    made.id = row.public_id
    digest = hashlib.sha256((version or json.dumps(said, sort_keys=True)).encode()).hexdigest()[:32]
    made.meta = Meta(
        resource_type=model.__name__.partition("[")[0],
        created=row.created_at,
        last_modified=row.changed_at,
        version=f'W/"{digest}"',
    )
    return made


def _address(row: NoticeAddress) -> dict[str, Any]:
    told: dict[str, Any] = {"value": row.value, "type": row.label or None, "primary": row.is_primary}
    return {name: value for name, value in told.items() if value is not None}


def _manager(value: str) -> dict[str, str]:
    told = {"value": value}
    if identifier_in(DirectoryPerson.prefix, value):
        told["$ref"] = f"Users/{value}"
    return told


def _names(
    read: Callable[[str], tuple[tuple[str, str], ...]], value: str | None
) -> tuple[tuple[str, str], ...]:
    try:
        return read(word(value, LONGEST_NAMES))
    except BadCell as problem:
        raise InvalidValueException(detail="A name is not written as this service reads names.") from problem


def word(value: str | None, longest: int) -> str:
    """Without outer spaces; InvalidValueException when it is too long to be kept."""
    word = (value or "").strip()
    if len(word) > longest:
        raise InvalidValueException(detail=f"A value is longer than {longest} characters.")
    return word


def _addresses(kind: str, given: Iterable[Any] | None) -> list[Given]:
    """(address, label, is it the first), each address once. Who says that several are the first means the first of them."""
    found: dict[str, Given] = {}
    for one in given or ():
        value = word(one.value, LONGEST_ADDRESS[kind])
        if not value:
            continue
        if kind == "email":
            _require_email(value)
        second = one.primary and any(primary for _value, _label, primary in found.values())
        found.setdefault(
            value.casefold(), (value, word(one.type, LONGEST_LABEL), False if second else one.primary)
        )
    if len(found) > MOST_ADDRESSES:
        raise InvalidValueException(detail=f"There are more than {MOST_ADDRESSES} addresses of a kind.")
    return list(found.values())


def _require_email(value: str) -> None:
    try:
        validate_email(value)
    except ValidationError as error:
        raise InvalidValueException(detail="An e-mail address cannot be one.") from error


class Written:
    """A user as a system writes it, checked: what our own shapes hold of it."""

    def __init__(self, resource: Any) -> None:
        name, extension, own = resource.name, resource.EnterpriseUser, resource.RecoveryUser
        self.emails = _addresses("email", resource.emails)
        self.phones = _addresses("phone", resource.phone_numbers)
        self.external_id = word(resource.external_id, LONGEST)
        self.active = resource.active is not False
        self.user_name = word(resource.user_name, LENGTHS["user_name"])
        self.given_names = word(name and name.given_name, LENGTHS["given_names"])
        self.family_name = word(name and name.family_name, LENGTHS["family_name"])
        self.employee_number = word(extension and extension.employee_number, LENGTHS["employee_number"])
        self.department = word(extension and extension.department, LENGTHS["department"])
        self.manager = word(extension and extension.manager and extension.manager.value, LENGTHS["manager"])
        self.country = word(own and own.country, LENGTHS["country"])
        self.is_privileged: bool | None = own.privileged if own else None
        self.former_names = _names(names_in, own and own.former_names)
        self.script_names = _names(names_in, own and own.name_in_other_script)
        self.preferred_names = _names(called_in, resource.nick_name)
        self.display_name = word(resource.display_name, LONGEST)
        if not self.user_name:
            raise InvalidValueException(detail="A user has a userName.")

    def row(self) -> ImportedRow:
        names = f"{self.given_names} {self.family_name}".strip()
        return ImportedRow(
            line=0,
            user_name=self.user_name,
            given_names=self.given_names,
            family_name=self.family_name,
            emails=tuple(value for value, _label, _first in self.emails),
            phones=tuple(value for value, _label, _first in self.phones),
            employee_number=self.employee_number,
            department=self.department,
            former_names=self.former_names,
            preferred_names=self.preferred_names,
            script_names=self.script_names,
            manager=self.manager,
            country=self.country,
            is_privileged=self.is_privileged,
            display_name=self.display_name or names or normalise_identifier(self.user_name),
        )

    def keys(self) -> set[str]:
        named = [self.user_name, self.employee_number, *(value for value, _label, _first in self.emails)]
        return {normalise_identifier(value) for value in named if value}


def add_user(resource: User[Any], actor: Actor) -> DirectoryPerson:
    """UniquenessException when the user name, an e-mail address or the number names somebody already."""
    written = Written(resource)
    _require_free(written, None)
    row = written.row()
    person = create_person(
        user_name=row.user_name,
        given_names=row.given_names,
        family_name=row.family_name,
        emails=row.emails,
        phones=row.phones or (),
        employee_number=row.employee_number or "",
        department=row.department or "",
        actor=actor,
        source=SOURCE,
        named=[one for names in row.named().values() for one in names],
    )
    take_standing(person, row)
    person.display_name, person.external_id = row.display_name or "", written.external_id
    person.changed_at = person.created_at
    person.save(
        update_fields=[
            "display_name",
            "external_id",
            "manager",
            "manager_changed_at",
            "country",
            "is_privileged",
            "changed_at",
        ]
    )
    _label(person, written)
    return person if written.active else suspend_person(person.id, actor=actor, reason="")


def change_user(person: DirectoryPerson, resource: User[Any], actor: Actor) -> DirectoryPerson:
    """The person as the resource says, and nothing of what the directory knows besides (a date of birth) touched."""
    written = Written(resource)
    _require_free(written, person)
    before = _labels(person)
    change = change_of(
        written.row(),
        person,
        held_addresses([person.id]).get(person.id, []),
        names_by_person([person.id]).get(person.id, []),
    )
    if change is not None:
        change_people([change])
    take_external_id(person, written.external_id)
    person.save(update_fields=EXTERNAL_FIELDS)
    _label(person, written)
    changed = sorted(change.names) if change else []
    if before != _labels(person):
        changed.append("labels")
        person.changed_at = clock.now()
        person.save(update_fields=["changed_at"])
    if changed:
        record_event(
            EventName.PERSON_CHANGED, actor=actor, subject=person.public_id, data={"changed": changed}
        )
    return follow_standing(person, written.active, actor=actor)


def _require_free(written: Written, person: DirectoryPerson | None) -> None:
    taken = PersonKey.objects.filter(value__in=written.keys())
    if person is not None:
        taken = taken.exclude(person_id=person.id)
    if taken.exists():
        raise UniquenessException(
            detail="The user name, an e-mail address or the employee number names somebody already."
        )


def _labels(person: DirectoryPerson) -> tuple[str, list[tuple[Any, ...]]]:
    """What only the provisioning system reads."""
    rows = NoticeAddress.objects.filter(person_id=person.id).order_by("id")
    return person.external_id, list(rows.values_list("id", "label", "is_primary"))


def _label(person: DirectoryPerson, written: Written) -> None:
    wanted = {
        (kind, value.casefold()): (value, label, first)
        for kind, several in (("email", written.emails), ("phone", written.phones))
        for value, label, first in several
    }
    rows = list(NoticeAddress.objects.filter(person_id=person.id))
    for row in rows:
        row.value, row.label, row.is_primary = wanted.get(
            (row.kind, row.value.casefold()), (row.value, "", None)
        )
    update_many(rows, ["value", "label", "is_primary"])


def remove_user(person: DirectoryPerson, actor: Actor) -> None:
    remove_person(person.id, actor=actor)
