"""Since when an identifier points at somebody.

Protects people from whoever may write user names, employee numbers and identifiers, and writes somebody else's beside their
own account: what decides who is meant counts only after it was held for 72 hours, or came with the person. Finding somebody
by what they type is no such decision, and takes it at once. What it does not do: look at addresses, which have a day of
their own (`NoticeAddress`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock
from tenants.directory.models import DirectoryPerson, PersonKey

HELD_FOR = timedelta(hours=72)


def is_held(since: datetime) -> bool:
    return since <= clock.now() - HELD_FOR


def came_with(person: DirectoryPerson, since: datetime) -> bool:
    """Whether it counts for who is new: nobody has lost anything to an account that has only just been made."""
    return since <= person.created_at or is_held(since)


def external_since(person: DirectoryPerson) -> datetime:
    """Since when the system that provisions people calls this one so."""
    return person.external_id_changed_at or person.created_at


def take_external_id(person: DirectoryPerson, external_id: str) -> None:
    """As that system calls the person now; saved by whoever calls this, with `EXTERNAL_FIELDS`."""
    if person.external_id != external_id:
        person.external_id, person.external_id_changed_at = external_id, clock.now()


EXTERNAL_FIELDS = ("external_id", "external_id_changed_at")


def keys_since(ids: Collection[UUID]) -> dict[tuple[UUID, str], datetime]:
    """Since when each of the people is named by each of their identifiers."""
    rows = PersonKey.objects.filter(person_id__in=ids).values_list("person_id", "value", "held_since")
    return {(person_id, value): since for person_id, value, since in rows}
