"""What a program reads of a command that could do nothing: with `--json`, one object that says why.

A refusal, an argument that is none, a database that does not answer: each leaves one sentence on standard error, wherever it
comes from. This puts the same sentence into `error` on standard output, unless the command has said more there itself.
"""

import json
import re
import sys
from collections.abc import Callable
from typing import IO, Any

JSON = "--json"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ARGUMENTS = re.compile(r"^\S+ \S+: error: ")
_KEPT = 2_000


class _Heard:
    """A stream that remembers what was last written to it: a sentence is written at once, with whatever line breaks it
    repeats from an argument."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._text = stream, ""

    def write(self, text: str) -> int:
        if text.strip():
            self._text = text
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def is_silent(self) -> bool:
        return not self._text

    @property
    def sentence(self) -> str:
        return _ARGUMENTS.sub("", " ".join(_COLOURS.sub("", self._text).split()))[:_KEPT]


def told_in_json(command: Callable[[], int]) -> int:
    """The exit code of a command that was asked for JSON."""
    out, err = _Heard(sys.stdout), _Heard(sys.stderr)
    sys.stdout, sys.stderr = out, err
    try:
        code = _code_of(command)
        if code and out.is_silent and err.sentence:
            print(json.dumps({"error": err.sentence}, ensure_ascii=False), file=out, flush=True)
    finally:
        sys.stdout, sys.stderr = out._stream, err._stream
    return code


def _code_of(command: Callable[[], int]) -> int:
    try:
        return command()
    except SystemExit as left:
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
            return 1
        return left.code or 0
