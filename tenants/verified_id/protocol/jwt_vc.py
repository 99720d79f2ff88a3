"""`jwt_vc_json`: a W3C credential (VCDM 1.1) in a JWT, in the shape Microsoft Entra Verified ID issues, and the JWT a
holder shows it in (`jwt_vp_json`; OpenID4VP 1.0 B.1.3.1).

It guards the same three things as `sd_jwt_vc`: who issued, to whose key, and that it is shown here and now. The holder is
a DID that carries its own key, so that nobody is asked for it. Nothing is selectively disclosed in this format: whoever
reads one claim reads all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.did_key import ResolvedKey, resolve_did_url
from tenants.verified_id.protocol.errors import Refusing, check_lists
from tenants.verified_id.protocol.jws import DEFAULT_ALGS, UnverifiedJws, parse_jws, sign_jws, verify_jws
from tenants.verified_id.protocol.key_binding import (
    WINDOW,
    VerifiedKeyBinding,
    check_audience_and_nonce,
    check_issued_now,
    check_transaction_data,
    transaction_data_claims,
)
from tenants.verified_id.protocol.keys import Signer
from tenants.verified_id.protocol.sd_jwt import MAX_SD_JWT
from tenants.verified_id.protocol.sd_jwt_vc import check_validity
from tenants.verified_id.protocol.status_list import StatusReference, read_status_reference
from tenants.verified_id.protocol.trust import Trust, check_issuer, key_of_issuer

FORMAT = "jwt_vc_json"
TYP = "jwt"
CONTEXT = "https://www.w3.org/2018/credentials/v1"
CREDENTIAL, PRESENTATION = "VerifiableCredential", "VerifiablePresentation"
REFUSING_JWT = Refusing("invalid_request", "VCDM 1.1 section 6.3.1")


@dataclass(frozen=True)
class VerifiedJwtCredential:
    """`claims` is the `vc` object, which claims path pointers start from (OpenID4VP B.1.3.1)."""

    issuer: str
    kid: str
    types: tuple[str, ...]
    claims: Mapping[str, Any]
    subject: str
    jti: str
    issued_at: int | None
    expires_at: int
    status: StatusReference | None


@dataclass(frozen=True)
class VerifiedJwtPresentation:
    """A credential, shown by the DID it was issued to, to us, in this transaction."""

    credential: VerifiedJwtCredential
    holder_key: Mapping[str, str]
    key_binding: VerifiedKeyBinding

    @property
    def claims(self) -> Mapping[str, Any]:
        return self.credential.claims


def issue_jwt_credential(
    *,
    signer: Signer,
    issuer: str,
    types: Sequence[str],
    subject: str,
    jti: str,
    issued_at: int,
    expires_at: int,
    claims: Mapping[str, Any],
    status: StatusReference | None,
) -> str:
    """The credential as a JWT (VCDM 1.1 section 6.3.1). `types` are those beside VerifiableCredential, `subject` the
    holder's DID, `jti` a URN. What the JWT says already (issuer, times, id) is not said again inside `vc`."""
    if not types or CREDENTIAL in types or not subject.startswith("did:") or "id" in claims:
        raise ValueError("a credential has a type of its own and is issued to a DID")
    if not issued_at < expires_at:
        raise ValueError("a credential lives after it was issued")
    payload: dict[str, Any] = {
        "vc": {"@context": [CONTEXT], "type": [CREDENTIAL, *types], "credentialSubject": dict(claims)},
        "jti": jti,
        "iss": issuer,
        "sub": subject,
        "nbf": issued_at,
        "iat": issued_at,
        "exp": expires_at,
        **({"status": status.as_claim()} if status else {}),
    }
    return sign_jws(signer, typ="JWT", claims=payload)


def verify_jwt_credential(
    unverified_credential: str,
    *,
    trust: Trust,
    expected_types: Collection[Collection[str]],
    now: int,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
    refusing: Refusing = REFUSING_JWT,
) -> VerifiedJwtCredential:
    """VCDM 1.1 section 6.3.1 with RFC 8725:

    1. bounded; `typ` JWT, `alg` on the list, no `crit` (RFC 8725 3.1, 3.11);
    2. `kid` names a key of ours, or `x5c` leads to an anchor of ours;  3. the signature holds;
    4. `iss` is expected and owns the key; `vc.issuer`, if there, says the same;
    5. `vc` is an object whose `type` holds every member of one expected list (B.1.3.1);
    6. `exp` present and ahead, `nbf` and `iat` behind us;
    7. `sub` is a DID that carries its key; `credentialSubject.id`, if there, is the same;
    8. `status` is well formed (Token Status List 6.2).
    """
    if isinstance(expected_types, str):
        raise TypeError("a list of lists of types is expected here, not one text")
    check_lists(*expected_types)
    # 1
    token = parse_jws(
        unverified_credential, refusing, expected_typ=TYP, allowed_algs=allowed_algs, max_bytes=MAX_SD_JWT
    )
    # 2
    key = key_of_issuer(token, trust, now=now, refusing=refusing)
    # 3
    claims = verify_jws(token, key.jwk, refusing)
    vc = claims.get("vc")
    vc = vc if isinstance(vc, dict) else {}
    # 4
    issuer = check_issuer(claims.get("iss"), key, trust, refusing)
    if _id_of(vc.get("issuer", issuer)) != issuer:
        raise refusing("issuer", clause="VCDM 1.1 section 6.3.1", expected=issuer)
    # 5
    types = _types(vc, expected_types, refusing)
    # 6
    issued_at, expires_at = check_validity(claims, now, refusing)
    # 7
    subject = _subject(claims, vc, refusing)
    # 8
    status = read_status_reference(claims, refusing)
    jti = claims.get("jti", "")
    return VerifiedJwtCredential(
        issuer,
        key.kid,
        types,
        vc,
        subject,
        jti if isinstance(jti, str) else "",
        issued_at,
        expires_at,
        status,
    )


def build_jwt_presentation(
    *,
    signer: Signer,
    holder: ResolvedKey,
    credential: str,
    audience: str,
    nonce: str,
    issued_at: int,
    lifetime: int = 120,
    transaction_data: Sequence[str] = (),
) -> str:
    """What a wallet shows: the credential inside a JWT signed by the DID it was issued to."""
    claims = {
        "iss": holder.did,
        "aud": audience,
        "nonce": nonce,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + lifetime,
        "vp": {"@context": [CONTEXT], "type": [PRESENTATION], "verifiableCredential": [credential]},
        **transaction_data_claims(transaction_data),
    }
    header = {"kid": holder.did_url}
    return sign_jws(signer, typ="JWT", claims=claims, header=header, with_kid=False)


def verify_jwt_presentation(
    unverified_presentation: str,
    *,
    trust: Trust,
    expected_types: Collection[Collection[str]],
    expected_nonce: str,
    expected_audience: str,
    expected_transaction_data: Sequence[str],
    now: int,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
    refusing: Refusing = REFUSING_JWT,
    window: int = WINDOW,
) -> VerifiedJwtPresentation:
    """OpenID4VP 1.0 B.1.3.1.5 with VCDM 1.1 section 6.3.1.

    1. bounded; `typ` JWT, `alg` on the list, no `crit`;  2. `kid` is a DID that carries its key, `iss` the same DID;
    3. the signature holds;  4. `iat` or `nbf` within the window, `exp` ahead;
    5. `nonce` is ours and `aud` the full client identifier (14.1, 14.10);
    6. `vp` holds exactly one credential, a text;  7. the credential verifies;  8. it was issued to this DID;
    9. the hashes of what the wallet was to show are there, all of them, no others (B.3.3.1).
    """
    # 1
    token = parse_jws(
        unverified_presentation, refusing, expected_typ=TYP, allowed_algs=allowed_algs, max_bytes=MAX_SD_JWT
    )
    # 2
    holder = _holder(token, refusing)
    # 3
    claims = verify_jws(token, holder.jwk, refusing)
    # 4
    issued_at = check_issued_now(claims, now, window, refusing)
    # 5
    check_audience_and_nonce(claims, expected_audience, expected_nonce, refusing)
    # 6
    credentials = vp.get("verifiableCredential") if isinstance(vp := claims.get("vp"), dict) else None
    if not isinstance(credentials, list) or len(credentials) != 1 or not isinstance(credentials[0], str):
        raise refusing("vp_credentials", clause="OpenID4VP 1.0 B.1.3.1.5", expected=1)
    # 7
    credential = verify_jwt_credential(
        credentials[0],
        trust=trust,
        expected_types=expected_types,
        now=now,
        allowed_algs=allowed_algs,
        refusing=refusing,
    )
    # 8
    if credential.subject != holder.did:
        raise refusing("holder", clause="VCDM 1.1 section 4.5.1")
    # 9
    check_transaction_data(claims, expected_transaction_data, refusing)
    return VerifiedJwtPresentation(credential, holder.jwk, VerifiedKeyBinding(issued_at, token.alg))


def _holder(token: UnverifiedJws, refusing: Refusing) -> ResolvedKey:
    kid = token.header.get("kid")
    if not isinstance(kid, str):
        raise refusing("holder_kid", clause="OpenID4VP 1.0 B.1.3.1.5", expected="a DID URL")
    holder = resolve_did_url(kid, refusing)
    if token.unverified_claims.get("iss") != holder.did:
        raise refusing("holder_issuer", clause="VCDM 1.1 section 6.3.1")
    return holder


def _types(
    vc: Mapping[str, Any], expected: Collection[Collection[str]], refusing: Refusing
) -> tuple[str, ...]:
    types = vc.get("type")
    if not isinstance(types, list) or not all(isinstance(kind, str) for kind in types):
        raise refusing("vc_type", clause="VCDM 1.1 section 4.3")
    # Every expected list is a way to be right; an empty one would be answered by anything.
    if CREDENTIAL not in types or not any(wanted and set(wanted) <= set(types) for wanted in expected):
        raise refusing("vc_type", clause="OpenID4VP 1.0 B.1.3.1", found=types)
    return tuple(types)


def _subject(claims: Mapping[str, Any], vc: Mapping[str, Any], refusing: Refusing) -> str:
    subject, inner = claims.get("sub"), vc.get("credentialSubject")
    if not isinstance(subject, str) or not isinstance(inner, dict):
        raise refusing("subject", clause="VCDM 1.1 section 6.3.1", expected="sub and one credentialSubject")
    if inner.get("id", subject) != subject:
        raise refusing("subject", clause="VCDM 1.1 section 6.3.1")
    return subject


def _id_of(issuer: object) -> object:
    """`issuer` is a URI or an object with one (VCDM 1.1 section 4.5)."""
    return issuer.get("id") if isinstance(issuer, dict) else issuer
