"""Making and revoking keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from portal.api.keys import WrittenKey, new_key
from portal.api.models import ApiKey
from portal.api.scopes import known_scopes, scopes_to_give
from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotAllowed, NotHere
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.rights import Right

LIFETIMES = (30, 90, 180, 365)
MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class MadeKey:
    """`written` is known here, on the page that shows it once, and to whoever copied it."""

    row: ApiKey
    written: WrittenKey


def make_key(
    *,
    tenant: Tenant,
    label: str,
    scopes: Sequence[str],
    days: int,
    made_by: UUID,
    rights: frozenset[Right],
    actor: Actor,
) -> MadeKey:
    """Invalid without a name or a scope, for a lifetime that is not offered, or when there are too many keys.
    NotAllowed for a scope beyond the maker's own rights."""
    chosen = known_scopes(scopes)
    _require(label.strip() != "", "label_missing", _("Name the key after what will use it."), "label")
    _require(bool(chosen), "scopes_missing", _("Choose what the key may do."), "scopes")
    _require(days in LIFETIMES, "lifetime_unusable", _("Choose how long the key works."), "days")
    if set(chosen) - set(scopes_to_give(rights)):
        raise NotAllowed("scope_beyond_own", _("A key cannot do more than whoever makes it."))
    # Two members at once would each see room for one more.
    Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
    live = ApiKey.objects.filter(revoked_at=None, expires_at__gt=clock.now()).count()
    _require(
        live < MOST_KEYS, "too_many_keys", _("There are %d keys. Revoke one that is not needed.") % live, ""
    )
    written = new_key()
    row = ApiKey.objects.create(
        label=label.strip(),
        name_in_key=written.name,
        secret_digest=written.digest,
        scopes=[scope.value for scope in chosen],
        made_by_id=made_by,
        expires_at=clock.now() + timedelta(days=days),
    )
    record_event(
        EventName.API_KEY_MADE,
        actor=actor,
        subject=row.public_id,
        data={"name": row.label, "scopes": row.scopes, "until": row.expires_at.isoformat(timespec="seconds")},
    )
    return MadeKey(row, written)


def _require(holds: bool, code: str, sentence: str, field: str) -> None:
    if not holds:
        raise Invalid(code, sentence, field=field)


def revoke_key(key_id: UUID, *, actor: Actor) -> ApiKey:
    """It opens nothing from the next request on. Quiet when it is revoked already."""
    row = ApiKey.objects.select_for_update().filter(id=key_id).first()
    if row is None:
        raise NotHere("api_key_unknown")
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        record_event(EventName.API_KEY_REVOKED, actor=actor, subject=row.public_id, data={"name": row.label})
    return row
