"""The one place that knows where documents are read.

The reader brings an OCR runtime with it, so it is imported with the first document and not at start. A deployment
without it answers everything else.
"""

from __future__ import annotations

import importlib
from datetime import date
from functools import cache
from typing import Any, Protocol

READER = "vendors.facecheck.engine.documents.reading"


class Reading(Protocol):
    """What a document says; `portrait_jpeg` is the portrait cut from it, if any."""

    @property
    def portrait_jpeg(self) -> bytes | None: ...

    def to_json(self) -> dict[str, Any]: ...


class Reader(Protocol):
    def __call__(
        self, image: bytes, *, today: date, accept_specimens: bool, other_side: bytes | None = None
    ) -> Reading: ...


class ReaderMissing(Exception):
    """Documents cannot be read by this process."""


@cache
def document_reader() -> Reader:
    """The reader. Raises ReaderMissing when it is not installed; that is not remembered."""
    try:
        reader: Reader = importlib.import_module(READER).read_document
    except (ImportError, AttributeError) as error:
        raise ReaderMissing(READER) from error
    return reader
