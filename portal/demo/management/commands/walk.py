from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from playwright.sync_api import Error

from portal.demo.walk.browsers import chromium
from portal.demo.walk.journal import Journal, WalkFailed
from portal.demo.walk.stand import stand_for_walk
from portal.demo.walk.walking import walk

UNUSABLE = 2


class Command(BaseCommand):
    help = "Drive the whole journey in headless Chromium, as administrator and as claimant."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", metavar="DIR", help="save numbered pictures of every step there")
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        pictures = self._folder(options["out"])
        quiet = options["json"]
        # Whoever ends the walk ends what it started: browsers, and a product of its own with its folder.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        journal = Journal(pictures, say=lambda line: None if quiet else self._line(line))
        began, failed = time.monotonic(), ""
        try:
            with stand_for_walk() as stand, chromium() as browser:
                walk(browser, stand, journal)
        except WalkFailed as problem:
            failed = str(problem)
        except Error as problem:
            # Between two steps: the browser ended, or the product no longer answers.
            failed = f"The browser could not go on: {problem.message.splitlines()[0]}"
        seconds = round(time.monotonic() - began, 1)
        if quiet:
            self._line(json.dumps(self._told(journal, seconds, failed), ensure_ascii=False))
        elif not failed:
            self._line(f"Everything worked, in {seconds} s. Trying it takes {journal.taps} taps.")
        if failed:
            self.stderr.write(failed)
            for trouble in journal.troubles:
                self.stderr.write(trouble)
            sys.exit(1)

    def _folder(self, named: str | None) -> Path | None:
        """Found out before the walk, which takes minutes."""
        if not named:
            return None
        try:
            Path(named).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=named):
                return Path(named)
        except (OSError, ValueError) as problem:
            why = getattr(problem, "strerror", None) or problem
            self.stderr.write(f"{named} cannot take the pictures ({why}): name another folder with --out.")
            sys.exit(UNUSABLE)

    def _line(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _told(self, journal: Journal, seconds: float, failed: str) -> dict[str, Any]:
        return {
            "ok": not failed,
            "failed": failed,
            "seconds": seconds,
            "taps_to_try_it": journal.taps,
            "steps": [asdict(step) for step in journal.steps],
            "troubles": journal.troubles,
        }
