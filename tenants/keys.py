"""The tenants' own keys, wrapped by the root key (envelope encryption)."""

from __future__ import annotations

import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.kit.errors import Misconfigured
from portal.kit.scope import tenant_scope
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
    return AESGCM(settings.ROOT_KEY).decrypt(
        wrapped[:12], wrapped[12:], _associated(row.tenant_id, row.version)
    )


class DatabaseKeyStore:
    """`portal.kit.sealed.KeyStore` on the table of tenant keys."""

    def current(self, tenant_id: UUID) -> tuple[int, bytes]:
        with tenant_scope(tenant_id):
            row = TenantKey.objects.order_by("-version").first()
            if row is None:
                row, _created = TenantKey.objects.get_or_create(
                    version=1, defaults={"wrapped": _wrap(tenant_id, 1, secrets.token_bytes(32))}
                )
            return row.version, _unwrap(row)

    def version(self, tenant_id: UUID, version: int) -> bytes:
        with tenant_scope(tenant_id):
            row = TenantKey.objects.filter(version=version).first()
            if row is None:
                raise Misconfigured("key_unknown")
            return _unwrap(row)
