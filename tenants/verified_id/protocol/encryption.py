"""Encrypted messages (RFC 7516): ECDH-ES on P-256 with AES-GCM, the one shape every wallet speaks.

It hides a presentation from whoever sees the traffic above TLS, such as logs and proxies. It proves nothing
about the sender: anybody may encrypt to a public key, so what comes out is as unverified as what went in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tenants.verified_id.protocol.encoding import b64u, member_text, parse_json_object, to_json, unb64u
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.keys import load_public_key, public_jwk, thumbprint
from tenants.verified_id.protocol.sd_jwt import RandomBytes

ALG = "ECDH-ES"
ENCS = ("A128GCM", "A256GCM")
MAX_JWE = 1024 * 1024
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class EncryptionKey:
    """A key for one transaction. Seal `private_jwk` with the transaction and destroy it with it."""

    kid: str
    public_jwk: Mapping[str, str]
    private_jwk: Mapping[str, str] = field(repr=False)


class _Registry(jwe.JWERegistry):
    max_protected_header_length = 4096
    max_ciphertext_length = MAX_JWE


def generate_encryption_key(random: RandomBytes) -> EncryptionKey:
    """A fresh P-256 key; 384 random bits reduced to the order leave no measurable bias (FIPS 186-5 A.2.1)."""
    scalar = int.from_bytes(random(48), "big") % (_P256_ORDER - 1) + 1
    point = public_jwk(ec.derive_private_key(scalar, ec.SECP256R1()).public_key())
    kid = thumbprint(point)
    public = {**point, "kid": kid, "use": "enc", "alg": ALG}
    return EncryptionKey(kid, public, {**public, "d": b64u(scalar.to_bytes(32, "big"))})


def check_recipient(unverified_jwk: Mapping[str, Any], refusing: Refusing) -> dict[str, str]:
    """The bare public key of somebody who wants to be encrypted to, with its `kid` where it has one.

    1. EC on P-256, for ECDH-ES and for nothing else (RFC 7517 4.2, 4.4);  2. nothing private in it;
    3. coordinates of a point on the curve (RFC 7518 6.2.1).
    """
    # 1, 2
    kind = (unverified_jwk.get("kty"), unverified_jwk.get("crv"))
    purpose = (unverified_jwk.get("alg", ALG), unverified_jwk.get("use", "enc"))
    if kind != ("EC", "P-256") or purpose != (ALG, "enc") or "d" in unverified_jwk:
        raise refusing("recipient_jwk", clause="RFC 7517 section 4", found=kind, expected=f"P-256 for {ALG}")
    # 3
    point = {name: unverified_jwk.get(name) for name in ("kty", "crv", "x", "y")}
    if not all(isinstance(value, str) and len(value) <= 64 for value in point.values()):
        raise refusing("recipient_jwk", clause="RFC 7518 section 6.2.1")
    checked = {name: str(value) for name, value in point.items()}
    load_public_key(checked, refusing)
    kid = member_text(unverified_jwk, "kid", refusing, max_length=256)
    return checked | ({"kid": kid} if kid else {})


def encrypt(
    payload: Mapping[str, Any] | bytes, recipient_jwk: Mapping[str, Any], *, enc: str, cty: str | None = None
) -> str:
    """A compact JWE to a public key; its `kid`, where it has one, is named so that the other side finds the key."""
    named = {"kid": recipient_jwk["kid"]} if "kid" in recipient_jwk else {}
    header = {"alg": ALG, "enc": enc, **named, **({"cty": cty} if cty else {})}
    point = {name: recipient_jwk[name] for name in ("kty", "crv", "x", "y")}
    plaintext = payload if isinstance(payload, bytes) else to_json(payload)
    return jwe.encrypt_compact(header, plaintext, ECKey.import_key(point), registry=_registry(ENCS))


def decrypt(
    unverified_jwe: str,
    *,
    private_jwks: Mapping[str, Mapping[str, str]],
    refusing: Refusing,
    allowed_encs: Collection[str] = ENCS,
) -> dict[str, Any]:
    """The JSON object inside.

    1. bounded, five parts (RFC 7516 7.1);  2. `alg` ECDH-ES, `enc` on the list (OpenID4VP 8.3);
    3. no `zip`: a small message must not unpack into a huge one;  4. no `crit` (RFC 7516 4.1.13);
    5. `kid` names a key of this transaction (OpenID4VP 8.3);  6. it decrypts (RFC 7516 5.2);
    7. what is inside is a JSON object (OpenID4VP 8.3).
    """
    # 1
    if len(unverified_jwe) > MAX_JWE or unverified_jwe.count(".") != 4:
        raise refusing("jwe_format", clause="RFC 7516 section 7.1", expected=MAX_JWE)
    header = parse_json_object(unb64u(unverified_jwe.partition(".")[0], refusing), refusing)
    # 2
    if header.get("alg") != ALG or header.get("enc") not in allowed_encs:
        found = f"{header.get('alg')} {header.get('enc')}"
        raise refusing("jwe_alg", clause="OpenID4VP 1.0 section 8.3", found=found)
    # 3
    if "zip" in header:
        raise refusing("jwe_zip", clause="RFC 8725 section 3.6")
    # 4
    if "crit" in header:
        raise refusing("jwe_crit", clause="RFC 7516 section 4.1.13")
    # 5
    kid = header.get("kid")
    if not isinstance(kid, str) or kid not in private_jwks:
        raise refusing("jwe_kid", clause="OpenID4VP 1.0 section 8.3", found=kid)
    # 6
    private: dict[str, str | list[str]] = {
        name: private_jwks[kid][name] for name in ("kty", "crv", "x", "y", "d")
    }
    try:
        opened = jwe.decrypt_compact(
            unverified_jwe, ECKey.import_key(private), registry=_registry(allowed_encs)
        )
    except (JoseError, ValueError, AssertionError, KeyError, TypeError):
        raise refusing("jwe_decrypt", clause="RFC 7516 section 5.2") from None
    # 7
    return parse_json_object(opened.plaintext or b"", refusing)


def _registry(encs: Collection[str]) -> jwe.JWERegistry:
    return _Registry(algorithms=[ALG, *encs], strict_check_header=False)
