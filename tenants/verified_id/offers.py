"""Offers of a credential (OpenID4VCI 1.0, section 4).

Protects the way from a page to a wallet: an offer is single use and short, its address is unguessable, and the
transaction code for a foreign wallet is shown only on the page, or in the terminal, that asked. Digests alone are kept.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from portal.kit import clock
from portal.kit.codes import digest, keyed_digest, new_token, numeric_code
from portal.kit.errors import NotHere
from portal.kit.origins import wallet_url
from portal.kit.scope import current_tenant_id
from tenants.verified_id.issuance import open_issuance
from tenants.verified_id.models import IssuanceOffer
from tenants.verified_id.protocol.credential_offer import CredentialOffer, TxCode, offer_link_by_reference
from tenants.verified_id.publishing import CONFIGURATION_ID, require_configuration
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.trial.marking import mark

OFFER_LIFE = timedelta(minutes=2)
OTHER_OFFER_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Offer:
    """Links are bearer secrets: they go to the page that asked and into no log."""

    wallet_link: str = field(repr=False)
    deep_link: str = field(repr=False)
    offer_uri: str = field(repr=False)
    tx_code: str | None = field(repr=False)
    expires_at: datetime


def _code_of(address: str) -> str:
    """The pre-authorized code follows from the offer's address under our key, so that neither is stored."""
    return base64.urlsafe_b64encode(keyed_digest(address, context="pre_authorized_code")).decode().rstrip("=")


def tx_digest(offer_id: UUID, tx_code: str) -> bytes:
    return keyed_digest(tx_code, context=f"tx_code|{current_tenant_id()}|{offer_id}")


def make_offer(
    issuance_id: UUID, *, other_wallet: bool = False, configuration_id: str = CONFIGURATION_ID
) -> Offer:
    """A fresh offer in place of earlier ones. For another wallet it asks for a transaction code. Invalid for a
    configuration that is not offered."""
    issuance = open_issuance(issuance_id)
    authority = get_authority()
    require_configuration(configuration_id, authority)
    IssuanceOffer.objects.filter(issuance=issuance, used_at=None).update(used_at=clock.now())
    address = new_token()
    row = IssuanceOffer(
        issuance=issuance,
        address_digest=digest(address),
        code_digest=digest(_code_of(address)),
        expires_at=clock.now() + (OTHER_OFFER_LIFE if other_wallet else OFFER_LIFE),
        configuration_id=configuration_id,
    )
    tx_code = numeric_code() if other_wallet else None
    if tx_code:
        row.tx_code_digest = tx_digest(row.id, tx_code)
    row.save(force_insert=True)
    uri = f"{authority.issuer}/openid4vci/offers/{address}"
    return Offer(
        wallet_link=offer_link_by_reference(uri, wallet=wallet_url("/offer")),
        deep_link=offer_link_by_reference(uri),
        offer_uri=uri,
        tx_code=tx_code,
        expires_at=row.expires_at,
    )


def offer_object(address: str) -> CredentialOffer:
    """What the offer's address serves. NotHere when it is used, old or unknown."""
    live = IssuanceOffer.objects.filter(
        address_digest=digest(address), used_at=None, expires_at__gt=clock.now()
    )
    row = live.select_related("issuance").first()
    if row is None:
        raise NotHere("offer_over")
    mark(row.issuance)
    return CredentialOffer(
        credential_issuer=get_authority().issuer,
        credential_configuration_ids=(row.configuration_id,),
        pre_authorized_code=_code_of(address),
        tx_code=TxCode(description="The six digits on the page you came from")
        if row.tx_code_digest
        else None,
    )


def has_live_offer(issuance_id: UUID) -> bool:
    """Whether a wallet can still take the newest offer, or is taking it."""
    moment = clock.now()
    unused = Q(used_at=None, expires_at__gt=moment)
    under_way = Q(access_token_digest__isnull=False, access_expires_at__gt=moment)
    return IssuanceOffer.objects.filter(unused | under_way, issuance_id=issuance_id).exists()
