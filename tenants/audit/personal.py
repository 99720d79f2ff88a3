"""The personal halves of events: sealed beside the chain, which holds a salted digest of each."""

from __future__ import annotations

import hashlib
from uuid import UUID

from portal.kit.codes import same
from portal.kit.errors import Misconfigured, NotHere
from portal.kit.sealed import Context, unseal
from tenants.audit.chain import BrokenChain
from tenants.audit.models import AuditLink, AuditPersonal

SALT_BYTES = 16


def personal_digest(salt: bytes, data: bytes) -> bytes:
    """What the chain holds of the personal half: a salted SHA-256, worthless once the salt is destroyed."""
    return hashlib.sha256(salt + data).digest()


def open_personal(row: AuditPersonal, expected: bytes | memoryview | None) -> bytes:
    """What was written, as JSON. NotHere once shredded, or when its key was destroyed; BrokenChain when it is not what the
    chain holds the digest of."""
    return _opened(row.id, row.event_id, row.sealed, expected)


def _opened(
    row_id: UUID, event_id: UUID, sealed: bytes | memoryview | None, expected: bytes | memoryview | None
) -> bytes:
    if sealed is None:
        raise NotHere("personal_half_shredded")
    try:
        opened = unseal(sealed, Context("audit_auditpersonal", "sealed", row_id))
    except Misconfigured as error:
        if error.code == "key_destroyed":
            raise NotHere("personal_half_shredded") from error
        raise BrokenChain("personal_half_changed", event_id=event_id) from error
    salt, body = opened[:SALT_BYTES], opened[SALT_BYTES:]
    if not same(personal_digest(salt, body), bytes(expected or b"")):
        raise BrokenChain("personal_half_changed", event_id=event_id)
    return body


def require_personal_halves() -> None:
    """BrokenChain when one that is still kept is not what was written."""
    # Rows and no models: there may be a million of them.
    kept = AuditPersonal.objects.exclude(sealed=None).order_by("id")
    columns = kept.values_list("id", "event_id", "sealed", "event__personal_digest")
    for row_id, event_id, sealed, expected in columns.iterator(chunk_size=2000):
        try:
            _opened(row_id, event_id, sealed, expected)
        except NotHere:
            continue
        except BrokenChain as broken:
            number = AuditLink.objects.filter(event_id=event_id).values_list("number", flat=True).first()
            raise BrokenChain(broken.code, number, event_id=event_id) from broken
