"""Certificates that a header brings along (`x5c`, RFC 7515 section 4.1.6), and client identifiers made of them.

It keeps a signer from vouching for itself: a chain counts only up to an anchor the caller brings, never up to the
system's roots, and never when the leaf signed itself. `x5u` is not read, nothing is fetched, so whether a certificate
was revoked is not asked here: the caller's list of anchors is the way to stop trusting.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import (
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.keys import public_jwk

SAN_DNS_PREFIX = "x509_san_dns:"
HASH_PREFIX = "x509_hash:"
MAX_CERTIFICATES = 5
_MAX_BYTES = 8192


@dataclass(frozen=True)
class VerifiedChain:
    """Whom the leaf speaks for, once an anchor vouches for it."""

    jwk: Mapping[str, str]
    dns_names: frozenset[str]
    uris: frozenset[str]
    leaf_digest: str

    def speaks_for(self, issuer: str) -> bool:
        """SD-JWT VC section 2.5: `iss` is a SAN URI, or an https URL on a SAN DNS name."""
        parts = urlsplit(issuer)
        return issuer in self.uris or (parts.scheme == "https" and parts.hostname in self.dns_names)


def read_certificates(pem: str | bytes) -> list[x509.Certificate]:
    """The certificates of a PEM text, leaf first. ValueError for none, or for too many."""
    found = x509.load_pem_x509_certificates(pem.encode() if isinstance(pem, str) else pem)
    if len(found) > MAX_CERTIFICATES:
        raise ValueError(f"at most {MAX_CERTIFICATES} certificates")
    return found


def x5c_of(chain: Sequence[x509.Certificate]) -> list[str]:
    """The header's value: base64, not base64url (RFC 7515 4.1.6); the anchor stays at home (HAIP section 5)."""
    sent = [certificate for certificate in chain if certificate.subject != certificate.issuer]
    return [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in sent]


def client_id_of_host(host: str) -> str:
    return SAN_DNS_PREFIX + host


def client_id_of_certificate(leaf: x509.Certificate) -> str:
    """OpenID4VP 1.0 section 5.9.3: the digest of the leaf, as it is in DER."""
    return HASH_PREFIX + b64u(hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest())


def dns_names(leaf: x509.Certificate) -> frozenset[str]:
    return frozenset(_alternative_names(leaf, x509.DNSName))


def check_client_certificate(client_id: str, chain: Sequence[x509.Certificate], response_host: str) -> None:
    """What section 5.9.3 asks of a request signed with a certificate. ValueError for our own mistakes."""
    if not chain or chain[0].subject == chain[0].issuer:
        raise ValueError("a request is signed with a certificate that another one signed")
    if client_id.startswith(SAN_DNS_PREFIX):
        host = client_id.removeprefix(SAN_DNS_PREFIX)
        if host not in dns_names(chain[0]) or host != response_host:
            raise ValueError("x509_san_dns: the certificate and response_uri are of this very host")
    elif client_id != client_id_of_certificate(chain[0]):
        raise ValueError("x509_hash: the client identifier is the digest of the certificate")


def verify_chain(
    unverified_header: Mapping[str, Any], *, anchors: Sequence[x509.Certificate], now: int, refusing: Refusing
) -> VerifiedChain:
    """RFC 7515 section 4.1.6 with RFC 5280, section 6:

    1. `x5c` is a short list of base64 certificates;  2. the leaf did not sign itself;
    3. a path leads to one of the caller's anchors, valid now; no anchors, no path;
    4. the leaf's key is one that may sign here.
    """
    # 1
    chain = _read_x5c(unverified_header.get("x5c"), refusing)
    leaf = chain[0]
    # 2
    if leaf.subject == leaf.issuer:
        raise refusing("x5c_self_signed", clause="HAIP 1.0 section 5")
    # 3
    if not anchors:
        raise refusing("x5c_not_trusted", clause="RFC 5280 section 6")
    builder = PolicyBuilder().store(Store(list(anchors))).time(datetime.fromtimestamp(now, UTC))
    builder = builder.max_chain_depth(MAX_CERTIFICATES).extension_policies(
        ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all()
    )
    try:
        builder.build_client_verifier().verify(leaf, chain[1:])
    except (VerificationError, ValueError):
        raise refusing("x5c_not_trusted", clause="RFC 5280 section 6") from None
    # 4
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise refusing("x5c_key", clause="RFC 8725 section 3.1", expected="P-256 or Ed25519")
    try:
        jwk = public_jwk(key)
    except ValueError:
        raise refusing("x5c_key", clause="RFC 8725 section 3.1", expected="P-256 or Ed25519") from None
    uris = frozenset(_alternative_names(leaf, x509.UniformResourceIdentifier))
    return VerifiedChain(jwk, dns_names(leaf), uris, client_id_of_certificate(leaf).removeprefix(HASH_PREFIX))


def _read_x5c(unverified: object, refusing: Refusing) -> list[x509.Certificate]:
    if not isinstance(unverified, list) or not 0 < len(unverified) <= MAX_CERTIFICATES:
        raise refusing("x5c", clause="RFC 7515 section 4.1.6", expected=f"1 to {MAX_CERTIFICATES}")
    try:
        return [_certificate(text) for text in unverified]
    except (ValueError, TypeError, binascii.Error):
        raise refusing("x5c", clause="RFC 7515 section 4.1.6") from None


def _certificate(text: object) -> x509.Certificate:
    if not isinstance(text, str) or len(text) > _MAX_BYTES:
        raise ValueError("not a certificate")
    return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))


def _alternative_names(
    leaf: x509.Certificate, kind: type[x509.DNSName] | type[x509.UniformResourceIdentifier]
) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return []
    return names.get_values_for_type(kind)
