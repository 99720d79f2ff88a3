"""The portrait claim: a plain JPEG in a data URI, bounded."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from tenants.verified_id.protocol.errors import ProtocolError

PREFIX = "data:image/jpeg;base64,"
MAX_BYTES = 200_000


def portrait_bytes(claim: str) -> bytes:
    """The JPEG inside. ProtocolError when it is anything else."""
    refusal = ProtocolError("invalid_request", "portrait", clause="SD-JWT VC section 2.2.2")
    if not claim.startswith(PREFIX) or len(claim) > MAX_BYTES * 2:
        raise refusal
    try:
        data = base64.b64decode(claim[len(PREFIX) :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise refusal from error
    if not data.startswith(b"\xff\xd8\xff") or len(data) > MAX_BYTES:
        raise refusal
    return data


def outline() -> bytes:
    """A drawn head and shoulders, for a card of somebody whose face nobody took. No Face Check passes with it."""
    return (Path(__file__).parent / "outline.jpg").read_bytes()
