"""Strict base64url, JSON, forms and URLs: the doors every foreign byte passes first.

They refuse what parsers disagree about (padding, spare bits, duplicate member names, NaN, lone surrogates,
repeated form fields) so that no two readers of one message can see two messages. They do not judge content.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tenants.verified_id.protocol.errors import Refusing

MAX_JSON_DEPTH = 24
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# To the standard alphabet, and its own special characters (and line ends, which decoders skip) to a foreign one.
_TO_STANDARD = bytes.maketrans(b"-_+/=\r\n", b"+/!!!!!")
_LOOPBACK = re.compile(r"(?:.+\.)?localhost|127\.0\.0\.1")
_UNENCODED = Refusing("invalid_request", "RFC 7515 section 2")


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64u(text: str, refusing: Refusing = _UNENCODED) -> bytes:
    """Decode base64url without padding; one text per value, so spare bits must be zero (RFC 4648, 3.5)."""
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        raise refusing("base64url", clause="RFC 4648 section 5") from None
    try:
        data = binascii.a2b_base64(raw.translate(_TO_STANDARD) + b"=" * (-len(raw) % 4), strict_mode=True)
    except binascii.Error:
        raise refusing("base64url", clause="RFC 4648 section 5") from None
    spare = {2: 15, 3: 3}.get(len(raw) % 4, 0)
    if spare and _ALPHABET.index(text[-1]) & spare:
        raise refusing("base64url_spare_bits", clause="RFC 4648 section 3.5")
    return data


def to_json(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


def parse_json(raw: bytes | str, refusing: Refusing, *, max_depth: int = MAX_JSON_DEPTH) -> Any:
    """I-JSON (RFC 7493): no duplicate names, only finite numbers, only whole characters, bounded depth."""
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        if b"\\" in data:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise refusing("json", clause="RFC 8259, RFC 7493") from None
    if _deeper_than(value, max_depth):
        raise refusing("json_depth", clause="RFC 8259 section 9", expected=max_depth)
    return value


def parse_json_object(
    raw: bytes | str, refusing: Refusing, *, max_depth: int = MAX_JSON_DEPTH
) -> dict[str, Any]:
    value = parse_json(raw, refusing, max_depth=max_depth)
    if not isinstance(value, dict):
        raise refusing("json_object", clause="RFC 8259 section 4", found=type(value).__name__)
    return value


def parse_form(body: bytes, content_type: str, refusing: Refusing, *, max_bytes: int) -> dict[str, str]:
    """A form body, bounded, in UTF-8, each parameter once; one without a value counts as left out (RFC 6749
    sections 3.1 and 3.2)."""
    if _media_type(content_type) != "application/x-www-form-urlencoded":
        raise refusing("content_type", found=content_type, expected="application/x-www-form-urlencoded")
    if len(body) > max_bytes:
        raise refusing("body_size", found=len(body), expected=max_bytes)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=32,
        )
    except ValueError:
        raise refusing("form_encoding", clause="RFC 6749 appendix B") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise refusing("parameter_repeated", clause="RFC 6749 section 3.2")
    return {name: value for name, value in form.items() if value}


def parse_json_body(body: bytes, content_type: str, refusing: Refusing, *, max_bytes: int) -> dict[str, Any]:
    if _media_type(content_type) != "application/json":
        raise refusing("content_type", found=content_type, expected="application/json")
    if len(body) > max_bytes:
        raise refusing("body_size", found=len(body), expected=max_bytes)
    return parse_json_object(body, refusing)


def member_text(
    values: Mapping[str, Any], name: str, refusing: Refusing, *, max_length: int = 4096
) -> str | None:
    """An optional, non-empty, bounded text member of a foreign object."""
    value = values.get(name)
    if value is None and name not in values:
        return None
    if not isinstance(value, str) or not value or len(value) > max_length:
        raise refusing("member_text", found=f"{name}: {type(value).__name__}", expected="text")
    return value


def numeric_date(claims: Mapping[str, Any], name: str, refusing: Refusing) -> int | None:
    """An optional NumericDate (RFC 7519 section 2); a boolean is not a number."""
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise refusing("numeric_date", clause="RFC 7519 section 2", found=f"{name}: {type(value).__name__}")
    return int(value)


def check_url(url: str) -> str:
    """An https URL without user information or fragment; http only for this machine (development)."""
    parts = urlsplit(url)
    loopback = parts.hostname is not None and _LOOPBACK.fullmatch(parts.hostname) is not None
    secure = parts.scheme == "https" or (parts.scheme == "http" and loopback)
    if not secure or not parts.hostname or parts.username is not None or "#" in url:
        raise ValueError(f"not an https URL: {url[:200]}")
    return url


def is_loopback(host: str) -> bool:
    return _LOOPBACK.fullmatch(host) is not None


def _media_type(content_type: str) -> str:
    return content_type.split(";", 1)[0].strip().lower()


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("member name twice")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("number out of range")
    return value


def _deeper_than(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth == 0 or any(_deeper_than(item, depth - 1) for item in value.values())
    if isinstance(value, list):
        return depth == 0 or any(_deeper_than(item, depth - 1) for item in value)
    return False


# Made once: json.dumps with arguments makes an encoder for every call, which an issuer of small disclosures feels.
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_members, parse_constant=_no_constant, parse_float=_finite
)
