"""Issuing a Verified ID into a wallet (OpenID4VCI 1.0, pre-authorized code).

Protects a proven identity on its way to the wallet: offers are single use and short, the transaction code for foreign
wallets is shown only on the page that began, tries count before they are compared, and claims and portrait rest under
a key of their own that is destroyed when the wallet says it has them or, where the caller still needs them, when the
caller says it is over; after 24 hours in any case. What it does not do: tie the credential to an account.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.codes import digest, keyed_digest, new_token, numeric_code
from portal.kit.errors import NotHere, Refused
from portal.kit.origins import wallet_url
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from portal.kit.sealed import Context, make_data_key, seal_under, unseal_under
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential, Issuance, IssuanceOffer, ProofNonce, StatusList
from tenants.verified_id.portraits import portrait_bytes
from tenants.verified_id.protocol.credential_offer import CredentialOffer, TxCode, offer_link_by_reference
from tenants.verified_id.protocol.issuance import (
    NotificationEvent,
    PreAuthorizedGrant,
    TokenRequest,
    credential_request_denied,
    unknown_access_token,
    unknown_notification,
    verify_token_request,
)
from tenants.verified_id.protocol.key_proof import VerifiedKeyProof
from tenants.verified_id.protocol.sd_jwt_vc import issue_credential
from tenants.verified_id.protocol.status_list import StatusReference, choose_unused_index
from tenants.verified_id.publishing import CONFIGURATION_ID
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import active_key, signer_of

KEPT = timedelta(hours=24)
OFFER_LIFE = timedelta(minutes=2)
OTHER_OFFER_LIFE = timedelta(minutes=10)
ACCESS_LIFE = timedelta(minutes=5)
NONCE_LIFE = timedelta(minutes=5)
MAX_TRIES = 5
IDENTIFIED = "i."
"""Begins the access tokens whose token response named `credential_identifiers` (section 6.2)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Links are bearer secrets: they go to the page that asked and into no log."""

    wallet_link: str = field(repr=False)
    deep_link: str = field(repr=False)
    offer_uri: str = field(repr=False)
    tx_code: str | None = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuanceState:
    state: str
    credential_id: UUID | None


def _context(issuance_id: UUID) -> Context:
    return Context("verified_id_issuance", "sealed", issuance_id)


def begin_issuance(
    *,
    reference: UUID,
    claims: Mapping[str, str],
    portrait: bytes,
    actor: Actor,
    kept_for_reference: bool = False,
) -> Issuance:
    """Keep what was proven until a wallet has it, or until the caller's `reference` is over (`destroy_of_reference`); for
    24 hours at most. `portrait` is a plain JPEG."""
    row = Issuance(reference=reference, expires_at=clock.now() + KEPT, kept_for_reference=kept_for_reference)
    body = {**claims, "portrait": "data:image/jpeg;base64," + base64.b64encode(portrait).decode()}
    row.data_key = make_data_key(_context(row.id))
    row.sealed = seal_under(bytes(row.data_key), json.dumps(body).encode(), _context(row.id))
    row.save(force_insert=True)
    record_event(EventName.CREDENTIAL_OFFERED, actor=actor, subject=row.public_id, case_id=reference)
    return row


def _open(issuance_id: UUID) -> Issuance:
    row = Issuance.objects.filter(id=issuance_id).first()
    if row is None:
        raise NotHere("issuance_unknown")
    if row.sealed is None or row.expires_at <= clock.now():
        raise Refused("issuance_over")
    return row


def is_kept(issuance_id: UUID) -> bool:
    """Whether what was proven is still there to be issued."""
    live = Issuance.objects.filter(id=issuance_id, expires_at__gt=clock.now())
    return live.exclude(sealed=None).exists()


def kept_portrait(issuance_id: UUID) -> bytes:
    """The portrait that waits for a wallet, to be compared with a live face. Refused("issuance_over") once it is gone."""
    return portrait_bytes(_claims(_open(issuance_id))["portrait"])


def _claims(row: Issuance) -> dict[str, str]:
    if row.data_key is None or row.sealed is None:
        raise Refused("issuance_over")
    claims: dict[str, str] = json.loads(
        unseal_under(bytes(row.data_key), bytes(row.sealed), _context(row.id))
    )
    return claims


def reopen_issuance(issuance_id: UUID, *, actor: Actor) -> None:
    """The wallet that has the credential is out of reach: what it holds is revoked, and another may fetch a new one."""
    row = _open(issuance_id)
    for earlier in Credential.objects.filter(issuance=row, state=Credential.State.VALID):
        revoke_credential(earlier.id, reason="issued_again", actor=actor)
    IssuanceOffer.objects.filter(issuance=row, used_at=None).update(used_at=clock.now())
    IssuanceOffer.objects.filter(issuance=row).update(access_token_digest=None)
    Issuance.objects.filter(id=row.id).update(accepted_at=None)


def adopt_issuance(issuance_id: UUID, *, reference: UUID, actor: Actor) -> Issuance:
    """Hand what was proven on to another reference, for as long as it would have been kept; the first loses it, and what
    was issued from it is revoked."""
    reopen_issuance(issuance_id, actor=actor)
    row = Issuance.objects.select_for_update().get(id=issuance_id)
    body = json.dumps(_claims(row)).encode()
    made = Issuance(reference=reference, expires_at=row.expires_at, kept_for_reference=row.kept_for_reference)
    made.data_key = make_data_key(_context(made.id))
    made.sealed = seal_under(bytes(made.data_key), body, _context(made.id))
    made.save(force_insert=True)
    _destroy(row.id)
    record_event(EventName.CREDENTIAL_OFFERED, actor=actor, subject=made.public_id, case_id=reference)
    return made


def _code_of(address: str) -> str:
    """The pre-authorized code follows from the offer's address under our key, so that neither is stored."""
    return base64.urlsafe_b64encode(keyed_digest(address, context="pre_authorized_code")).decode().rstrip("=")


def _tx_digest(offer_id: UUID, tx_code: str) -> bytes:
    return keyed_digest(tx_code, context=f"tx_code|{current_tenant_id()}|{offer_id}")


def make_offer(issuance_id: UUID, *, other_wallet: bool = False) -> Offer:
    """A fresh offer in place of earlier ones. For another wallet it asks for a transaction code."""
    issuance = _open(issuance_id)
    IssuanceOffer.objects.filter(issuance=issuance, used_at=None).update(used_at=clock.now())
    address = new_token()
    row = IssuanceOffer(
        issuance=issuance,
        address_digest=digest(address),
        code_digest=digest(_code_of(address)),
        expires_at=clock.now() + (OTHER_OFFER_LIFE if other_wallet else OFFER_LIFE),
    )
    tx_code = numeric_code() if other_wallet else None
    if tx_code:
        row.tx_code_digest = _tx_digest(row.id, tx_code)
    row.save(force_insert=True)
    uri = f"{get_authority().issuer}/openid4vci/offers/{address}"
    return Offer(
        wallet_link=offer_link_by_reference(uri, wallet=wallet_url("/offer")),
        deep_link=offer_link_by_reference(uri),
        offer_uri=uri,
        tx_code=tx_code,
        expires_at=row.expires_at,
    )


def offer_object(address: str) -> CredentialOffer:
    """What the offer's address serves. NotHere when it is used, old or unknown."""
    row = IssuanceOffer.objects.filter(
        address_digest=digest(address), used_at=None, expires_at__gt=clock.now()
    ).first()
    if row is None:
        raise NotHere("offer_over")
    return CredentialOffer(
        credential_issuer=get_authority().issuer,
        credential_configuration_ids=(CONFIGURATION_ID,),
        pre_authorized_code=_code_of(address),
        tx_code=TxCode(description="The six digits on the page you came from")
        if row.tx_code_digest
        else None,
    )


def state_of(issuance_id: UUID) -> IssuanceState:
    row = Issuance.objects.filter(id=issuance_id).first()
    if row is None:
        return IssuanceState("expired", None)
    credential = Credential.objects.filter(issuance=row).order_by("-created_at").first()
    if credential is not None:
        return IssuanceState("accepted" if credential.accepted_at else "issued", credential.id)
    live = row.sealed is not None and row.expires_at > clock.now()
    return IssuanceState("waiting" if live else "expired", None)


def has_live_offer(issuance_id: UUID) -> bool:
    """Whether a wallet can still take the newest offer, or is taking it."""
    moment = clock.now()
    unused = Q(used_at=None, expires_at__gt=moment)
    under_way = Q(access_token_digest__isnull=False, access_expires_at__gt=moment)
    return IssuanceOffer.objects.filter(unused | under_way, issuance_id=issuance_id).exists()


# Token -----------------------------------------------------------------------------------------------------------


def _take_grant(tenant_id: UUID, code: str) -> tuple[IssuanceOffer | None, PreAuthorizedGrant | None]:
    """Count the try and commit it; then say what the request must match (section 13.6.3)."""
    require_no_transaction()
    with tenant_scope(tenant_id):
        found = IssuanceOffer.objects.filter(code_digest=digest(code))
        # One beyond the last is enough to say "burnt"; a counter that ran on would overflow its column.
        found.filter(tries__lte=MAX_TRIES).update(tries=F("tries") + 1)
        row = found.first()
        if row is None:
            return None, None
        stored = bytes(row.tx_code_digest) if row.tx_code_digest else None
        return row, PreAuthorizedGrant(
            expires_at=int(row.expires_at.timestamp()),
            used=row.used_at is not None,
            tries_left=MAX_TRIES - row.tries,
            tx_code_digest=stored,
        )


def redeem_code(tenant_id: UUID, request: TokenRequest) -> str:
    """The access token for a pre-authorized code; one conditional update decides who gets it. ProtocolError else."""
    row, grant = _take_grant(tenant_id, request.pre_authorized_code)
    offer_id = row.id if row else tenant_id
    with tenant_scope(tenant_id):
        verify_token_request(
            request,
            expected_grant=grant,
            digest=lambda typed: _tx_digest(offer_id, typed),
            now=int(clock.now().timestamp()),
        )
        token, moment = new_token(), clock.now()
        if request.configuration_ids:
            token = IDENTIFIED + token
        won = IssuanceOffer.objects.filter(id=offer_id, used_at=None).update(
            used_at=moment, access_token_digest=digest(token), access_expires_at=moment + ACCESS_LIFE
        )
        if not won and grant is not None:
            verify_token_request(
                request,
                expected_grant=PreAuthorizedGrant(grant.expires_at, True, 0, grant.tx_code_digest),
                digest=lambda typed: _tx_digest(offer_id, typed),
                now=int(moment.timestamp()),
            )
        return token


def find_access(token: str) -> IssuanceOffer:
    """The offer an access token came from, while it may fetch a credential. ProtocolError(invalid_token) otherwise."""
    return _offer_of(digest(token))


def _answered(token_digest: bytes) -> bytes:
    """What stands in place of a token's digest once it fetched its credential: it may only notify from then on."""
    return digest(b"answered|" + token_digest)


def _offer_of(*digests: bytes) -> IssuanceOffer:
    row = (
        IssuanceOffer.objects.filter(access_token_digest__in=digests, access_expires_at__gt=clock.now())
        .select_related("issuance")
        .first()
    )
    if row is None:
        raise unknown_access_token()
    return row


def _use_up(offer: IssuanceOffer) -> None:
    """One answer for one access token: whoever changes the row gets it, a second request needs a new offer."""
    if offer.access_token_digest is None:
        raise unknown_access_token()
    held = bytes(offer.access_token_digest)
    mine = IssuanceOffer.objects.filter(
        id=offer.id, access_token_digest=held, access_expires_at__gt=clock.now()
    )
    if not mine.update(access_token_digest=_answered(held)):
        raise unknown_access_token()


# Nonce -----------------------------------------------------------------------------------------------------------


def new_nonce() -> str:
    nonce = new_token(192)
    ProofNonce.objects.create(digest=digest(nonce), expires_at=clock.now() + NONCE_LIFE)
    return nonce


def take_nonces(tenant_id: UUID, claimed: frozenset[str]) -> frozenset[str]:
    """Which of the claimed nonces are ours and unused; they are used from here on, whatever follows."""
    require_no_transaction()
    live = set()
    with tenant_scope(tenant_id):
        for nonce in sorted(claimed)[:4]:
            fresh = ProofNonce.objects.filter(digest=digest(nonce), used_at=None, expires_at__gt=clock.now())
            if fresh.update(used_at=clock.now()):
                live.add(nonce)
    return frozenset(live)


# Credential ------------------------------------------------------------------------------------------------------


def _reference() -> tuple[StatusList, int]:
    status_list = (
        StatusList.objects.filter(key=active_key()).select_related("key").order_by("-created_at").first()
    )
    if status_list is None:
        raise credential_request_denied()
    used = set(Credential.objects.filter(status_list=status_list).values_list("status_index", flat=True))
    return status_list, choose_unused_index(used=used, random_below=secrets.randbelow)


def issue(offer: IssuanceOffer, proof: VerifiedKeyProof) -> tuple[str, str]:
    """The SD-JWT VC bound to the wallet's key, and its notification id. A later one of the same issuance revokes the
    earlier: the wallet that never got its answer asks with a new offer."""
    row = Issuance.objects.select_for_update().get(id=offer.issuance_id)
    if (
        row.sealed is None
        or row.data_key is None
        or row.accepted_at is not None
        or row.expires_at <= clock.now()
    ):
        raise credential_request_denied()
    _use_up(offer)
    claims = _claims(row)
    for earlier in Credential.objects.filter(issuance=row, state=Credential.State.VALID):
        revoke_credential(earlier.id, reason="issued_again", actor=SYSTEM)
    authority, moment = get_authority(), clock.now()
    status_list, index = _reference()
    expires_at = moment + timedelta(days=authority.lifetime_days)
    notification_id = new_token(128)
    text = issue_credential(
        signer=signer_of(status_list.key),
        issuer=authority.did,
        vct=authority.vct,
        holder_key=proof.jwk,
        issued_at=int(moment.timestamp()),
        expires_at=int(expires_at.timestamp()),
        disclosable=claims,
        random=secrets.token_bytes,
        status=StatusReference(status_list.uri, index),
    )
    made = Credential.objects.create(
        issuance=row,
        reference=row.reference,
        status_list=status_list,
        status_index=index,
        holder_thumbprint=proof.thumbprint,
        notification_digest=digest(notification_id),
        expires_at=expires_at,
    )
    Issuance.objects.filter(id=row.id).update(issued_at=moment)
    record_event(
        EventName.CREDENTIAL_ISSUED,
        actor=Actor(ActorKind.WALLET),
        subject=made.public_id,
        case_id=row.reference,
        data={"holder": proof.thumbprint[:12]},
    )
    enqueue(
        "verified_id.credential_issued",
        tenant_id=current_tenant_id(),
        reference=row.reference,
        issuance_id=row.id,
        credential_id=made.id,
    )
    return text, notification_id


def find_notifier(token: str) -> IssuanceOffer:
    """The offer of an access token that may notify: before and after its credential was fetched (section 11)."""
    return _offer_of(digest(token), _answered(digest(token)))


def notify(offer: IssuanceOffer, notification_id: str, event: NotificationEvent) -> None:
    """The wallet's word on what became of its own credential (section 11): idempotent, and never depended on."""
    row = Credential.objects.filter(
        notification_digest=digest(notification_id), issuance=offer.issuance_id
    ).first()
    if row is None:
        raise unknown_notification()
    if event is NotificationEvent.ACCEPTED and row.accepted_at is None:
        Credential.objects.filter(id=row.id).update(accepted_at=clock.now())
        Issuance.objects.filter(id=row.issuance_id).update(accepted_at=clock.now())
        if not Issuance.objects.get(id=row.issuance_id).kept_for_reference:
            _destroy(row.issuance_id)
        record_event(
            EventName.CREDENTIAL_ACCEPTED,
            actor=Actor(ActorKind.WALLET),
            subject=row.public_id,
            case_id=row.reference,
        )
    elif event is NotificationEvent.DELETED and row.deleted_at is None:
        Credential.objects.filter(id=row.id).update(deleted_at=clock.now())


def _destroy(issuance_id: UUID) -> None:
    Issuance.objects.filter(id=issuance_id, destroyed_at=None).update(
        data_key=None, sealed=None, destroyed_at=clock.now()
    )


def destroy_old_issuances() -> None:
    """After 24 hours the claims and the portrait are gone, accepted or not."""
    for issuance_id in Issuance.objects.filter(expires_at__lt=clock.now(), destroyed_at=None).values_list(
        "id", flat=True
    )[:500]:
        _destroy(issuance_id)


def keep_until(issuance_id: UUID, moment: datetime) -> None:
    """Never longer than it would have been kept."""
    Issuance.objects.filter(id=issuance_id, expires_at__gt=moment).update(expires_at=moment)


def destroy_of_reference(reference: UUID) -> None:
    """What waits for a wallet is not wanted any more: the case ended."""
    for issuance_id in Issuance.objects.filter(reference=reference, destroyed_at=None).values_list(
        "id", flat=True
    ):
        _destroy(issuance_id)
