"""DPoP at the issuer's endpoints (RFC 9449): a bound token is worth something with its key, once for each proof, alone."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.models import IssuanceOffer
from tenants.verified_id.protocol import holder
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.jws import sign_jws
from tenants.verified_id.protocol.keys import LocalSigner
from tests.holder import FORM, Wallet
from tests.recovery.racing import race
from tests.verified_id.test_flow import authority, begin, offer

__all__ = ["authority"]


class BoundWallet(Wallet):
    """A wallet that proves a key of its own at every request."""

    dpop_nonce = ""

    def dpop(self, path: str, token: str = "", *, signer: LocalSigner | None = None, **changes: Any) -> str:
        key = signer or self.dpop_key
        issuer = self.client.get("/.well-known/openid-credential-issuer").json()["credential_issuer"]
        claims = {
            "jti": b64u(time.time_ns().to_bytes(8, "big")),
            "htm": "POST",
            "htu": f"{issuer}{path}",
            "iat": int(time.time()),
            "nonce": self.dpop_nonce,
            **({"ath": b64u(hashlib.sha256(token.encode()).digest())} if token else {}),
        } | changes
        header = {"jwk": dict(key.public_jwk)}
        return sign_jws(key, typ="dpop+jwt", claims=claims, header=header, with_kid=False)

    @property
    def dpop_key(self) -> LocalSigner:
        if not hasattr(self, "_dpop_key"):
            self._dpop_key = LocalSigner(ec.generate_private_key(ec.SECP256R1()))
        return self._dpop_key

    def post(self, path: str, body: Any, content_type: str, **headers: str) -> Any:
        answer = self.client.post(path, body, content_type=content_type, headers=headers)
        self.dpop_nonce = answer.headers.get("DPoP-Nonce", self.dpop_nonce)
        return answer

    def token_for(self, link: str) -> Any:
        """Twice: the first answer says which nonce to use."""
        made = self.offer(link)
        body = holder.token_request(made)
        first = self.post("/openid4vci/token", body, FORM, DPoP=self.dpop("/openid4vci/token"))
        assert (first.status_code, first.json()) == (400, {"error": "use_dpop_nonce"})
        return self.post("/openid4vci/token", body, FORM, DPoP=self.dpop("/openid4vci/token"))

    def fetch(self, token: str, *, scheme: str = "DPoP", dpop: str | None = None) -> Any:
        issuer = self.client.get("/.well-known/openid-credential-issuer").json()["credential_issuer"]
        body = holder.credential_request("VerifiedIdentity", [self.proof(issuer)])
        proof = self.dpop("/openid4vci/credential", token) if dpop is None else dpop
        headers = {"Authorization": f"{scheme} {token}", **({"DPoP": proof} if proof else {})}
        return self.post("/openid4vci/credential", body, "application/json", **headers)


@pytest.fixture
def bound(authority: Tenant) -> tuple[BoundWallet, str]:
    wallet = BoundWallet(authority)
    answer = wallet.token_for(offer(authority, begin(authority)).deep_link)
    assert answer.status_code == 200, answer.content
    assert answer.json()["token_type"] == "DPoP"
    return wallet, answer.json()["access_token"]


def test_a_wallet_with_a_key_gets_a_bound_token_and_its_credential(bound: tuple[BoundWallet, str]) -> None:
    wallet, token = bound
    answer = wallet.fetch(token)
    assert answer.status_code == 200 and answer.json()["credentials"]


def test_a_bound_token_that_comes_as_bearer_is_refused_and_stays_good(bound: tuple[BoundWallet, str]) -> None:
    wallet, token = bound
    stolen = wallet.fetch(token, scheme="Bearer", dpop="")
    assert (stolen.status_code, stolen.json()) == (401, {"error": "invalid_token"})
    assert wallet.fetch(token, dpop="").headers["WWW-Authenticate"] == 'DPoP error="invalid_token"'
    assert wallet.fetch(token).status_code == 200


def test_a_bearer_token_that_comes_as_bound_is_refused(authority: Tenant) -> None:
    wallet = BoundWallet(authority)
    plain = Wallet.token(wallet, wallet.offer(offer(authority, begin(authority)).deep_link)).json()
    assert plain["token_type"] == "Bearer"
    assert wallet.fetch(plain["access_token"]).status_code == 401


def test_a_proof_is_good_once(bound: tuple[BoundWallet, str]) -> None:
    wallet, token = bound
    wallet.fetch(token, dpop=wallet.dpop("/openid4vci/credential", token, iat=1))
    proof = wallet.dpop("/openid4vci/notification", token)
    body = {"notification_id": "x", "event": "credential_accepted"}
    sent = {"Authorization": f"DPoP {token}", "DPoP": proof}
    first = wallet.post("/openid4vci/notification", body, "application/json", **sent)
    assert first.json() == {"error": "invalid_notification_id"}
    again = wallet.post("/openid4vci/notification", body, "application/json", **sent)
    assert (again.status_code, again.json()) == (401, {"error": "invalid_dpop_proof"})


def test_a_proof_is_good_once_however_many_send_it_at_once(bound: tuple[BoundWallet, str]) -> None:
    wallet, token = bound
    proof = wallet.dpop("/openid4vci/notification", token)
    sent = {"Authorization": f"DPoP {token}", "DPoP": proof}
    body = {"notification_id": "x", "event": "credential_accepted"}

    def send(_number: int) -> str:
        answer = wallet.client.post(
            "/openid4vci/notification", body, content_type="application/json", headers=sent
        )
        return str(answer.json()["error"])

    assert race(send, times=8) == {"invalid_notification_id": 1, "invalid_dpop_proof": 7}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ath": "another"}, "invalid_dpop_proof"),
        ({"htu": "https://elsewhere.example/openid4vci/credential"}, "invalid_dpop_proof"),
        ({"htm": "GET"}, "invalid_dpop_proof"),
        ({"iat": 1}, "invalid_dpop_proof"),
        ({"nonce": "made-up"}, "use_dpop_nonce"),
        ({"nonce": ["list"]}, "use_dpop_nonce"),
    ],
)
def test_a_proof_for_something_else_is_refused_with_the_standards_code(
    bound: tuple[BoundWallet, str], changes: dict[str, Any], error: str
) -> None:
    wallet, token = bound
    answer = wallet.fetch(token, dpop=wallet.dpop("/openid4vci/credential", token, **changes))
    assert (answer.status_code, answer.json()) == (401, {"error": error})
    assert answer.headers["WWW-Authenticate"] == f'DPoP error="{error}"'
    assert answer.headers["DPoP-Nonce"]


def test_another_key_than_the_tokens_is_refused(bound: tuple[BoundWallet, str]) -> None:
    wallet, token = bound
    thief = LocalSigner(ec.generate_private_key(ec.SECP256R1()))
    answer = wallet.fetch(token, dpop=wallet.dpop("/openid4vci/credential", token, signer=thief))
    assert answer.json() == {"error": "invalid_dpop_proof"}


def test_garbage_for_a_proof_costs_no_code(authority: Tenant) -> None:
    wallet = BoundWallet(authority)
    made = wallet.offer(offer(authority, begin(authority)).deep_link)
    body = holder.token_request(made)
    for garbage in ("", "x", "a.b.c", "é", "a" * 9000):
        answer = wallet.client.post("/openid4vci/token", body, content_type=FORM, headers={"DPoP": garbage})
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_dpop_proof"}), garbage
    with tenant_scope(authority.id):
        assert IssuanceOffer.objects.get().tries == 0


def test_a_nonce_of_ours_is_good_for_two_turns_of_the_clock(bound: tuple[BoundWallet, str]) -> None:
    wallet, token = bound
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        late = wallet.fetch(token, dpop=wallet.dpop("/openid4vci/credential", token))
    assert late.status_code == 401


def test_the_metadata_says_that_keys_are_welcome_and_scripts_may_read_the_nonce(authority: Tenant) -> None:
    wallet = Wallet(authority)
    told = wallet.client.get("/.well-known/oauth-authorization-server")
    assert told.json()["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA"]
    assert "DPoP-Nonce" in told.headers["Access-Control-Expose-Headers"]
    answer = wallet.client.post("/openid4vci/token", urlencode({}), content_type=FORM)
    assert "DPoP-Nonce" not in answer.headers
