"""Changing people. Every change that recovery looks at notes when it was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.bulk import update_many
from portal.kit.errors import Invalid, NotHere
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.matching import index_words, normalise, words
from tenants.directory.models import (
    DirectoryPerson,
    Group,
    GroupMember,
    HeldEvidence,
    ImportedBefore,
    NoticeAddress,
    PersonKey,
    PersonName,
    SearchWord,
)
from tenants.directory.named import Named, search_words_of
from tenants.directory.selectors import get_person, normalise_identifier

LONGEST_WORD = 120
# What is left of whoever was taken out: these fields are empty, or say that.
EMPTIED = (
    "status",
    "changed_at",
    "user_name",
    "display_name",
    "given_names",
    "family_name",
    "sort_key",
    "employee_number",
    "department",
    "external_id",
    "manager",
    "country",
    "manager_changed_at",
    "external_id_changed_at",
    "address_lost_at",
    "birthdate",
)


def names_of(person: DirectoryPerson, emails: Sequence[str]) -> dict[str, str]:
    """Every way to name the person, normalised and once each, with its kind."""
    kinds = [(PersonKey.Kind.USER_NAME.value, person.user_name)]
    kinds += [(PersonKey.Kind.EMAIL.value, email) for email in emails]
    if person.employee_number:
        kinds.append((PersonKey.Kind.EMPLOYEE_NUMBER.value, person.employee_number))
    found: dict[str, str] = {}
    for kind, value in kinds:
        found.setdefault(normalise_identifier(value), kind)
    return found


def words_of(person: DirectoryPerson, emails: Sequence[str], named: Sequence[Named] = ()) -> list[str]:
    """Every word a person is found by, names also as a document may spell them (`selectors.near` looks there), the `named`
    ones among them."""
    text = " ".join([person.display_name, person.user_name, person.employee_number, *emails])
    spelt = index_words(person.given_names, person.family_name)
    return list(
        dict.fromkeys(word[:LONGEST_WORD] for word in [*words(text), *spelt, *search_words_of(person, named)])
    )


def person_keys(person: DirectoryPerson, emails: Sequence[str], since: datetime) -> list[PersonKey]:
    return [
        PersonKey(person=person, kind=kind, value=value, held_since=since)
        for value, kind in names_of(person, emails).items()
    ]


def search_words(
    person: DirectoryPerson, emails: Sequence[str], named: Sequence[Named] = ()
) -> list[SearchWord]:
    return [SearchWord(person=person, word=word) for word in words_of(person, emails, named)]


def new_person(
    *,
    user_name: str,
    given_names: str,
    family_name: str,
    employee_number: str = "",
    birthdate: date | None = None,
    department: str = "",
    source: str = "csv",
) -> DirectoryPerson:
    """A person not saved yet, with what is computed from the names."""
    given, family = given_names.strip(), family_name.strip()
    return DirectoryPerson(
        user_name=normalise_identifier(user_name),
        employee_number=employee_number.strip(),
        given_names=given,
        family_name=family,
        display_name=f"{given} {family}".strip(),
        sort_key=f"{normalise(family)} {normalise(given)}"[:250],
        birthdate=birthdate,
        department=department.strip(),
        source=source,
    )


@transaction.atomic
def create_person(
    *,
    user_name: str,
    given_names: str,
    family_name: str,
    emails: Sequence[str],
    actor: Actor,
    employee_number: str = "",
    birthdate: date | None = None,
    phones: Sequence[str] = (),
    department: str = "",
    held_since: datetime | None = None,
    source: str = "csv",
    named: Sequence[Named] = (),
) -> DirectoryPerson:
    """Add one person with the addresses the organisation holds, and their other names. Invalid if a name for them is taken."""
    person = new_person(
        user_name=user_name,
        given_names=given_names,
        family_name=family_name,
        employee_number=employee_number,
        birthdate=birthdate,
        department=department,
        source=source,
    )
    since = held_since or person.created_at
    keys = person_keys(person, emails, since)
    if PersonKey.objects.filter(value__in=[key.value for key in keys]).exists():
        raise Invalid(
            "person_exists", _("Somebody with this user name, e-mail or employee number is already here.")
        )
    person.save(force_insert=True)
    PersonKey.objects.bulk_create(keys)
    SearchWord.objects.bulk_create(search_words(person, emails, named))
    PersonName.objects.bulk_create(
        [PersonName(person=person, held_since=since, **one._asdict()) for one in named]
    )
    NoticeAddress.objects.bulk_create(
        [
            NoticeAddress(person=person, kind="email", value=value.strip(), held_since=since)
            for value in emails
        ]
        + [
            NoticeAddress(person=person, kind="phone", value=value.strip(), held_since=since)
            for value in phones
        ]
    )
    record_event(EventName.PERSON_CREATED, actor=actor, subject=person.public_id, data={"source": source})
    return person


@transaction.atomic
def suspend_person(person_id: UUID, *, actor: Actor, reason: str) -> DirectoryPerson:
    """Take a person out of recovery and sign-in, or put them back with `activate_person`."""
    person = _locked(person_id)
    if person.status != DirectoryPerson.Status.SUSPENDED:
        person.status, person.changed_at = DirectoryPerson.Status.SUSPENDED, clock.now()
        person.suspended_by, person.suspended_at = actor.kind.value, person.changed_at
        person.save(update_fields=["status", "suspended_by", "suspended_at", "changed_at"])
        record_event(
            EventName.PERSON_SUSPENDED, actor=actor, subject=person.public_id, personal={"reason": reason}
        )
    elif actor.kind is not ActorKind.PROVISIONER and person.suspended_by == ActorKind.PROVISIONER.value:
        person.suspended_by = actor.kind.value
        person.save(update_fields=["suspended_by"])
    return person


@transaction.atomic
def activate_person(person_id: UUID, *, actor: Actor, reason: str = "") -> DirectoryPerson:
    """Let a suspended person sign in and recover again."""
    person = _locked(person_id)
    if person.status != DirectoryPerson.Status.ACTIVE:
        person.status, person.changed_at = DirectoryPerson.Status.ACTIVE, clock.now()
        person.suspended_by, person.suspended_at = "", None
        person.save(update_fields=["status", "suspended_by", "suspended_at", "changed_at"])
        record_event(
            EventName.PERSON_CHANGED,
            actor=actor,
            subject=person.public_id,
            data={"changed": ["status"]},
            personal={"reason": reason} if reason else None,
        )
    return person


def follow_standing(person: DirectoryPerson, is_active: bool, *, actor: Actor) -> DirectoryPerson:
    """As the system that provisions people has it. A colleague's suspension stays, whatever that system says: it knows
    nothing of an attack."""
    suspended = person.status == DirectoryPerson.Status.SUSPENDED
    if not is_active and not suspended:
        return suspend_person(person.id, actor=actor, reason="")
    if is_active and suspended and person.suspended_by == ActorKind.PROVISIONER.value:
        return activate_person(person.id, actor=actor)
    return person


@transaction.atomic
def remove_person(person_id: UUID, *, actor: Actor, reason: str = "") -> None:
    """Take a person out of the directory for good, with everything it knows of them. The row stays under its identifier,
    because cases and the audit log point at it; it has no name, is found by nothing and may neither sign in nor recover."""
    person = _locked(person_id)
    take_out([person])
    record_event(
        EventName.PERSON_REMOVED,
        actor=actor,
        subject=person.public_id,
        personal={"reason": reason} if reason else None,
    )
    enqueue("directory.person_removed", tenant_id=current_tenant_id(), person_id=person.id)


def take_out(people: Sequence[DirectoryPerson]) -> None:
    """Everything that the directory knows of these people goes, a few statements whatever their number. The caller holds their
    rows and writes the event."""
    ids, moment = [person.id for person in people], clock.now()
    groups = list(GroupMember.objects.filter(person_id__in=ids).values_list("group_id", flat=True).distinct())
    Group.objects.filter(id__in=groups).update(changed_at=moment)
    for model in (
        PersonKey,
        SearchWord,
        PersonName,
        NoticeAddress,
        HeldEvidence,
        GroupMember,
        ImportedBefore,
    ):
        model.objects.filter(person_id__in=ids).delete()
    for person in people:
        person.status, person.changed_at = DirectoryPerson.Status.REMOVED, moment
        person.user_name, person.display_name = f"removed {person.id.hex}", _("Removed person")
        person.given_names = person.family_name = person.sort_key = ""
        person.employee_number = person.department = person.external_id = ""
        person.manager = person.country = ""
        person.manager_changed_at = person.external_id_changed_at = None
        person.address_lost_at = moment
        person.birthdate = None
    update_many(people, EMPTIED)


def note_reached(person_id: UUID, address_id: UUID) -> None:
    """What was sent to this address came back: somebody reads it. Quiet where it is held no more."""
    NoticeAddress.objects.filter(id=address_id, person_id=person_id).update(confirmed_at=clock.now())


def note_enrolled(person_id: UUID) -> None:
    """They made a passkey or codes of their own. Quiet about whoever did before."""
    DirectoryPerson.objects.filter(id=person_id, enrolled_at=None).update(enrolled_at=clock.now())


def hold_evidence(person_id: UUID, *proven: tuple[str, str]) -> None:
    """Remember evidence that was proven, each by its kind and digest, for the next time. Quiet about what is held."""
    HeldEvidence.objects.bulk_create(
        [HeldEvidence(person_id=person_id, kind=kind, digest=digest) for kind, digest in proven],
        ignore_conflicts=True,
    )
    again = HeldEvidence.objects.filter(person_id=person_id, digest__in=[digest for _kind, digest in proven])
    again.update(confirmed_at=clock.now())


def raise_assurance(person_id: UUID, level: str) -> None:
    """Note the level at which the person's identity was proven; it never falls."""
    if level == DirectoryPerson.Assurance.IAL2:
        DirectoryPerson.objects.filter(id=person_id).update(assurance_level=level)


def _locked(person_id: UUID) -> DirectoryPerson:
    """NotHere for whoever was removed."""
    get_person(person_id)
    person = DirectoryPerson.objects.select_for_update().get(id=person_id)
    if person.status == DirectoryPerson.Status.REMOVED:
        raise NotHere("person_unknown")
    return person
