"""What the application signs: its assertion (RFC 7523), and the proof that a token is in the right hands (RFC 9449).

Protects the application's key, which is made here and whose private half goes nowhere, and tokens: whoever copies one has no
key to use it with. What it does not do: ask anybody.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300
RSA_BITS = 3072


def new_application_key() -> str:
    """A private key as a JWK. RSA, which every organisation's sign-in there takes."""
    key = RSAKey.generate_key(RSA_BITS, {"use": "sig", "alg": "RS256"}, private=True)
    return json.dumps(key.as_dict(private=True) | {"kid": key.thumbprint()})


def public_jwk(private_jwk: str) -> str:
    """Its public half, as the Admin Console takes it."""
    held = json.loads(private_jwk)
    shown = {name: held[name] for name in ("kty", "kid", "use", "alg", "n", "e") if name in held}
    return json.dumps(shown, indent=2)


def make_assertion(private_jwk: str, *, client_id: str, audience: str, now: datetime) -> str:
    held = json.loads(private_jwk)
    moment = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": moment,
        "exp": moment + ASSERTION_SECONDS,
        "jti": str(uuid4()),
    }
    return jwt.encode({"alg": "RS256", "kid": held["kid"]}, claims, RSAKey.import_key(held))


def new_token_key() -> str:
    """The key that one token is bound to."""
    key = ECKey.generate_key("P-256", private=True)
    return json.dumps(key.as_dict(private=True))


def make_proof(
    private_jwk: str, *, method: str, url: str, now: datetime, nonce: str = "", token: str = ""
) -> str:
    """For one request. `token` where one goes along: the proof names it by its hash."""
    key = ECKey.import_key(json.loads(private_jwk))
    parts = urlsplit(url)
    claims: dict[str, Any] = {
        "jti": str(uuid4()),
        "htm": method,
        # Without query and fragment (RFC 9449, 4.2).
        "htu": urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
        "iat": int(now.timestamp()),
    }
    if nonce:
        claims["nonce"] = nonce
    if token:
        claims["ath"] = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key, algorithms=["ES256"])
