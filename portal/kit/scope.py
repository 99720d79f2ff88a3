"""The tenant in force.

Protects every tenant-owned row from another tenant's code path. A scope is a transaction that tells PostgreSQL
which tenant it serves (`SET LOCAL app.tenant`); row-level security does the refusing. What it does not do: guard
caches, files and counters, which must carry the tenant in their own keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, transaction

from portal.kit.errors import NoScope
from portal.kit.together import writing

Value = TypeVar("Value")
_tenant: ContextVar[UUID | None] = ContextVar("readmit_tenant", default=None)
# Which tenant each connection's open transaction was told to serve, also where `no_scope` hides it.
_served: ContextVar[Mapping[str, UUID]] = ContextVar("readmit_served", default=MappingProxyType({}))
_memory: ContextVar[dict[str, Any] | None] = ContextVar("readmit_memory", default=None)
_unscoped: ContextVar[str] = ContextVar("readmit_unscoped", default="")


def current_tenant_id() -> UUID:
    """The tenant in force. NoScope if there is none."""
    tenant_id = _tenant.get()
    if tenant_id is None:
        raise NoScope("no tenant is in force here")
    return tenant_id


def tenant_id_or_none() -> UUID | None:
    return _tenant.get()


def announcement(tenant_id: UUID | None) -> str:
    """The statement that tells the open transaction which tenant it serves."""
    # A literal SET LOCAL, not set_config(): it ends with the transaction, works behind a transaction pooler, and
    # is what Citus hands on to its workers. The value is a UUID object, so there is nothing to escape.
    return f"SET LOCAL app.tenant = '{tenant_id or ''}'"


def _announce(tenant_id: UUID | None, using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(announcement(tenant_id))


@contextmanager
def _in_force(tenant_id: UUID, using: str) -> Iterator[None]:
    """Announce the tenant to the connection's open transaction, unless it serves that tenant already; put the one
    before back. A savepoint that is rolled back does that by itself."""
    served = _served.get()
    before = served.get(using)
    if before != tenant_id:
        _announce(tenant_id, using)
    token = _served.set({**served, using: tenant_id})
    try:
        yield
    finally:
        _served.reset(token)
    if before is not None and before != tenant_id:
        _announce(before, using)


@contextmanager
def _remembering(tenant_id: UUID) -> Iterator[None]:
    """A memory for this scope. One inside another of the same tenant begins with what that one knows."""
    outer = _memory.get() if _tenant.get() == tenant_id else None
    own: dict[str, Any] = dict(outer or {})
    token = _memory.set(own)
    try:
        yield
    finally:
        _memory.reset(token)
    if outer is not None:
        outer.update(own)


@contextmanager
def tenant_scope(tenant_id: UUID, *, using: str = "default") -> Iterator[None]:
    """Serve `tenant_id` inside the block, in one transaction (a savepoint when nested).

    Leaving a nested scope puts the outer tenant back. Raises NoScope if `tenant_id` is not a UUID.
    """
    if not isinstance(tenant_id, UUID):
        raise NoScope("a scope needs the tenant's id")
    collecting = writing(connections[using]) if using == "default" else nullcontext()
    with transaction.atomic(using=using), _in_force(tenant_id, using), _remembering(tenant_id), collecting:
        token = _tenant.set(tenant_id)
        try:
            yield
        finally:
            _tenant.reset(token)


def serving(tenant_id: UUID) -> AbstractContextManager[None]:
    """A scope of `tenant_id`, or nothing more where one is in force: for code that only reads."""
    return nullcontext() if _tenant.get() == tenant_id else tenant_scope(tenant_id)


def scope_memory() -> dict[str, Any]:
    """What code of this scope has read and may use again until the scope ends. Kept nowhere without a scope."""
    memory = _memory.get()
    return {} if memory is None or _tenant.get() is None else memory


def read_once(name: str, read: Callable[[], Value]) -> Value:
    """What `read` gives, asked once a scope. For pages that only read: a change in the same scope is not seen."""
    memory = scope_memory()
    if name not in memory:
        memory[name] = read()
    found: Value = memory[name]
    return found


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
