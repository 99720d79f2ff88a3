"""What follows where somebody was erased: their recoveries under way end, and partners are asked to erase what they hold of them.

Protects people whose documents lie at a partner from before their organisation asked for erasing, or because it never did; and
whoever is on the way from showing documents and a face for an account that is gone. What it does not do: change cases that ended,
which keep an identifier that names nobody any more, or tell whoever typed a name that it was somebody's.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from portal.kit.actors import SYSTEM
from portal.kit.outbox import Job
from recovery.cases import has_done, locked, move_case, unproven
from recovery.models import Case
from recovery.passkeys.models import Passkey
from recovery.statuses import LIVE, CaseStatus, StepKind
from vendors.services import ask_to_erase_sessions


def on_person_removed(job: Job) -> None:
    """In the tenant's scope and one transaction: all requests are written down, or none and it is done again."""
    _let_go_of([job.uuid("person_id")])


def on_people_removed(job: Job) -> None:
    """The same for many at once: those whom an import brought and who went with it."""
    _let_go_of([UUID(hex=one) for one in job.payload["person_ids"].split(",")])


def _let_go_of(people: Collection[UUID]) -> None:
    _end_cases(people)
    # Whoever named a passkey may have written their own name there.
    Passkey.objects.filter(person_id__in=people).exclude(label="").update(label="")
    cases = Case.objects.filter(person_id__in=people).order_by("id").values_list("id", flat=True)
    ask_to_erase_sessions(list(cases), actor=SYSTEM)


def _end_cases(people: Collection[UUID]) -> None:
    """One that a name alone began, and nothing more, ends as it would for a name that nobody has."""
    running = Case.objects.filter(person_id__in=people, status__in=LIVE).exclude(unproven())
    for case_id in running.order_by("id").values_list("id", flat=True):
        case = locked(case_id)
        if case.state in LIVE and (case.first_proof_at or has_done(case, StepKind.CONFIRMED)):
            move_case(case_id, CaseStatus.REFUSED, reasons=["person_removed"])
