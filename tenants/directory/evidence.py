"""Numbers of documents and people that the organisation held before anybody was locked out.

Protects people from whoever may send files: a number that a file brings counts for its own account after 72 hours, and is
told at the addresses held before; for telling accounts apart it counts at once. Protects the numbers themselves: of each
there is a keyed digest of the organisation, made as the file is read, and nothing here says whether two are the same. What
it does not do: forget what somebody proved in a recovery.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from portal.kit import clock
from portal.kit.bulk import insert_many, uuid7_hexes
from portal.kit.one_of import OneOf
from tenants.directory.models import DirectoryPerson, HeldEvidence
from tenants.directory.naming import HELD_FOR

FILE = HeldEvidence.Source.FILE
NUMBERS = (HeldEvidence.Kind.DOCUMENT_NUMBER.value, HeldEvidence.Kind.NATIONAL_ID.value)
# By kind: the digest, or nothing where the file says that there is none.
Told = Mapping[str, str]


def that_counts() -> Q:
    """Rows that speak for the account they belong to."""
    return ~Q(source=FILE) | Q(held_since__lte=clock.now() - HELD_FOR)


def kinds_from_files(ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Which kinds of number a file brought for each; whoever has none of a file is left out."""
    found: dict[UUID, set[str]] = {}
    rows = HeldEvidence.objects.filter(OneOf("person_id", ids), source=FILE)
    for person_id, kind in rows.values_list("person_id", "kind"):
        found.setdefault(person_id, set()).add(kind)
    return found


def numbers_from_files(ids: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """The digest by kind that a file brought for each, one of a kind."""
    found: dict[UUID, dict[str, str]] = {}
    rows = HeldEvidence.objects.filter(OneOf("person_id", ids), source=FILE, kind__in=NUMBERS)
    for person_id, kind, digest in rows.values_list("person_id", "kind", "digest"):
        found.setdefault(person_id, {})[kind] = digest
    return found


def put_numbers(wanted: Mapping[UUID, Told], moment: datetime) -> dict[UUID, bool]:
    """Let people have of each kind that is told just this number from a file. Who was changed by it, and whether an earlier
    one went: a document that was another until now is none any more. What was proven, and what stays, is left as it is."""
    held: dict[UUID, list[HeldEvidence]] = {}
    for row in HeldEvidence.objects.filter(person_id__in=list(wanted), kind__in=NUMBERS):
        held.setdefault(row.person_id, []).append(row)
    gone: list[UUID] = []
    again: list[UUID] = []
    fresh: list[HeldEvidence] = []
    changed: dict[UUID, bool] = {}
    for person_id, told in wanted.items():
        for kind, digest in told.items():
            there = [row for row in held.get(person_id, ()) if row.kind == kind]
            others = [row.id for row in there if row.source == FILE and row.digest != digest]
            is_new = bool(digest) and all(row.digest != digest for row in there)
            if is_new:
                fresh.append(
                    HeldEvidence(
                        person_id=person_id, kind=kind, digest=digest, source=FILE, held_since=moment
                    )
                )
            gone += others
            again += [row.id for row in there if row.digest == digest]
            if others or is_new:
                changed[person_id] = bool(others) or changed.get(person_id, False)
    HeldEvidence.objects.filter(id__in=gone).delete()
    HeldEvidence.objects.filter(id__in=again).update(confirmed_at=moment)
    HeldEvidence.objects.bulk_create(fresh, batch_size=2_000)
    return changed


def add_numbers(people: Iterable[tuple[DirectoryPerson, Told]], moment: datetime) -> None:
    """The same for people who come now."""
    found: Sequence[tuple[DirectoryPerson, str, str]] = [
        (person, kind, digest) for person, told in people for kind, digest in told.items() if digest
    ]
    insert_many(
        HeldEvidence,
        (
            {
                "id": identifier,
                "tenant_id": person.tenant_id,
                "created_at": moment,
                "person_id": person.id,
                "kind": kind,
                "digest": digest,
                "source": FILE.value,
                "held_since": moment,
                "confirmed_at": moment,
            }
            for identifier, (person, kind, digest) in zip(uuid7_hexes(len(found)), found, strict=True)
        ),
    )
