"""The private key rests sealed in our own table and is opened for one signature."""

from __future__ import annotations

from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.kit.errors import Misconfigured
from portal.kit.sealed import Context, seal, unseal
from tenants.verified_id.key_services.contract import KeptKey, MadeKey
from tenants.verified_id.protocol.keys import LocalSigner, Signer, public_jwk


def _context(key_id: UUID) -> Context:
    return Context("verified_id_signingkey", "private_sealed", key_id)


class LocalKeys:
    def make(self, key_id: UUID) -> MadeKey:
        private = ec.generate_private_key(ec.SECP256R1())
        der = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return MadeKey(public_jwk(private.public_key()), sealed=seal(der, _context(key_id)))

    def signer(self, key: KeptKey) -> Signer:
        if key.sealed is None:
            raise Misconfigured("key_unusable")
        private = serialization.load_der_private_key(unseal(key.sealed, _context(key.id)), None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise Misconfigured("key_unusable")
        return LocalSigner(private, kid=key.kid)
