"""DPoP (RFC 9449): an access token that only the holder of a key can use.

Without it a stolen bearer token works for five minutes. The caller keeps every `jti` it has seen for the
length of the window and refuses a second one: this code cannot know what was seen before.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from tenants.verified_id.protocol.encoding import b64u, numeric_date
from tenants.verified_id.protocol.errors import ProtocolError, Refusing, check_lists
from tenants.verified_id.protocol.jws import parse_jws, verify_jws
from tenants.verified_id.protocol.keys import check_public_jwk, thumbprint

TYP = "dpop+jwt"
WINDOW = 300
ALGS = ("ES256", "EdDSA", "Ed25519")
_REFUSING = Refusing("invalid_dpop_proof", "RFC 9449 section 4.3")


@dataclass(frozen=True)
class VerifiedDpopProof:
    """`key_thumbprint` is what the access token is bound to (`cnf.jkt`, RFC 9449 section 6)."""

    key_thumbprint: str
    jti: str
    issued_at: int


def verify_dpop_proof(
    unverified_proof: str,
    *,
    expected_method: str,
    expected_url: str,
    now: int,
    access_token: str | None = None,
    expected_thumbprint: str | None = None,
    expected_nonces: Collection[str] | None = None,
    allowed_algs: Collection[str] = ALGS,
    window: int = WINDOW,
) -> VerifiedDpopProof:
    """RFC 9449 section 4.3.

    1. `typ` dpop+jwt, asymmetric `alg` on the list (4, 5);  2. `jwk` public, without private members (7);
    3. the signature holds under it (6);  4. `jti` is there (3);  5. `htm` is the method (8);
    6. `htu` is the URL without query and fragment (9);  7. `nonce` is one of ours, where we give them (10);
    8. `iat` within the window (11);  9. with an access token, `ath` is its hash (12a);
    10. and the key is the one the token is bound to (12b): both or neither must be given.
    """
    if (access_token is None) != (expected_thumbprint is None):
        raise ValueError("an access token is always checked together with the key it is bound to")
    check_lists(expected_nonces)
    # 1
    proof = parse_jws(
        unverified_proof, _REFUSING, expected_typ=TYP, allowed_algs=allowed_algs, max_bytes=8192
    )
    # 2
    jwk = check_public_jwk(proof.header.get("jwk"), _REFUSING, alg=proof.alg)
    # 3
    claims = verify_jws(proof, jwk, _REFUSING)
    # 4
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
        raise _REFUSING("dpop_jti")
    # 5
    if claims.get("htm") != expected_method:
        raise _REFUSING("dpop_htm", found=claims.get("htm"), expected=expected_method)
    # 6
    if _without_query(claims.get("htu")) != _without_query(expected_url):
        raise _REFUSING("dpop_htu", found=claims.get("htu"), expected=expected_url)
    # 7
    if expected_nonces is not None and claims.get("nonce") not in expected_nonces:
        raise ProtocolError("use_dpop_nonce", "dpop_nonce", clause="RFC 9449 section 8")
    # 8
    issued_at = numeric_date(claims, "iat", _REFUSING)
    if issued_at is None or abs(now - issued_at) > window:
        raise _REFUSING("dpop_iat", clause="RFC 9449 section 11.1", expected=window)
    # 9, 10
    if access_token is not None:
        if claims.get("ath") != b64u(hashlib.sha256(access_token.encode("ascii")).digest()):
            raise _REFUSING("dpop_ath", clause="RFC 9449 section 7.1")
        if thumbprint(jwk) != expected_thumbprint:
            raise _REFUSING("dpop_key", clause="RFC 9449 section 7.1")
    return VerifiedDpopProof(thumbprint(jwk), jti, issued_at)


def _without_query(url: object) -> str | None:
    """RFC 9449 section 4.2 with the normalisation RFC 3986 6.2.2 and 6.2.3 call for."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    default = {"https": 443, "http": 80}.get(parts.scheme.lower())
    host = (parts.hostname or "").lower() + (f":{port}" if port and port != default else "")
    return f"{parts.scheme.lower()}://{host}{parts.path or '/'}"
