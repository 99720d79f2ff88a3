"""The keys wallets encrypt requests to. Made with each signing key; the one before still opens what was under way."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from portal.kit.sealed import Context, seal, unseal
from tenants.verified_id.models import Authority
from tenants.verified_id.protocol.encryption import generate_encryption_key

KEPT = 2


def _context(authority: Authority) -> Context:
    return Context("verified_id_authority", "encryption_sealed", authority.id)


def private_jwks(authority: Authority) -> dict[str, Mapping[str, str]]:
    """By `kid`; empty for an authority that has none yet, which then opens nothing."""
    if authority.encryption_sealed is None:
        return {}
    kept: list[dict[str, str]] = json.loads(unseal(authority.encryption_sealed, _context(authority)))
    return {jwk["kid"]: jwk for jwk in kept}


def make_encryption_key(authority: Authority) -> None:
    """A new key in front of the last; older ones are gone."""
    made = generate_encryption_key(secrets.token_bytes)
    kept = [dict(made.private_jwk), *(dict(jwk) for jwk in private_jwks(authority).values())][:KEPT]
    authority.encryption_sealed = seal(json.dumps(kept).encode(), _context(authority))
    authority.encryption_jwks = [dict(made.public_jwk)]
    authority.save(update_fields=["encryption_sealed", "encryption_jwks"])
