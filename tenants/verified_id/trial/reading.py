"""What a message says, in lines a person can read. Pure.

Protects whoever tries: whatever opens something (codes, tokens, signatures) is told by its length alone, and of a card that
is shown only the names of its claims are kept. What it does not do: judge a message; whoever receives it does.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

Lines = list[tuple[str, str]]
LONGEST = 200
MOST_LINES = 120
DEEPEST = 8
SECRET = frozenset(
    [
        "access_token",
        "pre-authorized_code",
        "tx_code",
        "response_code",
        "transaction_id",
        "notification_id",
        "redirect_uri",
        "credential_offer_uri",
        "d",
    ]
)
FRAME = frozenset(["iss", "aud", "iat", "nbf", "exp", "nonce", "sd_hash", "vct", "_sd_alg", "status"])
FORM = "application/x-www-form-urlencoded"


def told(body: bytes, content_type: str, *, shows_values: bool) -> Lines:
    """A body as lines of (path, value), the first `MOST_LINES` of them. Without `shows_values` the claims inside a card
    are named and not told."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return [("", f"{len(body)} bytes")]
    if kind == FORM:
        found = _of_pairs(parse_qsl(text, keep_blank_values=True), shows_values)
    elif kind.endswith("json") and text:
        found = _of_json(text, shows_values)
    else:
        found = _of_text("", text, shows_values, 0) if text else iter(())
    lines: Lines = []
    for path, value in found:
        if len(lines) == MOST_LINES:
            lines.append(("…", ""))
            break
        lines.append((path[:LONGEST], value[:LONGEST]))
    return lines


def _of_pairs(pairs: list[tuple[str, str]], shows: bool) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        yield from _of_text(name, value, shows, 0)


def _of_json(text: str, shows: bool) -> Iterator[tuple[str, str]]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        yield "", f"{len(text)} characters that are no JSON"
        return
    yield from _walk("", read, shows, 0)


def _walk(path: str, value: Any, shows: bool, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        yield path, "…"
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _walk(f"{path}.{name}" if path else str(name), inner, shows, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(f"{path}[{number}]", inner, shows, depth + 1)
    elif isinstance(value, str):
        yield from _of_text(path, value, shows, depth)
    else:
        yield path, json.dumps(value)


def _of_text(path: str, value: str, shows: bool, depth: int) -> Iterator[tuple[str, str]]:
    name = path.rpartition(".")[2].partition("[")[0]
    if name in SECRET:
        yield path, f"({len(value)} characters, not kept)"
    elif depth <= DEEPEST and name in ("vp_token", "response", "request") and value[:1] in "{[":
        for inner, said in _of_json(value, shows):
            yield f"{path}.{inner}", said
    elif "~" in value and value.count(".") >= 2:
        yield from _of_sd_jwt(path, value, shows, depth)
    elif value.count(".") == 4 and value.startswith("ey"):
        yield from _of_part(f"{path}: header", value.partition(".")[0], shows, depth)
        yield path, f"encrypted, {len(value)} characters"
    elif value.count(".") == 2 and value.startswith("ey"):
        yield from _of_jwt(path, value, shows, depth)
    else:
        yield path, value


def _of_jwt(path: str, value: str, shows: bool, depth: int) -> Iterator[tuple[str, str]]:
    header, payload, signature = value.split(".")
    yield from _of_part(f"{path}: header", header, shows, depth)
    if shows:
        yield from _of_part(f"{path}: payload", payload, shows, depth)
    else:
        yield from _of_frame(f"{path}: payload", payload, depth)
    yield f"{path}: signature", f"({len(signature)} characters)"


def _of_sd_jwt(path: str, value: str, shows: bool, depth: int) -> Iterator[tuple[str, str]]:
    signed, *rest = value.split("~")
    yield from _of_jwt(f"{path}: card", signed, shows, depth) if signed.count(".") == 2 else [(path, "…")]
    binding = rest.pop() if rest else ""
    for number, part in enumerate(rest):
        disclosed = _decoded(part)
        if not isinstance(disclosed, list) or len(disclosed) != 3 or not isinstance(disclosed[1], str):
            yield f"{path}: disclosure {number + 1}", "unreadable"
        elif shows and isinstance(disclosed[2], str) and not disclosed[2].startswith("data:"):
            yield f"{path}: discloses {disclosed[1]}", disclosed[2]
        else:
            yield f"{path}: discloses {disclosed[1]}", "(not kept)" if not shows else "a picture"
    if binding.count(".") == 2:
        yield from _of_jwt(f"{path}: key binding", binding, shows, depth)


def _of_frame(path: str, part: str, depth: int) -> Iterator[tuple[str, str]]:
    """What frames a token, by value; whatever else stands open in it may be somebody's, and is named."""
    read = _decoded(part)
    if not isinstance(read, Mapping):
        yield path, "unreadable"
        return
    for name, inner in read.items():
        if name in FRAME:
            yield from _walk(f"{path}.{name}", inner, False, depth + 1)
        else:
            yield f"{path}.{name}", "(not kept)"


def _of_part(path: str, part: str, shows: bool, depth: int) -> Iterator[tuple[str, str]]:
    read = _decoded(part)
    if read is None:
        yield path, "unreadable"
    else:
        yield from _walk(path, read, shows, depth + 1)


def _decoded(part: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
