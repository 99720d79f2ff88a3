"""The keys that ID Tokens of a bridge are signed with. RS256, for that is what every client knows (OpenID Connect Core 1.0, 15.1).

A new key is published an hour before it signs, since clients keep what they read; the one before stays published for a day. What
this does not do: sign for anything else; an organisation's cards have keys of their own.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import RSAKey

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.scope import current_tenant_id
from portal.kit.sealed import Context, seal, unseal
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from vendors.bridge.models import BridgeKey

ALGORITHM = "RS256"
PUBLISHED_BEFORE = timedelta(hours=1)
PUBLISHED_AFTER = timedelta(hours=24)


def _context(row_id: UUID) -> Context:
    return Context("bridge_bridgekey", "private_sealed", row_id)


def hold_bridges() -> None:
    """One at a time changes an organisation's clients and keys."""
    held = Tenant.objects.select_for_update(no_key=True).filter(id=current_tenant_id())
    list(held.values_list("id"))


def _make(*, waits: bool) -> BridgeKey:
    key = RSAKey.generate_key(2048)
    row = BridgeKey(
        key_id=key.thumbprint(), signs_from=clock.now() + (PUBLISHED_BEFORE if waits else timedelta())
    )
    row.public_jwk = {**key.as_dict(private=False), "kid": row.key_id, "use": "sig", "alg": ALGORITHM}
    row.private_sealed = seal(json.dumps(key.as_dict(private=True)).encode(), _context(row.id))
    row.save(force_insert=True)
    return row


def ensure_key() -> None:
    """Called with `hold_bridges`. Nobody has read any keys before the first, so that it signs at once."""
    if not BridgeKey.objects.filter(published_until=None).exists():
        _make(waits=False)


def replace_key(*, leaked: bool, actor: Actor) -> None:
    """`leaked`: the old ones go at once and the new one signs at once."""
    hold_bridges()
    moment = clock.now()
    old = BridgeKey.objects.filter(published_until=None)
    if leaked:
        BridgeKey.objects.filter(private_sealed__isnull=False).update(
            published_until=moment, private_sealed=None
        )
    else:
        old.update(published_until=moment + PUBLISHED_BEFORE + PUBLISHED_AFTER)
    made = _make(waits=not leaked)
    record_event(EventName.BRIDGE_KEY_REPLACED, actor=actor, data={"key_id": made.key_id, "leaked": leaked})


def published_keys() -> list[dict[str, Any]]:
    rows = BridgeKey.objects.order_by("-signs_from", "-id")
    return [
        row.public_jwk for row in rows if row.published_until is None or row.published_until > clock.now()
    ]


def shown_keys() -> list[BridgeKey]:
    rows = BridgeKey.objects.order_by("-signs_from", "-id")
    return [row for row in rows if row.published_until is None or row.published_until > clock.now()]


def sign(claims: dict[str, Any]) -> str:
    """By the newest key whose time has come."""
    row = BridgeKey.objects.filter(signs_from__lte=clock.now(), private_sealed__isnull=False).latest(
        "signs_from"
    )
    key = RSAKey.import_key(json.loads(unseal(row.private_sealed or b"", _context(row.id))))
    return jwt.encode(
        {"alg": ALGORITHM, "typ": "JWT", "kid": row.key_id}, claims, key, algorithms=[ALGORITHM]
    )


def destroy_old_keys() -> None:
    """Whose time of being published is over. Called in each tenant's scope."""
    BridgeKey.objects.filter(published_until__lte=clock.now()).delete()
