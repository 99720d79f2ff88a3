"""Asking a wallet for a Verified ID and reading its answer (OpenID4VP 1.0, direct_post.jwt).

Protects against answers for another transaction, by another key, from another issuer or of a revoked credential, and,
on the same device, against a browser that did not ask: the `response_code` is worth something only in the one that
began. Across devices there is no such bond (section 14.2); what stands in for it is decision 0013. Issuer keys come
from our own store alone, status fails closed. What was shown rests sealed under a key of its own for at most half an
hour and is destroyed when it is taken. What it does not do: compare faces or names.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import NotHere, Refused
from portal.kit.origins import wallet_url
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from portal.kit.sealed import Context, make_data_key, seal, seal_under, unseal, unseal_under
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.verified_id.credentials import status_of
from tenants.verified_id.models import Authority, Credential, Presentation
from tenants.verified_id.portraits import portrait_bytes
from tenants.verified_id.protocol.dcql import ClaimQuery, CredentialQuery, DcqlQuery
from tenants.verified_id.protocol.encryption import generate_encryption_key
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.keys import thumbprint
from tenants.verified_id.protocol.presentation import (
    PresentationTransaction,
    UnverifiedResponse,
    VerifiedResponse,
    WalletError,
    direct_post_response,
    read_authorization_response,
    verify_vp_token,
)
from tenants.verified_id.protocol.presentation_request import (
    ResponseMode,
    WalletRequest,
    build_request_object,
    client_id_of_did,
    encrypt_request_object,
    request_link,
)
from tenants.verified_id.protocol.sd_jwt_vc import VerifiedPresentation
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import active_key, signer_of, trusted_keys

LIFE = timedelta(minutes=5)
KEPT = timedelta(minutes=30)
MAX_TRIES = 5
QUERY_ID = "verified_id"
ASKED = ("given_name", "family_name", "birthdate", "portrait", "assurance_level", "verified_at")


@dataclass(frozen=True, slots=True)
class Links:
    wallet_link: str = field(repr=False)
    deep_link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Presented:
    """What was shown, verified."""

    credential_id: UUID
    claims: Mapping[str, str] = field(repr=False)
    portrait: bytes = field(repr=False)
    holder_thumbprint: str


def _context(row_id: UUID, name: str) -> Context:
    return Context("verified_id_presentation", name, row_id)


def _query(authority: Authority) -> DcqlQuery:
    return DcqlQuery(
        (
            CredentialQuery(
                id=QUERY_ID,
                vct_values=(authority.vct,),
                claims=tuple(ClaimQuery(path=(name,)) for name in ASKED),
            ),
        )
    )


def begin_presentation(
    *,
    reference: UUID,
    browser_digest: bytes,
    purpose: str,
    return_path: str,
    is_cross_device: bool = False,
) -> Presentation:
    """A request that lives five minutes, for one browser. Across devices the wallet sends nobody back."""
    authority, address = get_authority(), new_token()
    key = generate_encryption_key(secrets.token_bytes)
    row = Presentation(
        reference=reference,
        browser_digest=browser_digest,
        return_path=return_path,
        purpose=purpose[:300],
        address_digest=digest(address),
        nonce=new_token(192),
        state_value=new_token(192),
        client_id=client_id_of_did(authority.did),
        encryption_public_jwk=dict(key.public_jwk),
        is_cross_device=is_cross_device,
        expires_at=clock.now() + LIFE,
    )
    row.address_sealed = seal(address.encode(), _context(row.id, "address_sealed"))
    private = json.dumps(dict(key.private_jwk)).encode()
    row.encryption_private_sealed = seal(private, _context(row.id, "encryption_private_sealed"))
    row.save(force_insert=True)
    record_event(
        EventName.PRESENTATION_REQUESTED,
        actor=Actor(ActorKind.CLAIMANT),
        subject=row.public_id,
        case_id=reference,
        data={"cross_device": is_cross_device},
    )
    return row


def _get(presentation_id: UUID) -> Presentation:
    row = Presentation.objects.filter(id=presentation_id).first()
    if row is None:
        raise NotHere("presentation_unknown")
    return row


def links_of(presentation_id: UUID) -> Links:
    row = _get(presentation_id)
    address = unseal(row.address_sealed, _context(row.id, "address_sealed")).decode()
    uri = f"{get_authority().issuer}/openid4vp/requests/{address}"
    return Links(
        wallet_link=request_link(
            client_id=row.client_id, request_uri=uri, by_post=True, wallet=wallet_url("/present")
        ),
        deep_link=request_link(client_id=row.client_id, request_uri=uri, by_post=True),
    )


def state_of(presentation_id: UUID) -> str:
    row = Presentation.objects.filter(id=presentation_id).first()
    if row is None:
        return "expired"
    if row.state == Presentation.State.WAITING and row.expires_at <= clock.now():
        return "expired"
    if row.state in (Presentation.State.RECEIVED, Presentation.State.RETURNED) and row.sealed is None:
        return "expired"
    return str(row.state)


def refusal_of(presentation_id: UUID) -> str:
    return _get(presentation_id).refusal


def find_by_address(address: str) -> Presentation:
    row = Presentation.objects.filter(address_digest=digest(address)).first()
    if row is None:
        raise NotHere("presentation_unknown")
    return row


def request_object(row: Presentation, wallet: WalletRequest) -> str:
    """The signed request object for one fetch (OpenID4VP 1.0, sections 5 and 5.10)."""
    if row.state != Presentation.State.WAITING or row.expires_at <= clock.now():
        raise NotHere("presentation_over")
    authority = get_authority()
    now = int(clock.now().timestamp())
    text = build_request_object(
        signer=signer_of(active_key()),
        client_id=row.client_id,
        response_uri=f"{authority.issuer}/openid4vp/responses/{row.id.hex}",
        response_mode=ResponseMode.DIRECT_POST_JWT,
        nonce=row.nonce,
        state=row.state_value,
        query=_query(authority),
        issued_at=now,
        expires_at=min(now + 300, max(now + 1, int(row.expires_at.timestamp()))),
        encryption_key=row.encryption_public_jwk,
        wallet_nonce=wallet.wallet_nonce,
        client_name=Tenant.objects.values_list("name", flat=True).get(id=current_tenant_id()),
    )
    return encrypt_request_object(text, wallet)


# The wallet's answer -----------------------------------------------------------------------------------------------


def _take_try(tenant_id: UUID, presentation_id: UUID) -> tuple[Presentation, PresentationTransaction]:
    """Count a try and commit, then say what the answer must match."""
    require_no_transaction()
    with tenant_scope(tenant_id):
        waiting = Presentation.objects.filter(
            id=presentation_id, state=Presentation.State.WAITING, tries__lt=MAX_TRIES
        )
        counted = waiting.update(tries=F("tries") + 1)
        row = _get(presentation_id)
        sealed = row.encryption_private_sealed
        keys: dict[str, Mapping[str, str]] = {}
        if sealed is not None:
            jwk = json.loads(unseal(sealed, _context(row.id, "encryption_private_sealed")))
            keys = {jwk["kid"]: jwk}
        return row, PresentationTransaction(
            client_id=row.client_id,
            nonce=row.nonce,
            state=row.state_value,
            query=_query(get_authority()),
            response_mode=ResponseMode.DIRECT_POST_JWT,
            expires_at=int(row.expires_at.timestamp()),
            used=not counted,
            encryption_keys=keys,
        )


def receive_response(
    tenant_id: UUID, presentation_id: UUID, body: bytes, content_type: str
) -> dict[str, str]:
    """Read, verify and keep a wallet's answer. ProtocolError for every doubt; the body for the wallet otherwise."""
    row, expected = _take_try(tenant_id, presentation_id)
    try:
        answer = read_authorization_response(
            body, content_type, expected=expected, now=int(clock.now().timestamp())
        )
        if isinstance(answer, WalletError):
            return _declined(tenant_id, row, answer.error)
        return _accepted(tenant_id, row, expected, answer)
    except ProtocolError as error:
        _note_refusal(tenant_id, row, error.reason)
        raise


def _verified(expected: PresentationTransaction, answer: UnverifiedResponse) -> VerifiedResponse:
    return verify_vp_token(
        answer,
        expected=expected,
        trusted_keys=trusted_keys(),
        expected_issuers=[get_authority().did],
        now=int(clock.now().timestamp()),
    )


def _accepted(
    tenant_id: UUID, row: Presentation, expected: PresentationTransaction, answer: UnverifiedResponse
) -> dict[str, str]:
    code = new_token()
    with tenant_scope(tenant_id):
        shown = _verified(expected, answer).presentations[QUERY_ID]
        credential = _own_credential(shown)
        holder = thumbprint(shown.credential.holder_key)
        if holder != credential.holder_thumbprint:
            raise _refuse("holder_of_another_credential")
        key = make_data_key(_context(row.id, "sealed"))
        body = json.dumps({name: shown.claims[name] for name in ASKED}).encode()
        portrait_bytes(str(shown.claims["portrait"]))
        won = Presentation.objects.filter(id=row.id, state=Presentation.State.WAITING).update(
            state=Presentation.State.RECEIVED,
            response_code_digest=None if row.is_cross_device else digest(code),
            credential_id=credential.id,
            holder_thumbprint=holder,
            data_key=key,
            sealed=seal_under(key, body, _context(row.id, "sealed")),
            encryption_private_sealed=None,
            kept_until=clock.now() + KEPT,
        )
        if not won:
            raise _refuse("transaction_used")
        record_event(
            EventName.PRESENTATION_VERIFIED,
            actor=Actor(ActorKind.WALLET),
            subject=row.public_id,
            case_id=row.reference,
            data={"credential": credential.public_id},
        )
        return direct_post_response(None if row.is_cross_device else _return_url(row, response_code=code))


def _return_url(row: Presentation, **query: str) -> str:
    found = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{get_authority().issuer}{row.return_path}?{found}"


def _refuse(reason: str) -> ProtocolError:
    return ProtocolError("invalid_request", reason, clause="OpenID4VP 1.0 section 8.6")


def _own_credential(shown: VerifiedPresentation) -> Credential:
    """The row behind a credential of ours, by its place in the status list. Not valid any more is refused."""
    reference: Any = shown.credential.status
    if reference is None:
        raise _refuse("status_missing")
    row = Credential.objects.filter(status_list__uri=reference.uri, status_index=reference.index).first()
    if row is None:
        raise _refuse("credential_unknown")
    status = status_of(row.id)
    if status != "valid":
        raise _refuse(f"credential_{status}")
    return row


def _declined(tenant_id: UUID, row: Presentation, error: str) -> dict[str, str]:
    with tenant_scope(tenant_id):
        Presentation.objects.filter(id=row.id, state=Presentation.State.WAITING).update(
            state=Presentation.State.REFUSED, refusal=f"wallet_{error}"[:60]
        )
        return direct_post_response(None if row.is_cross_device else _return_url(row, declined="1"))


def _note_refusal(tenant_id: UUID, row: Presentation, reason: str) -> None:
    """Each reason is counted on the row and written down once, however often the same answer is sent."""
    with tenant_scope(tenant_id):
        now = Presentation.objects.select_for_update().only("state", "refusals").get(id=row.id)
        before = dict(now.refusals)
        waits = now.state == Presentation.State.WAITING
        changes = {"refusal": reason[:60]} if waits else {}
        counted = {**before, reason: before.get(reason, 0) + 1}
        Presentation.objects.filter(id=row.id).update(refusals=counted, **changes)
        if reason in before:
            return
        record_event(
            EventName.PRESENTATION_REFUSED,
            actor=Actor(ActorKind.WALLET),
            subject=row.public_id,
            case_id=row.reference,
            data={"reason": reason},
        )


# Back in the browser -----------------------------------------------------------------------------------------------


def complete_presentation(*, response_code: str, browser_digest: bytes) -> Presentation:
    """Consume the `response_code` in the browser that began (section 14.2). Refused for every other."""
    found = Presentation.objects.filter(
        response_code_digest=digest(response_code), browser_digest=browser_digest
    )
    if not found.filter(state=Presentation.State.RECEIVED).update(state=Presentation.State.RETURNED):
        raise Refused("response_code_refused", _("This belongs to another browser, or was used before."))
    return found.get()


def complete_across_devices(presentation_id: UUID, *, browser_digest: bytes) -> Presentation | None:
    """Take what a wallet on another device showed, into the browser that began; None while there is nothing. Only for a
    request that was made for another device: no other is completed without its `response_code`."""
    found = Presentation.objects.filter(
        id=presentation_id, browser_digest=browser_digest, is_cross_device=True
    )
    if not found.filter(state=Presentation.State.RECEIVED).update(state=Presentation.State.RETURNED):
        return None
    return found.get()


def is_waiting(presentation_id: UUID, *, is_cross_device: bool) -> bool:
    """Whether a request of this kind still waits for a wallet."""
    return Presentation.objects.filter(
        id=presentation_id,
        is_cross_device=is_cross_device,
        state=Presentation.State.WAITING,
        expires_at__gt=clock.now(),
    ).exists()


def _read(row: Presentation) -> Presented:
    if row.sealed is None or row.data_key is None or row.credential_id is None:
        raise NotHere("presentation_over")
    claims = json.loads(unseal_under(bytes(row.data_key), bytes(row.sealed), _context(row.id, "sealed")))
    portrait = portrait_bytes(claims.pop("portrait"))
    return Presented(row.credential_id, claims, portrait, row.holder_thumbprint)


def peek_presented(presentation_id: UUID) -> Presented:
    """What was shown, without letting go of it. NotHere once taken or old."""
    return _read(_get(presentation_id))


def take_presented(presentation_id: UUID) -> Presented:
    """What was shown; the sealed copy and its key are destroyed."""
    row = Presentation.objects.select_for_update().filter(id=presentation_id).first()
    if row is None:
        raise NotHere("presentation_unknown")
    shown = _read(row)
    Presentation.objects.filter(id=row.id).update(state=Presentation.State.TAKEN, data_key=None, sealed=None)
    return shown


def destroy_of_reference(reference: UUID) -> None:
    """The case ended: what was shown is destroyed, and open requests answer nobody."""
    Presentation.objects.filter(reference=reference).exclude(state=Presentation.State.TAKEN).update(
        state=Presentation.State.TAKEN, data_key=None, sealed=None, encryption_private_sealed=None
    )


def destroy_old_presentations() -> None:
    Presentation.objects.filter(kept_until__lt=clock.now(), sealed__isnull=False).update(
        data_key=None, sealed=None
    )
