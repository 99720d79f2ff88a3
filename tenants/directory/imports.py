"""Bringing a file of people into the directory: read, show, then apply all of it or nothing.

Protects the directory from half a file and from a colleague who edits names or addresses to recover somebody else's
account: such changes count only after a while and every address held before is told. What is read rests sealed for
half an hour and belongs to the member who sent it. What it does not do: remove people who are not in the file, or take an
import back (`import_undo`).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
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
from tenants.directory.import_columns import Layout, checked, outline_of
from tenants.directory.import_file import ImportedRow, RowProblem, read_people
from tenants.directory.import_plan import Plan, plan_import
from tenants.directory.import_rows import asdict_of, row_from
from tenants.directory.import_undo import write_plan
from tenants.directory.models import PeopleImport

# Whose import a command's is: the operator has no seat.
NOBODY = UUID(int=0)
PREVIEW_LIFE = timedelta(minutes=30)
SHOWN = 200
# What is written over a file that nobody applied.
LET_GO: dict[str, Any] = {"sealed": None, "sealed_file": None, "layout": {}}


@dataclass(frozen=True, slots=True)
class Preview:
    """What the page shows: the first of each kind, and all numbers in `PeopleImport.counts`."""

    added: list[dict[str, str]]
    changed: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    ignored_columns: list[str]


def _context(row_id: UUID, column: str = "sealed") -> Context:
    return Context("directory_peopleimport", column, row_id)


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
            # Those that no directory could take; the others are compared once more when it is applied.
            "unreadable": len(self.problems) - len(self.plan.problems),
            "told": sum(change.touches_identity or change.touches_addresses for change in changed),
            "numbers": sum(any(row.numbers().values()) for row in self.rows),
        }


def look_at(unverified: bytes, layout: Layout | None = None) -> Looked:
    """Read a file and change nothing. Invalid when the file as a whole cannot be used."""
    read = read_people(unverified, layout)
    plan = plan_import(read.rows)
    problems = sorted([*read.problems, *plan.problems], key=lambda problem: problem.line)
    return Looked(read.rows, plan, problems, read.ignored_columns)


def last_layout() -> Layout:
    """How the organisation's last file was read."""
    last = PeopleImport.objects.exclude(applied_at=None).order_by("-applied_at").first()
    return Layout.of(last.layout) if last else Layout()


@transaction.atomic
def begin_import(
    unverified: bytes, *, file_name: str, member_id: UUID, layout: Layout | None = None
) -> PeopleImport:
    """Read a file and keep it sealed for its preview. Without a `layout`, and where the headings alone do not say what the
    columns mean, it waits for `settle_columns`. Invalid when the file as a whole cannot be used."""
    outline = None if layout else outline_of(unverified, last_layout())
    discard_imports_of(member_id)
    row_id = uuid7()
    row = PeopleImport(
        id=row_id,
        member_id=member_id,
        file_name=file_name[:200],
        sealed_file=seal(zlib.compress(unverified), _context(row_id, "sealed_file")),
        expires_at=clock.now() + PREVIEW_LIFE,
    )
    if outline is None or outline.is_sure:
        _read_into(row, unverified, layout or (outline.layout() if outline else Layout()))
    row.save(force_insert=True)
    return row


@transaction.atomic
def settle_columns(import_id: UUID, layout: Layout, *, member_id: UUID) -> PeopleImport:
    """Say what the columns mean and read the file so. Invalid where they cannot be that; Refused once the half hour is over."""
    get_import(import_id, member_id=member_id)
    row = PeopleImport.objects.select_for_update().get(id=import_id)
    _read_into(row, file_of(row), checked(layout))
    row.save(update_fields=["sealed", "layout", "counts", "rows_digest"])
    return row


def _read_into(row: PeopleImport, unverified: bytes, layout: Layout) -> None:
    looked = look_at(unverified, layout)
    body = json.dumps([asdict_of(one) for one in looked.rows], ensure_ascii=False).encode()
    shown = _with_preview(looked.plan, looked.problems, looked.ignored_columns, body)
    row.sealed = seal(zlib.compress(shown), _context(row.id))
    row.layout, row.counts = layout.packed(), looked.counts
    row.rows_digest = hashlib.sha256(body).hexdigest()


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


def _over() -> Refused:
    return Refused(
        "import_over", _("This preview is older than 30 minutes and was let go. Choose the file again.")
    )


def _opened(row: PeopleImport) -> tuple[bytes, bytes]:
    if row.sealed is None or row.expires_at <= clock.now():
        raise _over()
    head, _newline, rows = zlib.decompress(unseal(row.sealed, _context(row.id))).partition(b"\n")
    return head, rows


def file_of(row: PeopleImport) -> bytes:
    """The file as it came. Refused once the half hour is over."""
    if row.sealed_file is None or row.expires_at <= clock.now():
        raise _over()
    return zlib.decompress(unseal(row.sealed_file, _context(row.id, "sealed_file")))


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
    rows = [row_from(packed) for packed in json.loads(_opened(row)[1])]
    plan = plan_import(rows)
    if (row.counts["problems"] or plan.problems) and not skips_problems:
        raise Refused(
            "import_has_problems", _("Some lines of this file cannot be used. Mend them and choose it again.")
        )
    try:
        with transaction.atomic():
            write_plan(row, plan)
    except IntegrityError as error:
        raise Invalid(
            "import_conflict", _("The directory changed in the meantime. Choose the file again.")
        ) from error
    row.applied_at, row.sealed, row.sealed_file = clock.now(), None, None
    row.counts = {
        **row.counts,
        "added": len(plan.added),
        "changed": len(plan.changed),
        "unchanged": plan.unchanged,
        "problems": row.counts["unreadable"] + len(plan.problems),
    }
    row.save(update_fields=["applied_at", "sealed", "sealed_file", "counts"])
    record_event(
        EventName.PEOPLE_IMPORTED,
        actor=actor,
        subject=row.public_id,
        data={
            "added": len(plan.added),
            "changed": len(plan.changed),
            "unchanged": plan.unchanged,
            "skipped": row.counts["problems"],
            "rows_digest": row.rows_digest,
        },
    )
    return row


def discard_import(import_id: UUID, *, member_id: UUID) -> None:
    """Let a preview go. Nothing was changed by it."""
    row = get_import(import_id, member_id=member_id)
    if row.applied_at is None:
        PeopleImport.objects.filter(id=row.id).update(**LET_GO, discarded_at=clock.now())


def discard_imports_of(member_id: UUID) -> None:
    """A member has one preview at a time."""
    PeopleImport.objects.filter(member_id=member_id, applied_at=None, discarded_at=None).update(
        **LET_GO, discarded_at=clock.now()
    )


def let_go_of_previews() -> int:
    """Destroy what was read and never applied. Called in a tenant's scope."""
    over = PeopleImport.objects.filter(expires_at__lte=clock.now()).exclude(sealed_file=None)
    return over.update(**LET_GO, discarded_at=clock.now())
