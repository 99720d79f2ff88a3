"""Reading across tenants, through the three functions the database has for it (DESIGN 4), and within one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from portal.kit.codes import digest
from tenants.models import Tenant
from tenants.rights import Right, rights_of


@dataclass(frozen=True, slots=True)
class Seat:
    """One user's place in one tenant, with what it allows."""

    tenant: Tenant
    member_id: UUID
    role: str

    @property
    def rights(self) -> frozenset[Right]:
        return rights_of(self.role)

    def may(self, right: Right) -> bool:
        return right in self.rights


def tenant_of_host(name: str) -> Tenant | None:
    """The active tenant a host name serves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_of_host(%s)", [name.lower()])
        row = cursor.fetchone()
    return Tenant.objects.filter(id=row[0], status=Tenant.Status.ACTIVE).first() if row and row[0] else None


def seats_of_user(user_id: UUID) -> list[Seat]:
    """Where a user may work, by name of the organisation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, member_id, role FROM seats_of_user(%s)", [user_id])
        rows = cursor.fetchall()
    tenants = Tenant.objects.filter(status=Tenant.Status.ACTIVE).in_bulk([row[0] for row in rows])
    seats = [Seat(tenants[row[0]], row[1], row[2]) for row in rows if row[0] in tenants]
    return sorted(seats, key=lambda seat: seat.tenant.name.lower())


def seat_in(user_id: UUID, slug: str) -> Seat | None:
    return next((seat for seat in seats_of_user(user_id) if seat.tenant.slug == slug), None)


def tenant_of_token(token: str) -> Tenant | None:
    """The tenant that made an invitation or set-up link."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_of_token(%s)", [digest(token)])
        row = cursor.fetchone()
    return Tenant.objects.filter(id=row[0], status=Tenant.Status.ACTIVE).first() if row and row[0] else None
