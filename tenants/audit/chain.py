"""How the chain is computed: no database, no clock.

Protects what was written from being edited, removed, added or reordered unseen: each digest covers one event's public
half, the digest of its personal half, its number and the digest before it. What it does not do: keep anybody from
rewriting everything; that is what signed heads, kept elsewhere too, are for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.kit.errors import ReadmitError

VERSION = 1
START = b"\x00" * 32


class BrokenChain(ReadmitError):
    """The log is not what was written. `number` is the first place where it shows."""

    status = 409

    def __init__(self, code: str, number: int | None = None, *, event_id: UUID | None = None) -> None:
        super().__init__(code, detail={"number": number, "event": event_id})
        self.number = number
        self.event_id = event_id


class PublicHalf(NamedTuple):
    """What the digest covers of one event."""

    event_id: UUID
    created_at: datetime
    name: str
    actor_kind: str
    actor_id: str
    subject: str
    case_id: UUID | None
    data: Mapping[str, Any]
    personal_digest: bytes | None


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


class Covered(NamedTuple):
    """A public half as the digest writes it: text, so that a million need not become objects first."""

    event_id: str
    created_at: str
    name: str
    actor_kind: str
    actor_id: str
    subject: str
    case_id: str | None
    data: Mapping[str, Any]
    personal_digest: str | None


def covered(half: PublicHalf) -> Covered:
    return Covered(
        str(half.event_id),
        half.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        half.name,
        half.actor_kind,
        half.actor_id,
        half.subject,
        str(half.case_id) if half.case_id else None,
        half.data,
        half.personal_digest.hex() if half.personal_digest else None,
    )


def digest_of(previous: str, tenant_id: str, number: int, half: Covered) -> str:
    """SHA-256, in hexadecimal, over one canonical JSON list: nothing is joined without its borders."""
    fields = [VERSION, tenant_id, number, *half, previous]
    return hashlib.sha256(_encode(fields).encode()).hexdigest()


def next_digest(previous: bytes, tenant_id: UUID, number: int, half: PublicHalf) -> bytes:
    """The digest of the next link."""
    return bytes.fromhex(digest_of(previous.hex(), str(tenant_id), number, covered(half)))


def head_statement(tenant_id: UUID, number: int, chain_digest: bytes, signed_at: datetime) -> bytes:
    """What a head says: up to here the chain read so, at this moment."""
    moment = signed_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"readmit audit head {VERSION}|{tenant_id}|{number}|{chain_digest.hex()}|{moment}".encode()


def signer_name(public_key: Ed25519PublicKey) -> str:
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:32]


def sign_head(key: bytes, statement: bytes) -> tuple[str, bytes]:
    """(signer, signature) by Ed25519 (RFC 8032)."""
    private_key = Ed25519PrivateKey.from_private_bytes(key)
    return signer_name(private_key.public_key()), private_key.sign(statement)


def verify_head(key: bytes, *, signer: str, signature: bytes, statement: bytes, number: int) -> None:
    """BrokenChain when another key signed, or nobody did."""
    public_key = Ed25519PrivateKey.from_private_bytes(key).public_key()
    if signer != signer_name(public_key):
        raise BrokenChain("head_signer_unknown", number)
    try:
        public_key.verify(signature, statement)
    except InvalidSignature as error:
        raise BrokenChain("head_forged", number) from error
