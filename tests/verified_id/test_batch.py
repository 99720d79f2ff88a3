"""One card under several keys of one wallet (OpenID4VCI 1.0, section 3.3.2): copies nobody sees to be one, and one card here."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import places
from tenants.verified_id.credentials import reinstate_credential, revoke_credential, suspend_credential
from tenants.verified_id.models import Credential, CredentialCopy, StatusList
from tenants.verified_id.protocol import holder
from tenants.verified_id.protocol.encoding import unb64u
from tenants.verified_id.protocol.jws import parse_jws
from tenants.verified_id.protocol.keys import LocalSigner
from tenants.verified_id.protocol.status_list import decode_status_list, unpack_status
from tenants.verified_id.publishing import BATCH_SIZE
from tests.conftest import client_of
from tests.holder import Wallet, disclosed, path_of
from tests.protocol.world import REFUSING
from tests.recovery.racing import race
from tests.verified_id.test_deferred import begin_waiting, come_back, look
from tests.verified_id.test_flow import ask, authority, begin, issued, offer

__all__ = ["authority"]


class Batch(Wallet):
    """Proves as many keys as it is told to, under one nonce."""

    def __init__(self, tenant: Tenant, keys: int = BATCH_SIZE) -> None:
        super().__init__(tenant)
        self.keys = [LocalSigner(ec.generate_private_key(ec.SECP256R1())) for _number in range(keys)]

    def proofs(self, issuer: str) -> list[str]:
        nonce = self.client.post("/openid4vci/nonce").json()["c_nonce"]
        now = int(time.time())
        return [holder.build_key_proof(key, issuer=issuer, nonce=nonce, issued_at=now) for key in self.keys]

    def ask(self, offered: Any, *, token: str = "", proofs: list[str] | None = None) -> Any:
        self.access_token = token or self.token(offered).json()["access_token"]
        sent = self.proofs(offered.credential_issuer) if proofs is None else proofs
        return self.client.post(
            "/openid4vci/credential",
            holder.credential_request("VerifiedIdentity", sent),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.access_token}"},
        )

    def take(self, link: str) -> Any:
        answer = self.ask(self.offer(link))
        assert answer.status_code == 200, answer.content
        told = answer.json()
        self.credentials = [one["credential"] for one in told["credentials"]]
        self.notification_id = told.get("notification_id", "")
        return told

    def show(self, number: int, link: str) -> Any:
        self.signer = self.keys[number]
        return self.respond(self.request(link), self.credentials[number])


def signed(credential: str) -> dict[str, Any]:
    return parse_jws(credential.partition("~")[0], REFUSING, expected_typ=None).unverified_claims


def place(credential: str) -> tuple[str, int]:
    found = signed(credential)["status"]["status_list"]
    return found["uri"], found["idx"]


def statuses(tenant: Tenant, credentials: list[str]) -> list[int]:
    (uri,) = {place(credential)[0] for credential in credentials}
    token = client_of(tenant).get(path_of(uri)).content.decode()
    bits, packed = decode_status_list(
        parse_jws(token, REFUSING, expected_typ=None, max_bytes=10**6).unverified_claims["status_list"]
    )
    return [unpack_status(packed, place(credential)[1], bits) for credential in credentials]


@pytest.fixture
def batch(authority: Tenant) -> Batch:
    wallet = Batch(authority)
    wallet.take(offer(authority, begin(authority)).deep_link)
    return wallet


def test_the_metadata_say_how_many_keys(authority: Tenant) -> None:
    told = client_of(authority).get("/.well-known/openid-credential-issuer").json()
    assert told["batch_credential_issuance"] == {"batch_size": BATCH_SIZE}


def test_each_key_gets_a_copy_of_its_own_and_nothing_in_them_ties_them(
    authority: Tenant, batch: Batch
) -> None:
    claims = [signed(credential) for credential in batch.credentials]
    assert [one["cnf"]["jwk"] for one in claims] == [dict(key.public_jwk) for key in batch.keys]
    assert len({place(credential) for credential in batch.credentials}) == BATCH_SIZE
    said = [disclosed(credential) for credential in batch.credentials]
    assert all(one == said[0] for one in said) and said[0]["family_name"] == "Example"
    # Salts and digests are new in each; the times are those of a whole day.
    digests = [name for one in claims for name in one["_sd"]]
    assert len(set(digests)) == len(digests)
    assert {(one["iat"] % 86400, one["exp"] % 86400) for one in claims} == {(0, 0)}
    with tenant_scope(authority.id):
        assert (Credential.objects.count(), CredentialCopy.objects.count()) == (1, BATCH_SIZE - 1)


def test_every_copy_is_the_same_card_here(authority: Tenant, batch: Batch) -> None:
    with tenant_scope(authority.id):
        card = Credential.objects.get()
    for number in (0, 3):
        wanted, link = ask(authority, secrets.token_bytes(32))
        assert batch.show(number, link).status_code == 200
        with tenant_scope(authority.id):
            shown = places_of(wanted)
        assert shown == card.id


def places_of(wanted: Any) -> Any:
    from tenants.verified_id.presentation import peek_presented

    return peek_presented(wanted).credential_id


def test_a_copy_is_shown_by_its_own_key_alone(authority: Tenant, batch: Batch) -> None:
    request = batch.request(ask(authority, secrets.token_bytes(32))[1])
    batch.signer = batch.keys[1]
    assert batch.respond(request, batch.credentials[2]).status_code == 400


def test_what_happens_to_the_card_happens_to_every_copy(authority: Tenant, batch: Batch) -> None:
    with tenant_scope(authority.id):
        card = Credential.objects.get()
        suspend_credential(card.id, reason="suspended_by_member", actor=SYSTEM)
    assert statuses(authority, batch.credentials) == [2] * BATCH_SIZE
    with tenant_scope(authority.id):
        reinstate_credential(card.id, actor=SYSTEM)
    assert statuses(authority, batch.credentials) == [0] * BATCH_SIZE
    with tenant_scope(authority.id):
        revoke_credential(card.id, reason="revoked_by_member", actor=SYSTEM)
    assert statuses(authority, batch.credentials) == [1] * BATCH_SIZE
    for number in (0, BATCH_SIZE - 1):
        assert batch.show(number, ask(authority, secrets.token_bytes(32))[1]).status_code == 400


def test_one_word_of_the_wallet_is_about_all_of_them(authority: Tenant, batch: Batch) -> None:
    assert batch.notify().status_code == 204
    with tenant_scope(authority.id):
        assert Credential.objects.get().accepted_at is not None


def test_more_keys_than_are_offered_or_one_key_twice_is_refused_and_the_token_kept(authority: Tenant) -> None:
    wallet = Batch(authority, BATCH_SIZE + 1)
    offered = wallet.offer(offer(authority, begin(authority)).deep_link)
    answer = wallet.ask(offered)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_proof"})
    wallet.keys = [wallet.keys[0], wallet.keys[0]]
    again = wallet.ask(offered, token=wallet.access_token)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_proof"})
    wallet.keys = wallet.keys[:1]
    good, bad = wallet.proofs(offered.credential_issuer)[0], "a.b.c"
    assert wallet.ask(offered, token=wallet.access_token, proofs=[good, bad]).status_code == 400
    assert wallet.ask(offered, token=wallet.access_token).status_code == 200
    with tenant_scope(authority.id):
        assert CredentialCopy.objects.count() == 0


def test_a_card_that_waits_for_a_look_comes_with_all_its_copies(authority: Tenant) -> None:
    wallet, issuance_id = Batch(authority, 3), begin_waiting(authority)
    answer = wallet.ask(wallet.offer(offer(authority, issuance_id).deep_link))
    assert answer.status_code == 202
    look(authority, issuance_id)
    told = come_back(wallet, answer.json()["transaction_id"]).json()
    keys = [signed(one["credential"])["cnf"]["jwk"] for one in told["credentials"]]
    assert keys == [dict(key.public_jwk) for key in wallet.keys] and "notification_id" not in told


def test_wallets_at_once_never_share_a_place(authority: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where only so many places are left as they need."""
    monkeypatch.setattr(places, "choose_unused_index", lambda *, used, random_below: len(used))
    wallets = [Batch(authority, 3) for _number in range(6)]
    links = [offer(authority, begin(authority)).deep_link for _wallet in wallets]

    def take(number: int) -> str:
        return str(len(wallets[number].take(links[number])["credentials"]))

    assert race(take, times=6, threads=6) == {"3": 6}
    taken = [place(credential) for wallet in wallets for credential in wallet.credentials]
    assert len(set(taken)) == 18


def test_a_list_that_fills_up_is_followed_by_another(
    authority: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "FULLEST", 4)
    first, second = Batch(authority, 3), Batch(authority, 3)
    for wallet in (first, second):
        wallet.take(offer(authority, begin(authority)).deep_link)
    uris = {place(wallet.credentials[0])[0] for wallet in (first, second)}
    assert len(uris) == 2
    assert statuses(authority, second.credentials) == [0, 0, 0]
    with tenant_scope(authority.id):
        assert StatusList.objects.count() == 2
    assert first.show(2, ask(authority, secrets.token_bytes(32))[1]).status_code == 200


def test_a_wallet_with_one_key_gets_one_card_as_ever(authority: Tenant) -> None:
    wallet = issued(authority)
    claims = signed(wallet.credentials[0])
    assert claims["exp"] - claims["iat"] == 365 * 86400
    assert isinstance(unb64u(claims["_sd"][0]), bytes)
    with tenant_scope(authority.id):
        assert CredentialCopy.objects.count() == 0


@pytest.mark.parametrize("moment", ["1686925000", "", "now", "%00"])
def test_what_a_list_said_on_another_day_is_not_told(authority: Tenant, batch: Batch, moment: str) -> None:
    """Token Status List, sections 8.4 and 12.7: optional, and better not offered."""
    uri, _index = place(batch.credentials[0])
    answer = client_of(authority).get(f"{path_of(uri)}?time={moment}")
    assert answer.status_code == 501 and answer.headers["Cache-Control"] == "no-store"
    assert client_of(authority).get(path_of(uri)).status_code == 200
