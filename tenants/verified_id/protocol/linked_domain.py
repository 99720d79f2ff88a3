"""Linked domain (DIF Well Known DID Configuration): the same party runs this DID and that web site.

The statement is a credential the DID signs about an origin, published at that origin, so each side vouches for
the other. It proves control at the time of reading and nothing about who is in control. The file belongs at the
root of an origin and lists every DID of it, which is why each tenant has a host of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tenants.verified_id.protocol.encoding import check_url, numeric_date, parse_json_object
from tenants.verified_id.protocol.errors import ProtocolError, Refusing
from tenants.verified_id.protocol.jws import DEFAULT_ALGS, parse_jws, sign_jws, trusted_key, verify_jws
from tenants.verified_id.protocol.keys import Signer

WELL_KNOWN_PATH = "/.well-known/did-configuration.json"
_CONTEXT = "https://identity.foundation/.well-known/did-configuration/v1"
_VC_CONTEXT = "https://www.w3.org/2018/credentials/v1"
_MAX_BYTES = 256 * 1024
_MAX_LINKS = 32
_REFUSING = Refusing(
    "invalid_request", "Well Known DID Configuration, DID Configuration Resource Verification"
)


@dataclass(frozen=True)
class VerifiedLinkedDomain:
    did: str
    origin: str
    expires_at: int


def build_domain_linkage_credential(
    *, signer: Signer, did: str, origin: str, issued_at: int, expires_at: int
) -> str:
    """The DomainLinkageCredential as a JWT: only the claims the specification allows, no `vc.id`."""
    _check_origin(origin)
    credential = {
        "@context": [_VC_CONTEXT, _CONTEXT],
        "issuer": did,
        "issuanceDate": _date(issued_at),
        "expirationDate": _date(expires_at),
        "type": ["VerifiableCredential", "DomainLinkageCredential"],
        "credentialSubject": {"id": did, "origin": origin},
    }
    claims = {"exp": expires_at, "iss": did, "nbf": issued_at, "sub": did, "vc": credential}
    return sign_jws(signer, typ="JWT", claims=claims)


def did_configuration(credentials: Sequence[str]) -> dict[str, Any]:
    """The body of `/.well-known/did-configuration.json`."""
    return {"@context": _CONTEXT, "linked_dids": list(credentials)}


def verify_did_configuration(
    unverified_body: bytes,
    *,
    expected_did: str,
    expected_origin: str,
    trusted_keys: Mapping[str, Mapping[str, str]],
    now: int,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
) -> VerifiedLinkedDomain:
    """One of the listed credentials links exactly this DID to exactly this origin.

    1. a bounded JSON object with a non-empty list `linked_dids`; then at least one entry for which:
    2. the header names a key of the DID, the algorithm is on the list;  3. the signature holds;
    4. `iss` and `sub` and `credentialSubject.id` are the DID;  5. its type is DomainLinkageCredential;
    6. `vc.id` is absent;  7. `credentialSubject.origin` is the origin it was fetched from;
    8. it is valid now: `exp` ahead, `nbf` behind.
    """
    # 1
    if len(unverified_body) > _MAX_BYTES:
        raise _REFUSING("body_size", found=len(unverified_body), expected=_MAX_BYTES)
    entries = parse_json_object(unverified_body, _REFUSING).get("linked_dids")
    if not isinstance(entries, list) or not entries or len(entries) > _MAX_LINKS:
        raise _REFUSING("linked_dids", expected=f"1 to {_MAX_LINKS} entries")
    refusal = _REFUSING("linked_did_missing", expected=expected_did)
    for entry in entries:
        try:
            return _verify_linkage(entry, expected_did, expected_origin, trusted_keys, now, allowed_algs)
        except ProtocolError as error:
            refusal = error
    raise refusal


def _verify_linkage(
    unverified_jwt: str,
    expected_did: str,
    expected_origin: str,
    trusted_keys: Mapping[str, Mapping[str, str]],
    now: int,
    allowed_algs: Collection[str],
) -> VerifiedLinkedDomain:
    # 2
    token = parse_jws(unverified_jwt, _REFUSING, expected_typ=None, allowed_algs=allowed_algs)
    kid, key = trusted_key(token, trusted_keys, _REFUSING)
    if kid.partition("#")[0] != expected_did:
        raise _REFUSING("linkage_key", found=kid, expected=expected_did)
    # 3
    claims = verify_jws(token, key, _REFUSING)
    credential = claims.get("vc")
    credential = credential if isinstance(credential, dict) else {}
    subject = credential.get("credentialSubject")
    subject = subject if isinstance(subject, dict) else {}
    # 4
    if not expected_did or {claims.get("iss"), claims.get("sub"), subject.get("id")} != {expected_did}:
        raise _REFUSING("linkage_subject", expected=expected_did)
    # 5
    types = credential.get("type")
    if not isinstance(types, list) or "DomainLinkageCredential" not in types:
        raise _REFUSING("linkage_type", expected="DomainLinkageCredential")
    # 6
    if "id" in credential:
        raise _REFUSING("linkage_id", expected="no vc.id")
    # 7
    if subject.get("origin") != expected_origin:
        raise _REFUSING("linkage_origin", found=subject.get("origin"), expected=expected_origin)
    # 8
    expires_at, not_before = numeric_date(claims, "exp", _REFUSING), numeric_date(claims, "nbf", _REFUSING)
    if expires_at is None or now >= expires_at or (not_before is not None and now < not_before - 60):
        raise _REFUSING("linkage_expired")
    return VerifiedLinkedDomain(expected_did, expected_origin, expires_at)


def _check_origin(origin: str) -> None:
    parts = urlsplit(check_url(origin))
    if parts.path or parts.query:
        raise ValueError(f"an origin has no path: {origin}")


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
