"""A connection as a worker holds it, and the two tokens it calls with: for requests, and for the records of cards.

Protects secret and tokens: they are sealed where they rest, and in no repr. A token is used until shortly before its end
and replaced once when it is rejected. Nothing here runs while a transaction is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Unavailable
from portal.kit.remote import Busy
from portal.kit.scope import tenant_scope
from portal.kit.sealed import Context, seal, unseal
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.verified_id.entra import addresses, client
from tenants.verified_id.entra.certificate import KeyPair
from tenants.verified_id.entra.models import EntraConnection

Answer = TypeVar("Answer")
# A token is not used in its last minutes: it has to live as long as the call.
EARLY = timedelta(minutes=2)
REQUESTS, RECORDS = "", "records_"


def sealed_context(row: EntraConnection, name: str) -> Context:
    return Context("entra_entraconnection", name, row.id)


@dataclass(frozen=True, slots=True)
class Held:
    """A connection as a worker holds it while no transaction is open. `cached`: the token for requests; `records`: the one
    for the records of cards."""

    row: EntraConnection
    tenant: Tenant
    credentials: client.Credentials
    cached: client.Token | None = field(repr=False)
    records: client.Token | None = field(default=None, repr=False)


def hold(tenant_id: UUID) -> Held | None:
    with tenant_scope(tenant_id):
        row = EntraConnection.objects.first()
        if row is None:
            return None
        return Held(
            row,
            Tenant.objects.get(id=tenant_id),
            _credentials(row),
            _cached(row, REQUESTS),
            _cached(row, RECORDS),
        )


def _cached(row: EntraConnection, kind: str) -> client.Token | None:
    value, until = getattr(row, f"{kind}token_sealed"), getattr(row, f"{kind}token_expires_at")
    if value is None or until is None:
        return None
    return client.Token(unseal(value, sealed_context(row, f"{kind}token_sealed")).decode(), until)


def _credentials(row: EntraConnection) -> client.Credentials:
    if row.secret_sealed is not None:
        secret = unseal(row.secret_sealed, sealed_context(row, "secret_sealed")).decode()
        return client.Credentials(row.directory, row.client_id, secret)
    key = unseal(row.key_sealed or b"", sealed_context(row, "key_sealed"))
    return client.Credentials(row.directory, row.client_id, "", KeyPair(row.certificate, key))


def with_token(held: Held, call: Callable[[client.Token], Answer]) -> Answer:
    """Make a request with the token at hand while it lives, else with a new one. A token that is rejected before its time
    (a permission was taken away or given) is replaced once."""
    return _with(held, held.cached, REQUESTS, call)


def with_records_token(held: Held, call: Callable[[client.Token], Answer]) -> Answer:
    """The same, for the records of cards."""
    return _with(held, held.records, RECORDS, call)


def _with(
    held: Held, cached: client.Token | None, kind: str, call: Callable[[client.Token], Answer]
) -> Answer:
    if cached is not None and cached.expires_at - EARLY > clock.now():
        try:
            return call(cached)
        except client.EntraRefused as refused:
            if refused.code not in ("token_rejected", "permission_missing", "records_refused"):
                raise
    fresh = _fetch(held, addresses.RECORDS_SCOPE if kind == RECORDS else addresses.SCOPE)
    _keep(held, fresh, kind)
    return call(fresh)


def _fetch(held: Held, scope: str) -> client.Token:
    """A new token. EntraRefused, which the connection's page then says; Busy for whatever may pass: nothing was asked of the
    service yet, so that it may be asked again."""
    try:
        return client.fetch_token(held.credentials, scope=scope)
    except client.EntraRefused as refused:
        note_refused_sign_in(held, refused.code)
        raise
    except Busy:
        raise
    except Unavailable as error:
        raise Busy(error.code) from error


def note_refused_sign_in(held: Held, code: str) -> None:
    """Nobody tests a connection that worked: that Microsoft does not let it in any more stands on its page, and in the audit
    log, since the first time. Quiet when the settings were changed meanwhile."""
    found = [{"step": "token", "ok": False, "problem": code, "setting": ""}]
    with tenant_scope(held.tenant.id):
        row = EntraConnection.objects.select_for_update().filter(id=held.row.id).first()
        if row is None or proof_of(row) != proof_of(held.row) or row.found == found:
            return
        row.found, row.tested_at = found, clock.now()
        row.save(update_fields=["found", "tested_at"])
        problems = {"problems": [f"token:{code}"]}
        record_event(EventName.ENTRA_TESTED, actor=SYSTEM, subject=row.public_id, data=problems)


def _keep(held: Held, token: client.Token, kind: str) -> None:
    """Only for the settings it was made with."""
    with tenant_scope(held.tenant.id):
        row = EntraConnection.objects.select_for_update().filter(id=held.row.id).first()
        if row is None or proof_of(row) != proof_of(held.row):
            return
        write_token(row, token, kind)
        changed = [f"{kind}token_sealed", f"{kind}token_expires_at"]
        if any(one["step"] == "token" and not one["ok"] for one in row.found):
            row.found, row.tested_at = [], None  # it was let in again
            changed += ["found", "tested_at"]
        row.save(update_fields=changed)


def write_token(row: EntraConnection, token: client.Token, kind: str = REQUESTS) -> None:
    """Sets the columns; the caller saves."""
    name = f"{kind}token_sealed"
    setattr(row, name, seal(token.value.encode(), sealed_context(row, name)))
    setattr(row, f"{kind}token_expires_at", token.expires_at)


def forget_tokens(row: EntraConnection) -> None:
    """Sets the columns; the caller saves."""
    row.token_sealed = row.token_expires_at = None
    row.records_token_sealed = row.records_token_expires_at = None


def proof_of(row: EntraConnection) -> tuple[str, str, bytes]:
    return row.directory, row.client_id, bytes(row.secret_sealed or row.key_sealed or b"")
