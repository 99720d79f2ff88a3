"""Issued credentials: their status, and taking it away."""

from __future__ import annotations

from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.models import Credential


def status_of(credential_id: UUID) -> str:
    """valid, suspended, revoked or expired; "unknown" for one we did not issue (fails closed)."""
    row = Credential.objects.filter(id=credential_id).first()
    if row is None:
        return "unknown"
    if row.state == Credential.State.VALID and row.expires_at <= clock.now():
        return "expired"
    return str(row.state)


def credentials_of(reference: UUID) -> list[UUID]:
    """Every credential that was issued for one reference, also one that its holder fetched twice."""
    return list(Credential.objects.filter(reference=reference).values_list("id", flat=True))


def revoke_credential(credential_id: UUID, *, reason: str, actor: Actor, words: str = "") -> None:
    """Take a credential's validity away for good. Quiet when it is gone already. `reason` is a code; a member's own
    `words` go into the part of the audit log that can be destroyed."""
    row = Credential.objects.select_for_update().filter(id=credential_id).first()
    if row is None or row.state == Credential.State.REVOKED:
        return
    row.state, row.state_reason, row.state_changed_at = Credential.State.REVOKED, reason[:60], clock.now()
    row.save(update_fields=["state", "state_reason", "state_changed_at"])
    record_event(
        EventName.CREDENTIAL_REVOKED,
        actor=actor,
        subject=row.public_id,
        case_id=row.reference,
        data={"reason": reason},
        personal={"reason": words} if words else None,
    )
