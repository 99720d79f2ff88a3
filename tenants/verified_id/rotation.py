"""Turning keys over: published before it signs, kept while needed, gone at once when it leaked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotHere
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.credentials import revoke_many
from tenants.verified_id.encryption_keys import make_encryption_key
from tenants.verified_id.models import Authority, Credential, SigningKey
from tenants.verified_id.places import open_status_list
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import make_signing_key, use_key

# Twice as long as anybody may keep our DID document.
OVERLAP = timedelta(minutes=10)


def check_published() -> None:
    """Ask the worker to fetch over the network what we publish."""
    enqueue("verified_id.check_published", tenant_id=current_tenant_id())


@transaction.atomic
def rotate_key(*, actor: Actor, at_once: bool = False) -> SigningKey:
    """Publish a new key that signs when the overlap is over; the present one signs until then and stays published until
    what it signed expires. One that waits already is returned as it is. `at_once` makes it sign now, for those who know
    that nobody holds on to our documents."""
    authority = Authority.objects.select_for_update().get(id=get_authority().id)
    row = SigningKey.objects.filter(state=SigningKey.State.PENDING).first()
    if row is None:
        row = _publish(authority, actor)
    if at_once:
        row = use_key(row, actor=actor)
    check_published()
    return row


def _publish(authority: Authority, actor: Actor) -> SigningKey:
    row = make_signing_key(authority.did, SigningKey.State.PENDING)
    row.signs_from = clock.now() + OVERLAP
    row.save(update_fields=["signs_from"])
    open_status_list(authority, row)
    make_encryption_key(authority)
    record_event(EventName.AUTHORITY_KEY_CREATED, actor=actor, subject=authority.public_id)
    return row


@transaction.atomic
def use_due_keys() -> None:
    """Pending keys whose time has come sign from now on. Periodic; `active_key` does not wait for it."""
    due = SigningKey.objects.filter(state=SigningKey.State.PENDING, signs_from__lte=clock.now()).first()
    if due is not None:
        use_key(due)


@dataclass(frozen=True, slots=True)
class Compromise:
    """What was done about a key that leaked."""

    key: SigningKey
    successor: SigningKey
    revoked: int


def cards_of_key(key_id: UUID) -> int:
    """How many cards that are not revoked carry this key's signature."""
    live = Credential.objects.filter(status_list__key=key_id)
    return live.exclude(state=Credential.State.REVOKED).count()


@transaction.atomic
def revoke_key(key_id: UUID, *, actor: Actor, words: str = "") -> Compromise:
    """Somebody else may have this key: it leaves the DID document now, signs nothing any more, and every card it signed
    is revoked. Another key signs from this moment, without overlap. Quiet for a key that is revoked already."""
    authority = Authority.objects.select_for_update().get(id=get_authority().id)
    row = SigningKey.objects.select_for_update().filter(id=key_id).first()
    if row is None:
        raise NotHere("key_unknown")
    was = row.state
    if was != SigningKey.State.REVOKED:
        row.state, row.revoked_at = SigningKey.State.REVOKED, clock.now()
        row.private_sealed = None
        row.save(update_fields=["state", "revoked_at", "private_sealed"])
        record_event(
            EventName.AUTHORITY_KEY_REVOKED,
            actor=actor,
            subject=authority.public_id,
            data={"key": row.kid.partition("#")[2]},
            personal={"reason": words} if words else None,
        )
    revoked = revoke_many(
        Credential.objects.filter(status_list__key=row), reason="key_compromised", actor=actor, words=words
    )
    successor = _successor(authority, actor)
    check_published()
    return Compromise(row, successor, revoked)


def _successor(authority: Authority, actor: Actor) -> SigningKey:
    active = SigningKey.objects.filter(state=SigningKey.State.ACTIVE).first()
    if active is not None:
        return active
    pending = SigningKey.objects.filter(state=SigningKey.State.PENDING).first()
    return use_key(pending or _publish(authority, actor), actor=actor)


def get_key(thumbprint: str) -> SigningKey:
    """By the fragment of its `kid`. Invalid for one that is not ours."""
    row = SigningKey.objects.filter(kid__endswith=f"#{thumbprint}").first() if thumbprint else None
    if row is None:
        raise Invalid("key_unknown", "There is no such key.", field="key")
    return row
