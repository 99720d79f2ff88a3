"""The tenants' own keys, wrapped by the root key (envelope encryption)."""

from __future__ import annotations

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.kit.errors import Misconfigured
from portal.kit.scope import current_tenant_id, scope_memory, serving
from tenants.models import TenantKey


def _associated(tenant_id: UUID, version: int) -> bytes:
    return f"tenants_tenantkey|wrapped|{tenant_id}|{version}".encode()


def _wrap(tenant_id: UUID, version: int, key: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(settings.ROOT_KEY).encrypt(nonce, key, _associated(tenant_id, version))


def _unwrap(row: TenantKey) -> bytes:
    if row.wrapped is None:
        raise Misconfigured("key_destroyed")
    wrapped = bytes(row.wrapped)
    try:
        return AESGCM(settings.ROOT_KEY).decrypt(
            wrapped[:12], wrapped[12:], _associated(row.tenant_id, row.version)
        )
    except (InvalidTag, ValueError) as error:
        raise Misconfigured("unsealing_failed") from error


def _newest() -> TenantKey:
    """The tenant's newest key, read once a scope. One that was made in this very scope is read again each time: a
    savepoint may take it back."""
    memory = scope_memory()
    known: TenantKey | None = memory.get("tenant_key")
    if known is not None:
        return known
    row = TenantKey.objects.order_by("-version").first()
    if row is None:
        memory["tenant_key_made"] = True
        wrapped = _wrap(current_tenant_id(), 1, secrets.token_bytes(32))
        row, _created = TenantKey.objects.get_or_create(version=1, defaults={"wrapped": wrapped})
    elif "tenant_key_made" not in memory:
        memory["tenant_key"] = row
    return row


def _of_version(version: int) -> TenantKey:
    newest = _newest()
    row = newest if newest.version == version else TenantKey.objects.filter(version=version).first()
    if row is None:
        raise Misconfigured("key_unknown")
    return row


class DatabaseKeyStore:
    """`portal.kit.sealed.KeyStore` on the table of tenant keys."""

    def current(self, tenant_id: UUID) -> tuple[int, bytes]:
        with serving(tenant_id):
            row = _newest()
            return row.version, _unwrap(row)

    def version(self, tenant_id: UUID, version: int) -> bytes:
        with serving(tenant_id):
            return _unwrap(_of_version(version))
