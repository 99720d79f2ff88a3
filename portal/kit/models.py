"""Bases of every model: platform-owned or tenant-owned, never a third kind (DESIGN 4)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import models

from portal.kit import clock
from portal.kit.errors import NoScope
from portal.kit.ids import public_id, uuid7
from portal.kit.scope import current_tenant_id, is_unscoped, tenant_id_or_none

Row = TypeVar("Row", bound=models.Model)


class PublicIdMixin:
    """Models with a `prefix` have a public id; pages and the API never show the bare UUID."""

    prefix: ClassVar[str] = ""
    id: UUID

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


class PlatformModel(PublicIdMixin, models.Model):
    """A row of the platform: no tenant, no row-level security."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


class TenantManager(models.Manager[Row]):
    """Refuses in `get_queryset`: no tenant in force, no query (STYLE 7). The database refuses behind it."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet[Row]:
        tenant_id = tenant_id_or_none()
        if tenant_id is not None:
            return super().get_queryset().filter(tenant_id=tenant_id)
        if is_unscoped():
            return super().get_queryset().using("ops")
        raise NoScope(f"{self.model.__name__} belongs to a tenant and none is in force")


class TenantModel(PublicIdMixin, models.Model):
    """A row of one tenant. Its table has the key (tenant_id, id) and row-level security (`SecureTenantTables`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(default=current_tenant_id, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        # Related objects and refresh_from_db go through the same guard.
        base_manager_name = "objects"
        default_manager_name = "objects"


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference inside one tenant. The plain constraint would accept another tenant's row (its check skips
    row-level security), so Django makes none and `SecureTenantTables` adds the composite one."""

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs
