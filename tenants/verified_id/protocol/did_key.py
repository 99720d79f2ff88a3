"""did:key and did:jwk: identifiers that carry their own key, so that resolving one asks nobody.

Only these two methods are resolved for wallets' keys. Anything that would need the network (did:web of a
stranger, `jku`, `x5u`) is refused: a foreign token must not be able to make this server call out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenants.verified_id.protocol.encoding import b64u, parse_json_object, to_json, unb64u
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.keys import check_public_jwk, load_public_key, public_jwk

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Multicodec codes as unsigned varints: p256-pub 0x1200, ed25519-pub 0xed.
_P256 = b"\x80\x24"
_ED25519 = b"\xed\x01"
_LONGEST = 512


@dataclass(frozen=True)
class ResolvedKey:
    """The key a DID URL names. `did` is the subject, without the fragment."""

    did: str
    did_url: str
    jwk: Mapping[str, str]


def resolve_did_url(did_url: str, refusing: Refusing) -> ResolvedKey:
    """The key behind an absolute did:key or did:jwk URL; other methods are refused (no network)."""
    did, hash_sign, fragment = did_url.partition("#")
    if len(did_url) > _LONGEST or not hash_sign:
        raise refusing("did_url", clause="DID Core 3.2", expected="an absolute DID URL")
    if did.startswith("did:key:"):
        identifier = did.removeprefix("did:key:")
        expected_fragment, jwk = identifier, _key_of_multibase(identifier, refusing)
    elif did.startswith("did:jwk:"):
        member = parse_json_object(unb64u(did.removeprefix("did:jwk:"), refusing), refusing)
        expected_fragment, jwk = "0", check_public_jwk(member, refusing)
    else:
        raise refusing("did_method", clause="DID Core 7.1", found=did.rpartition(":")[0][:40])
    if fragment != expected_fragment:
        raise refusing("did_fragment", clause="did:key 3.1.3, did:jwk", expected=expected_fragment[:12])
    return ResolvedKey(did, did_url, jwk)


def did_key(jwk: Mapping[str, str]) -> str:
    """The did:key of a P-256 or Ed25519 public key (compressed point, multicodec, base58btc)."""
    key = load_public_key(jwk)
    if isinstance(key, ed25519.Ed25519PublicKey):
        data = _ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        data = _P256 + key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return "did:key:z" + _base58(data)


def did_jwk(jwk: Mapping[str, str]) -> str:
    return "did:jwk:" + b64u(to_json(dict(jwk)))


def _key_of_multibase(identifier: str, refusing: Refusing) -> dict[str, str]:
    try:
        data = _unbase58(identifier.removeprefix("z")) if identifier.startswith("z") else b""
        if data.startswith(_ED25519):
            return public_jwk(ed25519.Ed25519PublicKey.from_public_bytes(data[2:]))
        if data.startswith(_P256) and len(data) == 35:
            return public_jwk(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data[2:]))
    except ValueError:
        raise refusing("did_key", clause="did:key 3.1") from None
    raise refusing("did_key_type", clause="did:key 3.1.2.1", expected="P-256 or Ed25519")


def _base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + text


def _unbase58(text: str) -> bytes:
    if len(text) > 128:
        raise ValueError("too long")
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
