"""Key proof of type `jwt` (OpenID4VCI 1.0 appendix F): the wallet holds the key it asks us to bind.

It stops a credential from being bound to somebody else's key, and an old proof from being used again. The key
comes out of the proof itself, which is right here and nowhere else: binding to a key needs no trust in it.
Nothing is fetched: `jku`, `x5u` and DIDs that live on the network are not followed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.did_key import resolve_did_url
from tenants.verified_id.protocol.encoding import numeric_date
from tenants.verified_id.protocol.errors import ProtocolError, Refusing, check_lists
from tenants.verified_id.protocol.jws import UnverifiedJws, parse_jws, verify_jws
from tenants.verified_id.protocol.keys import check_public_jwk, thumbprint

TYP = "openid4vci-proof+jwt"
WINDOW = 300
_REFUSING = Refusing("invalid_proof", "OpenID4VCI 1.0 appendix F.1")
_NONCE = Refusing("invalid_nonce", "OpenID4VCI 1.0 section 8.3.1.2")
_MAX_BYTES = 16 * 1024
_KEY_HEADERS = ("jwk", "kid", "x5c")


@dataclass(frozen=True)
class VerifiedKeyProof:
    """The key the credential will be bound to. `holder_did` is set when the wallet named its key by DID."""

    jwk: Mapping[str, str]
    thumbprint: str
    holder_did: str | None
    nonce: str
    issued_at: int
    alg: str


def unverified_nonces(
    unverified_proofs: Sequence[str], *, allowed_algs: Collection[str] = ("ES256", "EdDSA", "Ed25519")
) -> frozenset[str]:
    """The nonces the proofs claim, so that the caller can take them (once!) before anything is compared."""
    claimed = (_parse(proof, allowed_algs).unverified_claims.get("nonce") for proof in unverified_proofs)
    return frozenset(nonce for nonce in claimed if isinstance(nonce, str) and 0 < len(nonce) <= 256)


def verify_key_proofs(
    unverified_proofs: Sequence[str],
    *,
    expected_issuer: str,
    expected_nonces: Collection[str],
    now: int,
    max_proofs: int = 1,
    allowed_algs: Collection[str] = ("ES256", "EdDSA", "Ed25519"),
    expected_client_id: str | None = None,
    needs_did: bool = False,
) -> tuple[VerifiedKeyProof, ...]:
    """All proofs of one credential request.

    1. there is a proof, and no more than `max_proofs` (8.2);  2. each verifies (F.4);
    3. each key appears once (8.3).
    """
    # 1
    if not 1 <= len(unverified_proofs) <= max_proofs:
        raise _REFUSING(
            "proof_count",
            clause="OpenID4VCI 1.0 section 8.2",
            found=len(unverified_proofs),
            expected=max_proofs,
        )
    # 2
    proofs = tuple(
        verify_key_proof(
            proof,
            expected_issuer=expected_issuer,
            expected_nonces=expected_nonces,
            now=now,
            allowed_algs=allowed_algs,
            expected_client_id=expected_client_id,
            needs_did=needs_did,
        )
        for proof in unverified_proofs
    )
    # 3
    if len({proof.thumbprint for proof in proofs}) != len(proofs):
        raise _REFUSING("proof_key_repeated", clause="OpenID4VCI 1.0 section 8.3")
    return proofs


def verify_key_proof(
    unverified_proof: str,
    *,
    expected_issuer: str,
    expected_nonces: Collection[str],
    now: int,
    allowed_algs: Collection[str] = ("ES256", "EdDSA", "Ed25519"),
    expected_client_id: str | None = None,
    needs_did: bool = False,
    window: int = WINDOW,
) -> VerifiedKeyProof:
    """Appendix F.4, with the members of F.1.

    1. `alg` asymmetric and on the list, `typ` openid4vci-proof+jwt, no `crit` (F.1);
    2. exactly one of `jwk`, `kid`, `x5c`, without private members (F.1, F.4);
    3. a `kid` is a did:key or did:jwk URL (F.1; nothing is fetched), and there with `needs_did` (12.2.4);
    4. `x5c` is not accepted here;
    5. the signature holds under that key (F.4);  6. `aud` is this issuer, as one text (F.1);
    7. `iss`, if there, is the client; absent in the anonymous flow (F.1);  8. `iat` within the window (F.4, 13.8);
    9. `nonce` present, else invalid_proof;  10. and live, else invalid_nonce (8.3.1.2).
    """
    check_lists(expected_nonces)
    # 1
    proof = _parse(unverified_proof, allowed_algs)
    # 2, 3, 4
    jwk, holder_did = _key_of(proof)
    if needs_did and holder_did is None:
        raise _refuse_binding("jwk")
    # 5
    claims = verify_jws(proof, jwk, _REFUSING)
    # 6
    if not expected_issuer or claims.get("aud") != expected_issuer:
        raise _REFUSING("proof_aud", found=claims.get("aud"), expected=expected_issuer)
    # 7
    if "iss" in claims and (expected_client_id is None or claims["iss"] != expected_client_id):
        raise _REFUSING("proof_iss", expected=expected_client_id or "absent")
    # 8
    issued_at = numeric_date(claims, "iat", _REFUSING)
    if issued_at is None or abs(now - issued_at) > window:
        raise _REFUSING("proof_iat", clause="OpenID4VCI 1.0 section 13.8", expected=window)
    # 9
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce:
        raise _REFUSING("proof_nonce_missing", clause="OpenID4VCI 1.0 section 8.3.1.2")
    # 10
    if nonce not in expected_nonces:
        raise _NONCE("proof_nonce")
    return VerifiedKeyProof(jwk, thumbprint(jwk), holder_did, nonce, issued_at, proof.alg)


def _parse(unverified_proof: str, allowed_algs: Collection[str]) -> UnverifiedJws:
    return parse_jws(
        unverified_proof, _REFUSING, expected_typ=TYP, allowed_algs=allowed_algs, max_bytes=_MAX_BYTES
    )


def _key_of(proof: UnverifiedJws) -> tuple[Mapping[str, str], str | None]:
    named = [name for name in _KEY_HEADERS if name in proof.header]
    if len(named) != 1:
        raise _REFUSING("proof_key_header", found=named, expected="exactly one of jwk, kid, x5c")
    header: Any = proof.header[named[0]]
    if named[0] == "jwk":
        return check_public_jwk(header, _REFUSING, alg=proof.alg), None
    if named[0] == "kid" and isinstance(header, str):
        resolved = resolve_did_url(header, _REFUSING)
        return check_public_jwk(resolved.jwk, _REFUSING, alg=proof.alg), resolved.did
    raise _refuse_binding(named[0])


def _refuse_binding(name: str) -> ProtocolError:
    return _REFUSING(
        "proof_binding", clause="OpenID4VCI 1.0 section 12.2.4", found=name, expected="jwk or a DID"
    )
