"""A connection as a worker holds it, and the token it works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from portal.kit import clock
from portal.kit.scope import tenant_scope
from portal.kit.sealed import Context, seal, unseal
from tenants.directory.graph import client
from tenants.directory.graph.models import GraphConnection

# A token is not used in its last minutes: it has to live as long as the call.
EARLY = timedelta(minutes=2)
Answer = TypeVar("Answer")


def secret_context(row: GraphConnection) -> Context:
    return Context("graph_graphconnection", "secret_sealed", row.id)


def token_context(row: GraphConnection) -> Context:
    return Context("graph_graphconnection", "token_sealed", row.id)


def proof_of(row: GraphConnection) -> tuple[str, str, bytes]:
    """What a token was made with."""
    return row.directory, row.client_id, bytes(row.secret_sealed)


@dataclass(frozen=True, slots=True)
class Held:
    """A connection while no transaction is open."""

    row: GraphConnection
    tenant_id: UUID
    credentials: client.Credentials
    cached: client.Token | None = field(repr=False)


def hold(tenant_id: UUID) -> Held | None:
    """In the tenant's scope."""
    row = GraphConnection.objects.first()
    if row is None:
        return None
    secret = unseal(row.secret_sealed, secret_context(row)).decode()
    cached = None
    if row.token_sealed is not None and row.token_expires_at is not None:
        cached = client.Token(unseal(row.token_sealed, token_context(row)).decode(), row.token_expires_at)
    return Held(row, tenant_id, client.Credentials(row.directory, row.client_id, secret), cached)


def with_token(held: Held, call: Callable[[client.Token], Answer]) -> Answer:
    """Make a call with the token at hand while it lives, else with a new one. A token that is rejected before its time
    (a permission was taken away or given) is replaced once."""
    cached = held.cached
    if cached is not None and cached.expires_at - EARLY > clock.now():
        try:
            return call(cached)
        except client.GraphRefused as refused:
            if refused.code != "token_rejected" and not refused.code.startswith("permission_missing"):
                raise
    fresh = client.fetch_token(held.credentials)
    keep_token(held, fresh)
    return call(fresh)


def keep_token(held: Held, token: client.Token) -> None:
    """Only for the settings it was made with."""
    with tenant_scope(held.tenant_id):
        row = GraphConnection.objects.select_for_update().filter(id=held.row.id).first()
        if row is not None and proof_of(row) == proof_of(held.row):
            row.token_sealed = seal(token.value.encode(), token_context(row))
            row.token_expires_at = token.expires_at
            row.save(update_fields=["token_sealed", "token_expires_at"])
