"""Mutual TLS for outbound HTTP: who we are to the other side, and which roots we believe it by.

Protects a client's private key from resting in the clear, and the exchange from every certificate authority but the one that
came with the identity: the system's roots are not loaded. The standard library takes a key from a file alone, so it lies
there encrypted under a word that exists for one call, and for that call only. What it does not do: ask whether a
certificate was revoked.
"""

from __future__ import annotations

import secrets
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from portal.kit import clock
from portal.kit.errors import Misconfigured

MAX_PEM = 60_000
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
# How OpenSSL names that the other side did not take our certificate.
_REFUSED = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")


@dataclass(frozen=True, slots=True)
class ClientTls:
    """`identity` is PEM: the client's certificate, those that lead to its issuer, and its private key without a pass phrase,
    in any order. `roots` is PEM: the only certificates by which the server is believed."""

    identity: str = field(repr=False)
    roots: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a certificate with its key says of itself."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime


def read_identity(pem: str) -> Identity:
    """What must hold, each with a code of its own in Misconfigured: 1. it is certificates with one open private key
    (`client_certificate_unusable`); 2. the key is that of one of them (`client_certificate_of_another_key`); 3. every other one
    leads on from it, in any order (`client_certificate_path_broken`). Whether it holds today is not asked (`check_dates`)."""
    certificates, key = _read(pem)  # 1
    own = _own(certificates, key)  # 2
    _path(own, certificates)  # 3
    return Identity(
        own.subject.rfc4514_string(),
        own.issuer.rfc4514_string(),
        own.not_valid_before_utc,
        own.not_valid_after_utc,
    )


def check_dates(identity: Identity) -> Identity:
    """Misconfigured for one that has run out (`client_certificate_over`) or does not hold yet (`client_certificate_early`)."""
    moment = clock.now()
    if identity.not_after <= moment:
        raise Misconfigured("client_certificate_over")
    if identity.not_before > moment:
        raise Misconfigured("client_certificate_early")
    return identity


def _own(certificates: list[x509.Certificate], key: PrivateKeyTypes) -> x509.Certificate:
    own = next((each for each in certificates if each.public_key() == key.public_key()), None)
    if own is None:
        raise Misconfigured("client_certificate_of_another_key")
    return own


def _path(own: x509.Certificate, certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """From our own to its furthest issuer: TLS sends them in this order."""
    path, left = [own], [each for each in certificates if each != own]
    while left:
        issuer = next((each for each in left if _is_issued(path[-1], each)), None)
        if issuer is None:
            raise Misconfigured("client_certificate_path_broken")
        path.append(issuer)
        left = [each for each in left if each != issuer]
    return path


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def read_roots(pem: str) -> datetime:
    """When the last of them runs out. Misconfigured("roots_unusable") for anything that is not at least one certificate."""
    if len(pem) > MAX_PEM:
        raise Misconfigured("roots_unusable")
    try:
        return max(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(pem.encode()))
    except ValueError as error:
        raise Misconfigured("roots_unusable") from error


def _read(pem: str) -> tuple[list[x509.Certificate], PrivateKeyTypes]:
    if len(pem) > MAX_PEM:
        raise Misconfigured("client_certificate_unusable")
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
        key = load_pem_private_key(_key_block(pem), password=None)
    except (ValueError, TypeError) as error:
        raise Misconfigured("client_certificate_unusable") from error
    return certificates, key


def _key_block(pem: str) -> bytes:
    """The one block that is a private key."""
    blocks = [f"-----BEGIN {rest}" for rest in pem.split("-----BEGIN ")[1:]]
    keys = [block for block in blocks if "PRIVATE KEY-----" in block.partition("\n")[0]]
    if len(keys) != 1:
        raise ValueError("not one private key")
    return keys[0].encode()


def open_tls(tls: ClientTls) -> ssl.SSLContext:
    """A context for one request. Misconfigured for an identity or roots that cannot be used, today included."""
    check_dates(read_identity(tls.identity))
    certificates, key = _read(tls.identity)
    read_roots(tls.roots)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    word = secrets.token_bytes(32).hex().encode()
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(word))
    path = _path(_own(certificates, key), certificates)
    chain = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in path)
    try:
        context.load_verify_locations(cadata=tls.roots)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "identity.pem"
            file.touch(mode=0o600)
            file.write_bytes(chain + sealed)
            context.load_cert_chain(file, password=word)
    except ssl.SSLError as error:
        raise Misconfigured("client_certificate_unusable") from error
    return context


def refusal_of(error: BaseException) -> str | None:
    """Whether an exchange ended over a certificate, and whose: `server_certificate_refused` is what we say,
    `client_certificate_refused` what the other side said. None for everything else."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return "server_certificate_refused"
        if isinstance(seen, ssl.SSLError) and "ALERT" in (seen.reason or ""):
            reason = seen.reason or ""
            return "client_certificate_refused" if any(word in reason for word in _REFUSED) else None
        seen = seen.__cause__ or seen.__context__
    return None
