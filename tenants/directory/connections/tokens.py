"""A connection as a worker holds it, and the token it works with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from uuid import UUID

from portal.kit.remote import Token, use_token
from portal.kit.scope import tenant_scope
from portal.kit.sealed import Context, seal, unseal
from tenants.directory.connections.contract import Credentials, Door, Provider
from tenants.directory.connections.models import DirectoryConnection
from tenants.directory.connections.registry import PROVIDERS

Answer = TypeVar("Answer")


def secret_context(row: DirectoryConnection) -> Context:
    return Context("connections_directoryconnection", "secret_sealed", row.id)


def token_context(row: DirectoryConnection) -> Context:
    return Context("connections_directoryconnection", "token_sealed", row.id)


def proof_of(row: DirectoryConnection) -> tuple[str, dict[str, str], bytes]:
    """What a token was made with."""
    return row.kind, row.settings, bytes(row.secret_sealed)


def secret_of(row: DirectoryConnection) -> str:
    return unseal(row.secret_sealed, secret_context(row)).decode()


@dataclass(frozen=True, slots=True)
class Held:
    """A connection while no transaction is open."""

    row: DirectoryConnection
    tenant_id: UUID
    provider: Provider
    credentials: Credentials
    cached: Token | None = field(repr=False)


def hold(tenant_id: UUID) -> Held | None:
    """In the tenant's scope."""
    row = DirectoryConnection.objects.first()
    if row is None:
        return None
    credentials = Credentials(row.settings, secret_of(row))
    return Held(row, tenant_id, PROVIDERS[row.kind], credentials, _cached(row))


def _cached(row: DirectoryConnection) -> Token | None:
    if row.token_sealed is None or row.token_expires_at is None:
        return None
    value, key = json.loads(unseal(row.token_sealed, token_context(row)))
    return Token(value, row.token_expires_at, key=key)


def put_token(row: DirectoryConnection, token: Token) -> None:
    """The caller saves. The key a token is bound to is sealed with it."""
    row.token_sealed = seal(json.dumps([token.value, token.key]).encode(), token_context(row))
    row.token_expires_at = token.expires_at


def with_door(held: Held, call: Callable[[Door], Answer]) -> Answer:
    """Make calls with the token at hand while it lives, else with a new one."""
    return use_token(
        held.cached,
        lambda token: call(held.provider.open(held.credentials, token)),
        fetch=partial(held.provider.fetch_token, held.credentials),
        keep=partial(keep_token, held),
    )


def keep_token(held: Held, token: Token) -> None:
    """Only for the settings it was made with."""
    with tenant_scope(held.tenant_id):
        row = DirectoryConnection.objects.select_for_update().filter(id=held.row.id).first()
        if row is not None and proof_of(row) == proof_of(held.row):
            put_token(row, token)
            row.save(update_fields=["token_sealed", "token_expires_at"])
