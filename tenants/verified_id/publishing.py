"""What the authority publishes at the tenant's host."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Invalid, NotHere
from tenants.colours import text_on
from tenants.models import Tenant
from tenants.verified_id.certifying import chain_now
from tenants.verified_id.claim_names import CLAIM_NAMES, names_of
from tenants.verified_id.models import (
    Authority,
    Credential,
    CredentialCopy,
    LinkedDomain,
    SigningKey,
    StatusList,
)
from tenants.verified_id.protocol.did_web import did_document
from tenants.verified_id.protocol.issuer_metadata import (
    ClaimDescription,
    CredentialConfiguration,
    CredentialDisplay,
    authorization_server_metadata,
    issuer_metadata,
)
from tenants.verified_id.protocol.jwt_vc import CREDENTIAL
from tenants.verified_id.protocol.linked_domain import build_domain_linkage_credential, did_configuration
from tenants.verified_id.protocol.status_list import Status, build_status_list_token, pack_statuses
from tenants.verified_id.selectors import get_authority, linked_domain
from tenants.verified_id.signing import active_key, published_keys, signer_of
from tenants.verified_id.type_metadata import NAMES
from tenants.verified_id.w3c_card import TYPE, W3C_NAMES

BATCH_SIZE = 5
"""Keys a wallet may have its card bound to at once. Each copy carries the portrait: five are a few hundred kilobytes."""
CONFIGURATION_ID = "VerifiedIdentity"
X5C_CONFIGURATION_ID = "VerifiedIdentityX5c"
JWT_CONFIGURATION_ID = "VerifiedIdentityJwt"
DPOP_ALGS = ("ES256", "EdDSA")
STATUS_TTL = 60
STATUS_KEPT = timedelta(minutes=15)
STATUS_LIFE = 3600
YEAR = 365 * 24 * 3600


def published_addresses(authority: Authority) -> list[tuple[str, str]]:
    issuer = authority.issuer
    lists = StatusList.objects.order_by("-created_at").values_list("uri", flat=True)[:1]
    return [
        ("did_document", f"{issuer}/.well-known/did.json"),
        ("issuer_metadata", f"{issuer}/.well-known/openid-credential-issuer"),
        ("server_metadata", f"{issuer}/.well-known/oauth-authorization-server"),
        ("credential_type", authority.vct),
        *(("status_list", uri) for uri in lists),
    ]


def did_json(authority: Authority) -> dict[str, Any]:
    domain = linked_domain()
    origins = [domain.origin] if domain and domain.state == LinkedDomain.State.LINKED else []
    return did_document(
        authority.did, keys=[key.public_jwk for key in published_keys()], linked_origins=origins
    )


def card_colours(authority: Authority, tenant: Tenant) -> tuple[str, str]:
    """Background and text; without a choice the accent colour, and what reads best upon it."""
    background = authority.card_background or tenant.accent
    return background, authority.card_text or text_on(background)


def _cards(authority: Authority, tenant: Tenant) -> list[CredentialDisplay]:
    background, text = card_colours(authority, tenant)
    titles = {"en": authority.card_title} | authority.card_titles
    return [
        CredentialDisplay(
            name=title,
            locale=locale,
            description=NAMES.get(locale, NAMES["en"])[1],
            background_color=background,
            text_color=text,
        )
        for locale, title in titles.items()
    ]


def configurations(authority: Authority, tenant: Tenant) -> dict[str, CredentialConfiguration]:
    """One type, with the issuer named by DID; where the signing key has a certificate, by that; and, where the organisation
    wants it, in a second format."""
    return {
        name: (_as_jwt if name == JWT_CONFIGURATION_ID else _as_sd_jwt)(authority, tenant, name)
        for name in configuration_ids(authority)
    }


def _held_names(authority: Authority) -> list[str]:
    return [name for name in CLAIM_NAMES if name not in authority.left_out]


def _as_sd_jwt(authority: Authority, tenant: Tenant, name: str) -> CredentialConfiguration:
    claims = [ClaimDescription((claim,), names_of(claim)) for claim in _held_names(authority)]
    return CredentialConfiguration(
        vct=authority.vct, scope=name, display=_cards(authority, tenant), claims=claims
    )


def _as_jwt(authority: Authority, tenant: Tenant, name: str) -> CredentialConfiguration:
    """Its holder is a DID: there is no place for a bare key in a W3C credential."""
    claims = [
        ClaimDescription(("credentialSubject", W3C_NAMES[claim]), names_of(claim))
        for claim in _held_names(authority)
    ]
    return CredentialConfiguration(
        vct="",
        scope=name,
        display=_cards(authority, tenant),
        claims=claims,
        binding_methods=("did:key", "did:jwk"),
        types=(CREDENTIAL, TYPE),
    )


def configuration_ids(authority: Authority) -> tuple[str, ...]:
    """What may be offered now."""
    by_certificate = (X5C_CONFIGURATION_ID,) if chain_now(active_key()) else ()
    as_jwt = (JWT_CONFIGURATION_ID,) if authority.offers_jwt else ()
    return (CONFIGURATION_ID, *by_certificate, *as_jwt)


def require_configuration(configuration_id: str, authority: Authority) -> None:
    """Invalid for one that is not offered."""
    known = configuration_ids(authority)
    if configuration_id not in known:
        raise Invalid(
            "configuration_unknown",
            _("There is no such card. Known: %(names)s.") % {"names": ", ".join(known)},
            field="configuration",
        )


def issuer_json(authority: Authority, tenant: Tenant) -> dict[str, Any]:
    issuer = authority.issuer
    return issuer_metadata(
        issuer=issuer,
        credential_endpoint=f"{issuer}/openid4vci/credential",
        nonce_endpoint=f"{issuer}/openid4vci/nonce",
        deferred_credential_endpoint=f"{issuer}/openid4vci/deferred",
        notification_endpoint=f"{issuer}/openid4vci/notification",
        encryption_jwks=authority.encryption_jwks,
        batch_size=BATCH_SIZE,
        configurations=configurations(authority, tenant),
        display=[{"name": tenant.name, "locale": "en"}],
    )


def server_json(authority: Authority) -> dict[str, Any]:
    return authorization_server_metadata(
        issuer=authority.issuer, token_endpoint=f"{authority.issuer}/openid4vci/token", dpop_algs=DPOP_ALGS
    )


def jwt_vc_issuer_json(authority: Authority) -> dict[str, Any]:
    """SD-JWT VC, section 4: for wallets that look keys up at the issuer instead of the DID."""
    keys = [{**key.public_jwk, "kid": key.kid, "use": "sig", "alg": "ES256"} for key in published_keys()]
    return {"issuer": authority.issuer, "jwks": {"keys": keys}}


def domain_file(authority: Authority, origin: str) -> dict[str, Any]:
    """The file the tenant puts on its own domain (DIF Well Known DID Configuration)."""
    now = int(clock.now().timestamp())
    linkage = build_domain_linkage_credential(
        signer=signer_of(active_key()), did=authority.did, origin=origin, issued_at=now, expires_at=now + YEAR
    )
    return did_configuration([linkage])


def status_token(list_id: UUID) -> str:
    """The signed list: revoked and suspended entries, everything else valid. Signed anew when an entry changed or the
    last one is a quarter of an hour old; under the row's lock, so that a change is never signed away."""
    row = StatusList.objects.select_related("key").filter(id=list_id).first()
    if row is None:
        raise NotHere("status_list_unknown")
    if row.token and row.token_until is not None and row.token_until > clock.now():
        return row.token
    row = StatusList.objects.select_for_update(of=("self",)).select_related("key").get(id=list_id)
    row.token, row.token_until = _signed_list(row), clock.now() + STATUS_KEPT
    row.save(update_fields=["token", "token_until"])
    return row.token


def _signed_list(row: StatusList) -> str:
    """By the key whose cards it lists. A revoked key signs nothing: the key in use then says that all are void."""
    words = {Credential.State.REVOKED: Status.INVALID, Credential.State.SUSPENDED: Status.SUSPENDED}
    changed = list(words)
    cards = Credential.objects.filter(status_list=row, state__in=changed)
    copies = CredentialCopy.objects.filter(status_list=row, credential__state__in=changed)
    entries = [
        *cards.values_list("status_index", "state"),
        *copies.values_list("status_index", "credential__state"),
    ]
    now = int(clock.now().timestamp())
    key = active_key() if row.key.state == SigningKey.State.REVOKED else row.key
    return build_status_list_token(
        signer=signer_of(key),
        issuer=get_authority().did,
        uri=row.uri,
        packed=pack_statuses(
            {index: int(words[Credential.State(state)]) for index, state in entries if index is not None},
            bits=2,
        ),
        bits=2,
        issued_at=now,
        expires_at=now + STATUS_LIFE,
        time_to_live=STATUS_TTL,
    )
