"""A visitor of the demonstration becomes one of its people, with a specimen passport.

The picture is looked at in memory, drawn into the specimen and forgotten; the specimen is handed to the browser and
kept nowhere. What this does not do: touch a tenant that is no demonstration, or run in production.
"""

from __future__ import annotations

import importlib
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.limits import Limit, take
from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.directory.matching import words
from tenants.directory.selectors import addresses_of, get_person
from tenants.directory.services import create_person
from tenants.models import Tenant
from tenants.notices import mailbox

# A recovery counts a code to an address only when the address was held for three days; the page says that it pretends.
HELD = timedelta(days=30)
NETWORK = Limit("demonstration_people_of_network", 60, 3600)
TENANT = Limit("demonstration_people_of_tenant", 300, 3600)


@dataclass(frozen=True, slots=True)
class Visitor:
    person_id: UUID
    user_name: str
    email: str
    passport: bytes = field(repr=False)


def require_demonstration(tenant: Tenant) -> None:
    """These pages are nowhere but on a demonstration tenant, and never in production."""
    if settings.IS_PRODUCTION or not tenant.is_demonstration:
        raise Http404


def add_visitor(
    tenant: Tenant, *, given_names: str, family_name: str, birthdate: date, picture: bytes, address: str
) -> Visitor:
    """Put the visitor among the demonstration's people and draw their specimen passport."""
    require_demonstration(tenant)
    require_no_transaction()
    take(NETWORK, f"{tenant.id}|{address}")
    take(TENANT, str(tenant.id))
    drawing = _drawing()
    portrait = drawing.portrait_of(picture)
    user_name = _user_name(given_names, family_name)
    email = f"{user_name}@{tenant.slug}.example"
    with tenant_scope(tenant.id):
        person = create_person(
            user_name=user_name,
            given_names=given_names,
            family_name=family_name,
            birthdate=birthdate,
            emails=[email],
            held_since=clock.now() - HELD,
            source="demo",
            actor=SYSTEM,
        )
    return Visitor(
        person.id, user_name, email, drawing.passport_of(given_names, family_name, birthdate, portrait)
    )


def _drawing() -> Any:
    """`portal.demo.passports`, imported when it is needed: OpenCV is a third of what a web process weighs."""
    return importlib.import_module("portal.demo.passports")


def _user_name(given_names: str, family_name: str) -> str:
    name = ".".join(words(f"{given_names} {family_name}"))[:40] or "visitor"
    return f"{name}.{secrets.randbelow(9000) + 1000}"


def newest_mail(tenant: Tenant, person_id: UUID, *, since: datetime) -> mailbox.Message | None:
    """The newest mail to this visitor, from the mailbox of this machine."""
    require_demonstration(tenant)
    with tenant_scope(tenant.id):
        held = addresses_of(get_person(person_id).id)
    found = [mail for entry in held for mail in mailbox.messages(entry.value, limit=1)]
    return next((mail for mail in found if mail.received_at >= since), None)
