"""Keys: who signs, what a public key may look like, and how a signature is checked.

It keeps foreign keys from choosing their own algorithm: each algorithm belongs to exactly one key type, and a
JWK with a private or symmetric member is refused. It does not decide whom to trust: callers bring the keys.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenants.verified_id.protocol.encoding import b64u, to_json, unb64u
from tenants.verified_id.protocol.errors import ProtocolError, Refusing

TYPE_OF_ALG = {"ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519"), "Ed25519": ("OKP", "Ed25519")}
SIGNATURE_ALGS = frozenset(TYPE_OF_ALG)
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_KEY_MEMBERS = {"EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}
_ECDSA = ec.ECDSA(hashes.SHA256())
_BAD_KEY = Refusing("invalid_request", "RFC 7517 section 4")

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class Signer(Protocol):
    """Signs for one key. Nothing behind this border ever sees the private key.

    Called once per token that is issued. `sign` returns the raw signature of RFC 7518 section 3.4 (r || s, 64
    bytes) or RFC 8037, never DER; a backend that cannot sign raises its own error, never returns empty bytes.
    """

    @property
    def alg(self) -> str: ...

    @property
    def kid(self) -> str: ...

    @property
    def public_jwk(self) -> Mapping[str, str]: ...

    def sign(self, data: bytes) -> bytes: ...


class LocalSigner:
    """A signer whose private key is in this process: ES256 for P-256, EdDSA for Ed25519."""

    def __init__(self, private_key: PrivateKey, *, kid: str = "") -> None:
        self._private_key = private_key
        self.public_jwk: Mapping[str, str] = public_jwk(private_key.public_key())
        self.alg = "ES256" if isinstance(private_key, ec.EllipticCurvePrivateKey) else "EdDSA"
        self.kid = kid or thumbprint(self.public_jwk)

    def sign(self, data: bytes) -> bytes:
        if isinstance(self._private_key, ed25519.Ed25519PrivateKey):
            return self._private_key.sign(data)
        r, s = decode_dss_signature(self._private_key.sign(data, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def public_jwk(key: PublicKey) -> dict[str, str]:
    """The JWK of a P-256 or Ed25519 public key (RFC 7518 section 6.2, RFC 8037 section 2)."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": b64u(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}
    if not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"only P-256 is used here, not {key.curve.name}")
    numbers = key.public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    return {"kty": "EC", "crv": "P-256", "x": b64u(x), "y": b64u(y)}


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638: SHA-256 over the required members in lexicographic order. RFC 8037 for OKP."""
    members = {name: jwk[name] for name in sorted(_KEY_MEMBERS[jwk["kty"]])}
    return b64u(hashlib.sha256(to_json(members)).digest())


def check_public_jwk(
    unverified_jwk: object, refusing: Refusing = _BAD_KEY, *, alg: str | None = None
) -> dict[str, str]:
    """The bare public signature key inside a foreign JWK.

    1. an object (RFC 7517 4);  2. no private and no symmetric member (OpenID4VCI F.4);
    3. EC on P-256 or OKP on Ed25519, and of the type the algorithm demands (RFC 7518 3.1);
    4. not reserved for something else by `use`, `key_ops` or `alg` (RFC 7517 4.2 to 4.4);
    5. coordinates of the right length, on the curve (RFC 7518 6.2.1, RFC 8725 3.4).
    """
    # 1
    if not isinstance(unverified_jwk, Mapping):
        raise refusing("jwk_object", found=type(unverified_jwk).__name__)
    # 2
    if private := _PRIVATE_MEMBERS & unverified_jwk.keys():
        raise refusing("jwk_private", clause="OpenID4VCI 1.0 F.4", found=sorted(private))
    # 3
    kind = (unverified_jwk.get("kty"), unverified_jwk.get("crv"))
    wanted = [TYPE_OF_ALG[alg]] if alg in TYPE_OF_ALG else sorted(set(TYPE_OF_ALG.values()))
    if kind not in wanted:
        raise refusing("jwk_type", clause="RFC 7518 section 3.1", found=kind, expected=wanted)
    # 4
    _check_purpose(unverified_jwk, alg, refusing)
    # 5
    jwk = {name: unverified_jwk.get(name) for name in _KEY_MEMBERS[str(kind[0])]}
    if not all(isinstance(value, str) and len(value) <= 64 for value in jwk.values()):
        raise refusing("jwk_coordinates", clause="RFC 7518 section 6.2.1")
    checked = {name: str(value) for name, value in jwk.items()}
    load_public_key(checked, refusing)
    return checked


def load_public_key(jwk: Mapping[str, str], refusing: Refusing = _BAD_KEY) -> PublicKey:
    try:
        return _load(jwk["crv"], jwk["x"], jwk.get("y", ""))
    except (ValueError, KeyError, ProtocolError):
        raise refusing("jwk_coordinates", clause="RFC 7518 section 6.2.1") from None


def verify_signature(
    jwk: Mapping[str, str], alg: str, data: bytes, signature: bytes, refusing: Refusing
) -> None:
    """RFC 7515 section 5.2 step 8, with the algorithm held to the key's own type."""
    if TYPE_OF_ALG.get(alg) != (jwk.get("kty"), jwk.get("crv")):
        raise refusing("alg_of_key", clause="RFC 8725 section 3.1", found=alg)
    key = load_public_key(jwk, refusing)
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            key.verify(_der(signature), data, _ECDSA)
    except (InvalidSignature, ValueError):
        raise refusing("signature", clause="RFC 7515 section 5.2") from None


def _der(signature: bytes) -> bytes:
    if len(signature) != 64:
        raise ValueError("an ES256 signature has 64 bytes (RFC 7518 section 3.4)")
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def _check_purpose(jwk: Mapping[str, Any], alg: str | None, refusing: Refusing) -> None:
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise refusing("jwk_use", clause="RFC 7517 section 4.2", expected="sig")
    declared = jwk.get("alg")
    if declared is not None and alg is not None and not _same_alg(declared, alg):
        raise refusing("jwk_alg", clause="RFC 7517 section 4.4", found=declared, expected=alg)


def _same_alg(declared: object, alg: str) -> bool:
    """RFC 9864 gave EdDSA on Ed25519 a second, fully specified name."""
    return declared == alg or {declared, alg} == {"EdDSA", "Ed25519"}


# Parsing a point costs about as much as half a verification; issuers' keys come again and again.
@lru_cache(maxsize=512)
def _load(crv: str, x: str, y: str) -> PublicKey:
    if crv == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(_coordinate(x))
    point = b"\x04" + _coordinate(x) + _coordinate(y)
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _coordinate(text: str) -> bytes:
    data = unb64u(text)
    if len(data) != 32:
        raise ValueError("a coordinate has 32 bytes")
    return data
