"""Gives an adapter what it works with: settings, unsealed secrets, and the one way out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.kit import clock, http
from portal.kit.client_tls import ClientTls
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.sealed import Context, seal, unseal
from vendors.believing import believed_identities
from vendors.contract import BadConfig, Ctx, HttpReply, MutualTls, PartnerDown
from vendors.models import Connection, PartnerKeys
from vendors.registry import adapter_of, entry_of, platform_config, platform_secrets
from vendors.wallets import TenantWallets

TIMEOUT_SECONDS = 10.0
# However many people are still at the partner, a former set of keys is used no longer.
LONGEST_KEPT = timedelta(hours=24)


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


def _keys_context(row: PartnerKeys) -> Context:
    return Context("vendors_partnerkeys", "secrets_sealed", row.id)


def seal_keys(row: PartnerKeys, values: Mapping[str, str]) -> bytes:
    return seal(json.dumps(dict(values)).encode(), _keys_context(row))


def open_keys(row: PartnerKeys) -> dict[str, str]:
    """Of a set beside the one in use. Inside the tenant's scope."""
    if row.secrets_sealed is None:
        return {}
    values: dict[str, str] = json.loads(unseal(row.secrets_sealed, _keys_context(row)))
    return values


def former_keys(connection: Connection) -> list[PartnerKeys]:
    """The sets that were in use before and may still be used, the newest first. One query."""
    kept = PartnerKeys.objects.filter(connection=connection, replaced_at__gt=clock.now() - LONGEST_KEPT)
    return list(kept.order_by("-replaced_at", "-id"))


def keys_of(connection: Connection, set_id: UUID) -> PartnerKeys | None:
    """A former set by its name; None for the one in use, and once it was destroyed: then the one in use counts."""
    if set_id == connection.keys_in_use:
        return None
    return next((row for row in former_keys(connection) if row.set_id == set_id), None)


def open_context(connection: Connection, keys: PartnerKeys | None = None) -> Ctx:
    """With the keys in use, or those of another set. Inside the tenant's scope; what it returns may be used outside."""
    entry, manifest = entry_of(connection.vendor), adapter_of(connection.vendor).manifest
    memory: dict[str, Any] = dict(connection.memory)
    return Ctx(
        config={**platform_config(entry), **connection.config},
        secrets={**platform_secrets(entry), **(open_keys(keys) if keys else open_secrets(connection))},
        memory=memory,
        http=Egress(),
        now=clock.now(),
        random=secrets.token_bytes,
        believed=believed_identities() if manifest.reads_credentials else None,
        asked=TenantWallets(connection.tenant_id) if manifest.asks_wallets else None,
    )


def keep_memory(connection: Connection, ctx: Ctx) -> None:
    """Write back what the adapter learned of the partner's metadata and keys, if anything."""
    if dict(ctx.memory) != connection.memory:
        Connection.objects.filter(id=connection.id).update(memory=dict(ctx.memory))
