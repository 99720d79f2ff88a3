"""`manage.py import_people --tenant SLUG FILE.csv [--dry-run] [--skip-problems]`: 0 when every line was used, 1 when some could
not be (each is named; without `--skip-problems` nothing is changed then) or there is no such organisation, 2 when the file or
the database could not be used."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Invalid, Refused
from portal.kit.scope import tenant_scope
from portal.kit.sheet_file import MAX_BYTES
from tenants.directory import imports
from tenants.management.operating import is_unreachable
from tenants.models import Tenant

DONE, SOME_NOT, UNUSABLE = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "import_people")
# The operator has no seat; an import belongs to whoever has this one.
NOBODY = UUID(int=0)


class Command(BaseCommand):
    help = "Bring a file of people into an organisation's directory, as the page Import does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("file", metavar="FILE.csv", help="- is standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what it would change, and change nothing"
        )
        parser.add_argument(
            "--skip-problems", action="store_true", help="use the other lines when some cannot be used"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.bring(options))

    def bring(self, options: dict[str, Any]) -> int:
        name = options["file"]
        try:
            unverified = _content(name)
        except OSError as error:
            self.stderr.write(f"The file could not be read: {error.strerror}.")
            return UNUSABLE
        try:
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                self.stderr.write("There is no such organisation.")
                return SOME_NOT
            with tenant_scope(tenant.id):
                told = _brought(unverified, options)
        except (Invalid, Refused) as problem:
            self.stderr.write(problem.sentence)
            return UNUSABLE
        except DatabaseError as error:
            if is_unreachable(error):
                raise
            self.stderr.write(f"Nothing was imported: {type(error).__name__}")
            return UNUSABLE
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else _lines(told))
        return SOME_NOT if told["problems"] else DONE


def _content(name: str) -> bytes:
    """One byte more than is allowed at most: the reader refuses it by its size."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _brought(unverified: bytes, options: dict[str, Any]) -> dict[str, Any]:
    looked = imports.look_at(unverified)
    counts = looked.counts
    applies = not options["dry_run"] and (not looked.problems or options["skip_problems"])
    if applies:
        name = Path(options["file"]).name if options["file"] != "-" else "standard input"
        row = imports.begin_import(unverified, file_name=name, member_id=NOBODY)
        counts = imports.apply_import(
            row.id, member_id=NOBODY, actor=OPERATOR, skips_problems=options["skip_problems"]
        ).counts
    return {
        "tenant": options["tenant"],
        "applied": applies,
        "added": counts["added"],
        "changed": counts["changed"],
        "unchanged": counts["unchanged"],
        "problems": [asdict(problem) for problem in looked.problems],
        "ignored_columns": looked.ignored_columns,
    }


def _lines(told: dict[str, Any]) -> str:
    verb = "Applied" if told["applied"] else "Nothing was changed. It would be"
    lines = [f"{verb}: {told['added']} added, {told['changed']} changed, {told['unchanged']} as they are."]
    lines += [f"line {problem['line']}: {problem['sentence']}" for problem in told["problems"]]
    if told["ignored_columns"]:
        lines.append(f"columns that mean nothing here: {', '.join(told['ignored_columns'])}")
    return "\n".join(lines)
