"""What is good once: `c_nonce` values (OpenID4VCI 1.0, section 7) and the DPoP proofs of wallets (RFC 9449).

Protects against a proof that is sent again. Taking commits before anything is compared. DPoP's own nonces are not
stored: they follow from the time and the tenant under our key, and each is good for two turns of the clock.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.codes import digest, keyed_digest, new_token
from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.verified_id.models import ProofNonce
from tenants.verified_id.protocol.dpop import WINDOW, VerifiedDpopProof, verify_dpop_proof
from tenants.verified_id.protocol.errors import ProtocolError

NONCE_LIFE = timedelta(minutes=5)
TURN = 300
MOST_NONCES = 8
"""Of one request: a wallet may take another nonce for each of its proofs."""


def new_nonce() -> str:
    nonce = new_token(192)
    ProofNonce.objects.create(digest=digest(nonce), expires_at=clock.now() + NONCE_LIFE)
    return nonce


def take_nonces(tenant_id: UUID, claimed: frozenset[str]) -> frozenset[str]:
    """Which of the claimed nonces are ours and unused; they are used from here on, whatever follows."""
    require_no_transaction()
    live = set()
    with tenant_scope(tenant_id):
        for nonce in sorted(claimed)[:MOST_NONCES]:
            fresh = ProofNonce.objects.filter(digest=digest(nonce), used_at=None, expires_at__gt=clock.now())
            if fresh.update(used_at=clock.now()):
                live.add(nonce)
    return frozenset(live)


def _dpop_nonce(tenant_id: UUID, turn: int) -> str:
    made = keyed_digest(f"{tenant_id}|{turn}", context="dpop_nonce")
    return base64.urlsafe_b64encode(made[:18]).decode()


def dpop_nonces(tenant_id: UUID) -> tuple[str, str]:
    """The one to give out now, and the one before it."""
    turn = int(clock.now().timestamp()) // TURN
    return _dpop_nonce(tenant_id, turn), _dpop_nonce(tenant_id, turn - 1)


def take_dpop_proof(
    tenant_id: UUID,
    unverified_proof: str,
    *,
    method: str,
    url: str,
    access_token: str | None = None,
    thumbprint: str | None = None,
) -> VerifiedDpopProof:
    """A DPoP proof for this very request, by the key the token is bound to, with a nonce of ours, never seen before.
    ProtocolError(use_dpop_nonce or invalid_dpop_proof) otherwise."""
    require_no_transaction()
    proof = verify_dpop_proof(
        unverified_proof,
        expected_method=method,
        expected_url=url,
        now=int(clock.now().timestamp()),
        access_token=access_token,
        expected_thumbprint=thumbprint,
        expected_nonces=dpop_nonces(tenant_id),
    )
    once = digest(f"dpop|{proof.key_thumbprint}|{proof.jti}")
    until = clock.now() + timedelta(seconds=2 * WINDOW + TURN)
    with tenant_scope(tenant_id):
        _row, is_new = ProofNonce.objects.get_or_create(
            digest=once, defaults={"expires_at": until, "used_at": clock.now()}
        )
    if not is_new:
        raise ProtocolError("invalid_dpop_proof", "dpop_replayed", clause="RFC 9449 section 11.1")
    return proof
