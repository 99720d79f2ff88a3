"""Signing in at Microsoft with a certificate instead of a secret (RFC 7523; Microsoft's "certificate credentials").

The key is made here and never leaves; what the administrator carries over is the certificate. An assertion is good for
five minutes, for one directory and one application.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import RSAKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE = timedelta(minutes=5)
VALID = timedelta(days=730)
KEY_BITS = 3072


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`certificate` is PEM, `key` PKCS #8 in PEM."""

    certificate: str
    key: bytes = field(repr=False)


def make_key_pair(name: str, *, now: datetime) -> KeyPair:
    """A key, and a certificate of it that it signed itself: Microsoft compares the certificate and asks for no chain."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM).decode(), private)


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def thumbprint(pem: str) -> str:
    """SHA-1 in hexadecimal, as the Entra admin center shows it. Nothing is proven by it."""
    return _certificate(pem).fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303


def valid_until(pem: str) -> datetime:
    return _certificate(pem).not_valid_after_utc


def make_assertion(pair: KeyPair, *, client_id: str, audience: str, now: datetime) -> str:
    der = _certificate(pair.certificate).public_bytes(serialization.Encoding.DER)
    digest = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    header = {"alg": "PS256", "typ": "JWT", "x5t#S256": digest}
    moment = int(now.timestamp())
    claims = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": str(uuid4()),
        "iat": moment,
        "nbf": moment,
        "exp": moment + int(ASSERTION_LIFE.total_seconds()),
    }
    return jws.serialize_compact(
        header, json.dumps(claims), RSAKey.import_key(pair.key), algorithms=["PS256"]
    )
