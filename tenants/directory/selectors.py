"""Reading people."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from portal.kit.codes import keyed_digest
from portal.kit.errors import NotHere
from portal.kit.scope import current_tenant_id
from tenants.directory.matching import Candidate, ProvenIdentity, words
from tenants.directory.matching.names import spellings
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress, PersonKey, SearchWord

MAX_IDENTIFIER = 254


def normalise_identifier(identifier: str) -> str:
    """What people type to name themselves: case and outer spaces aside."""
    return identifier.strip().casefold()[:MAX_IDENTIFIER]


def find_person(identifier: str) -> DirectoryPerson | None:
    """By user name, e-mail or employee number. Always two queries, found or not (sameness, DESIGN 1, rule 3)."""
    key = PersonKey.objects.filter(value=normalise_identifier(identifier)).first()
    wanted = key.person_id if key else UUID(int=0)
    return DirectoryPerson.objects.filter(id=wanted).first()


def get_person(person_id: UUID) -> DirectoryPerson:
    person = DirectoryPerson.objects.filter(id=person_id).first()
    if person is None:
        raise NotHere("person_unknown")
    return person


def addresses_of(person_id: UUID) -> list[NoticeAddress]:
    return list(NoticeAddress.objects.filter(person_id=person_id).order_by("held_since", "id"))


def emails_of(person_id: UUID) -> list[str]:
    return [address.value for address in addresses_of(person_id) if address.kind == NoticeAddress.Kind.EMAIL]


def held_evidence(person_id: UUID) -> list[HeldEvidence]:
    return list(HeldEvidence.objects.filter(person_id=person_id).order_by("held_since"))


def document_digest(document_number: str, country: str) -> str:
    """A keyed digest of a document's number, bound to the tenant: equal only inside it."""
    cleaned = "".join(character for character in document_number.upper() if character.isalnum())
    if not cleaned:
        return ""
    context = f"document|{current_tenant_id()}"
    return keyed_digest(f"{country.upper()}|{cleaned}", context=context).hex()


def candidate_of(person: DirectoryPerson) -> Candidate:
    digests = HeldEvidence.objects.filter(
        person_id=person.id, kind=HeldEvidence.Kind.DOCUMENT_NUMBER
    ).values_list("digest", flat=True)
    return Candidate(person.id, person.given_names, person.family_name, person.birthdate, frozenset(digests))


def _words_of(name: str) -> set[str]:
    return {word for spelling in spellings(name) for word in words(spelling)}


def near(proven: ProvenIdentity) -> list[Candidate]:
    """Everybody who shares a word of the family name and one of the given names, or who showed this document before.

    Nobody whose names could agree is left out: a namesake overlooked is an account given away.
    """
    given = SearchWord.objects.filter(word__in=_words_of(proven.given_names)).values("person_id")
    family = SearchWord.objects.filter(word__in=_words_of(proven.family_name), person_id__in=given)
    ids = set(family.values_list("person_id", flat=True))
    if proven.document_digest:
        ids |= set(
            HeldEvidence.objects.filter(
                kind=HeldEvidence.Kind.DOCUMENT_NUMBER, digest=proven.document_digest
            ).values_list("person_id", flat=True)
        )
    people = DirectoryPerson.objects.filter(id__in=ids)
    digests: dict[UUID, set[str]] = {}
    for held in HeldEvidence.objects.filter(person_id__in=ids, kind=HeldEvidence.Kind.DOCUMENT_NUMBER):
        digests.setdefault(held.person_id, set()).add(held.digest)
    return [
        Candidate(
            person.id,
            person.given_names,
            person.family_name,
            person.birthdate,
            frozenset(digests.get(person.id, ())),
        )
        for person in people
    ]


@dataclass(frozen=True, slots=True)
class Page:
    people: Sequence[DirectoryPerson]
    next_cursor: str


def _search(found: QuerySet[DirectoryPerson], text: str) -> QuerySet[DirectoryPerson]:
    """Every word must begin a word of the person's. Ranges, because prefix patterns are not leakproof."""
    for word in words(text)[:5]:
        matching = SearchWord.objects.filter(word__gte=word, word__lt=word + "\uffff").values("person_id")
        found = found.filter(id__in=matching)
    return found


def people_found(*, text: str = "", status: str = "", department: str = "") -> QuerySet[DirectoryPerson]:
    """Everybody the filters let through, in the order of their sort keys."""
    found = DirectoryPerson.objects.order_by("sort_key", "id")
    if status:
        found = found.filter(status=status)
    if department:
        found = found.filter(department=department)
    return _search(found, text)


def people_page(
    *, text: str = "", status: str = "", department: str = "", cursor: str = "", size: int = 50
) -> Page:
    """One page of people; `cursor` is the last sort key and id of the page before, and begins at the top if unusable."""
    found = people_found(text=text, status=status, department=department)
    key, _, identifier = cursor.rpartition("~")
    with suppress(ValueError):
        if identifier and "\x00" not in key:
            found = found.filter(sort_key__gte=key).exclude(sort_key=key, id__lte=UUID(identifier))
    people = list(found[: size + 1])
    more = people[size - 1] if len(people) > size else None
    return Page(people[:size], f"{more.sort_key}~{more.id}" if more else "")


def departments() -> list[str]:
    """The names of the departments people are in."""
    found = DirectoryPerson.objects.exclude(department="").order_by("department")
    return list(found.values_list("department", flat=True).distinct())


def count_people() -> int:
    return DirectoryPerson.objects.count()
