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

from portal.kit.scope import current_tenant_id
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress


class Obstacle(Enum):
    """Why somebody cannot recover, the first that holds; NONE for who can."""

    OUTSIDE = "outside"
    NO_ADDRESS = "no_address"
    FRESH_ADDRESS = "fresh_address"
    NO_DOCUMENT = "no_document"
    NO_BIRTHDATE = "no_birthdate"
    NONE = "can"


@dataclass(frozen=True, slots=True)
class Needs:
    """`departments` None: everybody. `groups_in`, if any: in one of them; `groups_out`: in none. `privileged`: such
    accounts as well. `held_before`: an e-mail
    address has to be older than that. `document`: a number seen before. `birthdate`: a date of birth, or such a number."""

    departments: Sequence[str] | None = None
    groups_in: Sequence[str] = ()
    groups_out: Sequence[str] = ()
    privileged: bool = False
    held_before: datetime | None = None
    document: bool = False
    birthdate: bool = False


_SQL = """
WITH facts AS (
    SELECT id AS person_id,
           status = %(active)s AND recovery_allowed AND (%(privileged)s OR is_privileged IS NOT TRUE)
               AND (%(departments)s::text[] IS NULL OR department = ANY(%(departments)s::text[])) AS inside,
           birthdate IS NOT NULL AS has_birthdate, NULL::timestamptz AS held_since, FALSE AS has_document,
           FALSE AS is_in, FALSE AS is_out
      FROM directory_directoryperson WHERE tenant_id = %(tenant)s
     UNION ALL
    SELECT person_id, FALSE, FALSE, held_since, FALSE, FALSE, FALSE
      FROM directory_noticeaddress WHERE tenant_id = %(tenant)s AND kind = %(email)s
     UNION ALL
    SELECT person_id, FALSE, FALSE, NULL, TRUE, FALSE, FALSE
      FROM directory_heldevidence WHERE tenant_id = %(tenant)s AND kind = %(number)s
     UNION ALL
    SELECT person_id, FALSE, FALSE, NULL, FALSE,
           group_id = ANY(%(groups_in)s::uuid[]), group_id = ANY(%(groups_out)s::uuid[])
      FROM directory_groupmember WHERE tenant_id = %(tenant)s
       AND group_id = ANY(%(groups_in)s::uuid[] || %(groups_out)s::uuid[])
), people AS (
    SELECT bool_or(inside) AND (cardinality(%(groups_in)s::uuid[]) = 0 OR bool_or(is_in)) AND NOT bool_or(is_out)
               AS inside, bool_or(has_birthdate) AS has_birthdate, min(held_since) AS held_since,
           bool_or(has_document) AS has_document
      FROM facts GROUP BY person_id
)
SELECT CASE WHEN NOT inside THEN 'outside'
            WHEN held_since IS NULL THEN 'no_address'
            WHEN held_since > %(held_before)s THEN 'fresh_address'
            WHEN %(document)s AND NOT has_document THEN 'no_document'
            WHEN %(birthdate)s AND NOT has_birthdate AND NOT has_document THEN 'no_birthdate'
            ELSE 'can' END AS obstacle, count(*)
  FROM people GROUP BY 1
"""


def count_by_obstacle(needs: Needs) -> dict[Obstacle, int]:
    """Of all people of the organisation in scope; an obstacle that nobody has is left out."""
    given: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "active": DirectoryPerson.Status.ACTIVE.value,
        "email": NoticeAddress.Kind.EMAIL.value,
        "number": HeldEvidence.Kind.DOCUMENT_NUMBER.value,
        "departments": None if needs.departments is None else list(needs.departments),
        "groups_in": list(needs.groups_in),
        "groups_out": list(needs.groups_out),
        "privileged": needs.privileged,
        "held_before": needs.held_before,
        "document": needs.document,
        "birthdate": needs.birthdate,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, given)
        return {Obstacle(name): number for name, number in cursor.fetchall()}
