"""Somebody was erased: what recovery holds of them goes (`recovery.erasing`), and that they wanted no reminders with it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from portal.kit.outbox import Job
from recovery import erasing
from recovery.entry.models import NoReminders


def on_person_removed(job: Job) -> None:
    """In the tenant's scope and one transaction."""
    _let_go_of([job.uuid("person_id")])


def on_people_removed(job: Job) -> None:
    """The same for many at once: those whom an import brought and who went with it."""
    _let_go_of([UUID(hex=one) for one in job.payload["person_ids"].split(",")])


def _let_go_of(people: Collection[UUID]) -> None:
    erasing.let_go_of(people)
    NoReminders.objects.filter(person_id__in=people).delete()
