"""Reading signed tokens by hand, with nothing but a cryptographic library: what a stranger's server would do."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}


class BadToken(Exception):
    """The reason is for whoever reads the simulator's answer."""


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    if "=" in text or "+" in text or "/" in text:
        raise BadToken("not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, what was signed, signature."""
    pieces = text.split(".")
    if len(pieces) != 3:
        raise BadToken("a token has three parts")
    try:
        header, claims = (json.loads(decoded(piece)) for piece in pieces[:2])
    except ValueError as error:
        raise BadToken("a part is not JSON") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise BadToken("a part is no object")
    return header, claims, f"{pieces[0]}.{pieces[1]}".encode(), decoded(pieces[2])


def _number(text: Any) -> int:
    return int.from_bytes(decoded(str(text)), "big")


def verify(jwk: dict[str, Any], alg: str, signed: bytes, signature: bytes) -> None:
    """RS256 and ES256, each with a key of its own kind."""
    try:
        if alg == "RS256" and jwk.get("kty") == "RSA":
            key = rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
            if key.key_size < 2048:
                raise BadToken("an RSA key has 2048 bits at least")
            key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        elif alg == "ES256" and jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            if len(signature) != 64:
                raise BadToken("an ES256 signature is 64 bytes")
            point = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1())
            whole = encode_dss_signature(
                int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            )
            point.public_key().verify(whole, signed, ec.ECDSA(SHA256()))
        else:
            raise BadToken("neither RS256 nor ES256")
    except (InvalidSignature, KeyError, ValueError) as error:
        raise BadToken("the signature does not hold") from error


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638."""
    names = ("e", "kty", "n") if jwk.get("kty") == "RSA" else ("crv", "kty", "x", "y")
    text = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"), sort_keys=True)
    return encoded(hashlib.sha256(text.encode()).digest())
