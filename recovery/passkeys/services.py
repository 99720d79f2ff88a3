"""Registering passkeys, signing in with them, and taking them away.

Protects the account's only way in. A challenge is taken and the taking committed before anything is verified; it is
bound to the browser that asked; user verification is demanded; an invalidated or frozen passkey opens nothing. What it
does not do: decide who may register; recovery and a signed-in session do.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, keyed_digest, new_token
from portal.kit.errors import Refused
from portal.kit.ids import public_id, random_base32
from portal.kit.limits import Limit, take
from portal.kit.origins import network_of, tenant_host, tenant_origin
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from recovery.passkeys import ceremonies
from recovery.passkeys.models import Ceremony, Passkey, PersonSession, SavedRecoveryCode, UserHandle
from recovery.passkeys.selectors import is_active
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant

CEREMONY_LIFE = timedelta(minutes=5)
SESSION_LIFE = timedelta(hours=12)
SAVED_CODES = 8
SAVED_CODE_LENGTH = 16
CEREMONIES = Limit("passkey_ceremonies_of_browser", 30, 600)
# A browser that forgets its cookie is a new one each time; the network it stands in is not.
CEREMONIES_OF_NETWORK = Limit("passkey_ceremonies_of_network", 3000, 600)


@dataclass(frozen=True, slots=True)
class PersonSessionToken:
    """`token` goes into the cookie and nowhere else."""

    token: str = field(repr=False)
    person_id: UUID
    session_id: UUID
    expires_at: datetime


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


def _person(person_id: UUID) -> Actor:
    return Actor(ActorKind.PERSON, public_id("person", person_id))


def _handle(person_id: UUID) -> bytes:
    fresh = bytes_to_base64url(secrets.token_bytes(32))
    row, _created = UserHandle.objects.get_or_create(person_id=person_id, defaults={"handle": fresh})
    handle: bytes = base64url_to_bytes(row.handle)
    return handle


def _begin(kind: str, browser_digest: bytes, **fields: Any) -> bytes:
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
        challenge = _begin(
            Ceremony.Kind.REGISTRATION,
            browser_digest,
            person_id=person_id,
            permission=permission,
            permission_id=permission_id,
        )
        return ceremonies.registration_options(
            relying_party(Tenant.objects.get(id=tenant_id)),
            user_handle=_handle(person_id),
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
    refusal is written down with its cause."""
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
    record_event(
        EventName.PASSKEY_REGISTERED,
        actor=_person(new.person_id),
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
            EventName.PASSKEY_REFUSED, actor=_person(person_id), case_id=case_id, data={"cause": cause}
        )


def begin_authentication(*, tenant_id: UUID, browser_digest: bytes, address: str) -> dict[str, Any]:
    """Request options for a discoverable passkey: the same for everybody."""
    require_no_transaction()
    take(CEREMONIES_OF_NETWORK, f"{tenant_id}|{network_of(address)}")
    take(CEREMONIES, f"{tenant_id}|{browser_digest.hex()}")
    with tenant_scope(tenant_id):
        challenge = _begin(Ceremony.Kind.AUTHENTICATION, browser_digest)
        return ceremonies.authentication_options(
            relying_party(Tenant.objects.get(id=tenant_id)), challenge=challenge
        )


def complete_authentication(
    *, tenant_id: UUID, browser_digest: bytes, response: dict[str, Any]
) -> PersonSessionToken:
    """Sign in. One refusal for every cause: unknown, frozen, invalidated, wrong signature, no user verification.

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
                expected_user_handle=_handle(passkey.person_id),
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
            actor=_person(passkey.person_id),
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
        actor=_person(passkey.person_id),
        subject=row.public_id,
        data={"passkey": passkey.public_id},
    )
    return PersonSessionToken(token, passkey.person_id, row.id, row.expires_at)


def invalidate_passkeys(person_id: UUID, *, keep: Collection[UUID], reason: str, actor: Actor) -> int:
    """Take away every passkey of a person but those kept (NIST SP 800-63B-4, 4.4). How many there were."""
    gone = list(
        Passkey.objects.select_for_update()
        .filter(person_id=person_id, invalidated_at=None)
        .exclude(id__in=list(keep))
    )
    Passkey.objects.filter(id__in=[passkey.id for passkey in gone]).update(
        invalidated_at=clock.now(), invalidated_reason=reason
    )
    for passkey in gone:
        record_event(
            EventName.PASSKEY_INVALIDATED, actor=actor, subject=passkey.public_id, data={"reason": reason}
        )
    return len(gone)


def freeze_passkeys(person_id: UUID, *, reason: str, actor: Actor) -> int:
    """Make every passkey of a person open nothing, until the help desk has spoken with them."""
    live = Passkey.objects.select_for_update().filter(
        person_id=person_id, invalidated_at=None, frozen_at=None
    )
    frozen = list(live)
    Passkey.objects.filter(id__in=[passkey.id for passkey in frozen]).update(frozen_at=clock.now())
    for passkey in frozen:
        record_event(
            EventName.PASSKEY_FROZEN, actor=actor, subject=passkey.public_id, data={"reason": reason}
        )
    return len(frozen)


def end_sessions(person_id: UUID, *, keep: UUID | None, reason: str, actor: Actor) -> int:
    """End every session of a person but one."""
    live = PersonSession.objects.filter(person_id=person_id, ended_at=None).exclude(id=keep or UUID(int=0))
    ended = live.update(ended_at=clock.now())
    if ended:
        record_event(
            EventName.SESSIONS_ENDED,
            actor=actor,
            subject=public_id("person", person_id),
            data={"count": ended, "reason": reason},
        )
    return ended


def end_session(session_id: UUID, *, actor: Actor) -> None:
    """Sign one browser out."""
    if PersonSession.objects.filter(id=session_id, ended_at=None).update(ended_at=clock.now()):
        record_event(
            EventName.SESSIONS_ENDED,
            actor=actor,
            subject=public_id("session", session_id),
            data={"count": 1, "reason": "signed_out"},
        )


def rename_passkey(passkey_id: UUID, *, label: str) -> None:
    Passkey.objects.filter(id=passkey_id).update(label=label.strip()[:60])


@transaction.atomic
def remove_passkey(passkey_id: UUID, *, actor: Actor) -> None:
    """Take one passkey away, and end the sessions that began with it."""
    passkey = Passkey.objects.select_for_update().get(id=passkey_id)
    if passkey.invalidated_at is not None:
        return
    passkey.invalidated_at, passkey.invalidated_reason = clock.now(), "removed_by_person"
    passkey.save(update_fields=["invalidated_at", "invalidated_reason"])
    PersonSession.objects.filter(passkey=passkey, ended_at=None).update(ended_at=clock.now())
    record_event(
        EventName.PASSKEY_INVALIDATED,
        actor=actor,
        subject=passkey.public_id,
        data={"reason": "removed_by_person"},
    )


def void_saved_codes(person_id: UUID) -> int:
    """Codes saved before a recovery open nothing after it. How many there were."""
    live = SavedRecoveryCode.objects.filter(person_id=person_id, used_at=None, replaced_at=None)
    return live.update(replaced_at=clock.now())


@transaction.atomic
def make_saved_codes(person_id: UUID, *, actor: Actor) -> list[str]:
    """Eight new codes in place of the old ones, shown once (NIST SP 800-63B-4, 4.2.1.1)."""
    void_saved_codes(person_id)
    codes = [random_base32(SAVED_CODE_LENGTH) for _number in range(SAVED_CODES)]
    SavedRecoveryCode.objects.bulk_create(
        [
            SavedRecoveryCode(person_id=person_id, code_digest=saved_code_digest(person_id, code))
            for code in codes
        ]
    )
    record_event(EventName.SAVED_CODES_MADE, actor=actor, subject=public_id("person", person_id))
    return ["-".join(code[at : at + 4] for at in range(0, SAVED_CODE_LENGTH, 4)) for code in codes]


def use_saved_code(person_id: UUID, typed: str, *, actor: Actor) -> datetime | None:
    """Consume one of the person's codes: since when it was saved, or None. Whoever changes the row has used it; it is
    void from then on."""
    cleaned = typed.upper().translate(str.maketrans("OIL", "011"))
    found = SavedRecoveryCode.objects.filter(
        person_id=person_id,
        code_digest=saved_code_digest(person_id, cleaned),
        used_at=None,
        replaced_at=None,
    )
    saved_at = found.values_list("created_at", flat=True).first()
    if not found.update(used_at=clock.now()):
        return None
    record_event(EventName.SAVED_CODE_USED, actor=actor, subject=public_id("person", person_id))
    return saved_at


def saved_code_digest(person_id: UUID, code: str) -> str:
    return keyed_digest(code, context=f"saved_code|{current_tenant_id()}|{person_id}").hex()
