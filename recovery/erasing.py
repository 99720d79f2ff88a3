"""What follows where somebody was erased: partners are asked to erase what they hold of that person's recoveries.

Protects people whose documents lie at a partner from before their organisation asked for erasing, or because it never did. What
it does not do: touch cases, which keep an identifier that names nobody any more.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from portal.kit.actors import SYSTEM
from portal.kit.outbox import Job
from recovery.models import Case
from vendors.services import ask_to_erase_sessions


def on_person_removed(job: Job) -> None:
    """In the tenant's scope and one transaction: all requests are written down, or none and it is done again."""
    _erase_sessions_of([job.uuid("person_id")])


def on_people_removed(job: Job) -> None:
    """The same for many at once: those whom an import brought and who went with it."""
    _erase_sessions_of([UUID(hex=one) for one in job.payload["person_ids"].split(",")])


def _erase_sessions_of(people: Collection[UUID]) -> None:
    cases = Case.objects.filter(person_id__in=people).order_by("id").values_list("id", flat=True)
    ask_to_erase_sessions(list(cases), actor=SYSTEM)
