"""Is the face in one picture the face in another?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from vendors.facecheck.engine.calibration import DEFAULT_THRESHOLD, current_calibration
from vendors.facecheck.engine.commands import compare_faces_json
from vendors.facecheck.management.answering import AnsweringCommand


class Command(AnsweringCommand):
    help = "Compare the face in a portrait with the face in a probe: the same person, at this confidence?"
    formats = (
        "Formats: JPEG, PNG or WebP, at most 24 MiB and 26 megapixels (JPEG that is not progressive: 85), with one face\n"
        "that is meant; HEIC has to be exported as JPEG first.\n"
        "JSON: same, confidence (0 to 100, null when they cannot be compared), similarity, threshold,\n"
        "calibration_version, quality_reasons; with exit code 2 also error and error_code."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("portrait", type=Path, help="the picture of a document or credential")
        parser.add_argument("probe", type=Path, help="the picture from the camera")
        parser.add_argument(
            "--threshold",
            type=int,
            default=DEFAULT_THRESHOLD,
            help="the confidence that counts as the same person, 50 to 100 (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        status, told = compare_faces_json(options["portrait"], options["probe"], options["threshold"])
        whole = {
            "same": False,
            "confidence": None,
            "similarity": None,
            "threshold": options["threshold"],
            "calibration_version": current_calibration().version,
            "quality_reasons": [],
        }
        self.answer(status, whole | told, as_json=options["json"])
