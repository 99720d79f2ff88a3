"""One request body with a few fields and a few named binary parts.

Four bytes of length (big-endian), a JSON header `{"fields": {…}, "parts": [["name", length], …]}`, then the parts in
that order. Smaller and stricter than multipart: nothing is searched for, everything is counted.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_HEADER_BYTES = 64 * 1024
MAX_PARTS = 4


class PartsRefused(Exception):
    """The body is not in this format."""


@dataclass(frozen=True)
class Parts:
    """What was sent."""

    fields: dict[str, Any]
    parts: dict[str, bytes] = field(repr=False)

    def part(self, name: str) -> bytes:
        if name not in self.parts:
            raise PartsRefused(f"no part {name}")
        return self.parts[name]


def encode_parts(fields: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    sizes = [[name, len(content)] for name, content in parts.items()]
    header = json.dumps({"fields": dict(fields), "parts": sizes}, separators=(",", ":")).encode()
    return b"".join([struct.pack(">I", len(header)), header, *parts.values()])


def decode_parts(unverified: bytes) -> Parts:
    if len(unverified) < 4:
        raise PartsRefused("too short")
    (length,) = struct.unpack_from(">I", unverified)
    if not 2 <= length <= min(MAX_HEADER_BYTES, len(unverified) - 4):
        raise PartsRefused("header length")
    try:
        header = json.loads(unverified[4 : 4 + length])
        fields, sizes = header["fields"], [(str(name), int(size)) for name, size in header["parts"]]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise PartsRefused("header") from error
    if not isinstance(fields, dict) or len(sizes) > MAX_PARTS or any(size < 0 for _, size in sizes):
        raise PartsRefused("header")
    if sum(size for _, size in sizes) != len(unverified) - 4 - length:
        raise PartsRefused("part lengths")
    found, at = {}, 4 + length
    for name, size in sizes:
        found[name] = unverified[at : at + size]
        at += size
    return Parts(fields, found)
