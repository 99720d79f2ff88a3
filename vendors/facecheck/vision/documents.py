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
CLOSE_UP_READER = "vendors.facecheck.engine.documents.portrait"


class Reading(Protocol):
    """What a document says; `portrait_jpeg` is the portrait cut from it, if any."""

    @property
    def portrait_jpeg(self) -> bytes | None: ...

    def to_json(self) -> dict[str, Any]: ...


class Reader(Protocol):
    def __call__(
        self, image: bytes, *, today: date, accept_specimens: bool, other_side: bytes | None = None
    ) -> Reading: ...


class CloseUp(Protocol):
    """What a photograph of the document's portrait alone gave."""

    @property
    def outcome(self) -> str: ...

    @property
    def retake_reasons(self) -> tuple[str, ...]: ...

    @property
    def portrait_jpeg(self) -> bytes: ...


class CloseUpReader(Protocol):
    def __call__(self, image: bytes, *, small_portrait: bytes) -> CloseUp: ...


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


@cache
def close_up_reader() -> CloseUpReader:
    """The reader of a document's portrait photographed from near by. Raises ReaderMissing."""
    try:
        reader: CloseUpReader = importlib.import_module(CLOSE_UP_READER).read_closeup
    except (ImportError, AttributeError) as error:
        raise ReaderMissing(CLOSE_UP_READER) from error
    return reader
