"""The tenant in force.

Protects every tenant-owned row from another tenant's code path. A scope is a transaction that tells PostgreSQL
which tenant it serves (`SET LOCAL app.tenant`); row-level security does the refusing. What it does not do: guard
caches, files and counters, which must carry the tenant in their own keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connections, transaction

from portal.kit.errors import NoScope

_tenant: ContextVar[UUID | None] = ContextVar("readmit_tenant", default=None)
_unscoped: ContextVar[str] = ContextVar("readmit_unscoped", default="")


def current_tenant_id() -> UUID:
    """The tenant in force. NoScope if there is none."""
    tenant_id = _tenant.get()
    if tenant_id is None:
        raise NoScope("no tenant is in force here")
    return tenant_id


def tenant_id_or_none() -> UUID | None:
    return _tenant.get()


def _announce(tenant_id: UUID | None, using: str) -> None:
    # A literal SET LOCAL, not set_config(): it ends with the transaction, works behind a transaction pooler, and
    # is what Citus hands on to its workers. The value is a UUID object, so there is nothing to escape.
    with connections[using].cursor() as cursor:
        cursor.execute(f"SET LOCAL app.tenant = '{tenant_id or ''}'")


@contextmanager
def tenant_scope(tenant_id: UUID, *, using: str = "default") -> Iterator[None]:
    """Serve `tenant_id` inside the block, in one transaction (a savepoint when nested).

    Leaving a nested scope puts the outer tenant back. Raises NoScope if `tenant_id` is not a UUID.
    """
    if not isinstance(tenant_id, UUID):
        raise NoScope("a scope needs the tenant's id")
    outer = _tenant.get()
    with transaction.atomic(using=using):
        _announce(tenant_id, using)
        token = _tenant.set(tenant_id)
        try:
            yield
        finally:
            _tenant.reset(token)
        if outer is not None and outer != tenant_id:
            _announce(outer, using)


@contextmanager
def no_scope() -> Iterator[None]:
    """Forget the tenant inside the block: what runs here belongs to the platform."""
    token = _tenant.set(None)
    try:
        yield
    finally:
        _tenant.reset(token)


@contextmanager
def unscoped(why: str) -> Iterator[None]:
    """Let tenant-owned managers be used without a tenant, on the `ops` connection only. Say why."""
    if not why:
        raise NoScope("an unscoped block says why")
    token = _unscoped.set(why)
    try:
        yield
    finally:
        _unscoped.reset(token)


def is_unscoped() -> bool:
    return bool(_unscoped.get())


def require_no_transaction() -> None:
    """What must be committed before anything is compared refuses to run inside an open transaction (STYLE 19)."""
    if connections["default"].in_atomic_block:
        raise RuntimeError("this step commits on its own and must not run inside a transaction")
