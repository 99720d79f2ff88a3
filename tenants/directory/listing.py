"""People and groups as pages list them, however many there are.

A page of fifty is read in the time that fifty take: what would have to look at everybody is bounded, and says so. Of a search
the first people are taken by the word that fits, and put into the order that was asked for; who is looked for among a million
types another letter. What it does not do: leave anybody out of a file (`selectors.people_found`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from portal.kit.errors import NotHere
from portal.kit.paging import Column
from portal.kit.scope import current_tenant_id
from tenants.directory.matching import words
from tenants.directory.models import DirectoryPerson, Group, GroupMember, SearchWord
from tenants.directory.selectors import COLUMNS, people_found

MOST_FOUND = 2_000
MOST_COUNTED = 10_000
MOST_SORTED = 5_000
MOST_WORDS = 5
MOST_GROUPS = 20_000
MOST_MEMBERS_COUNTED = 1_000


# The same columns under an expression that no index has: to find fifty of a few people, the database would otherwise go through
# a million in their order until it has met them, instead of fetching those few and sorting them.
_OF_FEW = {
    name: Column(f"few_by_{name}", Concat(F(column.field), Value(""))) for name, column in COLUMNS.items()
}


@dataclass(frozen=True, slots=True)
class Listed:
    """Whom a list is of, and what it can be sorted by. `count` is exact unless `is_more`; `is_cut`: the search fits more people
    than are listed."""

    found: QuerySet[DirectoryPerson]
    count: int
    is_more: bool = False
    is_cut: bool = False
    columns: Mapping[str, Column] = field(default_factory=lambda: COLUMNS)


def people_listed(*, text: str = "", status: str = "", department: str = "") -> Listed:
    """By the filters of the list."""
    found = people_found(status=status, department=department)
    if words(text):
        only = Q(
            **{
                f"person__{name}": value
                for name, value in (("status", status), ("department", department))
                if value
            }
        )
        return _searched(found, text, only)
    number = _bounded(found, MOST_COUNTED)
    if department and number <= MOST_SORTED:
        return Listed(_sorted_apart(found), number, columns=_OF_FEW)
    return Listed(found, min(number, MOST_COUNTED), number > MOST_COUNTED)


def _searched(found: QuerySet[DirectoryPerson], text: str, only: Q) -> Listed:
    ids, is_cut = _first_found(text, only)
    return _few(found, ids, is_cut)


def _few(found: QuerySet[DirectoryPerson], ids: Sequence[UUID], is_cut: bool = False) -> Listed:
    return Listed(_sorted_apart(found.filter(id__in=ids)), len(ids), is_cut, is_cut, _OF_FEW)


def _sorted_apart(found: QuerySet[DirectoryPerson]) -> QuerySet[DirectoryPerson]:
    return found.alias(**{column.field: column.expression for column in _OF_FEW.values()})


def _bounded(found: QuerySet[Any], most: int) -> int:
    return found.order_by()[: most + 1].count()


def _beginning(word: str) -> Q:
    """A range: prefix patterns are not leakproof."""
    return Q(word__gte=word, word__lt=word + "\uffff")


def _first_found(text: str, only: Q) -> tuple[list[UUID], bool]:
    """The first people whose words begin with every word of the text, and whether there are more. The longest word leads: the
    fewest have it. `only`: whose words are looked at."""
    leading, *others = sorted(words(text)[:MOST_WORDS], key=lambda word: (-len(word), word))
    rows = SearchWord.objects.filter(_beginning(leading), only).order_by("word", "person_id")
    for word in others:
        rows = rows.filter(
            Exists(SearchWord.objects.filter(_beginning(word), person_id=OuterRef("person_id")))
        )
    # Somebody may have several words that begin alike.
    taken = list(rows.values_list("person_id", flat=True)[: 2 * MOST_FOUND])
    ids = list(dict.fromkeys(taken))
    return ids[:MOST_FOUND], len(ids) > MOST_FOUND or len(taken) == 2 * MOST_FOUND


# Groups -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Members:
    """How many people a group has; exact unless `is_more`."""

    count: int
    is_more: bool


def groups_found(text: str) -> QuerySet[Group]:
    """In the order of their names; every word of the text begins a word of the name, accents and case aside."""
    wanted = words(text)
    found = Group.objects.order_by("name", "id")
    if not wanted:
        return found
    named = found.values_list("id", "name")[:MOST_GROUPS]
    return found.filter(id__in=[identifier for identifier, name in named if _fits(words(name), wanted)])


def _fits(has: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(any(word.startswith(beginning) for word in has) for beginning in wanted)


def group_with(group_id: UUID) -> Group:
    group = Group.objects.filter(id=group_id).first()
    if group is None:
        raise NotHere("group_unknown")
    return group


def count_members(group_ids: Sequence[UUID]) -> dict[UUID, Members]:
    """Of each group, no further than a number: one of everybody would be counted for as long as everybody is."""
    most = MOST_MEMBERS_COUNTED
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.id, (SELECT count(*) FROM (SELECT 1 FROM directory_groupmember m WHERE m.tenant_id = %s "
            "AND m.group_id = g.id LIMIT %s) counted) FROM unnest(%s::uuid[]) g (id)",
            [current_tenant_id(), most + 1, list(group_ids)],
        )
        return {
            identifier: Members(min(number, most), number > most) for identifier, number in cursor.fetchall()
        }


def members_listed(group: Group, *, text: str = "") -> Listed:
    """Who is in a group. Of a small one they are looked up; of a large one everybody is gone through in order until a page is
    full."""
    members = GroupMember.objects.filter(group=group)
    few = list(members.values_list("person_id", flat=True)[: MOST_FOUND + 1])
    if len(few) <= MOST_FOUND:
        found, only = people_found().filter(id__in=few), Q(person_id__in=few)
    else:
        found = people_found().filter(Exists(members.filter(person_id=OuterRef("pk"))))
        only = Q(Exists(members.filter(person_id=OuterRef("person_id"))))
    if words(text):
        return _searched(found, text, only)
    if len(few) <= MOST_FOUND:
        return _few(found, few)
    number = _bounded(members, MOST_COUNTED)
    return Listed(found, min(number, MOST_COUNTED), number > MOST_COUNTED)
