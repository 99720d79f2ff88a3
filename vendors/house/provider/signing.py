"""ES256 keys and the id_token (OpenID Connect Core 2; RFC 7515, 7518 section 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

ID_TOKEN_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KeyPair:
    kid: str
    private_jwk: dict[str, Any] = field(repr=False)
    public_jwk: dict[str, Any]


def make_key() -> KeyPair:
    """A new P-256 key; its `kid` is its thumbprint (RFC 7638)."""
    key = ECKey.generate_key("P-256", private=True)
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": "ES256"}
    return KeyPair(kid, {**key.as_dict(private=True), "kid": kid}, public)


def sign_id_token(
    private_jwk: Mapping[str, Any],
    *,
    issuer: str,
    audience: str,
    subject: str,
    nonce: str,
    issued_at: datetime,
    verified_claims: Mapping[str, Any],
    demonstration: bool,
) -> str:
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "nonce": nonce,
        "iat": int(issued_at.timestamp()),
        "exp": int((issued_at + ID_TOKEN_LIFETIME).timestamp()),
        "verified_claims": dict(verified_claims),
    }
    if demonstration:
        claims["readmit_demonstration"] = True
    header = {"alg": "ES256", "typ": "JWT", "kid": str(private_jwk["kid"])}
    return jwt.encode(header, claims, ECKey.import_key(dict(private_jwk)), algorithms=["ES256"])
