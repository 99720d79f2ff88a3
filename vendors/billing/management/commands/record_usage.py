"""`manage.py record_usage FILE.jsonl`: 0 when every event is in the ledger, 1 when some were refused or kept aside, 2 when
the file or the database could not be used. Run again, it takes up where it was cut off."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.ids import public_id
from vendors.billing.event_file import record_lines
from vendors.billing.event_lines import SENTENCES, Outcome
from vendors.billing.models import UsageEntry

ALL, NOT_ALL, UNUSABLE = 0, 1, 2
MOST_WORKERS = 4


class Command(BaseCommand):
    help = "Record usage events from a file, one JSON object a line, each once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE.jsonl", help="README, annex, says what it holds; - is standard input"
        )
        parser.add_argument(
            "--workers",
            type=int,
            default=min(os.cpu_count() or 1, MOST_WORKERS),
            choices=range(1, MOST_WORKERS + 1),
            metavar="N",
            help=f"processes that share a long file, 1 to {MOST_WORKERS}; one for each core unless named",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object for each line")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.record(options["file"], options["workers"], as_json=options["json"]))

    def record(self, name: str, workers: int, *, as_json: bool) -> int:
        counted: Counter[str] = Counter()
        try:
            with (
                nullcontext(sys.stdin)
                if name == "-"
                else Path(name).open(encoding="utf-8", errors="replace") as lines
            ):
                for outcome in record_lines(lines, workers=workers):
                    counted[outcome.result] += 1
                    self.stdout.write(json.dumps(outcome.to_json()) if as_json else _line(outcome))
        except OSError as error:
            self.stderr.write(f"{name} could not be read: {error.strerror}.")
            return UNUSABLE
        except (DatabaseError, BrokenProcessPool) as error:
            self.stderr.write(f"Cut off: {type(error).__name__}. Run it again.")
            return UNUSABLE
        self.stderr.write(
            ", ".join(f"{number} {result}" for result, number in sorted(counted.items())) or "nothing to do"
        )
        return NOT_ALL if counted["refused"] or counted["kept_aside"] else ALL


def _line(outcome: Outcome) -> str:
    if outcome.code:
        why = SENTENCES[outcome.code] + (f" ({outcome.field})" if outcome.field else "")
        return f"line {outcome.line}: {outcome.result.replace('_', ' ').upper()}: {why}"
    entry = public_id(UsageEntry.prefix, outcome.entry) if outcome.entry else ""
    return f"line {outcome.line}: {outcome.result} {entry}"
