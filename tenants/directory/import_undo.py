"""Taking an import back within a week: who was added goes, who was changed is as before.

Protects the organisation from the wrong file, and people from whoever would use this as a way around the rules of a change:
what comes back counts as new, is told to the addresses held, and never goes over what anybody changed since. What it does not
do: take back a part of an import.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Refused
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.changing import add_people, change_people, insert_owned, person_of
from tenants.directory.evidence import numbers_from_files
from tenants.directory.import_file import ImportedRow
from tenants.directory.import_plan import Change, Held, Plan, plan_import
from tenants.directory.import_rows import asdict_of, row_from
from tenants.directory.models import DirectoryPerson, HeldEvidence, ImportedBefore, PeopleImport, PersonName
from tenants.directory.named import Named, names_by_person
from tenants.directory.services import take_out

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Undoing:
    """What taking an import back would do, in people. `kept`: added by it, or changed, and somebody or something changed them
    since; they stay as they are. `enrolled`: added by it, and have come in themselves since; they stay as well."""

    removed: int
    restored: int
    kept: int
    enrolled: int = 0


def write_plan(row: PeopleImport, plan: Plan) -> None:
    """Apply what a file changes, and note what was before. IntegrityError when the directory changed meanwhile."""
    moment = clock.now()
    made = [(person_of(one), one) for one in plan.added]
    add_people(made)
    for at in range(0, len(plan.changed), BATCH):
        batch = plan.changed[at : at + BATCH]
        _note(row, [(change.person, asdict_of(before)) for change, before in _before(batch)], moment)
        change_people(batch)
    _note(row, [(person, None) for person, _one in made], moment)


def _note(
    row: PeopleImport, touched: Sequence[tuple[DirectoryPerson, dict[str, Any] | None]], moment: datetime
) -> None:
    rows = [(person, {"before": before}) for person, before in touched]
    insert_owned(ImportedBefore, moment, rows, people_import_id=row.id)


def _before(changes: Sequence[Change]) -> Iterator[tuple[Change, ImportedRow]]:
    ids = [change.person.id for change in changes]
    named, numbers = names_by_person(ids), numbers_from_files(ids)
    for change in changes:
        row = _row_as_is(change.person, change.held, named.get(change.person.id, ()))
        held = numbers.get(change.person.id, {})
        # Of numbers only what the file tells of: what else is held was never touched.
        told = {kind: held.get(kind, "") for kind in change.row.numbers()}
        yield (
            change,
            replace(
                row, document_digest=told.get("document_number"), national_digest=told.get("national_id")
            ),
        )


def _row_as_is(person: DirectoryPerson, held: Sequence[Held], named: Sequence[Named]) -> ImportedRow:
    def names(kind: str) -> tuple[tuple[str, str], ...]:
        return tuple((one.given_names, one.family_name) for one in named if one.kind == kind)

    return ImportedRow(
        line=0,
        user_name=person.user_name,
        given_names=person.given_names,
        family_name=person.family_name,
        emails=tuple(one.value for one in held if one.kind == "email"),
        phones=tuple(one.value for one in held if one.kind == "phone"),
        employee_number=person.employee_number,
        birthdate=person.birthdate,
        has_birthdate=True,
        department=person.department,
        former_names=names(PersonName.Kind.FORMER.value),
        preferred_names=names(PersonName.Kind.PREFERRED.value),
        script_names=names(PersonName.Kind.SCRIPT.value),
        manager=person.manager,
        country=person.country,
        is_privileged=person.is_privileged,
        is_guest=person.is_guest,
        display_name=person.display_name,
    )


def effect_of_undo(row: PeopleImport) -> Undoing:
    """In numbers, for the second look."""
    touched = ImportedBefore.objects.filter(people_import_id=row.id)
    as_left = _as_left(touched, row)
    told = as_left.aggregate(
        removed=Count("id", filter=Q(before__isnull=True)),
        restored=Count("id", filter=Q(before__isnull=False)),
    )
    return _told(touched.count(), _untouched(touched, row).count(), **told)


def _told(touched: int, untouched: int, *, removed: int, restored: int) -> Undoing:
    return Undoing(removed, restored, touched - untouched, max(0, untouched - removed - restored))


@transaction.atomic
def undo_import(row_id: UUID, *, actor: Actor) -> Undoing:
    """Take an import back. Quiet when it was taken back already. Refused after a week."""
    row = PeopleImport.objects.select_for_update().get(id=row_id)
    if row.undone_at is not None:
        return Undoing(**row.counts["undone"])
    if not row.may_undo:
        raise Refused("import_undo_over", _("An import can be taken back for a week. That is over."))
    touched = ImportedBefore.objects.filter(people_import_id=row.id)
    everybody, untouched = touched.count(), _untouched(touched, row).count()
    removed = restored = 0
    ids = list(_as_left(touched, row).order_by("id").values_list("id", flat=True))
    for at in range(0, len(ids), BATCH):
        batch = list(touched.filter(id__in=ids[at : at + BATCH]).values_list("person_id", "before"))
        added = _locked([person_id for person_id, before in batch if before is None], row, enrolled_at=None)
        take_out(added)
        _tell_removed(added)
        removed += len(added)
        restored += _restore({person_id: before for person_id, before in batch if before is not None}, row)
    told = _told(everybody, untouched, removed=removed, restored=restored)
    touched.delete()
    row.undone_at, row.counts = clock.now(), {**row.counts, "undone": asdict(told)}
    row.save(update_fields=["undone_at", "counts"])
    record_event(
        EventName.PEOPLE_IMPORT_UNDONE,
        actor=actor,
        subject=row.public_id,
        data={**asdict(told), "rows_digest": row.rows_digest},
    )
    return told


def _tell_removed(people: Sequence[DirectoryPerson]) -> None:
    """Some began a recovery that came to nothing: rooms above know where what they showed lies."""
    if people:
        ids = ",".join(person.id.hex for person in people)
        enqueue("directory.people_removed", tenant_id=current_tenant_id(), person_ids=ids)


def _untouched(touched: QuerySet[ImportedBefore], row: PeopleImport) -> QuerySet[ImportedBefore]:
    """Those whom nothing changed since."""
    return touched.filter(
        person__changed_at__lte=row.applied_at, person__status=DirectoryPerson.Status.ACTIVE
    )


def _as_left(touched: QuerySet[ImportedBefore], row: PeopleImport) -> QuerySet[ImportedBefore]:
    """Of those also nobody whom the file added and who made a passkey or codes since, proved who they are, or for whom evidence
    is held: they have come in themselves."""
    added = touched.filter(before__isnull=True).values("person_id")
    enrolled = HeldEvidence.objects.filter(person_id__in=added).exclude(source=HeldEvidence.Source.FILE)
    return (
        _untouched(touched, row)
        .exclude(before__isnull=True, person__enrolled_at__isnull=False)
        .exclude(before__isnull=True, person__assurance_level=DirectoryPerson.Assurance.IAL2)
        .exclude(before__isnull=True, person_id__in=enrolled.values("person_id"))
    )


def _locked(ids: Collection[UUID], row: PeopleImport, **still: Any) -> list[DirectoryPerson]:
    """In the order of their ids, and looked at once more, also whether they are `still` so: somebody may have been quicker."""
    people = DirectoryPerson.objects.select_for_update().filter(
        id__in=ids, changed_at__lte=row.applied_at, **still
    )
    return list(people.order_by("id"))


def _restore(before: dict[UUID, dict[str, Any]], row: PeopleImport) -> int:
    """Those of them who can be as they were: nobody else has taken a name for them since. Returns how many."""
    rows, nobody_said = [], []
    for person in _locked(before, row):
        was = row_from(before[person.id])
        if was.is_privileged is None and person.is_privileged is not None:
            nobody_said.append(person.id)
            # Written as a no first: who is no longer privileged waits, however it comes.
            was = replace(was, is_privileged=False)
        rows.append(was)
    plan = plan_import(rows)
    change_people(plan.changed)
    DirectoryPerson.objects.filter(id__in=nobody_said, is_privileged=False).update(is_privileged=None)
    return len(plan.changed) + plan.unchanged


def forget_befores() -> int:
    """Let go of what was before imports that can no longer be taken back. Called in a tenant's scope."""
    over = PeopleImport.objects.filter(applied_at__lte=clock.now() - PeopleImport.UNDO_LIFE)
    return ImportedBefore.objects.filter(people_import_id__in=over.values("id")).delete()[0]
