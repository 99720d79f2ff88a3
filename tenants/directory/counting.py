"""How many people have what a recovery asks of the directory.

One statement that reads each table once. A join or a subquery for each person would do when the planner knows how many
people the organisation has; right after an import it does not, and takes the time of the square of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import connection

from portal.kit import clock
from portal.kit.countries import COUNTRIES, spellings_of
from portal.kit.scope import current_tenant_id
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress
from tenants.directory.naming import HELD_FOR


class Obstacle(Enum):
    """Why somebody cannot recover, the first that holds; NONE for who can. An address that is too young comes last: whoever has
    that obstacle has no other, and only waits."""

    OUTSIDE = "outside"
    NO_ADDRESS = "no_address"
    NO_DOCUMENT = "no_document"
    NO_BIRTHDATE = "no_birthdate"
    NO_PARTNER = "no_partner"
    NO_MANAGER = "no_manager"
    FRESH_ADDRESS = "fresh_address"
    NONE = "can"


@dataclass(frozen=True, slots=True)
class OnlyFor:
    """A way that only some people have: whose country is one of `countries` (two letters; empty: any) or is not known,
    and who are in one of `groups` (empty: any)."""

    countries: Sequence[str] = ()
    groups: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WithoutAddress:
    """Who may go without a code: no address was lost since `lost_before`, and a document was seen before; or with `word` a
    manager is on file since before `managed_before` (None: somebody is named who speaks for everybody)."""

    lost_before: datetime
    word: bool = False
    managed_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """`departments` None: everybody. `groups_in`, if any: in one of them; `groups_out`: in none. `privileged`: such
    accounts as well. `held_before`: an e-mail
    address has to be older than that. `document`: a number seen before. `birthdate`: a date of birth, or such a number.
    `ways`, if any: one of them has to be for the person. `managed_before`: a manager has to be on file since before that.
    `without_address`, if any: who has no address needs none where one of these holds, beside a date of birth."""

    departments: Sequence[str] | None = None
    groups_in: Sequence[str] = ()
    groups_out: Sequence[str] = ()
    privileged: bool = False
    held_before: datetime | None = None
    document: bool = False
    birthdate: bool = False
    ways: Sequence[OnlyFor] = ()
    managed_before: datetime | None = None
    without_address: WithoutAddress | None = None


# Ways are bits: those that somebody's country opens, and those that one of their groups opens.
_SQL = """
WITH facts AS (
    SELECT id AS person_id,
           status = %(active)s AND recovery_allowed AND (%(privileged)s OR is_privileged IS NOT TRUE)
               AND (%(departments)s::text[] IS NULL OR department = ANY(%(departments)s::text[])) AS inside,
           birthdate IS NOT NULL AS has_birthdate, NULL::timestamptz AS held_since, FALSE AS has_document,
           manager <> '' AND manager_changed_at <= %(managed_before)s AS has_manager,
           %(without_address)s AND birthdate IS NOT NULL AND (address_lost_at IS NULL OR address_lost_at <= %(lost_before)s)
               AS may_go_without,
           %(word)s AND assurance_level <> %(proven)s AND (%(word_since)s::timestamptz IS NULL
               OR manager <> '' AND manager_changed_at <= %(word_since)s) AS has_word, FALSE AS is_in, FALSE AS is_out,
           CASE WHEN lower(btrim(country)) = ANY(%(known)s::text[]) THEN %(any_country)s {by_country} ELSE -1 END
               AS by_country,
           %(any_group)s AS by_group
      FROM directory_directoryperson WHERE tenant_id = %(tenant)s AND status <> %(removed)s
     UNION ALL
    SELECT person_id, FALSE, FALSE, held_since, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, 0, 0
      FROM directory_noticeaddress WHERE tenant_id = %(tenant)s AND kind = %(email)s
     UNION ALL
    SELECT person_id, FALSE, FALSE, NULL, TRUE, FALSE, FALSE, FALSE, FALSE, FALSE, 0, 0
      FROM directory_heldevidence WHERE tenant_id = %(tenant)s AND kind = %(number)s
       AND (source <> %(file)s OR held_since <= %(numbers_before)s)
     UNION ALL
    SELECT person_id, FALSE, FALSE, NULL, FALSE, FALSE, FALSE, FALSE,
           group_id = ANY(%(groups_in)s::uuid[]), group_id = ANY(%(groups_out)s::uuid[]), 0,
           0 {by_group}
      FROM directory_groupmember WHERE tenant_id = %(tenant)s
       AND group_id = ANY(%(groups_in)s::uuid[] || %(groups_out)s::uuid[] || %(groups_of_ways)s::uuid[])
), people AS (
    SELECT bool_or(inside) AND (cardinality(%(groups_in)s::uuid[]) = 0 OR bool_or(is_in)) AND NOT bool_or(is_out)
               AS inside, bool_or(has_birthdate) AS has_birthdate, min(held_since) AS held_since,
           bool_or(has_document) AS has_document, bool_or(has_manager) AS has_manager,
           bool_or(may_go_without) AND (bool_or(has_document) OR bool_or(has_word)) AS goes_without,
           bit_or(by_country) & bit_or(by_group) <> 0 AS has_way
      FROM facts GROUP BY person_id
)
SELECT CASE WHEN NOT inside THEN 'outside'
            WHEN held_since IS NULL AND goes_without IS NOT TRUE THEN 'no_address'
            WHEN %(document)s AND NOT has_document THEN 'no_document'
            WHEN %(birthdate)s AND NOT has_birthdate AND NOT has_document THEN 'no_birthdate'
            WHEN NOT has_way THEN 'no_partner'
            WHEN %(managed_before)s::timestamptz IS NOT NULL AND has_manager IS NOT TRUE THEN 'no_manager'
            WHEN held_since > %(held_before)s THEN 'fresh_address'
            ELSE 'can' END AS obstacle, count(*)
  FROM people GROUP BY 1
"""


def count_by_obstacle(needs: Needs) -> dict[Obstacle, int]:
    """Of all people of the organisation in scope; an obstacle that nobody has is left out."""
    ways = needs.ways or [OnlyFor()]
    given: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "active": DirectoryPerson.Status.ACTIVE.value,
        # Their rows stay for the audit log's sake, and are nobody's.
        "removed": DirectoryPerson.Status.REMOVED.value,
        "email": NoticeAddress.Kind.EMAIL.value,
        "number": HeldEvidence.Kind.DOCUMENT_NUMBER.value,
        "file": HeldEvidence.Source.FILE.value,
        "numbers_before": clock.now() - HELD_FOR,
        "departments": None if needs.departments is None else list(needs.departments),
        "groups_in": list(needs.groups_in),
        "groups_out": list(needs.groups_out),
        "privileged": needs.privileged,
        "held_before": needs.held_before,
        "document": needs.document,
        "birthdate": needs.birthdate,
        **_of_ways(ways),
        "managed_before": needs.managed_before,
        **_of_going_without(needs.without_address),
    }
    with connection.cursor() as cursor:
        cursor.execute(_sql(len(ways)), given)
        return {Obstacle(name): number for name, number in cursor.fetchall()}


def _of_going_without(way: WithoutAddress | None) -> dict[str, Any]:
    return {
        "without_address": way is not None,
        "lost_before": way.lost_before if way else None,
        "word": way is not None and way.word,
        "word_since": way.managed_before if way else None,
        "proven": DirectoryPerson.Assurance.IAL2.value,
    }


def _sql(ways: int) -> str:
    """A comparison for each way: a subquery would be asked for each person. Nothing in it comes from outside."""
    by_country = "".join(
        f"| CASE WHEN lower(btrim(country)) = ANY(%(countries_{way})s::text[]) THEN {1 << way} ELSE 0 END "
        for way in range(ways)
    )
    by_group = "".join(
        f"| CASE WHEN group_id = ANY(%(groups_{way})s::uuid[]) THEN {1 << way} ELSE 0 END "
        for way in range(ways)
    )
    return _SQL.format(by_country=by_country, by_group=by_group)


def _of_ways(ways: Sequence[OnlyFor]) -> dict[str, Any]:
    asks_country = any(way.countries for way in ways)
    return {
        # Where no way is for some countries only, nobody's has to be read.
        "known": spellings_of(COUNTRIES) if asks_country else [],
        "any_country": sum(1 << at for at, way in enumerate(ways) if not way.countries),
        "any_group": sum(1 << at for at, way in enumerate(ways) if not way.groups),
        "groups_of_ways": [group for way in ways for group in way.groups],
        **{f"countries_{at}": spellings_of(way.countries) for at, way in enumerate(ways)},
        **{f"groups_{at}": list(way.groups) for at, way in enumerate(ways)},
    }
