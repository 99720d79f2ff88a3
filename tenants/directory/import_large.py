"""Bringing a file of any size into the directory in one transaction, a part at a time: all of it, all that can be used, or,
for a look, nothing.

Protects the machine from a file that does not fit into memory, and the directory from half of it. The rules of a line and of
what it changes are those of the page (`import_file`, `import_plan`). What it does not do: show a preview.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import BinaryIO

import numpy
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.sheet_file import BadCell, is_unicode, named_cells, read_heading, streamed
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.import_columns import COLUMNS, Layout, heading_in
from tenants.directory.import_file import ImportedRow, RowProblem, keys_in, only_once, row_of
from tenants.directory.import_plan import plan_import
from tenants.directory.import_undo import write_plan
from tenants.directory.imports import NOBODY
from tenants.directory.models import PeopleImport

MAX_ROWS = 2_000_000
MAX_PROBLEMS = 10_000
BATCH = 10_000


@dataclass(slots=True)
class Brought:
    """What a file changed, or would have."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    is_applied: bool = False


class _TakeBack(Exception):
    """Nothing of it is to stay."""


def bring_file(
    file: BinaryIO,
    *,
    file_name: str,
    actor: Actor,
    layout: Layout | None = None,
    is_look: bool = False,
    skips_problems: bool = False,
) -> Brought:
    """Read a seekable file twice and apply it. `is_look` says what it would change; lines that cannot be used keep all of it
    out unless `skips_problems`. Called in a tenant's scope. Invalid when the file as a whole cannot be used."""
    layout = layout or Layout()
    if layout.letters and is_unicode(file):
        # As on the page: a code page is for a file that is in none of Unicode's writings.
        layout = replace(layout, letters="")
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    repeated = _repeated(file, layout)
    told = Brought()
    try:
        with transaction.atomic():
            row = PeopleImport.objects.create(
                member_id=NOBODY, file_name=file_name[:200], rows_digest=digest, expires_at=clock.now()
            )
            for rows in _parts(file, layout, repeated, told):
                plan = plan_import(rows)
                write_plan(row, plan)
                told.added += len(plan.added)
                told.changed += len(plan.changed)
                told.unchanged += plan.unchanged
                _note(told, plan.problems)
            if is_look or (told.problems and not skips_problems):
                raise _TakeBack
            _close(row, told, layout, actor)
    except _TakeBack:
        pass
    except IntegrityError as error:
        raise Invalid("import_conflict", _("The directory changed in the meantime. Import again.")) from error
    else:
        told.is_applied = True
    told.problems.sort(key=lambda problem: problem.line)
    return told


def _close(row: PeopleImport, told: Brought, layout: Layout, actor: Actor) -> None:
    numbers = {"added": told.added, "changed": told.changed, "unchanged": told.unchanged}
    row.applied_at, row.layout = clock.now(), layout.packed()
    row.counts = {**numbers, "problems": len(told.problems)}
    row.save(update_fields=["applied_at", "layout", "counts"])
    record_event(
        EventName.PEOPLE_IMPORTED,
        actor=actor,
        subject=row.public_id,
        data={**numbers, "skipped": len(told.problems), "rows_digest": row.rows_digest},
    )


def _records(
    file: BinaryIO, layout: Layout
) -> tuple[Iterator[tuple[int, list[str]]], dict[int, str], list[str], int]:
    """The lines below the heading, {place: column}, the columns left out, and how many cells a line may have."""
    file.seek(0)
    lines = streamed(file, COLUMNS, layout.letters)
    header = next(lines, (1, []))[1]
    places, ignored = read_heading(heading_in(header), layout.known, layout.columns)
    return lines, places, ignored, len(header)


def _repeated(file: BinaryIO, layout: Layout) -> frozenset[int]:
    """The hashes of names for somebody that may stand on several lines: eight bytes a name, whatever its length."""
    lines, places, _ignored, width = _records(file, layout)
    hashes = array("q")
    for count, (_line, cells) in enumerate(lines, start=1):
        if count > MAX_ROWS:
            raise Invalid(
                "too_many_rows",
                _("This file has more than %(most)s people. Split it and import the parts one after another.")
                % {"most": f"{MAX_ROWS:,}"},
            )
        try:
            # Once a line: a user name is often the e-mail address as well.
            named = layout.with_user_name(named_cells(cells, places, width))
            hashes.extend({hash(key) for key in keys_in(named)})
        except BadCell:
            continue
    if not hashes:
        raise Invalid("file_empty", _("This file has a heading and no people."))
    values, counts = numpy.unique(numpy.frombuffer(hashes, dtype=numpy.int64), return_counts=True)
    return frozenset(values[counts > 1].tolist())


def _parts(
    file: BinaryIO, layout: Layout, repeated: frozenset[int], told: Brought
) -> Iterator[list[ImportedRow]]:
    lines, places, told.ignored_columns, width = _records(file, layout)
    seen: dict[str, int] = {}
    while part := list(islice(lines, BATCH)):
        rows, problems = [], []
        for line, cells in part:
            try:
                named = layout.with_user_name(named_cells(cells, places, width))
                row = row_of(line, named, layout.dates)
                only_once(row, seen, repeated)
            except BadCell as problem:
                problems.append(RowProblem(line, str(problem)))
            else:
                rows.append(row)
        _note(told, problems)
        yield rows


def _note(told: Brought, problems: list[RowProblem]) -> None:
    told.problems += problems
    if len(told.problems) > MAX_PROBLEMS:
        first = min(told.problems, key=lambda problem: problem.line)
        raise Invalid(
            "too_many_problems",
            _("More than %(most)s lines cannot be used. The first is line %(line)s: %(sentence)s")
            % {"most": f"{MAX_PROBLEMS:,}", "line": first.line, "sentence": first.sentence},
        )
