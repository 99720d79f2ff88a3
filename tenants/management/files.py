"""What the operators' commands read of a file that was named to them: never more than was agreed.

A device has no end and a pipe may have none either; each is read up to the limit and then refused.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

from portal.kit.errors import Unavailable

STANDARD_INPUT = "-"
_PIECE = 65_536
_NEVER_ENDS = 64_000_000


def bytes_of(name: str | Path, *, most: int) -> bytes:
    """What a file holds; `-` is standard input.

    Unavailable with a sentence: `file_unreadable`, or `file_too_large` for more than `most` bytes.
    """
    try:
        if str(name) == STANDARD_INPUT:
            content = sys.stdin.buffer.read(most + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(most + 1)
    except (OSError, ValueError) as error:  # a name may hold a zero byte
        why = getattr(error, "strerror", None) or "its name cannot be one"
        raise Unavailable("file_unreadable", f"{name} could not be read: {why}.") from error
    if len(content) > most:
        raise Unavailable("file_too_large", f"{name} is larger than {most:,} bytes.")
    return content


def content_of(name: str | Path, *, most: int) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Unavailable as `bytes_of`, and `file_not_text`."""
    try:
        return bytes_of(name, most=most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unavailable("file_not_text", f"{name} is no text in UTF-8.") from error


def opened(name: str) -> AbstractContextManager[TextIO]:
    """A file of lines, or standard input, which is left open: UTF-8 with or without a byte order mark. OSError when there is
    none."""
    if name != STANDARD_INPUT:
        return Path(name).open(encoding="utf-8-sig", errors="replace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
    return nullcontext(sys.stdin)


def lines_of(text: TextIO, *, longest: int) -> Iterator[str]:
    """Line by line; of one that is longer no more than `longest` characters and one, by which its reader knows it.

    Unavailable `line_never_ends` where no line break comes for 64 million characters.
    """
    number = 0
    while line := text.readline(longest + 1):
        number += 1
        yield line
        skipped = 0
        while not line.endswith("\n") and (line := text.readline(_PIECE)):
            skipped += len(line)
            if skipped > _NEVER_ENDS:
                raise Unavailable(
                    "line_never_ends", f"Line {number} does not end. Nothing after it was read."
                )
