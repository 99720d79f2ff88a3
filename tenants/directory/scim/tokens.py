"""Tokens that let a system provision: made, found, revoked.

Protects the directory from tokens that are guessed, dead or another organisation's. A token belongs to the organisation
and not to whoever made it, so that provisioning outlives a colleague; two may hold at once, so that one replaces the other
without a gap. What it does not do: say which system shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.codes import same
from portal.kit.errors import Invalid, NotHere
from portal.kit.origins import site_url
from portal.kit.written_keys import KeyForm, WrittenKey
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import ScimToken
from tenants.models import Tenant

FORM = KeyForm("rds_", "scim_token")
LIFETIME = timedelta(days=365)
MOST_TOKENS = 10


@dataclass(frozen=True, slots=True)
class MadeToken:
    """`written` is known here, on the page that shows it once, and to whoever copied it."""

    row: ScimToken
    written: WrittenKey


def base_address(tenant: Tenant) -> str:
    """Where a system provisions this organisation (RFC 7644, 6.1)."""
    return site_url(f"/scim/{tenant.slug}/v2")


def make_token(*, tenant: Tenant, label: str, actor: Actor) -> MadeToken:
    """In the tenant's scope. Invalid without a name, or when there are too many."""
    if not label.strip():
        raise Invalid("label_missing", _("Name the token after the system that will use it."), field="label")
    # Two members at once would each see room for one more.
    Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
    live = len(live_tokens())
    if live >= MOST_TOKENS:
        raise Invalid("too_many_tokens", _("There are %d tokens. Revoke one that is not needed.") % live)
    written = FORM.new()
    row = ScimToken.objects.create(
        label=label.strip(),
        name_in_token=written.name,
        secret_digest=written.digest,
        expires_at=clock.now() + LIFETIME,
    )
    record_event(EventName.PROVISIONING_OPENED, actor=actor, subject=row.public_id, data={"name": row.label})
    return MadeToken(row, written)


def revoke_token(token_id: UUID, *, actor: Actor) -> ScimToken:
    """It opens nothing from the next request on. Quiet when it is revoked already."""
    row = ScimToken.objects.select_for_update().filter(id=token_id).first()
    if row is None:
        raise NotHere("scim_token_unknown")
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        record_event(
            EventName.PROVISIONING_CLOSED, actor=actor, subject=row.public_id, data={"name": row.label}
        )
    return row


def live_tokens() -> list[ScimToken]:
    """Those that work, newest first."""
    found = ScimToken.objects.filter(revoked_at=None, expires_at__gt=clock.now())
    return list(found.order_by("-created_at", "-id"))


def verified_token(unverified: WrittenKey) -> ScimToken | None:
    """In the tenant's scope. None for a token that is unknown here, revoked or expired. Notes its use once a day."""
    digest = unverified.digest
    row = ScimToken.objects.filter(secret_digest=digest, revoked_at=None, expires_at__gt=clock.now()).first()
    if row is None or not same(bytes(row.secret_digest), digest):
        return None
    today = clock.now().date()
    if row.last_used_on != today:
        ScimToken.objects.filter(id=row.id).update(last_used_on=today)
    return row
