"""The reader on the command line: a path in, an exit code and one JSON object out.

Exit codes: 0 the document passed, 1 it did not, 2 the input cannot be used.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..errors import EngineError
from .limits import DOCUMENT_LIMITS
from .outcome import Outcome
from .reading import read_document

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
        if path.stat().st_size > DOCUMENT_LIMITS.max_bytes:
            return UNUSABLE, {"error": "image_too_many_bytes"}
        reading = read_document(
            path.read_bytes(), today=today or datetime.now(UTC).date(), accept_specimens=accept_specimens
        )
        if portrait_out is not None and reading.portrait_jpeg:
            Path(portrait_out).write_bytes(reading.portrait_jpeg)
    except EngineError as error:
        return UNUSABLE, {"error": error.code}
    except OSError:
        return UNUSABLE, {"error": "file_unreadable"}
    return (YES if reading.outcome is Outcome.PASSED else NO), reading.to_json()
