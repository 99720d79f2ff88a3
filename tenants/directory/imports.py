"""Bringing a file of people into the directory: read, show, then apply all of it or nothing.

Protects the directory from half a file and from a colleague who edits names or addresses to recover somebody else's
account: such changes count only after a while and every address held before is told. What is read rests sealed for
half an hour and belongs to the member who sent it. What it does not do: remove people who are not in the file.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotHere, Refused
from portal.kit.ids import uuid7
from portal.kit.sealed import Context, seal, unseal
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.changing import add_people, change_people, person_of
from tenants.directory.import_file import ImportedRow, RowProblem, read_people
from tenants.directory.import_plan import Plan, plan_import
from tenants.directory.models import PeopleImport

PREVIEW_LIFE = timedelta(minutes=30)
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Preview:
    """What the page shows: the first of each kind, and all numbers in `PeopleImport.counts`."""

    added: list[dict[str, str]]
    changed: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    ignored_columns: list[str]


def _context(row_id: UUID) -> Context:
    return Context("directory_peopleimport", "sealed", row_id)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file would change in the directory as it is now."""

    rows: list[ImportedRow]
    plan: Plan
    problems: list[RowProblem]
    ignored_columns: list[str]

    @property
    def counts(self) -> dict[str, int]:
        changed = self.plan.changed
        return {
            "added": len(self.plan.added),
            "changed": len(changed),
            "unchanged": self.plan.unchanged,
            "problems": len(self.problems),
            "told": sum(change.touches_identity or change.touches_addresses for change in changed),
            "numbers": sum(any(row.numbers().values()) for row in self.rows),
        }


def look_at(unverified: bytes) -> Looked:
    """Read a file and change nothing. Invalid when the file as a whole cannot be used."""
    read = read_people(unverified)
    plan = plan_import(read.rows)
    problems = sorted([*read.problems, *plan.problems], key=lambda problem: problem.line)
    return Looked(read.rows, plan, problems, read.ignored_columns)


@transaction.atomic
def begin_import(unverified: bytes, *, file_name: str, member_id: UUID) -> PeopleImport:
    """Read a file and keep it sealed for its preview. Invalid when the file as a whole cannot be used."""
    looked = look_at(unverified)
    body = json.dumps([_packed(row) for row in looked.rows], ensure_ascii=False).encode()
    discard_imports_of(member_id)
    row_id = uuid7()
    return PeopleImport.objects.create(
        id=row_id,
        member_id=member_id,
        file_name=file_name[:200],
        sealed=seal(
            zlib.compress(_with_preview(looked.plan, looked.problems, looked.ignored_columns, body)),
            _context(row_id),
        ),
        counts=looked.counts,
        rows_digest=hashlib.sha256(body).hexdigest(),
        expires_at=clock.now() + PREVIEW_LIFE,
    )


def _with_preview(plan: Plan, problems: Sequence[RowProblem], ignored: list[str], rows: bytes) -> bytes:
    shown = Preview(
        added=[
            {
                "line": str(row.line),
                "name": f"{row.given_names} {row.family_name}",
                "user_name": row.user_name,
                "email": " ".join(row.emails),
                "department": row.department or "",
            }
            for row in plan.added[:SHOWN]
        ],
        changed=[
            {
                "line": change.row.line,
                "name": change.person.display_name,
                "user_name": change.person.user_name,
                "fields": [list(difference) for difference in change.fields],
                "told": change.touches_identity or change.touches_addresses,
                "numbers": change.brings_numbers,
            }
            for change in plan.changed[:SHOWN]
        ],
        problems=[asdict(problem) for problem in problems[:SHOWN]],
        ignored_columns=ignored[:20],
    )
    return json.dumps(asdict(shown), ensure_ascii=False).encode() + b"\n" + rows


def _packed(row: ImportedRow) -> dict[str, Any]:
    packed = asdict(row)
    packed["birthdate"] = row.birthdate.isoformat() if row.birthdate else ""
    return packed


def _unpacked(packed: dict[str, Any]) -> ImportedRow:
    values = dict(packed)
    values["birthdate"] = date.fromisoformat(values["birthdate"]) if values["birthdate"] else None
    values["emails"] = tuple(values["emails"])
    values["phones"] = None if values["phones"] is None else tuple(values["phones"])
    for kind in ("former_names", "preferred_names", "script_names"):
        told = values.get(kind)
        values[kind] = None if told is None else tuple((given, family) for given, family in told)
    return ImportedRow(**values)


def _opened(row: PeopleImport) -> tuple[bytes, bytes]:
    if row.sealed is None or row.expires_at <= clock.now():
        raise Refused(
            "import_over", _("This preview is older than 30 minutes and was let go. Choose the file again.")
        )
    head, _newline, rows = zlib.decompress(unseal(row.sealed, _context(row.id))).partition(b"\n")
    return head, rows


def get_import(import_id: UUID, *, member_id: UUID) -> PeopleImport:
    """The member's own; a colleague's is NotHere."""
    row = PeopleImport.objects.filter(id=import_id, member_id=member_id).first()
    if row is None:
        raise NotHere("import_unknown")
    return row


def preview_of(row: PeopleImport) -> Preview:
    """Refused once the half hour is over."""
    return Preview(**json.loads(_opened(row)[0]))


@transaction.atomic
def apply_import(
    import_id: UUID, *, member_id: UUID, actor: Actor, skips_problems: bool = False
) -> PeopleImport:
    """Everything in the file, or nothing; or, where that is asked for, all but the lines that cannot be used. Quiet when
    it was applied already; compared once more with the directory."""
    get_import(import_id, member_id=member_id)
    row = PeopleImport.objects.select_for_update().get(id=import_id)
    if row.applied_at is not None:
        return row
    rows = [_unpacked(packed) for packed in json.loads(_opened(row)[1])]
    plan = plan_import(rows)
    if (row.counts["problems"] or plan.problems) and not skips_problems:
        raise Refused(
            "import_has_problems", _("Some lines of this file cannot be used. Mend them and choose it again.")
        )
    try:
        with transaction.atomic():
            add_people([(person_of(row), row) for row in plan.added])
            change_people(plan.changed)
    except IntegrityError as error:
        raise Invalid(
            "import_conflict", _("The directory changed in the meantime. Choose the file again.")
        ) from error
    row.applied_at, row.sealed = clock.now(), None
    row.counts = {
        **row.counts,
        "added": len(plan.added),
        "changed": len(plan.changed),
        "unchanged": plan.unchanged,
    }
    row.save(update_fields=["applied_at", "sealed", "counts"])
    record_event(
        EventName.PEOPLE_IMPORTED,
        actor=actor,
        subject=row.public_id,
        data={
            "added": len(plan.added),
            "changed": len(plan.changed),
            "unchanged": plan.unchanged,
            "rows_digest": row.rows_digest,
        },
    )
    return row


def discard_import(import_id: UUID, *, member_id: UUID) -> None:
    """Let a preview go. Nothing was changed by it."""
    row = get_import(import_id, member_id=member_id)
    if row.applied_at is None:
        PeopleImport.objects.filter(id=row.id).update(sealed=None, discarded_at=clock.now())


def discard_imports_of(member_id: UUID) -> None:
    """A member has one preview at a time."""
    PeopleImport.objects.filter(member_id=member_id, applied_at=None, discarded_at=None).update(
        sealed=None, discarded_at=clock.now()
    )


def let_go_of_previews() -> int:
    """Destroy what was read and never applied. Called in a tenant's scope."""
    over = PeopleImport.objects.filter(expires_at__lte=clock.now()).exclude(sealed=None)
    return over.update(sealed=None, discarded_at=clock.now())
