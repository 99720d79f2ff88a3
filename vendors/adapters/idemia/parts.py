"""Multipart bodies (RFC 2046, section 5.1; RFC 7578): one that is sent, and the first part of one that came."""

from __future__ import annotations

from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP

from vendors.contract import ContractBroken, HttpReply

MOST_PARTS = 10


def form_of(fields: Mapping[str, str], boundary: str) -> tuple[bytes, str]:
    """(body, content type). Names and values are ours; the boundary is random."""
    lines = []
    for name, value in fields.items():
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"', "", value]
    body = "\r\n".join([*lines, f"--{boundary}--", ""])
    return body.encode(), f"multipart/form-data; boundary={boundary}"


def first_part(reply: HttpReply, *, longest: int) -> bytes:
    """ContractBroken for what is not multipart, is empty, or larger than is taken."""
    kind = reply.headers.get("content-type", "")
    if not kind.startswith("multipart/") or not kind.isprintable() or len(kind) > 300:
        raise ContractBroken("answer_not_multipart")
    whole = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n" + reply.body
    )
    parts = list(whole.iter_parts()) if whole.is_multipart() else []
    if not 0 < len(parts) <= MOST_PARTS:
        raise ContractBroken("answer_not_multipart")
    data = parts[0].get_payload(decode=True)
    if not isinstance(data, bytes) or not 0 < len(data) <= longest:
        raise ContractBroken("attachment_too_large")
    return data
