"""Issued credentials as the console lists them. A credential names no person, so neither does the list."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.kit.errors import NotHere
from tenants.verified_id.models import Credential

PAGE = 50


@dataclass(frozen=True, slots=True)
class IssuedFilter:
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None


def issued_found(chosen: IssuedFilter) -> QuerySet[Credential]:
    """Every credential of the filter, newest first."""
    found = Credential.objects.order_by("-created_at", "-id")
    if chosen.state:
        found = found.filter(state=chosen.state)
    if chosen.since:
        found = found.filter(created_at__gte=chosen.since)
    if chosen.until:
        found = found.filter(created_at__lt=chosen.until)
    return found


def issued_page(chosen: IssuedFilter, cursor: str, size: int = PAGE) -> tuple[list[Credential], str]:
    """One page and the cursor of the next: moment and id of the last credential."""
    found = issued_found(chosen)
    moment, _tilde, identifier = cursor.partition("~")
    with suppress(ValueError):
        at, last = datetime.fromisoformat(moment), UUID(identifier)
        if at.tzinfo is not None:
            found = found.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=last))
    rows = list(found[: size + 1])
    more = rows[size - 1] if len(rows) > size else None
    return rows[:size], f"{more.created_at.isoformat()}~{more.id}" if more else ""


def get_credential(credential_id: UUID) -> Credential:
    row = Credential.objects.filter(id=credential_id).first()
    if row is None:
        raise NotHere("credential_unknown")
    return row
