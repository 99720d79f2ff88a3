"""Does a stored clip answer a stored challenge?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from vendors.facecheck.engine.commands import check_liveness_json
from vendors.facecheck.management.answering import AnsweringCommand


class Command(AnsweringCommand):
    help = "Judge whether a clip shows one living person answering this challenge."
    formats = (
        "Formats: README.md, 'Challenge and clip'. The clip is a file in our format, an MJPEG file or a\n"
        "folder of JPEG frames; the challenge is the JSON the page was given. The clip is judged as if it had\n"
        "arrived right after it was taken.\n"
        "JSON: decision (passed or refused), reasons, measures; with exit code 2 decision is null, and error and\n"
        "error_code say why."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("clip", type=Path, help="a clip file, an MJPEG file or a folder of JPEG frames")
        parser.add_argument("--challenge", type=Path, required=True, help="the challenge, a JSON file")

    def handle(self, *args: Any, **options: Any) -> None:
        status, told = check_liveness_json(options["clip"], options["challenge"])
        passed = told.pop("passed", None)
        decision = None if passed is None else "passed" if passed else "refused"
        whole: dict[str, Any] = {"decision": decision, "reasons": [], "measures": {}}
        self.answer(status, whole | told, as_json=options["json"])
