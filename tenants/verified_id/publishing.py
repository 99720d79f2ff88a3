"""What the authority publishes at the tenant's host."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.kit import clock
from portal.kit.codes import digest
from tenants.models import Tenant
from tenants.verified_id.models import Authority, Credential, LinkedDomain, StatusList
from tenants.verified_id.protocol.did_web import did_document
from tenants.verified_id.protocol.issuer_metadata import (
    ClaimDescription,
    CredentialConfiguration,
    CredentialDisplay,
    authorization_server_metadata,
    issuer_metadata,
)
from tenants.verified_id.protocol.linked_domain import build_domain_linkage_credential, did_configuration
from tenants.verified_id.protocol.status_list import Status, build_status_list_token, pack_statuses
from tenants.verified_id.selectors import get_authority, linked_domain
from tenants.verified_id.signing import active_key, published_keys, signer_of

CONFIGURATION_ID = "VerifiedIdentity"
STATUS_TTL = 60
STATUS_LIFE = 3600
YEAR = 365 * 24 * 3600
CLAIMS = (
    ("given_name", "Given names"),
    ("family_name", "Family name"),
    ("birthdate", "Date of birth"),
    ("portrait", "Portrait"),
    ("assurance_level", "How sure the check was"),
    ("partner", "Who checked"),
    ("document_type", "Kind of document"),
    ("document_country", "Country of the document"),
    ("verified_at", "Checked on"),
)


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


def configuration(authority: Authority, tenant: Tenant) -> CredentialConfiguration:
    """The VerifiedIdentity credential with the tenant's card."""
    with override("en"):
        claims = [ClaimDescription((name,), {"en": _(label)}) for name, label in CLAIMS]
    card = CredentialDisplay(
        name=authority.card_title,
        locale="en",
        description="Verified ID",
        background_color=tenant.accent,
        text_color="#ffffff",
    )
    return CredentialConfiguration(vct=authority.vct, scope=CONFIGURATION_ID, display=[card], claims=claims)


def issuer_json(authority: Authority, tenant: Tenant) -> dict[str, Any]:
    issuer = authority.issuer
    return issuer_metadata(
        issuer=issuer,
        credential_endpoint=f"{issuer}/openid4vci/credential",
        nonce_endpoint=f"{issuer}/openid4vci/nonce",
        notification_endpoint=f"{issuer}/openid4vci/notification",
        configurations={CONFIGURATION_ID: configuration(authority, tenant)},
        display=[{"name": tenant.name, "locale": "en"}],
    )


def server_json(authority: Authority) -> dict[str, Any]:
    return authorization_server_metadata(
        issuer=authority.issuer, token_endpoint=f"{authority.issuer}/openid4vci/token"
    )


def jwt_vc_issuer_json(authority: Authority) -> dict[str, Any]:
    """SD-JWT VC, section 4: for wallets that look keys up at the issuer instead of the DID."""
    keys = [{**key.public_jwk, "kid": key.kid, "use": "sig", "alg": "ES256"} for key in published_keys()]
    return {"issuer": authority.issuer, "jwks": {"keys": keys}}


def type_json(authority: Authority) -> dict[str, Any]:
    """SD-JWT VC type metadata (draft 18, section 4)."""
    return {
        "vct": authority.vct,
        "name": authority.card_title,
        "description": "An identity proven with a document and a live face",
        "claims": [
            {"path": [name], "display": [{"locale": "en", "label": label}], "sd": "always"}
            for name, label in CLAIMS
        ],
    }


def domain_file(authority: Authority, origin: str) -> dict[str, Any]:
    """The file the tenant puts on its own domain (DIF Well Known DID Configuration)."""
    now = int(clock.now().timestamp())
    linkage = build_domain_linkage_credential(
        signer=signer_of(active_key()), did=authority.did, origin=origin, issued_at=now, expires_at=now + YEAR
    )
    return did_configuration([linkage])


def status_token(row: StatusList) -> str:
    """The signed list: revoked and suspended entries, everything else valid."""
    words = {Credential.State.REVOKED: Status.INVALID, Credential.State.SUSPENDED: Status.SUSPENDED}
    entries = Credential.objects.filter(status_list=row, state__in=list(words)).values_list(
        "status_index", "state"
    )
    now = int(clock.now().timestamp())
    return build_status_list_token(
        signer=signer_of(row.key),
        issuer=get_authority().did,
        uri=row.uri,
        packed=pack_statuses(
            {index: int(words[Credential.State(state)]) for index, state in entries}, bits=2
        ),
        bits=2,
        issued_at=now,
        expires_at=now + STATUS_LIFE,
        time_to_live=STATUS_TTL,
    )


def status_tag(token: str, *, now: int) -> str:
    """A weak tag of what a status list token says: signature and times differ each time, the list does not. It ends
    with the time to live, so that nobody keeps a token whose own times ran out."""
    said = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return f'W/"{digest(json.dumps(said["status_list"]) + str(now // STATUS_TTL)).hex()[:32]}"'
