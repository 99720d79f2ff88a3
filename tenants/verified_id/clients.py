"""Who asks: the tenant's DID, or a certificate that an authority of the wallets' choice has signed (OpenID4VP 1.0, 5.9.3).

The certificate's key is made here and sealed; what leaves is a signing request. What it does not do: say whom wallets
trust. A certificate counts for nothing in a wallet that does not know its authority.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, Misconfigured, NotHere, Refused
from portal.kit.ids import uuid7
from portal.kit.sealed import Context, seal, unseal
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.models import Authority, ClientCertificate
from tenants.verified_id.protocol.certificates import (
    client_id_of_certificate,
    client_id_of_host,
    dns_names,
    read_certificates,
)
from tenants.verified_id.protocol.keys import LocalSigner, Signer
from tenants.verified_id.protocol.presentation_request import client_id_of_did
from tenants.verified_id.selectors import get_authority


class ClientPrefix(StrEnum):
    """Every one of them signs its requests."""

    DID = "decentralized_identifier"
    SAN_DNS = "x509_san_dns"
    HASH = "x509_hash"


def _context(row: ClientCertificate) -> Context:
    return Context("verified_id_clientcertificate", "private_sealed", row.id)


def _private_key(row: ClientCertificate) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(unseal(row.private_sealed, _context(row)), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Misconfigured("key_unusable")
    return key


def signer_of_certificate(row: ClientCertificate) -> Signer:
    return LocalSigner(_private_key(row))


def begin_certificate() -> tuple[ClientCertificate, str]:
    """A new key, and the signing request (PKCS #10, PEM) for the authority. What signs now goes on until it is answered."""
    host = urlsplit(get_authority().issuer).hostname or ""
    key = ec.generate_private_key(ec.SECP256R1())
    row = ClientCertificate(id=uuid7(), host=host)
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    row.private_sealed = seal(der, _context(row))
    row.save(force_insert=True)
    return row, request_of(row)


def request_of(row: ClientCertificate) -> str:
    """The signing request of a key that was made here, for its host. It holds no secret."""
    wanted = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, row.host[:64])]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(row.host)]), critical=False)
        .sign(_private_key(row), hashes.SHA256())
    )
    return wanted.public_bytes(serialization.Encoding.PEM).decode()


def waiting_certificate() -> ClientCertificate | None:
    """The newest key that no authority has answered for."""
    return ClientCertificate.objects.filter(expires_at=None).order_by("-created_at").first()


def newest_certificate() -> ClientCertificate | None:
    """The one that signs now; where none is valid any more, the one that ended last."""
    answered = ClientCertificate.objects.exclude(expires_at=None)
    valid = answered.filter(expires_at__gt=clock.now()).order_by("-created_at").first()
    return valid or answered.order_by("-expires_at").first()


def complete_certificate(pem: str, *, actor: Actor) -> ClientCertificate:
    """The authority's answer: leaf first, for a key that was made here and for this host. Invalid when it is not."""
    try:
        chain = read_certificates(pem)
    except ValueError as error:
        raise Invalid("certificate_unreadable", _("The file holds no certificates in PEM.")) from error
    leaf, now = chain[0], clock.now()
    row = next((row for row in _rows() if _private_key(row).public_key() == leaf.public_key()), None)
    if row is None:
        raise Invalid(
            "certificate_of_another_key", _("The first certificate is not for a key that was made here.")
        )
    if leaf.subject == leaf.issuer or row.host not in dns_names(leaf):
        raise Invalid(
            "certificate_of_another_host",
            _("It has to be signed by an authority, for the name %(name)s.") % {"name": row.host},
        )
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        raise Invalid("certificate_not_valid_now", _("The certificate is not valid now."))
    row.chain_pem = pem
    row.expires_at = datetime.fromtimestamp(leaf.not_valid_after_utc.timestamp(), UTC)
    row.save(update_fields=["chain_pem", "expires_at"])
    record_event(
        EventName.CLIENT_CERTIFICATE_ADDED,
        actor=actor,
        subject=row.public_id,
        data={"client": client_id_of_certificate(leaf)},
    )
    return row


def _rows() -> list[ClientCertificate]:
    return list(ClientCertificate.objects.order_by("-created_at")[:20])


def _current() -> ClientCertificate:
    """The newest that an authority signed and that is still valid. Refused when there is none."""
    row = ClientCertificate.objects.filter(expires_at__gt=clock.now()).order_by("-created_at").first()
    if row is None:
        raise Refused("no_client_certificate", "There is no certificate to sign requests with.")
    return row


def client_id_for(prefix: ClientPrefix, authority: Authority) -> str:
    """How the tenant calls itself in a request."""
    if prefix is ClientPrefix.DID:
        return client_id_of_did(authority.did)
    row = _current()
    if prefix is ClientPrefix.SAN_DNS:
        return client_id_of_host(row.host)
    return client_id_of_certificate(read_certificates(row.chain_pem)[0])


def certificate_of(client_id: str) -> ClientCertificate:
    """The certificate behind a client identifier. NotHere when it is gone or over."""
    for row in ClientCertificate.objects.filter(expires_at__gt=clock.now()).order_by("-created_at"):
        leaf = read_certificates(row.chain_pem)[0]
        if client_id in (client_id_of_certificate(leaf), client_id_of_host(row.host)):
            return row
    raise NotHere("client_certificate_gone")
