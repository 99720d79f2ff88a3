"""What an issuer says about itself: OpenID4VCI 1.0 section 12.2 and RFC 8414.

Public documents, the same for everybody. What is not listed here is not supported: in particular DPoP is used
by wallets as soon as it is advertised, so it is only named when the caller verifies it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tenants.verified_id.protocol.credential_offer import PRE_AUTHORIZED_CODE_GRANT
from tenants.verified_id.protocol.encoding import check_url
from tenants.verified_id.protocol.encryption import ALG, ENCS
from tenants.verified_id.protocol.jws import sign_jws
from tenants.verified_id.protocol.keys import Signer

ISSUER_WELL_KNOWN = "/.well-known/openid-credential-issuer"
AUTHORIZATION_SERVER_WELL_KNOWN = "/.well-known/oauth-authorization-server"
SIGNED_METADATA_TYP = "openidvci-issuer-metadata+jwt"


@dataclass(frozen=True)
class ClaimDescription:
    """Appendix B.2: one claim for the wallet's screen. `display` maps a language tag to a name."""

    path: tuple[str | int | None, ...]
    display: Mapping[str, str]
    mandatory: bool = False

    def to_object(self) -> dict[str, Any]:
        shown = [{"name": name, "locale": locale} for locale, name in self.display.items()]
        return {"path": list(self.path), "mandatory": self.mandatory, **({"display": shown} if shown else {})}


@dataclass(frozen=True)
class CredentialDisplay:
    """The card: one object for each language (section 12.2.4)."""

    name: str
    locale: str
    description: str = ""
    logo_uri: str = ""
    logo_alt_text: str = ""
    background_color: str = ""
    text_color: str = ""

    def to_object(self) -> dict[str, Any]:
        shown = {
            "name": self.name,
            "locale": self.locale,
            "description": self.description,
            "background_color": self.background_color,
            "text_color": self.text_color,
        }
        logo = {"uri": self.logo_uri, "alt_text": self.logo_alt_text}
        return {
            **{name: value for name, value in shown.items() if value},
            **({"logo": {name: value for name, value in logo.items() if value}} if self.logo_uri else {}),
        }


@dataclass(frozen=True)
class CredentialConfiguration:
    """One credential that can be issued (section 12.2.4): an SD-JWT VC by its `vct` (appendix A.3.2), or a W3C credential
    in a JWT by its `types` (A.1.1.2)."""

    vct: str
    scope: str
    display: Sequence[CredentialDisplay] = ()
    claims: Sequence[ClaimDescription] = ()
    binding_methods: Sequence[str] = ("jwk", "did:key", "did:jwk")
    proof_algs: Sequence[str] = ("ES256", "EdDSA")
    signing_algs: Sequence[str] = ("ES256",)
    types: Sequence[str] = ()

    def to_object(self) -> dict[str, Any]:
        metadata: dict[str, Any] = {}
        if self.display:
            metadata["display"] = [display.to_object() for display in self.display]
        if self.claims:
            metadata["claims"] = [claim.to_object() for claim in self.claims]
        return {
            **self._kind(),
            "scope": self.scope,
            "cryptographic_binding_methods_supported": list(self.binding_methods),
            "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": list(self.proof_algs)}},
            "credential_signing_alg_values_supported": list(self.signing_algs),
            **({"credential_metadata": metadata} if metadata else {}),
        }

    def _kind(self) -> dict[str, Any]:
        if self.types:
            return {"format": "jwt_vc_json", "credential_definition": {"type": list(self.types)}}
        return {"format": "dc+sd-jwt", "vct": self.vct}


def issuer_metadata(
    *,
    issuer: str,
    credential_endpoint: str,
    nonce_endpoint: str,
    configurations: Mapping[str, CredentialConfiguration],
    notification_endpoint: str | None = None,
    deferred_credential_endpoint: str | None = None,
    encryption_jwks: Sequence[Mapping[str, str]] = (),
    batch_size: int | None = None,
    display: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The credential issuer metadata. No `authorization_servers`: the issuer is its own (section 12.2.4)."""
    if not configurations:
        raise ValueError("an issuer offers at least one credential configuration")
    if batch_size is not None and batch_size < 2:
        raise ValueError("batch_size is 2 or greater (section 12.2.4)")
    metadata: dict[str, Any] = {
        "credential_issuer": check_issuer_identifier(issuer),
        "credential_endpoint": check_url(credential_endpoint),
        "nonce_endpoint": check_url(nonce_endpoint),
    }
    if notification_endpoint is not None:
        metadata["notification_endpoint"] = check_url(notification_endpoint)
    if deferred_credential_endpoint is not None:
        metadata["deferred_credential_endpoint"] = check_url(deferred_credential_endpoint)
    if encryption_jwks:
        metadata |= _encryption(encryption_jwks)
    if batch_size is not None:
        metadata["batch_credential_issuance"] = {"batch_size": batch_size}
    if display:
        metadata["display"] = [dict(item) for item in display]
    metadata["credential_configurations_supported"] = {
        name: configuration.to_object() for name, configuration in configurations.items()
    }
    return metadata


def _encryption(jwks: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Requests may be encrypted to `jwks`, answers to the wallet's key; neither has to be (section 12.2.4)."""
    if any("d" in jwk or not {"kid", "alg"} <= jwk.keys() for jwk in jwks):
        raise ValueError("keys to encrypt to are public and have kid and alg")
    shared = {"enc_values_supported": list(ENCS), "encryption_required": False}
    return {
        "credential_request_encryption": {"jwks": {"keys": [dict(jwk) for jwk in jwks]}, **shared},
        "credential_response_encryption": {"alg_values_supported": [ALG], **shared},
    }


def sign_issuer_metadata(
    metadata: Mapping[str, Any],
    *,
    signer: Signer,
    issued_at: int,
    expires_at: int,
    x5c: Sequence[str] = (),
) -> str:
    """Section 12.2.3, for a request with `Accept: application/jwt`. The key is found by the certificates in `x5c` (RFC 7515,
    4.1.6) where there are any, else by the signer's `kid`: never by both, which readers would weigh differently. `iss` is whom
    that key belongs to: the issuer's own address by certificate, the DID by `kid`; `sub` is the issuer either way."""
    issuer = metadata["credential_issuer"]
    attested_by = issuer if x5c else signer.kid.partition("#")[0]
    claims = {**metadata, "iss": attested_by, "sub": issuer, "iat": issued_at, "exp": expires_at}
    if x5c:
        header = {"x5c": list(x5c)}
        return sign_jws(signer, typ=SIGNED_METADATA_TYP, claims=claims, header=header, with_kid=False)
    return sign_jws(signer, typ=SIGNED_METADATA_TYP, claims=claims)


def authorization_server_metadata(
    *, issuer: str, token_endpoint: str, dpop_algs: Sequence[str] = ()
) -> dict[str, Any]:
    """RFC 8414 with section 12.3. Naming DPoP algorithms makes wallets use DPoP."""
    return {
        "issuer": check_issuer_identifier(issuer),
        "token_endpoint": check_url(token_endpoint),
        "grant_types_supported": [PRE_AUTHORIZED_CODE_GRANT],
        "pre-authorized_grant_anonymous_access_supported": True,
        "token_endpoint_auth_methods_supported": ["none"],
        "response_types_supported": [],
        **({"dpop_signing_alg_values_supported": list(dpop_algs)} if dpop_algs else {}),
    }


def well_known_paths(issuer: str, well_known: str = ISSUER_WELL_KNOWN) -> tuple[str, ...]:
    """Where the document must be served: inserted (section 12.2.2), and appended for wallets of draft times."""
    path = urlsplit(issuer).path.rstrip("/")
    return (well_known + path, path + well_known) if path else (well_known,)


def check_issuer_identifier(issuer: str) -> str:
    """Section 12.2.1: an https URL without query and fragment, compared character by character."""
    if "?" in check_url(issuer):
        raise ValueError(f"an issuer identifier has no query: {issuer}")
    return issuer
