"""The issuers a tenant believes beside itself: added, checked, removed; and what that means for an answer.

Protects against credentials of whoever has a key: an issuer's keys are the ones that were found when it was checked, or
hang on the certificate that was entered; no message can bring others along. Whoever could not be checked for a day is
not believed. What it does not do: judge what such an issuer says about a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from cryptography import x509
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotHere
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.models import Authority, TrustedIssuer
from tenants.verified_id.protocol.certificates import read_certificates
from tenants.verified_id.protocol.dcql import JWT_VC, SD_JWT
from tenants.verified_id.protocol.did_web import did_document_url
from tenants.verified_id.protocol.encoding import check_url
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.signing import trusted_keys

CURRENT = timedelta(hours=24)
MOST = 15
"""A query asks for at most sixteen credentials, the tenant's own among them."""
USUAL_TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    TrustedIssuer.Purpose.IDENTITY: (JWT_VC, ("VerifiableCredential", "VerifiedIdentity")),
    TrustedIssuer.Purpose.EMPLOYEE: (JWT_VC, ("VerifiableCredential", "VerifiedEmployee")),
    TrustedIssuer.Purpose.PID: (SD_JWT, ("urn:eudi:pid:1",)),
}
# What partners that keep the profile of the hand-off call theirs, as SD-JWT VC.
HANDED_OVER = "urn:readmit:verified-identity:1"


def add_trusted_issuer(
    *,
    name: str,
    purpose: str,
    actor: Actor,
    did: str = "",
    certificate_pem: str = "",
    types: Sequence[str] = (),
    format: str = "",
    status_origin: str = "",
    requires_domain: bool = True,
) -> TrustedIssuer:
    """Believe an issuer for one purpose, once it was checked. By its DID (did:web) or by the certificate of an authority,
    never both. Invalid with a sentence for what cannot be used."""
    if bool(did) == bool(certificate_pem.strip()):
        raise Invalid("issuer_unnamed", _("Enter a DID or a certificate, one of the two."), field="did")
    if TrustedIssuer.objects.count() >= MOST:
        raise Invalid("issuers_many", _("There are %(most)d already. Remove one first.") % {"most": MOST})
    usual_format, usual_types = USUAL_TYPES[purpose]
    if purpose == TrustedIssuer.Purpose.IDENTITY and format == SD_JWT:
        usual_types = (HANDED_OVER,)
    if did:
        origin, certificate_pem = _origin_of_did(did), ""
    else:
        _check_anchor(certificate_pem)
        origin = _clean_origin(status_origin)
    row = TrustedIssuer(
        name=name,
        purpose=purpose,
        did=did,
        certificate_pem=certificate_pem,
        format=format or usual_format,
        types=list(types or usual_types),
        status_origin=origin,
        requires_domain=requires_domain and bool(did),
    )
    row.save(force_insert=True)
    record_event(
        EventName.TRUSTED_ISSUER_ADDED,
        actor=actor,
        subject=row.public_id,
        data={"did": did, "purpose": purpose, "domain_required": row.requires_domain},
    )
    check_trusted_issuer(row.id)
    return row


def _origin_of_did(did: str) -> str:
    try:
        parts = urlsplit(did_document_url(did))
    except ProtocolError as error:
        raise Invalid(
            "did_unusable", _("Enter a did:web, such as did:web:partner.example.com."), field="did"
        ) from error
    return f"{parts.scheme}://{parts.netloc}"


def _check_anchor(pem: str) -> None:
    try:
        found = read_certificates(pem)
        is_authority = all(_is_authority(certificate) for certificate in found)
    except ValueError as error:
        raise Invalid(
            "certificate_unreadable", _("This is no certificate in PEM."), field="certificate_pem"
        ) from error
    if not is_authority:
        raise Invalid(
            "certificate_no_authority",
            _("Enter the certificate of the authority that signs the issuer's own."),
            field="certificate_pem",
        )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _clean_origin(text: str) -> str:
    try:
        parts = urlsplit(check_url(text.strip().rstrip("/")))
        if parts.path or parts.query:
            raise ValueError("not an origin")
    except ValueError as error:
        raise Invalid(
            "origin_unusable",
            _("Enter where its status lists are, such as https://pid.example.eu, without a path."),
            field="status_origin",
        ) from error
    return f"{parts.scheme}://{parts.netloc}"


def check_trusted_issuer(issuer_id: UUID) -> None:
    """Ask the worker to read its DID document and its linked domain."""
    enqueue("verified_id.check_trusted_issuer", tenant_id=current_tenant_id(), issuer_id=issuer_id)


def get_trusted_issuer(issuer_id: UUID) -> TrustedIssuer:
    row = TrustedIssuer.objects.filter(id=issuer_id).first()
    if row is None:
        raise NotHere("issuer_unknown")
    return row


def remove_trusted_issuer(issuer_id: UUID, *, actor: Actor) -> None:
    """What it issued opens nothing from now on."""
    row = get_trusted_issuer(issuer_id)
    record_event(
        EventName.TRUSTED_ISSUER_REMOVED,
        actor=actor,
        subject=row.public_id,
        data={"did": row.did, "purpose": row.purpose},
    )
    row.delete()


def trusted_issuers() -> QuerySet[TrustedIssuer]:
    return TrustedIssuer.objects.order_by("name", "id")


def is_believed(row: TrustedIssuer) -> bool:
    """Checked with success, and not longer ago than a day."""
    checked = row.checked_at is not None and row.checked_at > clock.now() - CURRENT
    return row.state == TrustedIssuer.State.TRUSTED and checked


def believed_for(purposes: Sequence[str]) -> list[TrustedIssuer]:
    return [row for row in trusted_issuers().filter(purpose__in=purposes) if is_believed(row)]


def own_trust(authority: Authority) -> Trust:
    """The tenant itself, by the keys in our own store; cards that name it by its certificate are its own as well."""
    return Trust(
        (authority.did, authority.issuer),
        trusted_keys(),
        also_called={authority.did: (authority.issuer,)},
    )


def trust_of(row: TrustedIssuer) -> Trust:
    """Nobody, when it was not checked."""
    if not is_believed(row):
        return Trust()
    if row.did:
        return Trust((row.did,), row.keys)
    return Trust(anchors=read_certificates(row.certificate_pem))


def is_its_status_list(row: TrustedIssuer, uri: str) -> bool:
    """Whether a list lies where the issuer's lists lie: the only place one is fetched from."""
    return lies_at(row.status_origin, uri)


def lies_at(origin: str, uri: str) -> bool:
    """Whether an address that a credential names is one of this origin."""
    try:
        parts = urlsplit(check_url(uri))
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" == origin
