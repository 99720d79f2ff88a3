"""Registering passkeys, and the ceremonies that this and signing in are made of.

Protects the account's only way in. A challenge is taken and the taking committed before anything is verified; it is
bound to the browser that asked; user verification is demanded. What it does not do: decide who may register; recovery and
a signed-in session do.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Refused
from portal.kit.ids import public_id
from portal.kit.limits import Limit, take
from portal.kit.origins import tenant_host, tenant_origin
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.passkeys import ceremonies
from recovery.passkeys.models import Ceremony, Passkey, UserHandle
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.services import note_enrolled
from tenants.models import Tenant

CEREMONY_LIFE = timedelta(minutes=5)
CEREMONIES = Limit("passkey_ceremonies_of_browser", 30, 600)
# Each registration that is refused is written down: whoever tries without end is refused before that.
REGISTRATIONS = Limit("passkey_registrations_of_permission", 30, 600)


@dataclass(frozen=True, slots=True)
class VerifiedPasskey:
    """A new passkey that was verified under a permission, and not kept yet."""

    ceremony: Ceremony
    person_id: UUID
    registration: ceremonies.VerifiedRegistration = field(repr=False)
    transports: list[str]
    label: str


def relying_party(tenant: Tenant) -> ceremonies.RelyingParty:
    """The tenant's own: passkeys of one tenant are worth nothing at another's host."""
    return ceremonies.RelyingParty(
        rp_id=tenant_host(tenant.slug).split(":")[0], name=tenant.name, origin=tenant_origin(tenant.slug)
    )


def person_actor(person_id: UUID) -> Actor:
    return Actor(ActorKind.PERSON, public_id("person", person_id))


def handle_of(person_id: UUID) -> bytes:
    fresh = bytes_to_base64url(secrets.token_bytes(32))
    row, _created = UserHandle.objects.get_or_create(person_id=person_id, defaults={"handle": fresh})
    handle: bytes = base64url_to_bytes(row.handle)
    return handle


def begin_ceremony(kind: str, browser_digest: bytes, **fields: Any) -> bytes:
    challenge = secrets.token_bytes(32)
    Ceremony.objects.create(
        kind=kind,
        challenge=bytes_to_base64url(challenge),
        browser_digest=browser_digest,
        expires_at=clock.now() + CEREMONY_LIFE,
        **fields,
    )
    return challenge


def begin_registration(
    *,
    tenant_id: UUID,
    person_id: UUID,
    user_name: str,
    display_name: str,
    browser_digest: bytes,
    permission: str,
    permission_id: UUID,
) -> dict[str, Any]:
    """Creation options as JSON (WebAuthn Level 3, 5.4). The caller has checked that this person may register."""
    require_no_transaction()
    take(CEREMONIES, f"{tenant_id}|{browser_digest.hex()}")
    with tenant_scope(tenant_id):
        known = Passkey.objects.filter(person_id=person_id, invalidated_at=None).values_list(
            "credential_id", flat=True
        )
        challenge = begin_ceremony(
            Ceremony.Kind.REGISTRATION,
            browser_digest,
            person_id=person_id,
            permission=permission,
            permission_id=permission_id,
        )
        return ceremonies.registration_options(
            relying_party(Tenant.objects.get(id=tenant_id)),
            user_handle=handle_of(person_id),
            user_name=user_name,
            display_name=display_name,
            challenge=challenge,
            exclude=[base64url_to_bytes(value) for value in known],
        )


def take_ceremony(tenant_id: UUID, kind: str, browser_digest: bytes) -> Ceremony:
    """The browser's newest challenge, taken and committed. Refused when there is none."""
    require_no_transaction()
    with tenant_scope(tenant_id):
        mine = Ceremony.objects.filter(
            kind=kind, browser_digest=browser_digest, taken_at=None, expires_at__gt=clock.now()
        )
        newest = mine.order_by("-created_at").first()
        if newest is None or not mine.filter(id=newest.id).update(taken_at=clock.now()):
            raise Refused("ceremony_over", _("That took too long. Try again."))
        return newest


def verify_new_passkey(
    *,
    tenant: Tenant,
    browser_digest: bytes,
    response: dict[str, Any],
    label: str,
    expected_permission_id: UUID,
) -> VerifiedPasskey:
    """Take the browser's challenge, commit that, and verify. Refused for any doubt; nothing is kept yet.

    `expected_permission_id` is the case or session that permits it now: the ceremony must have begun under it.
    """
    ceremony = take_ceremony(tenant.id, Ceremony.Kind.REGISTRATION, browser_digest)
    if ceremony.person_id is None or ceremony.permission_id != expected_permission_id:
        raise Refused("registration_invalid")
    try:
        done = ceremonies.verify_registration(
            response,
            expected_party=relying_party(tenant),
            expected_challenge=base64url_to_bytes(ceremony.challenge),
        )
    except Refused as refusal:
        raise Refused(
            "registration_invalid", _("That passkey could not be accepted. Try again."), detail=refusal.detail
        ) from refusal
    named = response.get("response", {}).get("transports") or []
    transports = [str(name)[:20] for name in named[:8]] if isinstance(named, list) else []
    return VerifiedPasskey(ceremony, ceremony.person_id, done, transports, label.strip()[:60])


@contextmanager
def noting_refusals(tenant_id: UUID, person_id: UUID, *, case_id: UUID | None = None) -> Iterator[None]:
    """Around a registration and the scope that keeps its passkey: one that is registered already is refused, and every
    refusal is written down with its cause. TooMany, and nothing written, for a case or person that tries without end."""
    take(REGISTRATIONS, f"{tenant_id}|{case_id or person_id}")
    try:
        yield
    except IntegrityError as error:
        _note_refusal(tenant_id, person_id, case_id, "already_registered")
        raise Refused(
            "passkey_exists", _("This passkey is already registered. Use another device.")
        ) from error
    except Refused as refusal:
        _note_refusal(tenant_id, person_id, case_id, str(refusal.detail.get("cause") or refusal.code))
        raise


def keep_passkey(new: VerifiedPasskey) -> Passkey:
    """Keep a verified passkey, in the caller's scope: it opens the account once that commits."""
    done, by_pass = new.registration, new.ceremony.permission == "pass"
    made = Passkey.objects.create(
        person_id=new.person_id,
        credential_id=bytes_to_base64url(done.credential_id),
        public_key=done.public_key,
        sign_count=done.sign_count,
        aaguid=done.aaguid,
        transports=new.transports,
        backup_eligible=done.backup_eligible,
        backed_up=done.backed_up,
        label=new.label,
    )
    note_enrolled(new.person_id)
    record_event(
        EventName.PASSKEY_REGISTERED,
        actor=person_actor(new.person_id),
        subject=made.public_id,
        case_id=new.ceremony.permission_id if by_pass else None,
        data={"permission": new.ceremony.permission, "backed_up": done.backed_up},
    )
    return made


def complete_registration(
    *,
    tenant: Tenant,
    person_id: UUID,
    browser_digest: bytes,
    response: dict[str, Any],
    label: str,
    expected_permission_id: UUID,
) -> Passkey:
    """Verify and keep a passkey that a signed-in person adds. Refused for any doubt."""
    with noting_refusals(tenant.id, person_id):
        new = verify_new_passkey(
            tenant=tenant,
            browser_digest=browser_digest,
            response=response,
            label=label,
            expected_permission_id=expected_permission_id,
        )
        with tenant_scope(tenant.id):
            return keep_passkey(new)


def _note_refusal(tenant_id: UUID, person_id: UUID, case_id: UUID | None, cause: str) -> None:
    with tenant_scope(tenant_id):
        record_event(
            EventName.PASSKEY_REFUSED, actor=person_actor(person_id), case_id=case_id, data={"cause": cause}
        )


def rename_passkey(passkey_id: UUID, *, label: str) -> None:
    Passkey.objects.filter(id=passkey_id).update(label=label.strip()[:60])
