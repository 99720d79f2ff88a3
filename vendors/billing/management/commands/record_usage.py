"""`manage.py record_usage FILE.jsonl`: usage events from a file, with a result for each line. Run again, it takes up where it
was cut off."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError

from portal.kit.errors import Unavailable
from portal.kit.ids import public_id
from tenants.management.files import lines_of, opened
from tenants.management.operating import (
    DONE,
    REFUSED,
    OperatingCommand,
    is_unreachable,
    summary_of,
    words_of_summary,
)
from vendors.billing.event_file import record_lines
from vendors.billing.event_lines import LONGEST_LINE, SENTENCES, Outcome
from vendors.billing.models import UsageEntry

MOST_WORKERS = 4
RESULTS = ("recorded", "known", "kept_aside", "refused")


class Command(OperatingCommand):
    help = "Record usage events from a file, one JSON object a line, each once."
    exit_codes = (
        "Exit codes: 0 every event is in the ledger, 1 some were refused or kept aside, 2 the file or the database could not\n"
        "be used (one sentence on standard error says why). With --json one JSON object for each line,\n"
        "and a last one that counts them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
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

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        try:
            counted = self._record(options["file"], options["workers"], as_json=options["json"])
        except OSError as error:
            sentence = f"{options['file']} could not be read: {error.strerror}."
            raise Unavailable("file_unreadable", sentence) from error
        except (DatabaseError, BrokenProcessPool) as error:
            if is_unreachable(error):
                raise
            raise Unavailable("cut_off", f"Cut off: {type(error).__name__}. Run it again.") from error
        is_refused = counted["refused"] or counted["kept_aside"]
        return REFUSED if is_refused else DONE, summary_of("lines", counted, RESULTS)

    def words(self, told: Mapping[str, Any]) -> str:
        return words_of_summary(told)

    def _record(self, name: str, workers: int, *, as_json: bool) -> Counter[str]:
        counted: Counter[str] = Counter()
        with opened(name) as text:
            for outcome in record_lines(lines_of(text, longest=LONGEST_LINE), workers=workers):
                counted[outcome.result] += 1
                self.stdout.write(json.dumps(outcome.to_json()) if as_json else _line(outcome))
        return counted


def _line(outcome: Outcome) -> str:
    if outcome.code:
        why = SENTENCES[outcome.code] + (f" ({outcome.field})" if outcome.field else "")
        return f"line {outcome.line}: {outcome.result.replace('_', ' ').upper()}: {why}"
    entry = public_id(UsageEntry.prefix, outcome.entry) if outcome.entry else ""
    return f"line {outcome.line}: {outcome.result} {entry}"
