"""Two small authorities: one for the server, one for those who may call it. Keys are derived, and so the same after a restart."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from portal.sandboxes.partners.world import word

LIFE = timedelta(days=730)
Key = ec.EllipticCurvePrivateKey
SERVER, CALLERS = "Simulated root for servers", "Simulated root for relying parties"


def _key(purpose: str) -> Key:
    return ec.derive_private_key(int(word(f"bankid key {purpose}"), 16), ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A simulator on this machine"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )


def _sign(
    subject: str, key: Key, issuer: str, *extensions: tuple[x509.ExtensionType, bool]
) -> x509.Certificate:
    now, signer = datetime.now(UTC), _key(issuer)
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    for extension, is_critical in extensions:
        made = made.add_extension(extension, critical=is_critical)
    return made.sign(signer, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@cache
def root(name: str) -> str:
    """PEM of one of the two authorities."""
    made = _sign(
        name,
        _key(name),
        name,
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(signs_certificates=True), True),
    )
    return made.public_bytes(Encoding.PEM).decode()


def _leaf(subject: str, issuer: str, *extensions: tuple[x509.ExtensionType, bool]) -> str:
    """PEM of a certificate with its key."""
    key = _key(subject)
    made = _sign(
        subject,
        key,
        issuer,
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        *extensions,
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (made.public_bytes(Encoding.PEM) + secret).decode()


@cache
def server() -> str:
    host = urlsplit(settings.SANDBOX_ORIGIN).hostname or "localhost"
    names = x509.SubjectAlternativeName(
        [
            *(x509.DNSName(name) for name in dict.fromkeys((host, "localhost"))),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return _leaf("Simulated BankID server", SERVER, (names, False), (usage, False))


@cache
def caller() -> str:
    """What an organisation would have of its bank."""
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    return _leaf("Simulated relying party", CALLERS, (usage, False))
