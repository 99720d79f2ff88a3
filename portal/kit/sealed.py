"""Sealed values: envelope encryption with the context bound in.

Protects configuration secrets, private keys and portraits from whoever reads the database, a backup or the
write-ahead log, and from a row being moved to another place. AES-256-GCM; each value has its own data key, wrapped by
the tenant's key, which is wrapped by the root key outside the database. What it does not do: protect from a process
that holds the root key.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

from portal.kit.errors import Misconfigured
from portal.kit.scope import tenant_id_or_none

VERSION = b"R1"
PLATFORM = UUID(int=0)
_WRAPPED = 12 + 32 + 16


@dataclass(frozen=True, slots=True)
class Context:
    """Where a sealed value stands. Unsealing in another place fails."""

    table: str
    field: str
    row: UUID


class KeyStore(Protocol):
    """Hands out the tenants' keys. A destroyed key raises Misconfigured("key_destroyed")."""

    def current(self, tenant_id: UUID) -> tuple[int, bytes]:
        """(version, 32 bytes) to seal with; made on first use."""

    def version(self, tenant_id: UUID, version: int) -> bytes:
        """The 32 bytes of one version, to unseal with."""


class _PlatformKeys:
    """The platform's own key, for rows that belong to no tenant."""

    def current(self, tenant_id: UUID) -> tuple[int, bytes]:
        return 0, settings.ROOT_KEY

    def version(self, tenant_id: UUID, version: int) -> bytes:
        return settings.ROOT_KEY


def _store(tenant_id: UUID) -> KeyStore:
    if tenant_id == PLATFORM:
        return _PlatformKeys()
    store: KeyStore = import_string(settings.KEY_STORE)()
    return store


def _associated(context: Context, tenant_id: UUID) -> bytes:
    return f"{context.table}|{context.field}|{tenant_id}|{context.row}|1".encode()


def _encrypt(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, associated)


def _decrypt(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], associated)
    except (InvalidTag, ValueError) as error:
        raise Misconfigured("unsealing_failed") from error


def make_data_key(context: Context) -> bytes:
    """A data key of its own for one row, wrapped. Destroy the row's copy and what it sealed is gone for good."""
    tenant_id = tenant_id_or_none() or PLATFORM
    version, key = _store(tenant_id).current(tenant_id)
    wrapped = _encrypt(key, secrets.token_bytes(32), b"key|" + _associated(context, tenant_id))
    return VERSION + version.to_bytes(4, "big") + wrapped


def _open_data_key(wrapped: bytes, context: Context) -> bytes:
    tenant_id = tenant_id_or_none() or PLATFORM
    if wrapped[:2] != VERSION:
        raise Misconfigured("unsealing_failed")
    key = _store(tenant_id).version(tenant_id, int.from_bytes(wrapped[2:6], "big"))
    return _decrypt(key, wrapped[6:], b"key|" + _associated(context, tenant_id))


def seal_under(wrapped: bytes, plaintext: bytes, context: Context) -> bytes:
    """Seal under a data key that `make_data_key` made for the same context."""
    tenant_id = tenant_id_or_none() or PLATFORM
    return _encrypt(_open_data_key(wrapped, context), plaintext, _associated(context, tenant_id))


def unseal_under(wrapped: bytes, sealed: bytes, context: Context) -> bytes:
    tenant_id = tenant_id_or_none() or PLATFORM
    return _decrypt(_open_data_key(wrapped, context), sealed, _associated(context, tenant_id))


def seal(plaintext: bytes, context: Context) -> bytes:
    """One blob that carries its own wrapped data key. In a scope under the tenant's key, else the platform's."""
    wrapped = make_data_key(context)
    return wrapped + seal_under(wrapped, plaintext, context)


def unseal(blob: bytes | memoryview, context: Context) -> bytes:
    """What `seal` sealed in the same context. Misconfigured("unsealing_failed") otherwise."""
    data = bytes(blob)
    cut = 6 + _WRAPPED
    return unseal_under(data[:cut], data[cut:], context)
