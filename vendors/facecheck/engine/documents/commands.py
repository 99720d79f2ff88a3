"""The reader on the command line: a path in, an exit code and one JSON object out.

Exit codes: 0 the document passed; 1 it did not, a check failed; 2 nothing can be said: the input is no picture, or the photograph
has to be taken again and nothing that could be read speaks against the document.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..files import read_file
from .limits import DOCUMENT_LIMITS
from .outcome import CheckOutcome, Outcome
from .reading import DocumentReading, read_document

YES, NO, UNUSABLE = 0, 1, 2


def read_document_json(
    image_path: str | Path,
    portrait_out: str | Path | None = None,
    *,
    today: date | None = None,
    accept_specimens: bool = True,
) -> tuple[int, dict[str, Any]]:
    """Reads the photograph at the path; the portrait is written only where the caller names a file for it."""
    path = Path(image_path)
    try:
        content = read_file(path, most=DOCUMENT_LIMITS.max_bytes, too_long="image_too_many_bytes")
        day = today or datetime.now(UTC).date()
        reading = read_document(content, today=day, accept_specimens=accept_specimens)
    except EngineError as error:
        return UNUSABLE, {"error": error.code}
    try:
        if portrait_out is not None and reading.portrait_jpeg:
            Path(portrait_out).write_bytes(reading.portrait_jpeg)
    except OSError:
        return UNUSABLE, {"error": "file_unwritable"}
    status = _status(reading)
    return status, reading.to_json() | ({"error": "photograph_unusable"} if status == UNUSABLE else {})


def _status(reading: DocumentReading) -> int:
    if reading.outcome is Outcome.PASSED:
        return YES
    failed = any(check.outcome is CheckOutcome.FAILED for check in reading.checks)
    return NO if failed or reading.outcome is Outcome.REFUSED else UNUSABLE
