"""The authority's keys: made, asked for one signature, and published.

pending → active → retired → revoked. A pending key stands in the DID document before it signs, so that nobody meets a
signature by a key they could not have fetched; a retired one stays until what it signed has expired; a revoked one is
gone at once.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Misconfigured
from portal.kit.ids import uuid7
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.key_services.contract import KeptKey
from tenants.verified_id.key_services.registry import key_service
from tenants.verified_id.models import Credential, SigningKey
from tenants.verified_id.protocol.did_web import verification_method_id
from tenants.verified_id.protocol.keys import Signer

# A retired key that signed no card may still have signed a request or a list that somebody is reading.
LINGERS = timedelta(days=1)


def make_signing_key(did: str, state: str) -> SigningKey:
    """A new P-256 key at the key service of the settings. `kid` is its absolute DID URL."""
    row = SigningKey(id=uuid7(), state=state, service=settings.KEY_SERVICE)
    made = key_service(row.service).make(row.id)
    row.kid = verification_method_id(did, made.public_jwk)
    row.public_jwk, row.service_name, row.private_sealed = dict(made.public_jwk), made.name, made.sealed
    if state == SigningKey.State.ACTIVE:
        row.activated_at = clock.now()
    row.save(force_insert=True)
    return row


def signer_of(row: SigningKey) -> Signer:
    """A signer for one key. A revoked key signs nothing, not even its status list."""
    if row.state == SigningKey.State.REVOKED:
        raise Misconfigured("key_revoked")
    sealed = bytes(row.private_sealed) if row.private_sealed is not None else None
    kept = KeptKey(row.id, row.kid, row.public_jwk, row.service_name, sealed)
    return key_service(row.service).signer(kept)


def active_key() -> SigningKey:
    """The key that signs now. A pending one whose time has come takes over here, for whoever needs it first."""
    found = SigningKey.objects.filter(state__in=(SigningKey.State.ACTIVE, SigningKey.State.PENDING))
    by_state = {row.state: row for row in found}
    pending = by_state.get(SigningKey.State.PENDING)
    if pending is not None and pending.signs_from is not None and pending.signs_from <= clock.now():
        return use_key(pending)
    if SigningKey.State.ACTIVE not in by_state:
        raise Misconfigured("no_active_key")
    return by_state[SigningKey.State.ACTIVE]


def use_key(row: SigningKey, *, actor: Actor = SYSTEM) -> SigningKey:
    """Sign with a pending key from now on; the one before is retired. Quiet when somebody else was quicker."""
    moment = clock.now()
    rows = {found.id: found for found in SigningKey.objects.select_for_update().order_by("id")}
    chosen = rows[row.id]
    if chosen.state != SigningKey.State.PENDING:
        return next(found for found in rows.values() if found.state == SigningKey.State.ACTIVE)
    SigningKey.objects.filter(state=SigningKey.State.ACTIVE).update(
        state=SigningKey.State.RETIRED, retired_at=moment
    )
    chosen.state, chosen.activated_at = SigningKey.State.ACTIVE, moment
    chosen.save(update_fields=["state", "activated_at"])
    record_event(EventName.AUTHORITY_KEY_USED, actor=actor, data={"key": chosen.kid.partition("#")[2]})
    return chosen


def published_keys() -> list[SigningKey]:
    """Pending and active keys, and retired ones while a card they signed is valid; a revoked one is gone at once."""
    live = Credential.objects.filter(status_list__key=OuterRef("id"), expires_at__gt=clock.now()).order_by()
    retired = Q(state=SigningKey.State.RETIRED)
    needed = Q(retired_at__gt=clock.now() - LINGERS) | Exists(live)
    found = SigningKey.objects.exclude(state=SigningKey.State.REVOKED)
    return list(found.filter(~retired | needed).order_by("created_at"))


def trusted_keys() -> dict[str, dict[str, str]]:
    """Our own keys by `kid`, to verify what we issued. Never from a header, never over the network."""
    return {row.kid: row.public_jwk for row in published_keys()}
