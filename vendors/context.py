"""Gives an adapter what it works with: settings, unsealed secrets, and the one way out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from portal.kit import clock, http
from portal.kit.client_tls import ClientTls
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.sealed import Context, seal, unseal
from vendors.believing import believed_identities
from vendors.contract import BadConfig, Ctx, HttpReply, MutualTls, PartnerDown
from vendors.models import Connection
from vendors.registry import adapter_of, entry_of, platform_config, platform_secrets

TIMEOUT_SECONDS = 10.0


class Egress:
    """`vendors.contract.Http` on the product's guarded client; its errors become the contract's."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int = 1_000_000,
        tls: MutualTls | None = None,
    ) -> HttpReply:
        try:
            reply = http.send(
                method,
                url,
                headers=headers,
                form=form,
                body=body,
                timeout=TIMEOUT_SECONDS,
                max_bytes=max_bytes,
                tls=ClientTls(tls.identity, tls.roots) if tls is not None else None,
            )
        except Unavailable as error:
            raise PartnerDown(error.code) from error
        except Misconfigured as error:
            raise BadConfig(error.code) from error
        return HttpReply(reply.status, reply.headers, reply.body, clock.now())


def _secrets_context(connection: Connection) -> Context:
    return Context("vendors_connection", "secrets_sealed", connection.id)


def seal_secrets(connection: Connection, values: Mapping[str, str]) -> bytes:
    return seal(json.dumps(dict(values)).encode(), _secrets_context(connection))


def open_secrets(connection: Connection) -> dict[str, str]:
    """What the tenant or the registration put in. Inside the tenant's scope."""
    if connection.secrets_sealed is None:
        return {}
    values: dict[str, str] = json.loads(unseal(connection.secrets_sealed, _secrets_context(connection)))
    return values


def open_context(connection: Connection) -> Ctx:
    """Inside the tenant's scope; what it returns may be used outside."""
    entry = entry_of(connection.vendor)
    memory: dict[str, Any] = dict(connection.memory)
    return Ctx(
        config={**platform_config(entry), **connection.config},
        secrets={**platform_secrets(entry), **open_secrets(connection)},
        memory=memory,
        http=Egress(),
        now=clock.now(),
        random=secrets.token_bytes,
        believed=believed_identities() if adapter_of(connection.vendor).manifest.reads_credentials else None,
    )


def keep_memory(connection: Connection, ctx: Ctx) -> None:
    """Write back what the adapter learned of the partner's metadata and keys, if anything."""
    if dict(ctx.memory) != connection.memory:
        Connection.objects.filter(id=connection.id).update(memory=dict(ctx.memory))
