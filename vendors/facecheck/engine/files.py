"""Reads files that were named on a command line: plain ones only, and no more of them than was agreed.

A pipe may never end and a device has no size, so that neither is opened.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import EngineError


def read_file(path: Path, *, most: int, too_long: str) -> bytes:
    """The content. EngineError: `file_unreadable`, `file_not_plain`, or `too_long` for more than `most` bytes."""
    try:
        # Without waiting for whoever might write into a pipe; nothing else notices the flag.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise EngineError("file_not_plain")
            content = file.read(most + 1) if found.st_size <= most else b""
    except (OSError, ValueError) as error:  # a name may hold a zero byte
        raise EngineError("file_unreadable", type(error).__name__) from error
    if found.st_size > most or len(content) > most:
        raise EngineError(too_long)
    return content
