"""Two small authorities: one above the PID provider, one for verifiers. Keys are derived, and so the same after a restart."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.conf import settings

from portal.sandboxes.partners.world import word

LIFE = timedelta(days=730)
Key = ec.EllipticCurvePrivateKey
PROVIDERS, REGISTRAR = "Simulated authority of PID providers", "Simulated registrar of verifiers"
STRANGERS = "Somebody else's authority"


class NotSigned(Exception):
    """What was sent is no signing request."""


def key_of(purpose: str) -> Key:
    return ec.derive_private_key(int(word(f"eu pid key {purpose}"), 16), ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "EU"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A simulator on this machine"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )


def _sign(
    subject: x509.Name, public: ec.EllipticCurvePublicKey, issuer: str, *, names: x509.GeneralNames | None
) -> x509.Certificate:
    """An authority without `names`, a leaf with them."""
    now, signer, is_authority = datetime.now(UTC), key_of(issuer), names is None
    usage = x509.KeyUsage(
        not is_authority, False, False, False, False, is_authority, is_authority, False, False
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_name(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names is not None:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(signer, hashes.SHA256())


@cache
def authority(name: str) -> x509.Certificate:
    return _sign(_name(name), key_of(name).public_key(), name, names=None)


@cache
def provider(issuer: str = PROVIDERS) -> x509.Certificate:
    """The PID provider's own, for the address it answers at."""
    host = urlsplit(settings.SANDBOX_ORIGIN).hostname or "localhost"
    names = x509.GeneralNames([x509.DNSName(host), x509.UniformResourceIdentifier(settings.SANDBOX_ORIGIN)])
    return _sign(
        _name("Simulated PID provider"), key_of(f"provider {issuer}").public_key(), issuer, names=names
    )


def pem(*certificates: x509.Certificate) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def x5c(certificate: x509.Certificate) -> list[str]:
    return [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]


def register(request: str) -> str:
    """A verifier's access certificate, with the one above it: for whoever asks, since this registrar looks at nobody."""
    try:
        wanted = x509.load_pem_x509_csr(request.strip().encode())
        names = wanted.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise NotSigned from error
    public = wanted.public_key()
    if not wanted.is_signature_valid or not isinstance(public, ec.EllipticCurvePublicKey):
        raise NotSigned
    made = _sign(wanted.subject, public, REGISTRAR, names=x509.GeneralNames(list(names)))
    return pem(made, authority(REGISTRAR))


def is_registered(leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority(REGISTRAR))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return leaf.not_valid_before_utc <= datetime.now(UTC) < leaf.not_valid_after_utc
