"""JSON that a browser's script sends, read as one thing only.

Protects the views behind it from bodies that are too large or too deep, from members named twice (of which two readers
take different ones) and from text that no database can hold. What it does not do: judge what the members mean.
"""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any

from django.http import HttpRequest

from portal.kit.errors import Refused

MAX_DEPTH = 16
NO_NUMBER = sys.maxsize
_DIGITS = 15
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def declared_length(request: HttpRequest) -> int:
    """Bytes that the body is said to have: 0 where nothing is said, and more than any bound for what is no number."""
    said = request.headers.get("Content-Length") or "0"
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _DIGITS else NO_NUMBER


def read_json(request: HttpRequest, *, max_bytes: int) -> dict[str, Any]:
    """The body as a JSON object (RFC 8259, RFC 7493). Refused("too_large") or Refused("not_json")."""
    length = declared_length(request)
    if length > max_bytes:
        raise Refused("not_json" if length == NO_NUMBER else "too_large")
    try:
        # In UTF-8 and nothing else (RFC 8259, 8.1): Python's own reader would guess UTF-16 and UTF-32 too.
        text = request.body.decode("utf-8-sig")
        found = read_once(text)
    except (ValueError, RecursionError) as error:
        raise Refused("not_json") from error
    if not isinstance(found, dict) or not is_plain(found, MAX_DEPTH):
        raise Refused("not_json")
    return found


def read_once(text: str) -> Any:
    """JSON that says each thing once, and no number that is none. ValueError; RecursionError for what is nested too deep."""
    return _STRICT.decode(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def is_plain(value: object, depth: int) -> bool:
    """Of bounded depth, and it can be written as UTF-8 and kept by PostgreSQL: no lone surrogates, no NUL, no NaN."""
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(is_plain(name, depth - 1) and is_plain(item, depth - 1) for name, item in value.items())
    if isinstance(value, list):
        return all(is_plain(item, depth - 1) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if not isinstance(value, str):
        return True
    return not _UNSTORABLE.search(value)
