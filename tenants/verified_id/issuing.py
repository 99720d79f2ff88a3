"""Handing the credential out, now or when a review is over, and hearing what became of it (OpenID4VCI 1.0, sections 8,
9 and 11).

Protects against two answers for one token and a card that a member has not looked at yet. A later credential of the same
issuance revokes the earlier: the wallet that never got its answer asks with a new offer.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.certifying import chain_now
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.issuance import case_of, claims_of, destroy_issuance
from tenants.verified_id.models import (
    Authority,
    Credential,
    CredentialCopy,
    Issuance,
    IssuanceOffer,
    SigningKey,
)
from tenants.verified_id.places import take_places
from tenants.verified_id.protocol.credential_request import (
    CredentialRequest,
    DeferredRequest,
    ResponseEncryption,
    credential_request_denied,
    read_response_encryption,
    unknown_transaction,
)
from tenants.verified_id.protocol.issuance import NotificationEvent, unknown_notification
from tenants.verified_id.protocol.jwt_vc import issue_jwt_credential
from tenants.verified_id.protocol.key_proof import VerifiedKeyProof
from tenants.verified_id.protocol.keys import thumbprint
from tenants.verified_id.protocol.sd_jwt_vc import issue_credential
from tenants.verified_id.protocol.status_list import StatusReference
from tenants.verified_id.publishing import JWT_CONFIGURATION_ID, X5C_CONFIGURATION_ID
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import active_key, signer_of
from tenants.verified_id.tokens import use_up
from tenants.verified_id.type_metadata import type_integrity
from tenants.verified_id.w3c_card import TYPE, subject_claims

INTERVAL = 5
"""Seconds after which a wallet that was told to wait may ask again."""


@dataclass(frozen=True, slots=True)
class Issued:
    """`notification_id` is empty in a deferred answer: wallets of Credo's make refuse one there."""

    credentials: tuple[str, ...] = field(repr=False)
    notification_id: str
    encryption: ResponseEncryption | None


@dataclass(frozen=True, slots=True)
class Deferred:
    transaction_id: str
    encryption: ResponseEncryption | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a card is bound to: a key, and the DID by which the wallet named it, if it did."""

    jwk: Mapping[str, str]
    did: str


def _live(offer: IssuanceOffer) -> Issuance:
    row = Issuance.objects.select_for_update().get(id=offer.issuance_id)
    gone = row.sealed is None or row.accepted_at is not None or row.expires_at <= clock.now()
    if gone or row.review == Issuance.Review.REFUSED:
        raise credential_request_denied()
    return row


def answer_request(
    offer: IssuanceOffer, wanted: CredentialRequest, proofs: Sequence[VerifiedKeyProof]
) -> Issued | Deferred:
    """The card, once for each of the wallet's keys, or a promise where a member looks first. Uses the access token up."""
    row = _live(offer)
    use_up(offer)
    holders = [Holder(proof.jwk, proof.holder_did or "") for proof in proofs]
    if row.review == Issuance.Review.WAITING:
        return _defer(offer, wanted, holders)
    texts, notification_id = _issue(row, offer, holders)
    return Issued(texts, notification_id, wanted.encryption)


def _defer(offer: IssuanceOffer, wanted: CredentialRequest, holders: Sequence[Holder]) -> Deferred:
    transaction_id = new_token(192)
    waiting = {
        "holders": [{"jwk": dict(holder.jwk), "did": holder.did} for holder in holders],
        "encryption": wanted.encryption.to_object() if wanted.encryption else None,
    }
    IssuanceOffer.objects.filter(id=offer.id).update(
        transaction_digest=digest(transaction_id), waiting=waiting
    )
    return Deferred(transaction_id, wanted.encryption)


def answer_deferred(offer: IssuanceOffer, wanted: DeferredRequest) -> Issued | Deferred:
    """What the wallet was promised, once; or again "not yet"."""
    held = IssuanceOffer.objects.select_for_update().get(id=offer.id)
    if held.transaction_digest is None or bytes(held.transaction_digest) != digest(wanted.transaction_id):
        raise unknown_transaction()
    waiting: dict[str, Any] = held.waiting or {}
    asked = waiting["encryption"]
    encryption = wanted.encryption or (read_response_encryption(asked) if asked else None)
    row = _live(offer)
    if row.review == Issuance.Review.WAITING:
        return Deferred(wanted.transaction_id, encryption)
    holders = [Holder(holder["jwk"], holder["did"]) for holder in waiting["holders"]]
    texts, _notification_id = _issue(row, held, holders)
    IssuanceOffer.objects.filter(id=held.id).update(transaction_digest=None, waiting=None)
    return Issued(texts, "", encryption)


@dataclass(frozen=True, slots=True)
class _Terms:
    """When a card is made and ends, and where the status of each copy will stand."""

    issued_at: datetime
    expires_at: datetime
    places: Sequence[StatusReference]


def _terms(
    row: Issuance, authority: Authority, moment: datetime, places: Sequence[StatusReference]
) -> _Terms:
    """Copies that say the same second would be known for one card: they say the day (RFC 9901, section 10.1)."""
    expires_at = row.trial.expires_at if row.trial else moment + timedelta(days=authority.lifetime_days)
    if len(places) > 1 and row.trial is None:
        return _Terms(_day(moment), _day(expires_at), places)
    return _Terms(moment, expires_at, places)


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _issue(row: Issuance, offer: IssuanceOffer, holders: Sequence[Holder]) -> tuple[tuple[str, ...], str]:
    authority, moment, key = get_authority(), clock.now(), active_key()
    claims = claims_of(row)
    for earlier in Credential.objects.filter(issuance=row).exclude(state=Credential.State.REVOKED):
        revoke_credential(earlier.id, reason="issued_again", actor=SYSTEM)
    notification_id = new_token(128)
    status_list, places = take_places(key, len(holders))
    terms = _terms(row, authority, moment, places)
    held = _held(claims, authority)
    if offer.configuration_id == JWT_CONFIGURATION_ID:
        texts = _as_jwts(authority, key, holders, held, terms)
    else:
        issuer = _issuer(authority, key, offer.configuration_id)
        texts = _as_sd_jwts(authority, key, holders, held, terms, issuer)
    made = Credential.objects.create(
        issuance=row,
        reference=row.reference,
        status_list=status_list,
        status_index=places[0].index,
        holder_thumbprint=thumbprint(holders[0].jwk),
        notification_digest=digest(notification_id),
        expires_at=terms.expires_at,
    )
    CredentialCopy.objects.bulk_create(
        CredentialCopy(
            credential=made,
            status_list=status_list,
            status_index=place.index,
            holder_thumbprint=thumbprint(holder.jwk),
        )
        for holder, place in zip(holders[1:], places[1:], strict=True)
    )
    Issuance.objects.filter(id=row.id).update(issued_at=moment)
    _tell(row, made, copies=len(holders))
    return texts, notification_id


def _as_sd_jwts(
    authority: Authority,
    key: SigningKey,
    holders: Sequence[Holder],
    claims: Mapping[str, str],
    terms: _Terms,
    issuer: Mapping[str, Any],
) -> tuple[str, ...]:
    signer = signer_of(key)
    return tuple(
        issue_credential(
            signer=signer,
            **issuer,
            vct=authority.vct,
            vct_integrity=type_integrity(authority.vct),
            holder_key=holder.jwk,
            issued_at=int(terms.issued_at.timestamp()),
            expires_at=int(terms.expires_at.timestamp()),
            disclosable=claims,
            random=secrets.token_bytes,
            status=place,
        )
        for holder, place in zip(holders, terms.places, strict=True)
    )


def _as_jwts(
    authority: Authority,
    key: SigningKey,
    holders: Sequence[Holder],
    claims: Mapping[str, str],
    terms: _Terms,
) -> tuple[str, ...]:
    """For an organisation that wanted it when it was offered; one that has thought better of it issues none."""
    if not authority.offers_jwt or not all(holder.did for holder in holders):
        raise credential_request_denied()
    signer = signer_of(key)
    return tuple(
        issue_jwt_credential(
            signer=signer,
            issuer=authority.did,
            types=(TYPE,),
            subject=holder.did,
            jti=uuid4().urn,
            issued_at=int(terms.issued_at.timestamp()),
            expires_at=int(terms.expires_at.timestamp()),
            claims=subject_claims(claims),
            status=place,
        )
        for holder, place in zip(holders, terms.places, strict=True)
    )


def _issuer(authority: Authority, key: SigningKey, configuration_id: str) -> dict[str, Any]:
    """The issuer's name and how its key is found: the DID by `kid`, or the host by the certificate in `x5c`."""
    if configuration_id != X5C_CONFIGURATION_ID:
        return {"issuer": authority.did}
    chain = chain_now(key)
    if not chain:
        raise credential_request_denied()
    return {"issuer": authority.issuer, "header": {"x5c": chain}}


def _held(claims: Mapping[str, str], authority: Authority) -> dict[str, str]:
    """Without what the design of the card leaves out, and without what was not known."""
    return {name: value for name, value in claims.items() if value and name not in authority.left_out}


def _tell(row: Issuance, made: Credential, *, copies: int) -> None:
    record_event(
        EventName.CREDENTIAL_ISSUED,
        actor=Actor(ActorKind.WALLET),
        subject=made.public_id,
        case_id=case_of(row),
        data={"holder": made.holder_thumbprint[:12], **({"copies": copies} if copies > 1 else {})},
    )
    if case_of(row) is None:
        return
    enqueue(
        "verified_id.credential_issued",
        tenant_id=current_tenant_id(),
        reference=row.reference,
        issuance_id=row.id,
        credential_id=made.id,
    )


def notify(offer: IssuanceOffer, notification_id: str, event: NotificationEvent) -> None:
    """The wallet's word on what became of its own credential (section 11): idempotent, and never depended on."""
    held = Credential.objects.select_related("issuance").filter(issuance=offer.issuance_id)
    row = held.filter(notification_digest=digest(notification_id)).first()
    if row is None:
        raise unknown_notification()
    if event is NotificationEvent.ACCEPTED and row.accepted_at is None:
        Credential.objects.filter(id=row.id).update(accepted_at=clock.now())
        Issuance.objects.filter(id=row.issuance_id).update(accepted_at=clock.now())
        if not Issuance.objects.get(id=row.issuance_id).kept_for_reference:
            destroy_issuance(row.issuance_id)
        record_event(
            EventName.CREDENTIAL_ACCEPTED,
            actor=Actor(ActorKind.WALLET),
            subject=row.public_id,
            case_id=case_of(row.issuance),
        )
    elif event is NotificationEvent.DELETED and row.deleted_at is None:
        Credential.objects.filter(id=row.id).update(deleted_at=clock.now())
