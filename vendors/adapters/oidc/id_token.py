"""The ID Token, checked in the order of OpenID Connect Core 1.0, section 3.1.3.7.

Protects a case from an answer that another party made, that was meant for another client or attempt, or that is old.
What it does not do: say anything about the claims inside; that is `verified_claims`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey, import_key

from portal.kit.bodies import read_once
from vendors.contract import ContractBroken, IssuerUntrusted, SignatureInvalid, Stale, StateMismatch

ALLOWED_ALGORITHMS = ("ES256", "PS256", "RS256")
SKEW = timedelta(seconds=60)
MAX_AGE = timedelta(minutes=10)
# RFC 7518, section 3.3: a shorter one is no key.
RSA_BITS = 2048


class KeySource(Protocol):
    def find(self, key_id: str | None, algorithm: str) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class VerifiedIdToken:
    """Claims of a token whose every check passed. `digest` is over the token as it came."""

    claims: Mapping[str, Any] = field(repr=False)
    digest: str


def verify_id_token(
    unverified_token: str,
    *,
    keys: KeySource,
    expected_issuer: str,
    expected_client_id: str,
    expected_nonce: str,
    now: datetime,
) -> VerifiedIdToken:
    """What must hold (numbers of section 3.1.3.7; 1 asks for encryption and 6 allows TLS in place of the signature,
    neither of which is used here, so the signature is always checked):

    7. `alg` is on the list of allowed algorithms; `none` and symmetric ones are not. The header says each thing once, asks for
       no extension (RFC 7515, section 4.1.11), and names no other kind of token (RFC 8725, section 3.11).
    6. The signature holds under the issuer's key named by `kid`. What it signs says each thing once: of two readers of a name
       that stands twice each takes another value.
    2. `iss` is the configured issuer, to the letter.
    3. `aud` holds our client id, and no audience we do not know.
    4. / 5. `azp`, if present, is our client id.
    9. The time is before `exp`, and not before `nbf`, where it stands (RFC 7519, section 4.1.5).
    10. `iat` is recent and not in the future.
    11. `nonce` is the one sent with this attempt.

    Steps 8 (MAC), 12 (`acr`) and 13 (`auth_time`) concern what is never asked for. Raises AdapterError.
    """
    unverified_claims = _verify_signature(unverified_token, keys)
    claims = unverified_claims
    if claims.get("iss") != expected_issuer:  # 2
        raise IssuerUntrusted("token_issuer_wrong")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if audiences != [expected_client_id]:  # 3
        raise StateMismatch("token_audience_wrong")
    if claims.get("azp", expected_client_id) != expected_client_id:  # 4, 5
        raise StateMismatch("token_party_wrong")
    if now >= _moment(claims, "exp") + SKEW:  # 9
        raise Stale("token_expired")
    if "nbf" in claims and now < _moment(claims, "nbf") - SKEW:
        raise Stale("token_not_valid_yet")
    issued_at = _moment(claims, "iat")
    if issued_at > now + SKEW or issued_at < now - MAX_AGE:  # 10
        raise Stale("token_not_recent")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not _same(nonce, expected_nonce):  # 11
        raise StateMismatch("token_nonce_wrong")
    subject = claims.get("sub")
    # Core, section 2: at most 255 ASCII characters. Others are let be, as long as they are characters.
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise ContractBroken("token_subject_missing")
    return VerifiedIdToken(claims, hashlib.sha256(unverified_token.encode()).hexdigest())


def _verify_signature(unverified_token: str, keys: KeySource) -> dict[str, Any]:
    unverified_header = _header(unverified_token)
    algorithm = unverified_header.get("alg")
    if algorithm not in ALLOWED_ALGORITHMS:  # 7
        raise SignatureInvalid("token_algorithm_refused")
    if {"crit", "b64"} & unverified_header.keys():
        raise SignatureInvalid("token_extension_refused")
    if str(unverified_header.get("typ", "JWT")).upper() != "JWT":
        raise SignatureInvalid("token_of_another_kind")
    key_id = unverified_header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        raise ContractBroken("token_unreadable")
    found = keys.find(key_id, str(algorithm))
    try:
        key = import_key(found)
        if isinstance(key, RSAKey) and key.public_key.key_size < RSA_BITS:
            raise SignatureInvalid("token_key_too_short")
        signed = jws.deserialize_compact(unverified_token, key, algorithms=[str(algorithm)])  # 6
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignatureInvalid("token_signature_wrong") from error
    return _object(signed.payload)


def _header(unverified_token: str) -> dict[str, Any]:
    """Of three parts the first, read as strictly as what is signed."""
    first, *others = unverified_token.split(".")
    try:
        raw = base64.b64decode(first + "=" * (-len(first) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ContractBroken("token_unreadable") from error
    if len(others) != 2:
        raise ContractBroken("token_unreadable")
    return _object(raw)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = read_once(raw.decode())
    except (ValueError, RecursionError) as error:
        raise ContractBroken("token_unreadable") from error
    if not isinstance(value, dict):
        raise ContractBroken("token_unreadable")
    return value


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**33:
        raise ContractBroken(f"token_{name}_missing")
    return datetime.fromtimestamp(value, tz=UTC)


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode())
