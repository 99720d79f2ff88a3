"""Founding and changing organisations."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Invalid
from portal.kit.origins import tenant_host
from portal.kit.scope import current_tenant_id, tenant_scope
from portal.kit.seen import marks_of, require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.colours import parse_colour
from tenants.models import Host, Member, Tenant, User
from tenants.rights import Role

# A label of a host name (RFC 1123), a letter first; "--" would read as an internationalised name (RFC 5891).
SLUG = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){1,30}[a-z0-9]")
# Words that stand for pages of ours below `/o/`.
OWN_WORDS = frozenset({"new", "host-name", "o"})
CHANGEABLE = ("name", "help_desk_contact", "accent", "time_zone")


def clean_slug(text: str) -> str:
    """A host name that can be given away. Invalid says what to change."""
    slug = text.strip().lower()
    if SLUG.fullmatch(slug) is None:
        sentence = _(
            "Use 3 to 32 letters, digits and single hyphens. Begin with a letter, end without a hyphen."
        )
        raise Invalid("slug_shape", sentence, field="slug")
    if slug in settings.RESERVED_SLUGS or slug in OWN_WORDS:
        raise Invalid("slug_reserved", _("This name is reserved. Choose another."), field="slug")
    host = tenant_host(slug).partition(":")[0]
    if Tenant.objects.filter(slug=slug).exists() or Host.objects.filter(name=host).exists():
        raise Invalid("slug_taken", _("This name is taken. Choose another."), field="slug")
    return slug


def clean_time_zone(name: str) -> str:
    if name not in clock.time_zone_names():
        raise Invalid("time_zone_unknown", _("Choose a time zone from the list."), field="time_zone")
    return name


def create_organisation(
    *,
    name: str,
    slug: str,
    user: User,
    time_zone: str,
    help_desk_contact: str,
    is_demonstration: bool = False,
) -> Tenant:
    """An organisation with its host and its first owner, or nothing of them."""
    taken = Invalid("slug_taken", _("This name is taken. Choose another."), field="slug")
    free_slug, zone = clean_slug(slug), clean_time_zone(time_zone)
    with transaction.atomic():
        try:
            with transaction.atomic():
                tenant = Tenant.objects.create(
                    name=name.strip(),
                    slug=free_slug,
                    time_zone=zone,
                    help_desk_contact=help_desk_contact.strip(),
                    is_demonstration=is_demonstration,
                )
                Host.objects.create(name=tenant_host(free_slug), tenant=tenant)
        except IntegrityError as error:  # somebody was quicker
            raise taken from error
        with tenant_scope(tenant.id):
            owner = Member.objects.create(user=user, role=Role.OWNER)
            record_event(
                EventName.ORGANISATION_CREATED,
                actor=Actor(ActorKind.MEMBER, owner.public_id),
                subject=tenant.public_id,
                data={"host": tenant_host(free_slug), "time_zone": zone, "demonstration": is_demonstration},
            )
    return tenant


def marks_of_organisation(tenant: Tenant) -> str:
    """What a form filled from this organisation has seen."""
    return marks_of({field: getattr(tenant, field) for field in CHANGEABLE})


def change_organisation(*, actor: Actor, seen: str | None = None, **values: Any) -> Tenant:
    """Change what may change: name, help desk contact, accent colour, time zone. Quiet when nothing does;
    ChangedMeanwhile when it is not what the page had `seen`."""
    tenant = Tenant.objects.select_for_update().get(id=current_tenant_id())
    require_unchanged(seen, {field: getattr(tenant, field) for field in CHANGEABLE})
    if "time_zone" in values:
        clean_time_zone(values["time_zone"])
    if "accent" in values:
        try:
            values["accent"] = parse_colour(values["accent"])
        except ValueError as error:
            sentence = _("Write a colour as six hexadecimal digits, like #1f5eff.")
            raise Invalid("accent_shape", sentence, field="accent") from error
    changed = [field for field in CHANGEABLE if field in values and getattr(tenant, field) != values[field]]
    if not changed:
        return tenant
    data: dict[str, str | list[str]] = {"changed": changed}
    for field in changed:
        setattr(tenant, field, values[field])
    for field in {"accent", "time_zone"} & set(changed):
        data[field] = str(values[field])
    tenant.save(update_fields=changed)
    record_event(EventName.ORGANISATION_CHANGED, actor=actor, subject=tenant.public_id, data=data)
    return tenant
