"""`manage.py import_people --tenant SLUG FILE.csv [--dry-run] [--skip-problems] [--column HEADING=NAME] [--dates ORDER]
[--letters PAGE]`: 0 when every line was used, 1 when some could not be (each is named; without `--skip-problems` nothing is
changed then) or there is no such organisation, 2 when the file or the database could not be used."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Invalid, Refused
from portal.kit.scope import tenant_scope
from portal.kit.sheet_file import MAX_BYTES, key_of_heading
from tenants.directory.import_columns import ALIASES, DATE_ORDERS, LETTERS, USER_NAMES, Layout, readings_of
from tenants.directory.import_large import Brought, bring_file
from tenants.management.operating import is_unreachable
from tenants.models import Tenant

DONE, SOME_NOT, UNUSABLE = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "import_people")
MAX_FILE = 1_000_000_000
# The heading stands within this.
MAX_HEADING = 65_536


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
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="HEADING=NAME",
            help=f"what a column of the file is, where its heading does not say so; again for each. NAME: {', '.join(ALIASES)}; "
            "or nothing to leave the column out",
        )
        parser.add_argument(
            "--dates",
            choices=sorted(DATE_ORDERS),
            default="ymd",
            help="; ".join(f"{order}: {example}" for order, example in DATE_ORDERS.items()),
        )
        parser.add_argument(
            "--user-name",
            choices=USER_NAMES,
            default="",
            help="what stands for the user name in a file without a column for it",
        )
        parser.add_argument(
            "--letters",
            choices=sorted(LETTERS),
            default="",
            help="the code page of a file that is neither UTF-8 nor UTF-16: "
            + "; ".join(f"{page}: {label}" for page, label in sorted(LETTERS.items())),
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.bring(options))

    def bring(self, options: dict[str, Any]) -> int:
        try:
            layout = _layout(options)
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                self.stderr.write("There is no such organisation.")
                return SOME_NOT
            with _opened(options["file"]) as file, tenant_scope(tenant.id):
                told = _brought(file, layout, options)
        except OSError as error:
            self.stderr.write(f"The file could not be read: {error.strerror}.")
            return UNUSABLE
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


def _layout(options: dict[str, Any]) -> Layout:
    columns = {}
    for said in options["column"]:
        heading, _equals, name = said.rpartition("=")
        if not heading or (name and name not in ALIASES):
            raise Invalid(
                "column_unknown",
                f"“{said}” does not say what a column is. Write HEADING=NAME, with one of: {', '.join(ALIASES)}.",
            )
        columns[key_of_heading(heading)] = name
    return Layout(columns, options["dates"], options.get("user_name", ""), options.get("letters", ""))


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """A file as large as it may be, or what comes on standard input as far as a page would take it."""
    if name == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise Invalid("file_too_large", "Standard input may have 10 MB. Give the file's name instead.")
        yield io.BufferedReader(io.BytesIO(content))
        return
    path = Path(name)
    if path.exists() and not path.is_file():
        raise Invalid(
            "file_not_plain",
            "This is not a file that can be read twice. Give a plain file, or - for standard input.",
        )
    with path.open("rb", buffering=MAX_HEADING) as file:
        if os.fstat(file.fileno()).st_size > MAX_FILE:
            raise Invalid("file_too_large", "This file is larger than 1 GB. Split it and import the parts.")
        yield file


def _brought(file: BinaryIO, layout: Layout, options: dict[str, Any]) -> dict[str, Any]:
    try:
        brought = _bring(file, layout, options)
    except Invalid as problem:
        if problem.code == "file_not_utf8":
            raise Invalid(problem.code, problem.sentence + _pages_that_read(file)) from problem
        raise
    return {
        "tenant": options["tenant"],
        "applied": brought.is_applied,
        "added": brought.added,
        "changed": brought.changed,
        "unchanged": brought.unchanged,
        "problems": [asdict(problem) for problem in brought.problems],
        "ignored_columns": brought.ignored_columns,
    }


def _bring(file: BinaryIO, layout: Layout, options: dict[str, Any]) -> Brought:
    return bring_file(
        file,
        file_name=Path(options["file"]).name if options["file"] != "-" else "standard input",
        actor=OPERATOR,
        layout=layout,
        is_look=options["dry_run"],
        skips_problems=options["skip_problems"],
    )


def _pages_that_read(file: BinaryIO) -> str:
    """How the file's first other words would read in each code page: whoever imports it sees which one is meant."""
    file.seek(0)
    found = [f"{page}: {words}" for page, words in readings_of(file.read(MAX_BYTES)).items() if words]
    return " Or say its code page with --letters (" + "; ".join(found) + ")." if found else ""


def _lines(told: dict[str, Any]) -> str:
    verb = "Applied" if told["applied"] else "Nothing was changed. It would be"
    lines = [f"{verb}: {told['added']} added, {told['changed']} changed, {told['unchanged']} as they are."]
    lines += [f"line {problem['line']}: {problem['sentence']}" for problem in told["problems"]]
    if told["ignored_columns"]:
        lines.append(f"columns that mean nothing here: {', '.join(told['ignored_columns'])}")
    return "\n".join(lines)
