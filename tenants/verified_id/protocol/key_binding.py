"""Key Binding JWT (RFC 9901 section 4.3): the holder's signature over exactly what is shown, here and now.

It keeps a stolen or replayed credential from being shown by somebody else, or to somebody else, or again. It
does not say who the holder is, and it cannot tell a relayed holder from one who stands in front of us.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tenants.verified_id.protocol.encoding import b64u, numeric_date
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.jws import DEFAULT_ALGS, parse_jws, sign_jws, verify_jws
from tenants.verified_id.protocol.keys import Signer

SKEW = 60
"""Seconds by which clocks may differ."""
WINDOW = 300
"""Seconds a KB-JWT may be old or, by a skewed clock, young."""


@dataclass(frozen=True)
class VerifiedKeyBinding:
    issued_at: int
    alg: str


def build_kb_jwt(
    *,
    signer: Signer,
    sd_jwt: str,
    audience: str,
    nonce: str,
    issued_at: int,
    transaction_data: Sequence[str] = (),
) -> str:
    """`sd_jwt` ends with its last tilde. No `kid`: the key is the credential's `cnf` (RFC 9901 4.3)."""
    claims: dict[str, object] = {
        "iat": issued_at,
        "aud": audience,
        "nonce": nonce,
        "sd_hash": sd_hash(sd_jwt),
    }
    claims |= transaction_data_claims(transaction_data)
    return sign_jws(signer, typ="kb+jwt", claims=claims, with_kid=False)


def verify_kb_jwt(
    unverified_kb_jwt: str,
    *,
    sd_jwt: str,
    expected_holder_key: Mapping[str, str],
    expected_nonce: str,
    expected_audience: str,
    expected_transaction_data: Sequence[str],
    now: int,
    refusing: Refusing,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
    window: int = WINDOW,
) -> VerifiedKeyBinding:
    """RFC 9901 section 7.3 step 5.

    1. algorithm on the list (5.2);  2. `typ` is kb+jwt (5.4);  3. signed by the key in `cnf` (5.1, 5.3);
    4. `iat` within the window (5.5);  5. `nonce` is ours, and not empty (5.6);
    6. `aud` is the full client identifier (5.6, OpenID4VP 14.10);
    7. `sd_hash` is over what was sent, up to the last tilde (5.7, 4.3.1);
    8. `transaction_data_hashes` are over the texts that were asked, all of them, no others (OpenID4VP B.3.3.1).
    """
    # 1, 2
    kb_jwt = parse_jws(unverified_kb_jwt, refusing, expected_typ="kb+jwt", allowed_algs=allowed_algs)
    # 3
    claims = verify_jws(kb_jwt, expected_holder_key, refusing)
    # 4
    issued_at = check_issued_now(claims, now, window, refusing)
    # 5, 6
    check_audience_and_nonce(claims, expected_audience, expected_nonce, refusing)
    # 7
    if not _same(claims.get("sd_hash"), sd_hash(sd_jwt)):
        raise refusing("kb_sd_hash", clause="RFC 9901 section 7.3 step 5.7")
    # 8
    check_transaction_data(claims, expected_transaction_data, refusing)
    return VerifiedKeyBinding(issued_at, kb_jwt.alg)


def sd_hash(sd_jwt: str) -> str:
    return _hash(sd_jwt)


def transaction_data_claims(transaction_data: Sequence[str]) -> dict[str, object]:
    """What a holder signs of the texts that were shown (OpenID4VP B.3.3.1)."""
    if not transaction_data:
        return {}
    return {
        "transaction_data_hashes": [_hash(text) for text in transaction_data],
        "transaction_data_hashes_alg": "sha-256",
    }


def check_issued_now(claims: Mapping[str, object], now: int, window: int, refusing: Refusing) -> int:
    issued_at = numeric_date(claims, "iat", refusing)
    if issued_at is None or abs(now - issued_at) > window:
        raise refusing("kb_iat", clause="RFC 9901 section 7.3 step 5.5", expected=window)
    # A KB-JWT need not end; one that says when it ends means it (RFC 7519 4.1.4, 4.1.5).
    expires_at, not_before = numeric_date(claims, "exp", refusing), numeric_date(claims, "nbf", refusing)
    if (expires_at is not None and now >= expires_at + SKEW) or (
        not_before is not None and now < not_before - SKEW
    ):
        raise refusing("kb_exp", clause="RFC 7519 section 4.1.4")
    return issued_at


def check_audience_and_nonce(
    claims: Mapping[str, object], expected_audience: str, expected_nonce: str, refusing: Refusing
) -> None:
    if not expected_nonce or not _same(claims.get("nonce"), expected_nonce):
        raise refusing("kb_nonce", clause="RFC 9901 section 7.3 step 5.6")
    if not expected_audience or not _same(claims.get("aud"), expected_audience):
        raise refusing("kb_aud", clause="OpenID4VP 1.0 section 14.10", expected=expected_audience)


def check_transaction_data(claims: Mapping[str, object], expected: Sequence[str], refusing: Refusing) -> None:
    clause = "OpenID4VP 1.0 B.3.3.1"
    alg = claims.get("transaction_data_hashes_alg", "sha-256")
    if alg != "sha-256":
        raise refusing("transaction_data_alg", clause=clause, found=alg, expected="sha-256")
    hashes = claims.get("transaction_data_hashes", [])
    wanted = sorted(_hash(text) for text in expected)
    if not isinstance(hashes, list) or not all(isinstance(item, str) for item in hashes):
        raise refusing("transaction_data_hashes", clause=clause, found=type(hashes).__name__)
    if sorted(hashes) != wanted:
        raise refusing("transaction_data_hashes", clause=clause, found=len(hashes), expected=len(wanted))


def _same(found: object, expected: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode(), expected.encode())


def _hash(text: str) -> str:
    return b64u(hashlib.sha256(text.encode("ascii")).digest())
