"""What does this photograph of an identity document say, and does it hold together?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from vendors.facecheck.engine.documents.commands import read_document_json
from vendors.facecheck.management.answering import AnsweringCommand


class Command(AnsweringCommand):
    help = "Read a passport or identity card from a photograph and check what can be checked on one."
    formats = (
        "Formats: JPEG, PNG or WebP of the side with the machine-readable zone, at most 24 MiB and 40 megapixels (JPEG\n"
        "that is not progressive: 85); HEIC has to be exported as JPEG first. Specimens are accepted here. Exit code 1: a check failed; 2: no picture, or one\n"
        "that has to be taken again and in which nothing speaks against the document.\n"
        "JSON: outcome (passed, retake or refused; null for what is no picture), document_type, format, mrz_lines, fields,\n"
        "visual_fields, checks (each name, outcome and reason), retake_reasons, is_specimen; with exit code 2 also error\n"
        "and error_code."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("image", type=Path, help="a photograph of the document")
        parser.add_argument("--portrait", type=Path, metavar="OUT.jpg", help="write the portrait found there")

    def handle(self, *args: Any, **options: Any) -> None:
        status, told = read_document_json(options["image"], options["portrait"])
        whole: dict[str, Any] = {
            "outcome": None,
            "document_type": None,
            "mrz_lines": [],
            "fields": {},
            "visual_fields": {},
            "checks": [],
        }
        self.answer(status, whole | told, as_json=options["json"])
