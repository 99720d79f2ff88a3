"""Issued credentials: their status, taking it away for a while and for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import NotHere, Refused
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.models import Credential, StatusList


def status_of(credential_id: UUID) -> str:
    """valid, suspended, revoked or expired; "unknown" for one we did not issue (fails closed)."""
    row = Credential.objects.filter(id=credential_id).first()
    return status_of_row(row) if row is not None else "unknown"


def status_of_row(row: Credential) -> str:
    """The same, of one that is at hand."""
    if row.state == Credential.State.VALID and row.expires_at <= clock.now():
        return "expired"
    return str(row.state)


def is_accepted(credential_id: UUID) -> bool:
    """Whether a wallet said that it has it; those that say nothing may have it too."""
    return Credential.objects.filter(id=credential_id).exclude(accepted_at=None).exists()


def credentials_of(reference: UUID) -> list[UUID]:
    """Every credential that was issued for one reference, also one that its holder fetched twice."""
    return list(Credential.objects.filter(reference=reference).values_list("id", flat=True))


def _list_again(*found: UUID | None) -> None:
    """The next reader of these lists gets one that is signed anew. Locked in order: two who change cards of the same lists
    wait for each other instead of forever. A card of another service is on no list of ours."""
    lists = [one for one in found if one is not None]
    if len(lists) > 1:
        list(StatusList.objects.select_for_update().filter(id__in=lists).order_by("id").values_list("id"))
    StatusList.objects.filter(id__in=lists).update(token="", token_until=None)


def _tell_elsewhere(*ids: UUID) -> None:
    """What another service issued in our name is taken away there by the worker."""
    for credential_id in ids:
        enqueue("verified_id.entra_revoke", tenant_id=current_tenant_id(), credential_id=credential_id)


def _change(row: Credential, state: str, reason: str) -> None:
    row.state, row.state_reason, row.state_changed_at = state, reason[:60], clock.now()
    row.save(update_fields=["state", "state_reason", "state_changed_at"])
    _list_again(row.status_list_id)


def _record(event: EventName, row: Credential, actor: Actor, reason: str, words: str) -> None:
    record_event(
        event,
        actor=actor,
        subject=row.public_id,
        case_id=row.reference if row.reference != row.issuance_id else None,
        data={"reason": reason},
        personal={"reason": words} if words else None,
    )


def revoke_credential(credential_id: UUID, *, reason: str, actor: Actor, words: str = "") -> None:
    """Take a credential's validity away for good. Quiet when it is gone already. `reason` is a code; a member's own
    `words` go into the part of the audit log that can be destroyed."""
    row = Credential.objects.select_for_update().filter(id=credential_id).first()
    if row is None or row.state == Credential.State.REVOKED:
        return
    _change(row, Credential.State.REVOKED, reason)
    if row.status_list_id is None:
        _tell_elsewhere(row.id)
    _record(EventName.CREDENTIAL_REVOKED, row, actor, reason, words)


def suspend_credential(credential_id: UUID, *, reason: str, actor: Actor, words: str = "") -> None:
    """Take it away until `reinstate_credential`. Quiet when it is suspended; Refused when it is revoked."""
    row = _locked(credential_id)
    if row.state == Credential.State.SUSPENDED:
        return
    _change(row, Credential.State.SUSPENDED, reason)
    _record(EventName.CREDENTIAL_SUSPENDED, row, actor, reason, words)


def reinstate_credential(credential_id: UUID, *, actor: Actor, words: str = "") -> None:
    """A suspended credential is valid again. Quiet when it is; Refused when it is revoked."""
    row = _locked(credential_id)
    if row.state == Credential.State.VALID:
        return
    _change(row, Credential.State.VALID, "")
    _record(EventName.CREDENTIAL_REINSTATED, row, actor, "reinstated", words)


def _locked(credential_id: UUID) -> Credential:
    row = Credential.objects.select_for_update().filter(id=credential_id).first()
    if row is None:
        raise NotHere("credential_unknown")
    if row.state == Credential.State.REVOKED:
        raise Refused("credential_revoked")
    return row


def revoke_rows(chosen: QuerySet[Credential], *, reason: str) -> list[UUID]:
    """Take the validity of all of them away; which had it, in order. Whoever calls this records it."""
    rows = chosen.exclude(state=Credential.State.REVOKED).order_by("id")
    found = list(rows.select_for_update(of=("self",)).values_list("id", "status_list_id"))
    ids = [row_id for row_id, _list in found]
    if ids:
        Credential.objects.filter(id__in=ids).update(
            state=Credential.State.REVOKED, state_reason=reason[:60], state_changed_at=clock.now()
        )
        _list_again(*{list_id for _row, list_id in found})
        _tell_elsewhere(*(row_id for row_id, list_id in found if list_id is None))
    return ids


def digest_of(ids: Iterable[UUID]) -> str:
    """What the audit log keeps of many identifiers, in their order."""
    return hashlib.sha256(b"".join(row_id.bytes for row_id in ids)).hexdigest()


def record_many(ids: Sequence[UUID], *, reason: str, actor: Actor, words: str) -> None:
    """One event for all of them."""
    record_event(
        EventName.CREDENTIALS_REVOKED,
        actor=actor,
        data={"reason": reason, "count": len(ids), "digest": digest_of(ids)},
        personal={"reason": words} if words else None,
    )


def revoke_many(chosen: QuerySet[Credential], *, reason: str, actor: Actor, words: str = "") -> int:
    """At once, in this transaction; how many had been worth something. One event with a digest of their identifiers."""
    ids = revoke_rows(chosen, reason=reason)
    if ids:
        record_many(ids, reason=reason, actor=actor, words=words)
    return len(ids)
