"""Signing in with a passkey, and the session it opens.

Protects an account from whoever holds a passkey that opens nothing any more, or none: one refusal for every cause, and a
challenge that is taken and committed before anything is verified. What it does not do: keep or take away passkeys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from webauthn.helpers import base64url_to_bytes

from portal.kit import clock
from portal.kit.codes import digest, new_token
from portal.kit.errors import Refused
from portal.kit.limits import Limit, take
from portal.kit.origins import network_of
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.passkeys import ceremonies
from recovery.passkeys.models import Ceremony, Passkey, PersonSession
from recovery.passkeys.selectors import is_active
from recovery.passkeys.services import (
    CEREMONIES,
    begin_ceremony,
    handle_of,
    person_actor,
    relying_party,
    take_ceremony,
)
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant

SESSION_LIFE = timedelta(hours=12)
# A browser that forgets its cookie is a new one each time; the network it stands in is not.
CEREMONIES_OF_NETWORK = Limit("passkey_ceremonies_of_network", 3000, 600)


@dataclass(frozen=True, slots=True)
class PersonSessionToken:
    """`token` goes into the cookie and nowhere else."""

    token: str = field(repr=False)
    person_id: UUID
    session_id: UUID
    expires_at: datetime


def begin_authentication(*, tenant_id: UUID, browser_digest: bytes, address: str) -> dict[str, Any]:
    """Request options for a discoverable passkey: the same for everybody."""
    require_no_transaction()
    take(CEREMONIES_OF_NETWORK, f"{tenant_id}|{network_of(address)}")
    take(CEREMONIES, f"{tenant_id}|{browser_digest.hex()}")
    with tenant_scope(tenant_id):
        challenge = begin_ceremony(Ceremony.Kind.AUTHENTICATION, browser_digest)
        return ceremonies.authentication_options(
            relying_party(Tenant.objects.get(id=tenant_id)), challenge=challenge
        )


def complete_authentication(
    *, tenant_id: UUID, browser_digest: bytes, response: dict[str, Any]
) -> PersonSessionToken:
    """Sign in. One refusal for every cause: unknown, frozen, suspended, invalidated, wrong signature, no user verification.

    Whoever can use a passkey that opens nothing any more holds the device it is on and unlocks it: that is written
    down, so that a thief who tries a lost phone is seen. A passkey that is not proven leaves no trace.
    """
    ceremony = take_ceremony(tenant_id, Ceremony.Kind.AUTHENTICATION, browser_digest)
    refusal = Refused(
        "sign_in_refused", _("That passkey does not work here. Use another one, or recover your account.")
    )
    with tenant_scope(tenant_id):
        credential_id = str(response.get("id", ""))[:1400]
        passkey = Passkey.objects.select_for_update().filter(credential_id=credential_id).first()
        if passkey is None:
            raise refusal
        try:
            done = ceremonies.verify_authentication(
                response,
                expected_party=relying_party(Tenant.objects.get(id=tenant_id)),
                expected_challenge=base64url_to_bytes(ceremony.challenge),
                expected_user_handle=handle_of(passkey.person_id),
                public_key=bytes(passkey.public_key),
                sign_count=passkey.sign_count,
            )
        except Refused as error:
            raise refusal from error
        closed = _why_closed(passkey)
        if not closed:
            passkey.sign_count, passkey.backed_up, passkey.last_used_at = (
                done.sign_count,
                done.backed_up,
                clock.now(),
            )
            passkey.save(update_fields=["sign_count", "backed_up", "last_used_at"])
            return _begin_session(passkey)
        record_event(
            EventName.SIGN_IN_REFUSED,
            actor=person_actor(passkey.person_id),
            subject=passkey.public_id,
            data={"cause": closed},
        )
    raise refusal


def _why_closed(passkey: Passkey) -> str:
    """Why a passkey that was proven opens nothing; empty when it does."""
    if passkey.invalidated_at is not None:
        return "invalidated"
    if passkey.frozen_at is not None:
        return "frozen"
    if passkey.suspended_at is not None:
        return "suspended"
    return "" if is_active(passkey.person_id) else "not_active"


def _begin_session(passkey: Passkey) -> PersonSessionToken:
    token, moment = new_token(), clock.now()
    row = PersonSession.objects.create(
        person_id=passkey.person_id,
        passkey=passkey,
        token_digest=digest(token),
        expires_at=moment + SESSION_LIFE,
        last_seen_at=moment,
    )
    record_event(
        EventName.SIGNED_IN,
        actor=person_actor(passkey.person_id),
        subject=row.public_id,
        data={"passkey": passkey.public_id},
    )
    return PersonSessionToken(token, passkey.person_id, row.id, row.expires_at)
