"""The authority's keys: made, unsealed for one signature, and published."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.kit.errors import Misconfigured
from portal.kit.ids import uuid7
from portal.kit.sealed import Context, seal, unseal
from tenants.verified_id.models import SigningKey
from tenants.verified_id.protocol.did_web import verification_method_id
from tenants.verified_id.protocol.keys import LocalSigner, Signer, public_jwk


def _context(row: SigningKey) -> Context:
    return Context("verified_id_signingkey", "private_sealed", row.id)


def make_signing_key(did: str, state: str) -> SigningKey:
    """A new P-256 key, sealed under the tenant's key. `kid` is its absolute DID URL."""
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = public_jwk(private.public_key())
    row = SigningKey(id=uuid7(), kid=verification_method_id(did, jwk), public_jwk=jwk, state=state)
    pem = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    row.private_sealed = seal(pem, _context(row))
    row.save(force_insert=True)
    return row


def signer_of(row: SigningKey) -> Signer:
    """A signer for one key. A revoked key signs nothing, not even its status list."""
    if row.state == SigningKey.State.REVOKED:
        raise Misconfigured("key_revoked")
    private = serialization.load_der_private_key(unseal(row.private_sealed, _context(row)), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise Misconfigured("key_unusable")
    return LocalSigner(private, kid=row.kid)


def active_key() -> SigningKey:
    row = SigningKey.objects.filter(state=SigningKey.State.ACTIVE).first()
    if row is None:
        raise Misconfigured("no_active_key")
    return row


def published_keys() -> list[SigningKey]:
    """Pending, active and retired keys stand in the DID document; a revoked one is gone at once."""
    return list(SigningKey.objects.exclude(state=SigningKey.State.REVOKED).order_by("created_at"))


def trusted_keys() -> dict[str, dict[str, str]]:
    """Our own keys by `kid`, to verify what we issued. Never from a header, never over the network."""
    return {row.kid: row.public_jwk for row in published_keys()}
