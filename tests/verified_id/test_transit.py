"""Keys at a Transit engine (Vault, OpenBao): it signs, we never see the private half, and its troubles cost nobody a card."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import rotation, signing
from tenants.verified_id.key_services import transit
from tenants.verified_id.models import SigningKey
from tenants.verified_id.protocol.keys import verify_signature
from tenants.verified_id.services import turn_on_verified_id
from tests.holder import Wallet
from tests.protocol.world import REFUSING
from tests.verified_id.test_flow import authority, begin, issued, offer
from tests.verified_id.test_keys import header_of, published, status_of
from tests.verified_id.transit_engine import TOKEN, Engine

__all__ = ["authority"]


@pytest.fixture
def engine(settings: Any) -> Iterator[Engine]:
    made = Engine()
    settings.KEY_SERVICE, settings.TRANSIT_URL, settings.TRANSIT_TOKEN = "transit", made.url, TOKEN
    yield made
    made.stop()


@pytest.fixture
def outside(tenant: Tenant, engine: Engine) -> Tenant:
    """A tenant whose keys rest at the engine."""
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


def test_a_card_is_signed_there_and_only_a_digest_goes_out(outside: Tenant, engine: Engine) -> None:
    card = issued(outside).credentials[0]
    assert header_of(card)["kid"] in published(outside)
    assert {len(b64decode(body["input"])) for body in engine.seen} == {32}
    assert status_of(outside, card) == (0, header_of(card)["kid"])
    with tenant_scope(outside.id):
        row = SigningKey.objects.get()
        assert row.private_sealed is None and row.service_name in engine.keys
        signature = signing.signer_of(row).sign(b"data")
        verify_signature(row.public_jwk, "ES256", b"data", signature, REFUSING)


def test_a_tenant_moves_to_the_engine_by_turning_its_key_over(authority: Tenant, engine: Engine) -> None:
    old = issued(authority).credentials[0]
    with tenant_scope(authority.id):
        rotation.rotate_key(actor=SYSTEM, at_once=True)
        assert list(SigningKey.objects.order_by("created_at").values_list("service", flat=True)) == [
            "local",
            "transit",
        ]
    new = issued(authority).credentials[0]
    assert header_of(old)["kid"] != header_of(new)["kid"]
    assert status_of(authority, old)[0] == status_of(authority, new)[0] == 0


@pytest.mark.parametrize("mood", ["sealed", "html", "der", "short", "none", "slow"])
def test_a_wallet_whose_card_could_not_be_signed_asks_again_with_the_same_token(
    outside: Tenant, engine: Engine, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    monkeypatch.setattr(transit, "SIGN_SECONDS", 0.2)
    wallet = Wallet(outside)
    made = wallet.offer(offer(outside, begin(outside)).deep_link)
    token = wallet.token(made).json()["access_token"]
    proofs = [wallet.proof(made.credential_issuer) for _n in range(2)]
    engine.mood = mood
    refused = wallet.credential(token, proofs[0])
    assert (refused.status_code, refused.json()) == (429, {"error": "temporarily_unavailable"})
    assert int(refused.headers["Retry-After"]) > 0
    engine.mood = ""
    assert wallet.credential(token, proofs[1]).status_code == 200


def test_a_token_the_engine_does_not_know_is_the_operators_to_mend(
    outside: Tenant, engine: Engine, settings: Any
) -> None:
    with tenant_scope(outside.id):
        signer = signing.signer_of(SigningKey.objects.get())
        settings.TRANSIT_TOKEN = "another"
        with pytest.raises(Misconfigured, match="key_service_denied"):
            signer.sign(b"data")
        settings.TRANSIT_TOKEN = ""
        with pytest.raises(Misconfigured, match="key_service_unset"):
            signer.sign(b"data")
        settings.TRANSIT_TOKEN, settings.TRANSIT_URL = TOKEN, "http://127.0.0.1:1"
        with pytest.raises(Unavailable, match="key_service_down"):
            signer.sign(b"data")
