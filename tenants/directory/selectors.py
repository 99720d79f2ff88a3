"""Reading people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from portal.kit.codes import keyed_digest
from portal.kit.countries import COUNTRIES, country_of
from portal.kit.errors import NotHere
from portal.kit.paging import Column, read_order
from portal.kit.scope import current_tenant_id
from tenants.directory.evidence import that_counts
from tenants.directory.matching import Candidate, OtherName, ProvenIdentity, document_keys, words
from tenants.directory.models import (
    DirectoryPerson,
    Group,
    GroupMember,
    HeldEvidence,
    NoticeAddress,
    PersonKey,
    PersonName,
    SearchWord,
)
from tenants.directory.named import names_by_person, names_that_count, whole_names

MAX_IDENTIFIER = 254


def normalise_identifier(identifier: str) -> str:
    """What people type to name themselves: case and outer spaces aside."""
    return identifier.strip().casefold()[:MAX_IDENTIFIER]


def find_person(identifier: str) -> DirectoryPerson | None:
    """By user name, e-mail or employee number. Always one query, found or not (sameness, DESIGN 1, rule 3)."""
    found = PersonKey.objects.filter(value=normalise_identifier(identifier)).select_related("person").first()
    return found.person if found else None


def get_person(person_id: UUID) -> DirectoryPerson:
    person = DirectoryPerson.objects.filter(id=person_id).first()
    if person is None:
        raise NotHere("person_unknown")
    return person


def people_by_id(ids: Collection[UUID]) -> list[DirectoryPerson]:
    """Those of them who are here, by name."""
    return list(DirectoryPerson.objects.filter(id__in=ids).order_by("sort_key", "id"))


def groups_of(person_id: UUID) -> list[UUID]:
    """The groups somebody is in. Always one query, for nobody as well."""
    return list(GroupMember.objects.filter(person_id=person_id).values_list("group_id", flat=True))


def members_among(group_ids: Collection[UUID], person_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The groups of these that each of the people is in; whoever is in none is left out."""
    found: dict[UUID, set[UUID]] = {}
    rows = GroupMember.objects.filter(group_id__in=group_ids, person_id__in=person_ids)
    for person_id, group_id in rows.values_list("person_id", "group_id"):
        found.setdefault(person_id, set()).add(group_id)
    return found


def groups_that_are(ids: Collection[UUID]) -> list[UUID]:
    """Those of them that are still here."""
    return list(Group.objects.filter(id__in=ids).values_list("id", flat=True))


def group_names(limit: int = 500) -> dict[UUID, str]:
    """By id, in the order of their names; a page cannot offer more."""
    return dict(Group.objects.order_by("name", "id").values_list("id", "name")[:limit])


def addresses_of(person_id: UUID) -> list[NoticeAddress]:
    return list(NoticeAddress.objects.filter(person_id=person_id).order_by("held_since", "id"))


def emails_of(person_id: UUID) -> list[str]:
    return [address.value for address in addresses_of(person_id) if address.kind == NoticeAddress.Kind.EMAIL]


def other_names_of(person_id: UUID) -> list[PersonName]:
    """Names beside the account's own, by kind."""
    return list(PersonName.objects.filter(person_id=person_id).order_by("kind", "held_since", "id"))


def holds_document(person_id: UUID) -> bool:
    """Whether a document could be recognised as one that was held before, as far as that counts."""
    numbers = HeldEvidence.objects.filter(person_id=person_id, kind=HeldEvidence.Kind.DOCUMENT_NUMBER)
    return numbers.filter(that_counts()).exists()


def held_evidence(person_id: UUID) -> list[HeldEvidence]:
    return list(HeldEvidence.objects.filter(person_id=person_id).order_by("held_since"))


def document_digest(document_number: str, country: str) -> str:
    """A keyed digest of a document's number, bound to the tenant: equal only inside it."""
    return _number_digest(document_number, country, "document")


def national_id_digest(number: str, country: str) -> str:
    """A keyed digest of a national number, bound to the tenant, and never equal to that of a document."""
    return _number_digest(number, country, "national-id")


def _number_digest(number: str, country: str, use: str) -> str:
    """The country as documents print it, whoever wrote it: a file says CZ, a passport CZE, and Germany's D."""
    cleaned = "".join(character for character in number.upper() if character.isalnum())
    if not cleaned:
        return ""
    code = "DE" if country.strip().upper() == "D" else country_of(country)
    issuer = COUNTRIES[code].three_letters if code else country.strip().upper()
    return keyed_digest(f"{issuer}|{cleaned}", context=f"{use}|{current_tenant_id()}").hex()


def candidate_of(
    person: DirectoryPerson, *, number_kind: str = HeldEvidence.Kind.DOCUMENT_NUMBER
) -> Candidate:
    held = HeldEvidence.objects.filter(that_counts(), person_id=person.id, kind=number_kind)
    digests = held.values_list("digest", flat=True)
    return _candidate(person, digests, names_that_count(person))


def _shares(keys: Sequence[str], cut: str) -> Q:
    """Rows of a search word that is one of the keys, or begins with what a document's zone has left of a name."""
    found = Q(word__in=keys)
    return found | Q(word__gte=cut, word__lt=cut + "\uffff") if cut else found


def _namesakes(proven: ProvenIdentity) -> Q:
    """Everybody who shares a key of the family name and one of the given names, in whichever field."""
    given, family = document_keys(proven)
    if not given.words or not family.words:
        return Q(pk__in=[])
    by_given = SearchWord.objects.filter(_shares(given.words, given.cut)).values("person_id")
    by_family = SearchWord.objects.filter(_shares(family.words, family.cut), person_id__in=by_given)
    found = Q(id__in=by_family.values("person_id"))
    if proven.birthdate is not None:
        found &= Q(birthdate=proven.birthdate) | Q(birthdate=None)
    return found


def near(proven: ProvenIdentity) -> list[Candidate]:
    """Everybody whose names may agree with the proven ones, or who showed this document before.

    Nobody who could be meant is left out: a namesake overlooked is an account given away. So there is no limit; a
    different birth date alone rules somebody out (`match_person`), and here it keeps a large directory's many
    namesakes in the database.
    """
    showed: set[UUID] = set()
    if proven.document_digest:
        showed = set(
            HeldEvidence.objects.filter(kind=proven.number_kind, digest=proven.document_digest).values_list(
                "person_id", flat=True
            )
        )
    people = list(DirectoryPerson.objects.filter(_namesakes(proven) | Q(id__in=showed)))
    ids = [person.id for person in people]
    digests: dict[UUID, set[str]] = {}
    for held in HeldEvidence.objects.filter(person_id__in=ids, kind=proven.number_kind):
        digests.setdefault(held.person_id, set()).add(held.digest)
    named = names_by_person(ids)
    return [
        _candidate(
            person,
            digests.get(person.id, ()),
            whole_names(named.get(person.id, ()), person),
        )
        for person in people
    ]


def _candidate(person: DirectoryPerson, digests: Iterable[str], others: tuple[OtherName, ...]) -> Candidate:
    return Candidate(
        person.id, person.given_names, person.family_name, person.birthdate, frozenset(digests), others
    )


def _search(found: QuerySet[DirectoryPerson], text: str) -> QuerySet[DirectoryPerson]:
    """Every word must begin a word of the person's. Ranges, because prefix patterns are not leakproof."""
    for word in words(text)[:5]:
        matching = SearchWord.objects.filter(word__gte=word, word__lt=word + "\uffff").values("person_id")
        found = found.filter(id__in=matching)
    return found


# What the list can be sorted by; each has an index.
COLUMNS: Mapping[str, Column] = {
    "name": Column("sort_key"),
    "user_name": Column("user_name"),
    "number": Column("employee_number"),
    "department": Column("department"),
}


def people_found(
    *, text: str = "", status: str = "", department: str = "", sort: str = ""
) -> QuerySet[DirectoryPerson]:
    """Everybody the filters let through, in the order asked for, by name otherwise."""
    found = DirectoryPerson.objects.exclude(status=DirectoryPerson.Status.REMOVED)
    found = found.order_by(*read_order(sort, COLUMNS, "name").fields())
    if status:
        found = found.filter(status=status)
    if department:
        found = found.filter(department=department)
    return _search(found, text)


# From one department to the next by the index: a million people are in some hundreds of them.
_DEPARTMENTS = """
WITH RECURSIVE named AS (
    (SELECT department FROM directory_directoryperson WHERE tenant_id = %(tenant)s AND department > '' ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT p.department FROM directory_directoryperson p
             WHERE p.tenant_id = %(tenant)s AND p.department > named.department ORDER BY 1 LIMIT 1)
      FROM named WHERE named.department IS NOT NULL
)
"""


def departments() -> list[str]:
    """The names of the departments people are in."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_DEPARTMENTS} SELECT department FROM named WHERE department IS NOT NULL",  # noqa: S608
            {"tenant": current_tenant_id()},
        )
        return [name for (name,) in cursor.fetchall()]


def sample_of_addresses(most: int) -> list[str]:
    """Addresses of people to count hints in, the oldest first; nothing else of anybody."""
    return list(NoticeAddress.objects.order_by("id").values_list("value", flat=True)[:most])


def departments_and_groups(groups: int = 500) -> tuple[list[str], dict[UUID, str]]:
    """The names of the departments people are in, and of the groups by id, each in order. One query: every page that asks
    whom something is for asks both. A page cannot offer more groups than that."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_DEPARTMENTS} SELECT NULL::uuid, department FROM named WHERE department IS NOT NULL UNION ALL "  # noqa: S608
            "(SELECT id, name FROM directory_group WHERE tenant_id = %(tenant)s ORDER BY name, id LIMIT %(groups)s)",
            {"tenant": current_tenant_id(), "groups": groups},
        )
        rows = cursor.fetchall()
    return (
        sorted(name for group, name in rows if group is None),
        {group: name for group, name in sorted(rows, key=lambda row: row[1]) if group is not None},
    )
