"""Writing down what happened."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from uuid import UUID

from portal.kit.actors import Actor
from portal.kit.sealed import Context, seal
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent, AuditPersonal

Value = str | int | bool | None | list[str]


def personal_digest(salt: bytes, data: bytes) -> bytes:
    """What the chain holds of the personal half: a salted SHA-256, worthless once the salt is destroyed."""
    return hashlib.sha256(salt + data).digest()


def record_event(
    name: EventName,
    *,
    actor: Actor,
    subject: str = "",
    case_id: UUID | None = None,
    data: Mapping[str, Value] | None = None,
    personal: Mapping[str, Value] | None = None,
) -> AuditEvent:
    """Insert one event in the open transaction, without a lock. `subject` is a public id, `data` holds codes, ids and
    numbers; what names a person goes into `personal`, which is sealed apart and can be destroyed."""
    event = AuditEvent(
        name=name.value,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        subject=subject,
        case_id=case_id,
        data=dict(data or {}),
    )
    row = None
    if personal:
        salt = secrets.token_bytes(16)
        body = json.dumps(dict(personal), sort_keys=True, ensure_ascii=False).encode()
        event.personal_digest = personal_digest(salt, body)
        row = AuditPersonal(event=event)
        row.sealed = seal(salt + body, Context("audit_auditpersonal", "sealed", row.id))
    event.save(force_insert=True)
    if row is not None:
        row.save(force_insert=True)
    return event
