"""Names a person has beside the one that documents print: borne before, called by, written in another script.

Protects an account from whoever edits such a name to fit a document of their own: a name counts for its own account only
after it was held for three days, whatever wrote it; for telling namesakes apart it counts at once. What it does not do: say
which of them a profile accepts (`matching.MatchPolicy`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from portal.kit import clock
from portal.kit.one_of import OneOf
from tenants.directory.matching import NameKind, OtherName, index_words, words
from tenants.directory.models import DirectoryPerson, PersonName

# As long as an address has to be held before it is evidence.
COUNTS_AFTER = timedelta(hours=72)
MOST_NAMES = 10
LONGEST_NAME = 120
BATCH = 2_000


class Named(NamedTuple):
    """One such name as it was written. An empty field means the account's own."""

    kind: str
    given_names: str
    family_name: str


def whole_name(named: Named, given_names: str, family_name: str) -> OtherName:
    """With the account's own name in the field that was left empty: who marries keeps the given names."""
    return OtherName(named.given_names or given_names, named.family_name or family_name, NameKind(named.kind))


def _whole(named: Named, person: DirectoryPerson) -> OtherName:
    return whole_name(named, person.given_names, person.family_name)


def whole_names(names: Iterable[Named], person: DirectoryPerson) -> tuple[OtherName, ...]:
    return tuple(_whole(one, person) for one in names)


def written(names: Sequence[Named], kind: str) -> str:
    """ "Novak, Anna | Svoboda", as a file has them: for whoever compares two states."""
    found = sorted(f"{one.family_name}, {one.given_names}".strip(", ") for one in names if one.kind == kind)
    return " | ".join(found)


def names_by_person(ids: Collection[UUID], *, held_before: datetime | None = None) -> dict[UUID, list[Named]]:
    """The other names of each; whoever has none is left out. One query."""
    rows = PersonName.objects.filter(OneOf("person_id", ids)).order_by(
        "kind", "family_name", "given_names", "id"
    )
    if held_before is not None:
        rows = rows.filter(held_since__lte=held_before)
    found: dict[UUID, list[Named]] = {}
    for person_id, *fields in rows.values_list("person_id", "kind", "given_names", "family_name"):
        found.setdefault(person_id, []).append(Named(*fields))
    return found


def names_that_count(person: DirectoryPerson) -> tuple[OtherName, ...]:
    """What the account itself may be matched by."""
    held = names_by_person([person.id], held_before=clock.now() - COUNTS_AFTER)
    return whole_names(held.get(person.id, ()), person)


def search_words_of(person: DirectoryPerson, names: Iterable[Named]) -> list[str]:
    """What the person is found by beside their own name: as it is written, and as a document may spell it."""
    found: list[str] = []
    for one in names:
        full = _whole(one, person)
        found += words(f"{one.given_names} {one.family_name}")
        found += index_words(full.given_names, full.family_name)
    return found


def put_names(wanted: Mapping[UUID, Mapping[str, Sequence[Named]]], moment: datetime) -> None:
    """Let people have just these names of each kind that is given. What stays keeps the day since which it is held."""
    held: dict[UUID, list[PersonName]] = {}
    for row in PersonName.objects.filter(person_id__in=list(wanted)):
        held.setdefault(row.person_id, []).append(row)
    gone: list[UUID] = []
    fresh: list[PersonName] = []
    for person_id, kinds in wanted.items():
        missing = {one for names in kinds.values() for one in names}
        for row in held.get(person_id, ()):
            one = Named(row.kind, row.given_names, row.family_name)
            if row.kind in kinds and one not in missing:
                gone.append(row.id)
            missing.discard(one)
        fresh += [
            PersonName(person_id=person_id, held_since=moment, **one._asdict()) for one in sorted(missing)
        ]
    PersonName.objects.filter(id__in=gone).delete()
    PersonName.objects.bulk_create(fresh, batch_size=BATCH)
