"""JWS in compact form (RFC 7515), the envelope of every token here.

Reading is split in two so that the unverified half stays visible: `parse_jws` checks the envelope and hands out
an `UnverifiedJws`, from which a caller may only pick a key; `verify_jws` returns the claims. The algorithm comes
from an allow list, the key from the caller, and `crit`, `b64` and unsigned tokens are refused outright.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.encoding import b64u, parse_json_object, to_json, unb64u
from tenants.verified_id.protocol.errors import Refusing, check_lists
from tenants.verified_id.protocol.keys import SIGNATURE_ALGS, Signer, verify_signature

DEFAULT_ALGS = SIGNATURE_ALGS
MAX_JWS = 64 * 1024


@dataclass(frozen=True)
class UnverifiedJws:
    header: Mapping[str, Any]
    unverified_claims: dict[str, Any]
    alg: str
    signing_input: bytes
    signature: bytes


def sign_jws(
    signer: Signer,
    *,
    typ: str,
    claims: Mapping[str, Any],
    header: Mapping[str, Any] | None = None,
    with_kid: bool = True,
) -> str:
    protected = {"alg": signer.alg, "typ": typ, **({"kid": signer.kid} if with_kid else {}), **(header or {})}
    signing_input = f"{b64u(to_json(protected))}.{b64u(to_json(claims))}"
    return f"{signing_input}.{b64u(signer.sign(signing_input.encode('ascii')))}"


def parse_jws(
    unverified_token: str,
    refusing: Refusing,
    *,
    expected_typ: str | None,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
    max_bytes: int = MAX_JWS,
) -> UnverifiedJws:
    """Open the envelope.

    1. bounded, three parts, base64url (RFC 7515 7.1);  2. header and payload are JSON objects (RFC 7519 7.2);
    3. `alg` on the allow list, an empty list refuses (RFC 8725 3.1);
    4. `typ` as expected, without regard to case or the `application/` prefix (RFC 7515 4.1.9, RFC 8725 3.11);
    5. no `crit`, no `b64`: no extension is understood here (RFC 7515 4.1.11, RFC 7797).
    """
    check_lists(allowed_algs)
    # 1
    if not isinstance(unverified_token, str) or len(unverified_token) > max_bytes:
        raise refusing("token_size", clause="RFC 7519 section 7.2", expected=max_bytes)
    parts = unverified_token.split(".")
    if len(parts) != 3:
        raise refusing("token_parts", clause="RFC 7515 section 7.1", found=len(parts), expected=3)
    # 2
    header = parse_json_object(unb64u(parts[0], refusing), refusing)
    claims = parse_json_object(unb64u(parts[1], refusing), refusing)
    # 3
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in allowed_algs or alg not in SIGNATURE_ALGS:
        raise refusing("alg", clause="RFC 8725 section 3.1", found=alg, expected=sorted(allowed_algs))
    # 4
    if expected_typ is not None and _media_type(header.get("typ")) != expected_typ:
        raise refusing("typ", clause="RFC 8725 section 3.11", found=header.get("typ"), expected=expected_typ)
    # 5
    if extensions := {"crit", "b64"} & header.keys():
        raise refusing("crit", clause="RFC 7515 section 4.1.11", found=sorted(extensions))
    signing_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    return UnverifiedJws(header, claims, alg, signing_input, unb64u(parts[2], refusing))


def verify_jws(unverified: UnverifiedJws, jwk: Mapping[str, str], refusing: Refusing) -> dict[str, Any]:
    """The claims, once the signature holds under the caller's key."""
    verify_signature(jwk, unverified.alg, unverified.signing_input, unverified.signature, refusing)
    return unverified.unverified_claims


def trusted_key(
    unverified: UnverifiedJws, trusted_keys: Mapping[str, Mapping[str, str]], refusing: Refusing
) -> tuple[str, Mapping[str, str]]:
    """The caller's key that the header's `kid` names. No keys, no kid or a foreign kid: refused."""
    kid = unverified.header.get("kid")
    if not isinstance(kid, str) or kid not in trusted_keys:
        raise refusing("key_not_trusted", clause="RFC 7515 section 4.1.4", found=kid)
    return kid, trusted_keys[kid]


def _media_type(typ: object) -> str | None:
    if not isinstance(typ, str):
        return None
    return typ.lower().removeprefix("application/")
