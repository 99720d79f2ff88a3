"""Access tokens for a pre-authorized code (OpenID4VCI 1.0, section 6).

Protects the code and the transaction code from guessing: tries count and commit before they are compared, and one
conditional update decides who gets the token. A token answers one credential request; afterwards it may only come back
for a deferred answer and say what became of it. One that is bound to a key (RFC 9449) works with that key alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from portal.kit import clock
from portal.kit.codes import digest, new_token
from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.verified_id.models import Issuance, IssuanceOffer
from tenants.verified_id.offers import tx_digest
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.issuance import (
    PreAuthorizedGrant,
    SentToken,
    TokenRequest,
    unknown_access_token,
    verify_token_request,
)
from tenants.verified_id.trial.marking import mark

ACCESS_LIFE = timedelta(minutes=5)
MAX_TRIES = 5
IDENTIFIED = "i."
"""Begins the access tokens whose token response named `credential_identifiers` (section 6.2)."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the token response says."""

    token: str = field(repr=False)
    expires_in: int
    is_bound: bool


def _take_grant(tenant_id: UUID, code: str) -> tuple[IssuanceOffer | None, PreAuthorizedGrant | None]:
    """Count the try and commit it; then say what the request must match (section 13.6.3)."""
    require_no_transaction()
    with tenant_scope(tenant_id):
        found = IssuanceOffer.objects.filter(code_digest=digest(code))
        # One beyond the last is enough to say "burnt"; a counter that ran on would overflow its column.
        found.filter(tries__lte=MAX_TRIES).update(tries=F("tries") + 1)
        row = found.select_related("issuance").first()
        if row is None:
            return None, None
        mark(row.issuance)
        stored = bytes(row.tx_code_digest) if row.tx_code_digest else None
        return row, PreAuthorizedGrant(
            expires_at=int(row.expires_at.timestamp()),
            used=row.used_at is not None,
            tries_left=MAX_TRIES - row.tries,
            tx_code_digest=stored,
        )


def redeem_code(tenant_id: UUID, request: TokenRequest, *, dpop_thumbprint: str = "") -> Access:
    """The access token for a pre-authorized code, bound to a key where the wallet showed one. ProtocolError else."""
    row, grant = _take_grant(tenant_id, request.pre_authorized_code)
    offer_id = row.id if row else tenant_id
    with tenant_scope(tenant_id):
        verify_token_request(
            request,
            expected_grant=grant,
            digest=lambda typed: tx_digest(offer_id, typed),
            now=int(clock.now().timestamp()),
        )
        token, moment = new_token(), clock.now()
        if row is not None and not set(request.configuration_ids) <= {row.configuration_id}:
            raise ProtocolError(
                "invalid_authorization_details", "authorization_details", clause="RFC 9396 section 5"
            )
        if request.configuration_ids:
            token = IDENTIFIED + token
        until = _access_until(row, is_bound=bool(dpop_thumbprint))
        won = IssuanceOffer.objects.filter(id=offer_id, used_at=None).update(
            used_at=moment,
            access_token_digest=digest(token),
            access_expires_at=until,
            dpop_thumbprint=dpop_thumbprint,
            client_id=_named_client(request),
        )
        if not won and grant is not None:
            verify_token_request(
                request,
                expected_grant=PreAuthorizedGrant(grant.expires_at, True, 0, grant.tx_code_digest),
                digest=lambda typed: tx_digest(offer_id, typed),
                now=int(moment.timestamp()),
            )
        return Access(token, int((until - moment).total_seconds()), bool(dpop_thumbprint))


def _named_client(request: TokenRequest) -> str:
    """What the wallet called itself, so that its proofs may say the same (OpenID4VCI 1.0, F.1); nothing where it is no
    client identifier (RFC 6749, A.1)."""
    name = request.client_id or ""
    return name if name.isascii() and name.isprintable() else ""


def _access_until(offer: IssuanceOffer | None, *, is_bound: bool) -> datetime:
    """Five minutes; a wallet that will be told to come back has, with a token bound to its key, as long as the card
    waits. A bearer token never lives longer (section 6.2)."""
    soon = clock.now() + ACCESS_LIFE
    if offer is None or not is_bound or offer.issuance.review != Issuance.Review.WAITING:
        return soon
    card_waits_until: datetime = offer.issuance.expires_at
    return max(soon, card_waits_until)


def find_access(sent: SentToken) -> IssuanceOffer:
    """The offer an access token came from, while it may fetch a credential. ProtocolError(invalid_token) otherwise."""
    return _of_kind(_offer_of(digest(sent.unverified_token)), sent)


def find_answered(sent: SentToken) -> IssuanceOffer:
    """The offer of an access token that asked for its credential, and may come back for it or notify (sections 9, 11)."""
    token = sent.unverified_token
    return _of_kind(_offer_of(digest(token), _answered(digest(token))), sent)


def _of_kind(offer: IssuanceOffer, sent: SentToken) -> IssuanceOffer:
    """A bound token that comes as bearer was taken from its wallet (RFC 9449, 7.2)."""
    if bool(offer.dpop_thumbprint) != sent.is_bound:
        raise unknown_access_token()
    return offer


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
    mark(row.issuance)
    return row


def use_up(offer: IssuanceOffer) -> None:
    """One answer for one access token: whoever changes the row gets it, a second request needs a new offer."""
    if offer.access_token_digest is None:
        raise unknown_access_token()
    held = bytes(offer.access_token_digest)
    mine = IssuanceOffer.objects.filter(
        id=offer.id, access_token_digest=held, access_expires_at__gt=clock.now()
    )
    if not mine.update(access_token_digest=_answered(held)):
        raise unknown_access_token()
