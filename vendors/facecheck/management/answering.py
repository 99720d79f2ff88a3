"""What the engine's commands have in common: one answer, as JSON or as lines, and three exit codes.

They run the engine on files, for whoever wants to see what it says: no database, no data folder, nothing stored.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

EXIT_CODES = "Exit codes: 0 yes, 1 no, 2 the input cannot be used (one sentence on standard error says why)."
UNUSABLE = 2

_SENTENCES = {
    "file_unreadable": "The file cannot be read; is its name right?",
    "file_not_plain": "That is no plain file: neither a folder nor a pipe nor a device can be read here.",
    "file_unwritable": "The portrait cannot be written there.",
    "image_empty": "The image is empty.",
    "image_wrong_type": "The image is neither JPEG nor PNG nor WebP.",
    "image_heic": "The image is HEIC or AVIF, as phones keep photographs: export or share it as JPEG.",
    "image_broken": "The image is damaged or cut short.",
    "image_animated": "The image is an animation.",
    "image_too_many_bytes": "The image has too many bytes.",
    "image_too_many_pixels": "The image has too many pixels.",
    "image_too_many_scans": "The image is drawn in more scans than any camera writes.",
    "image_too_few_pixels": "The image is too small.",
    "no_comparable_face": "One of the pictures shows no single face that can be compared.",
    "threshold_out_of_range": "The threshold must be between 50 and 100.",
    "challenge_malformed": "The challenge file does not hold a challenge.",
    "challenge_weak": "The challenge asks for less than the product ever asks for.",
    "challenge_version": "The challenge is of another version.",
    "challenge_too_long": "The challenge file is too long.",
    "clip_header_too_long": "The header beside the clip is too long.",
    "clip_version": "The clip is of another version.",
    "clip_wrong_type": "The clip is neither our format nor MJPEG nor a folder of JPEG frames.",
    "clip_empty": "The clip holds no frames.",
    "clip_cut_short": "The clip is cut short.",
    "clip_malformed": "The clip's header does not fit its frames.",
    "clip_too_many_frames": "The clip has too many frames.",
    "clip_too_many_bytes": "The clip or one of its frames has too many bytes.",
    "models_missing": "The models are not installed: `python3 manage.py install` fetches them.",
    "models_unknown": "The models are not the ones this version was measured with.",
}


_RETAKE = {
    "too_blurred": "it is blurred",
    "glare": "there is a reflection on the document",
    "too_small": "the document is too small in it",
    "cut_off": "a part of the document is cut off",
    "no_document": "no document was found in it",
    "too_dark": "it is too dark",
    "zone_unreadable": "the machine-readable zone cannot be read",
    "print_unreadable": "the print cannot be read everywhere",
    "portrait_too_small": "the portrait is too small in it",
    "portrait_missing": "no portrait was found",
    "several_documents": "more than one document is in it",
    "visa": "it shows a visa, which proves nobody's name: the page with the portrait is asked for",
    "other_side_missing": "it shows the side without the machine-readable zone, or without the portrait",
}


def retake_sentence(reasons: Iterable[str]) -> str:
    """Why a photograph of a document has to be taken again."""
    told = [_RETAKE[reason] for reason in reasons if reason in _RETAKE]
    return f"The photograph has to be taken again: {'; '.join(told) or 'it cannot be judged'}."


def sentence_of(code: str, told: Mapping[str, Any] | None = None) -> str:
    """What was wrong with the input, for a person; the code stays beside it for programs."""
    if code == "photograph_unusable":
        return retake_sentence((told or {}).get("retake_reasons", ()))
    return _SENTENCES.get(code, f"The input cannot be used ({code}).")


class AnsweringCommand(BaseCommand):
    """A command that answers yes, no, or that it cannot say."""

    requires_system_checks = []
    formats = ""

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        options["epilog"] = f"{self.formats}\n\n{EXIT_CODES}"
        options["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def answer(self, status: int, told: dict[str, Any], *, as_json: bool) -> None:
        """Print and exit. `told` may hold an `error`, the engine's code."""
        code = told.pop("error", None) if status == UNUSABLE else None
        if code is not None:
            told |= {"error": sentence_of(code, told), "error_code": code}
            self.stderr.write(told["error"])
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            for line in _lines(told):
                self.stdout.write(line)
        self.stdout.flush()
        sys.exit(status)


def _lines(told: dict[str, Any], indent: str = "") -> list[str]:
    """Readable lines, one a value; what is nested stands below its name."""
    width = max((len(name) for name in told), default=0)
    lines: list[str] = []
    for name, value in told.items():
        if isinstance(value, dict) and value:
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        elif isinstance(value, list) and value:
            lines += [f"{indent}{name}", *(f"{indent}  {_flat(item)}" for item in value)]
        else:
            lines.append(f"{indent}{name:{width}}  {_flat(value)}")
    return lines


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {_flat(inner)}" for name, inner in value.items() if inner != "")
    plain = {None: "-", True: "yes", False: "no"}
    return plain[value] if value is None or isinstance(value, bool) else str(value) if value != [] else "-"
