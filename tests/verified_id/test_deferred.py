"""Deferred issuance (OpenID4VCI 1.0, section 9): a card that a member looks at first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import issuance
from tenants.verified_id.models import Credential, Issuance
from tests.holder import Wallet
from tests.recovery.racing import race
from tests.verified_id.test_dpop import BoundWallet
from tests.verified_id.test_flow import CLAIMS, authority, jpeg, offer

__all__ = ["authority"]


def begin_waiting(tenant: Tenant) -> UUID:
    with tenant_scope(tenant.id):
        return issuance.begin_issuance(
            claims=CLAIMS, portrait=jpeg(), actor=SYSTEM, person_id=tenant.id, review_first=True
        ).id


def look(tenant: Tenant, issuance_id: UUID, *, release: bool = True) -> None:
    with tenant_scope(tenant.id):
        issuance.review_issuance(issuance_id, release=release, actor=SYSTEM)


@pytest.fixture
def asked(authority: Tenant) -> tuple[Wallet, UUID, str]:
    """A wallet that asked and was told to come back; the issuance and the transaction."""
    wallet, issuance_id = Wallet(authority), begin_waiting(authority)
    made = wallet.offer(offer(authority, issuance_id).deep_link)
    wallet.access_token = wallet.token(made).json()["access_token"]
    answer = wallet.credential(wallet.access_token, wallet.proof(made.credential_issuer))
    assert answer.status_code == 202 and answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json()) == {"transaction_id", "interval"} and answer.json()["interval"] > 0
    return wallet, issuance_id, answer.json()["transaction_id"]


def come_back(wallet: Wallet, transaction_id: object, token: str = "") -> Any:
    return wallet.client.post(
        "/openid4vci/deferred",
        {"transaction_id": transaction_id},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token or wallet.access_token}"},
    )


def test_a_wallet_waits_until_somebody_has_looked_and_then_gets_the_card_once(
    authority: Tenant, asked: tuple[Wallet, UUID, str]
) -> None:
    wallet, issuance_id, transaction_id = asked
    waiting = come_back(wallet, transaction_id)
    assert (waiting.status_code, waiting.json()["transaction_id"]) == (202, transaction_id)
    look(authority, issuance_id)
    answer = come_back(wallet, transaction_id)
    # Wallets of Credo's make refuse a notification id in here.
    assert answer.status_code == 200 and set(answer.json()) == {"credentials"}
    again = come_back(wallet, transaction_id)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_transaction_id"})
    with tenant_scope(authority.id):
        assert Credential.objects.get().holder_thumbprint


def test_a_card_that_was_refused_is_denied_and_what_was_proven_is_gone(
    authority: Tenant, asked: tuple[Wallet, UUID, str]
) -> None:
    wallet, issuance_id, transaction_id = asked
    look(authority, issuance_id, release=False)
    answer = come_back(wallet, transaction_id)
    assert (answer.status_code, answer.json()) == (400, {"error": "credential_request_denied"})
    with tenant_scope(authority.id):
        row = Issuance.objects.get()
        assert (row.sealed, row.data_key) == (None, None)
        with pytest.raises(Refused):
            issuance.review_issuance(issuance_id, release=True, actor=SYSTEM)


@pytest.mark.parametrize("sent", ["made-up", "", None, 7, ["x"], "x" * 300])
def test_a_transaction_that_is_not_this_tokens_is_refused(
    asked: tuple[Wallet, UUID, str], sent: object
) -> None:
    answer = come_back(asked[0], sent)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_transaction_id"})


def test_nobody_elses_token_takes_the_card(authority: Tenant, asked: tuple[Wallet, UUID, str]) -> None:
    wallet, issuance_id, transaction_id = asked
    look(authority, issuance_id)
    assert come_back(wallet, transaction_id, "made-up").status_code == 401
    other = Wallet(authority)
    made = other.offer(offer(authority, begin_waiting(authority)).deep_link)
    token = other.token(made).json()["access_token"]
    assert come_back(wallet, transaction_id, token).json() == {"error": "invalid_transaction_id"}


def test_one_promise_is_kept_once_however_many_come_back(
    authority: Tenant, asked: tuple[Wallet, UUID, str]
) -> None:
    wallet, issuance_id, transaction_id = asked
    look(authority, issuance_id)
    found = race(lambda _n: str(come_back(wallet, transaction_id).status_code), times=8)
    assert found == {"200": 1, "400": 7}


def test_a_bearer_token_waits_five_minutes_and_a_bound_one_as_long_as_the_card(authority: Tenant) -> None:
    bearer, bound = Wallet(authority), BoundWallet(authority)
    told = bearer.token(bearer.offer(offer(authority, begin_waiting(authority)).deep_link)).json()
    assert told["expires_in"] <= 300
    waiting = bound.token_for(offer(authority, begin_waiting(authority)).deep_link).json()
    assert waiting["token_type"] == "DPoP" and waiting["expires_in"] > 80_000


def test_a_promise_ends_with_what_was_proven(authority: Tenant, asked: tuple[Wallet, UUID, str]) -> None:
    wallet, issuance_id, transaction_id = asked
    look(authority, issuance_id)
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        assert come_back(wallet, transaction_id).status_code == 401
