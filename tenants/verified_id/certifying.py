"""Certificates of the keys that sign cards: the second way in which a verifier may know the issuer (SD-JWT VC, 2.5).

The key stays where it is, with us or at a key service: what leaves is a signing request that the key itself signed. A chain
counts while its leaf is valid; after that the configuration that needs it is offered no more, and cards by DID go on.
What it does not do: say whom verifiers trust.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotHere
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id.models import SigningKey
from tenants.verified_id.protocol.certificates import dns_names, read_certificates, x5c_of
from tenants.verified_id.protocol.encoding import unb64u
from tenants.verified_id.protocol.keys import Signer, public_jwk
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import active_key, signer_of

# SEQUENCE { OID ecdsa-with-SHA256 } (RFC 5758, section 3.2), in DER.
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_SEQUENCE, _BIT_STRING = 0x30, 0x03
# Keys that sign or will: no other gets a certificate, or needs one.
CERTIFIED = (SigningKey.State.ACTIVE, SigningKey.State.PENDING)


def key_to_certify(*, waiting: bool) -> SigningKey:
    """The key that signs now, or the one that waits to. NotHere when none waits."""
    if not waiting:
        return active_key()
    found = SigningKey.objects.filter(state=SigningKey.State.PENDING).first()
    if found is None:
        raise NotHere("no_pending_key", _("No key waits to take over."))
    return found


def signing_request(row: SigningKey) -> str:
    """PKCS #10 in PEM, for the authority's host and address, signed by the key itself wherever it rests (RFC 2986)."""
    issuer = get_authority().issuer
    host = urlsplit(issuer).hostname or ""
    stand_in = ec.generate_private_key(ec.SECP256R1())
    wanted = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host), x509.UniformResourceIdentifier(issuer)]),
            critical=False,
        )
        .sign(stand_in, hashes.SHA256())
    )
    # A library signs with a key it holds, and this one may rest elsewhere: the request is made for a stand-in of the same
    # kind, whose public half is as long, and then says and bears the real one's.
    body = wanted.tbs_certrequest_bytes.replace(_spki(stand_in.public_key()), _spki(_public_key(row)))
    return _signed(body, signer_of(row))


def _public_key(row: SigningKey) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(unb64u(row.public_jwk[name])) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _signed(body: bytes, signer: Signer) -> str:
    raw = signer.sign(body)
    half = len(raw) // 2
    signature = encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
    whole = _der(_SEQUENCE, body + _ECDSA_SHA256 + _der(_BIT_STRING, b"\x00" + signature))
    made = x509.load_der_x509_csr(whole)
    if not made.is_signature_valid:
        raise ValueError("the signing request does not hold")
    return made.public_bytes(Encoding.PEM).decode()


def _der(tag: int, content: bytes) -> bytes:
    """X.690, 8.1: one tag, a definite length and the content."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(size)]) + size + content


def certify(pem: str, *, actor: Actor, expected: SigningKey | None = None) -> SigningKey:
    """The authority's answer, leaf first: for a key of ours that signs or waits to (the `expected` one where it is known),
    and for our own name. Invalid when it is anything else."""
    try:
        chain = read_certificates(pem)
    except ValueError as error:
        raise Invalid("certificate_unreadable", _("The file holds no certificates in PEM.")) from error
    leaf, now = chain[0], clock.now()
    row = _key_of(leaf)
    if row is None:
        raise Invalid(
            "certificate_of_another_key", _("The first certificate is not for a key that signs here.")
        )
    if expected is not None and row.id != expected.id:
        raise Invalid(
            "certificate_of_another_key", _("The first certificate is for another of your keys than this.")
        )
    if leaf.subject == leaf.issuer or not _names_us(leaf):
        raise Invalid(
            "certificate_of_another_host",
            _("It has to be signed by an authority, for the name %(name)s.")
            % {"name": get_authority().issuer},
        )
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        raise Invalid("certificate_not_valid_now", _("The certificate is not valid now."))
    if not _is_a_path(chain):
        raise Invalid(
            "certificate_path_broken",
            _("Each certificate in the file has to be signed by the one after it."),
        )
    row.certificates = x5c_of(chain)
    row.save(update_fields=["certificates"])
    record_event(
        EventName.AUTHORITY_KEY_CERTIFIED,
        actor=actor,
        data={"key": row.kid.partition("#")[2], "until": leaf.not_valid_after_utc.date().isoformat()},
    )
    return row


def _key_of(leaf: x509.Certificate) -> SigningKey | None:
    try:
        jwk = public_jwk(leaf.public_key())  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        return None
    signs = SigningKey.objects.filter(state__in=CERTIFIED)
    return next(
        (row for row in signs if (row.public_jwk["x"], row.public_jwk["y"]) == (jwk.get("x"), jwk.get("y"))),
        None,
    )


def _names_us(leaf: x509.Certificate) -> bool:
    """As verifiers read it (SD-JWT VC, 2.5): the issuer as a URI, or its host as a DNS name where it is https."""
    issuer = get_authority().issuer
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if issuer in names.get_values_for_type(x509.UniformResourceIdentifier):
        return True
    parts = urlsplit(issuer)
    return parts.scheme == "https" and (parts.hostname or "") in dns_names(leaf)


def _is_a_path(chain: Sequence[x509.Certificate]) -> bool:
    try:
        for below, above in pairwise(chain):
            below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def chain_now(row: SigningKey) -> list[str]:
    """What `x5c` carries (RFC 7515, 4.1.6); empty without a certificate, and when its time is over or has not come."""
    if not row.certificates:
        return []
    leaf = x509.load_der_x509_certificate(base64.b64decode(row.certificates[0]))
    if not leaf.not_valid_before_utc <= clock.now() < leaf.not_valid_after_utc:
        return []
    return list(row.certificates)


@dataclass(frozen=True, slots=True)
class Certified:
    """A key's certificate as its page tells it. `above`: how many certificates stand between it and the root."""

    subject: str
    issuer: str
    names: Sequence[str]
    from_at: datetime
    until_at: datetime
    above: int

    @property
    def is_valid(self) -> bool:
        return self.from_at <= clock.now() < self.until_at


def certificate_of(row: SigningKey) -> Certified | None:
    if not row.certificates:
        return None
    leaf = x509.load_der_x509_certificate(base64.b64decode(row.certificates[0]))
    return Certified(
        subject=_readable(leaf.subject),
        issuer=_readable(leaf.issuer),
        names=_names(leaf),
        from_at=leaf.not_valid_before_utc,
        until_at=leaf.not_valid_after_utc,
        above=len(row.certificates) - 1,
    )


def _readable(name: x509.Name) -> str:
    """The common name where there is one, else all of it (RFC 4514)."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    kinds = (x509.DNSName, x509.UniformResourceIdentifier)
    return [str(name.value) for name in found if isinstance(name, kinds)]
