"""Patterns are written down once, told once, and closed by a member who says what came of it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import NotHere, Refused
from portal.kit.origins import site_url
from recovery.patterns.finding import Found, find_patterns
from recovery.patterns.models import Pattern
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with

# How long what was closed may go on before it is told anew. A document is told anew only for another person.
QUIET: dict[str, timedelta] = {
    Pattern.Kind.TRIED_NAMES: timedelta(days=1),
    Pattern.Kind.REFUSES_LESS: timedelta(days=7),
    Pattern.Kind.NOT_BORNE_OUT: timedelta(days=7),
}


def look_at(tenant: Tenant) -> list[Pattern]:
    """Write down what stands out now; the new ones. In the tenant's scope."""
    return [row for found in find_patterns() if (row := _note(tenant, found))]


def _note(tenant: Tenant, found: Found) -> Pattern | None:
    """The row, where it is new. Whoever looks at the same time meets the constraint and leaves it to the other."""
    with transaction.atomic():
        rows = Pattern.objects.filter(kind=found.kind, key=found.key)
        open_row = rows.filter(closed_at=None).select_for_update().first()
        values = {
            "cases": [str(case) for case in found.cases],
            "people": sorted(str(person) for person in found.people),
            "figures": found.figures,
            "last_at": found.last_at,
        }
        if open_row:
            for name, value in values.items():
                setattr(open_row, name, value)
            open_row.save(update_fields=list(values))
            return None
        if not _is_news(found, rows.order_by("-closed_at").first()):
            return None
        row = Pattern.objects.create(kind=found.kind, key=found.key, **values)
        record_event(
            EventName.PATTERN_FOUND,
            actor=SYSTEM,
            subject=row.public_id,
            data={"pattern": row.kind, "count": len(found.cases)},
        )
        _tell(tenant, row)
        return row


def _is_news(found: Found, closed: Pattern | None) -> bool:
    if closed is None or closed.closed_at is None:
        return True
    if found.kind is Pattern.Kind.ONE_DOCUMENT:
        return not {str(person) for person in found.people} <= set(closed.people)
    return found.last_at > closed.closed_at + QUIET[found.kind]


def _tell(tenant: Tenant, row: Pattern) -> None:
    path = reverse("patterns:pattern", urlconf=settings.ROOT_URLCONF, args=[tenant.slug, row.public_id])
    for address in addresses_of_members_with(Right.ACT_ON_CASES):
        send_staff_mail(
            "staff_pattern",
            address=address,
            context={"organisation": tenant.name, "kind": row.kind, "pattern_url": site_url(path)},
        )


def get_pattern(pattern_id: UUID) -> Pattern:
    """Raises NotHere."""
    row = Pattern.objects.filter(id=pattern_id).first()
    if row is None:
        raise NotHere("no_such_pattern")
    return row


def close_pattern(pattern_id: UUID, *, note: str, member_id: UUID, actor: Actor) -> Pattern:
    """Write down what came of it. Raises NotHere; Refused where somebody else was quicker."""
    with transaction.atomic():
        row = Pattern.objects.select_for_update().filter(id=pattern_id).first()
        if row is None:
            raise NotHere("no_such_pattern")
        if row.closed_at:
            raise Refused("pattern_closed_already", _("A colleague has closed it already."))
        row.closed_at, row.closed_by, row.note = clock.now(), member_id, note
        row.save(update_fields=["closed_at", "closed_by", "note"])
        record_event(
            EventName.PATTERN_CLOSED,
            actor=actor,
            subject=row.public_id,
            data={"pattern": row.kind},
            personal={"note": note},
        )
    return row
