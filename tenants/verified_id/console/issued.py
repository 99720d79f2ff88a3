"""Issued credentials as the console lists them. A credential names no person, so neither does the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from portal.kit.errors import NotHere
from portal.kit.paging import Column, Order, Page, page_of, read_order
from portal.kit.references import with_reference
from tenants.verified_id.models import Credential

PAGE = 50
COLUMNS: Mapping[str, Column] = {
    "issued": Column("created_at"),
    "until": Column("expires_at"),
    "state": Column("state"),
}


@dataclass(frozen=True, slots=True)
class IssuedFilter:
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    reference: str = ""
    sort: str = ""

    @property
    def order(self) -> Order:
        return read_order(self.sort, COLUMNS, "-issued")

    @property
    def is_narrow(self) -> bool:
        return bool(self.state or self.since or self.until or self.reference)


def issued_found(chosen: IssuedFilter) -> QuerySet[Credential]:
    """Every credential of the filter in its order, newest first otherwise."""
    found = Credential.objects.order_by(*chosen.order.fields())
    if chosen.state:
        found = found.filter(state=chosen.state)
    if chosen.since:
        found = found.filter(created_at__gte=chosen.since)
    if chosen.until:
        found = found.filter(created_at__lt=chosen.until)
    return with_reference(found, "reference", chosen.reference) if chosen.reference else found


def issued_page(chosen: IssuedFilter, cursor: str, size: int = PAGE) -> Page[Credential]:
    """One page, in the order the filter asks for."""
    return page_of(issued_found(chosen), chosen.order, cursor, size)


def get_credential(credential_id: UUID) -> Credential:
    row = Credential.objects.filter(id=credential_id).first()
    if row is None:
        raise NotHere("credential_unknown")
    return row
