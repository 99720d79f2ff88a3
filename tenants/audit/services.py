"""Writing down what happened."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.scope import require_no_transaction, tenant_scope
from portal.kit.sealed import Context, seal
from portal.kit.together import insert_soon
from tenants.audit.chain import BrokenChain
from tenants.audit.events import EventName
from tenants.audit.heads import sign_tail
from tenants.audit.models import AuditCheck, AuditEvent, AuditPending, AuditPersonal
from tenants.audit.personal import SALT_BYTES, personal_digest
from tenants.audit.sealing import seal_events
from tenants.audit.verification import verify_chain

log = logging.getLogger("readmit.audit")

Value = str | int | bool | None | list[str]


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
        salt = secrets.token_bytes(SALT_BYTES)
        body = json.dumps(dict(personal), sort_keys=True, ensure_ascii=False).encode()
        event.personal_digest = personal_digest(salt, body)
        row = AuditPersonal(event=event)
        row.sealed = seal(salt + body, Context("audit_auditpersonal", "sealed", row.id))
    insert_soon(event)
    insert_soon(AuditPending(id=event.id, tenant_id=event.tenant_id))
    if row is not None:
        insert_soon(row)
    return event


def shred_personal(event_ids: Collection[UUID]) -> int:
    """Destroy the personal half of events for good. Their digests stay, so the chain stays whole."""
    return (
        AuditPersonal.objects.filter(event_id__in=event_ids)
        .exclude(sealed=None)
        .update(sealed=None, shredded_at=clock.now())
    )


def check_chain(tenant_id: UUID) -> AuditCheck:
    """Seal what waits, verify everything, and write down how far the chain held."""
    require_no_transaction()
    seal_events(tenant_id)
    with tenant_scope(tenant_id):
        sign_tail(even_if_recent=True)
    try:
        chain = verify_chain(tenant_id)
        found: dict[str, Any] = {"number": chain.number}
    except BrokenChain as broken:
        log.error("audit.chain_broken %s %s", tenant_id, broken.detail, extra={"code": broken.code})
        found = {"number": 0, "problem": broken.code, "problem_number": broken.number}
    with tenant_scope(tenant_id):
        return AuditCheck.objects.create(**found)
