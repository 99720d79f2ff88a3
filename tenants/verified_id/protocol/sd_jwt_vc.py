"""SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-18): the credential itself, issued and verified.

It guards who may have issued what: keys and issuers come from the caller's own store (`Trust`), types from the
caller's list, and nothing in a header can widen them. Empty ones refuse. It does not ask whether a
credential was revoked: it returns the `status` reference, and the caller must look it up.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.encoding import numeric_date
from tenants.verified_id.protocol.errors import Refusing, check_lists
from tenants.verified_id.protocol.jws import DEFAULT_ALGS, UnverifiedJws
from tenants.verified_id.protocol.key_binding import SKEW, WINDOW, VerifiedKeyBinding, verify_kb_jwt
from tenants.verified_id.protocol.keys import Signer, check_public_jwk
from tenants.verified_id.protocol.sd_jwt import (
    Disclosable,
    RandomBytes,
    UnverifiedSdJwt,
    VerifiedSdJwt,
    issue_sd_jwt,
    parse_issuer_jwt,
    split_sd_jwt,
    verify_sd_jwt,
)
from tenants.verified_id.protocol.status_list import StatusReference, read_status_reference
from tenants.verified_id.protocol.trust import Trust, check_issuer, key_of_issuer

TYP = "dc+sd-jwt"
FORMAT = "dc+sd-jwt"
NEVER_DISCLOSABLE = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
_SET_HERE = NEVER_DISCLOSABLE | {"iat"}

REFUSING_CREDENTIAL = Refusing("invalid_request", "SD-JWT VC section 2.4")


@dataclass(frozen=True)
class VerifiedCredential:
    """What the issuer signed and the holder chose to show. `claims` holds disclosed and open ones alike."""

    issuer: str
    kid: str
    vct: str
    claims: Mapping[str, Any]
    disclosed: frozenset[str]
    holder_key: Mapping[str, str]
    issued_at: int | None
    expires_at: int
    status: StatusReference | None


@dataclass(frozen=True)
class VerifiedPresentation:
    """A credential, shown by the holder of its key, to us, in this transaction."""

    credential: VerifiedCredential
    key_binding: VerifiedKeyBinding

    @property
    def holder_key(self) -> Mapping[str, str]:
        return self.credential.holder_key

    @property
    def claims(self) -> Mapping[str, Any]:
        return self.credential.claims


def issue_credential(
    *,
    signer: Signer,
    issuer: str,
    vct: str,
    holder_key: Mapping[str, Any],
    issued_at: int,
    expires_at: int,
    disclosable: Mapping[str, Any],
    random: RandomBytes,
    status: StatusReference | None,
    claims: Mapping[str, Any] | None = None,
    decoys: int = 0,
    header: Mapping[str, Any] | None = None,
    vct_integrity: str = "",
) -> str:
    """One SD-JWT VC bound to the holder's key. Every member of `disclosable` is hidden, `claims` stay open.
    `vct_integrity` holds the type metadata to the document that is served today (section 5)."""
    open_claims = dict(claims or {})
    if (
        taken := _SET_HERE & (open_claims.keys() | disclosable.keys())
        or disclosable.keys() & open_claims.keys()
    ):
        raise ValueError(f"claim names set elsewhere: {sorted(taken)}")
    if expires_at <= issued_at:
        raise ValueError("a credential expires after it was issued")
    payload = {
        "iss": issuer,
        "iat": issued_at,
        "exp": expires_at,
        "vct": vct,
        **({"vct#integrity": vct_integrity} if vct_integrity else {}),
        "cnf": {"jwk": check_public_jwk(holder_key)},
        **({"status": status.as_claim()} if status else {}),
        **open_claims,
        **{name: Disclosable(value) for name, value in disclosable.items()},
    }
    return issue_sd_jwt(signer=signer, typ=TYP, claims=payload, random=random, decoys=decoys, header=header)


def verify_credential(
    unverified_credential: str | UnverifiedSdJwt,
    *,
    trust: Trust,
    expected_vcts: Collection[str],
    now: int,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
    refusing: Refusing = REFUSING_CREDENTIAL,
) -> VerifiedCredential:
    """SD-JWT VC section 2.4 on top of RFC 9901 section 7.1.

    1. format and size (RFC 9901 7.1 step 1);  2. `typ` is dc+sd-jwt, `alg` on the list, no `crit` (2.2.1);
    3. `kid` names a key of ours (2.5, "ecosystem rule"), or `x5c` leads to an anchor of ours;  4. signature and disclosures (RFC 9901 7.1);
    5. no validity claim came from a disclosure (2.2.2.3);  6. `iss` is expected and owns the key (2.5);
    7. `vct` is expected (2.2.2.1);  8. `exp` present and ahead, `nbf` and `iat` behind us (RFC 7519 4.1);
    9. `cnf.jwk` is a public key (RFC 7800 3.2);  10. `status` is well formed (Token Status List 6.2).
    """
    check_lists(expected_vcts)
    # 1
    parts = _parts(unverified_credential, refusing)
    # 2
    issuer_jwt = parse_issuer_jwt(parts, refusing, expected_typ=TYP, allowed_algs=allowed_algs)
    # 3
    key = key_of_issuer(issuer_jwt, trust, now=now, refusing=refusing)
    # 4
    verified = verify_sd_jwt(parts, issuer_jwt, expected_issuer_key=key.jwk, refusing=refusing)
    # 5
    _check_never_disclosed(issuer_jwt, verified, refusing)
    # 6
    issuer = check_issuer(verified.claims.get("iss"), key, trust, refusing)
    # 7
    vct = verified.claims.get("vct")
    if not isinstance(vct, str) or vct not in expected_vcts:
        raise refusing("vct", clause="SD-JWT VC section 2.2.2.1", found=vct, expected=sorted(expected_vcts))
    # 8
    issued_at, expires_at = check_validity(verified.claims, now, refusing)
    # 9, 10
    return VerifiedCredential(
        issuer=issuer,
        kid=key.kid,
        vct=vct,
        claims=verified.claims,
        disclosed=verified.disclosed,
        holder_key=_holder_key(verified.claims, refusing),
        issued_at=issued_at,
        expires_at=expires_at,
        status=read_status_reference(verified.claims, refusing),
    )


def verify_presentation(
    unverified_presentation: str,
    *,
    trust: Trust,
    expected_vcts: Collection[str],
    expected_nonce: str,
    expected_audience: str,
    now: int,
    expected_transaction_data: Sequence[str] = (),
    allowed_algs: Collection[str] = DEFAULT_ALGS,
    key_binding_window: int = WINDOW,
    refusing: Refusing = REFUSING_CREDENTIAL,
) -> VerifiedPresentation:
    """RFC 9901 section 7.3: key binding is always required here.

    1. a KB-JWT is there (step 2);  2. the credential verifies (step 4);  3. the KB-JWT verifies (step 5).
    """
    parts = _parts(unverified_presentation, refusing)
    # 1
    if parts.kb_jwt is None:
        raise refusing("kb_missing", clause="RFC 9901 section 7.3 step 2")
    # 2
    credential = verify_credential(
        parts,
        trust=trust,
        expected_vcts=expected_vcts,
        now=now,
        allowed_algs=allowed_algs,
        refusing=refusing,
    )
    # 3
    key_binding = verify_kb_jwt(
        parts.kb_jwt,
        sd_jwt=parts.sd_jwt,
        expected_holder_key=credential.holder_key,
        expected_nonce=expected_nonce,
        expected_audience=expected_audience,
        expected_transaction_data=expected_transaction_data,
        now=now,
        refusing=refusing,
        allowed_algs=allowed_algs,
        window=key_binding_window,
    )
    return VerifiedPresentation(credential, key_binding)


def _parts(unverified: str | UnverifiedSdJwt, refusing: Refusing) -> UnverifiedSdJwt:
    return unverified if isinstance(unverified, UnverifiedSdJwt) else split_sd_jwt(unverified, refusing)


def _check_never_disclosed(issuer_jwt: UnverifiedJws, verified: VerifiedSdJwt, refusing: Refusing) -> None:
    top_level = verified.claims.keys() - issuer_jwt.unverified_claims.keys()
    if hidden := NEVER_DISCLOSABLE & top_level:
        raise refusing("claim_disclosed", clause="SD-JWT VC section 2.2.2.3", found=sorted(hidden))


def check_validity(claims: Mapping[str, Any], now: int, refusing: Refusing) -> tuple[int | None, int]:
    issued_at = numeric_date(claims, "iat", refusing)
    not_before = numeric_date(claims, "nbf", refusing)
    expires_at = numeric_date(claims, "exp", refusing)
    if expires_at is None or now >= expires_at + SKEW:
        raise refusing("expired", clause="RFC 7519 section 4.1.4")
    if not_before is not None and now < not_before - SKEW:
        raise refusing("not_yet_valid", clause="RFC 7519 section 4.1.5")
    if issued_at is not None and now < issued_at - SKEW:
        raise refusing("issued_in_future", clause="RFC 7519 section 4.1.6")
    return issued_at, expires_at


def _holder_key(claims: Mapping[str, Any], refusing: Refusing) -> Mapping[str, str]:
    confirmation = claims.get("cnf")
    if not isinstance(confirmation, Mapping) or "jwk" not in confirmation:
        raise refusing("cnf", clause="RFC 7800 section 3.2", expected="cnf.jwk")
    return check_public_jwk(confirmation["jwk"], refusing)
