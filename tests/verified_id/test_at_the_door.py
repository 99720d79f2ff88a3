"""What every address that wallets talk to has in common: methods, media types, origins, caches, and no way elsewhere."""

from __future__ import annotations

import secrets

import pytest

from tenants.models import Tenant
from tenants.verified_id.protocol import holder
from tests.conftest import client_of
from tests.holder import FORM, Wallet, path_of
from tests.verified_id.test_flow import ask, authority, begin, offer

__all__ = ["authority"]
ADDRESSES = {
    "/.well-known/did.json": "GET",
    "/.well-known/openid-credential-issuer": "GET",
    "/.well-known/oauth-authorization-server": "GET",
    "/.well-known/jwt-vc-issuer": "GET",
    "/credentials/VerifiedIdentity/1": "GET",
    "/status/none": "GET",
    "/openid4vci/offers/none": "GET",
    "/openid4vci/token": "POST",
    "/openid4vci/nonce": "POST",
    "/openid4vci/credential": "POST",
    "/openid4vci/deferred": "POST",
    "/openid4vci/notification": "POST",
    "/openid4vp/requests/none": "GET, POST",
    "/openid4vp/responses/none": "POST",
}


@pytest.mark.parametrize(("path", "methods"), ADDRESSES.items())
def test_another_method_is_refused_in_json_and_a_browser_may_ask_which_will_do(
    authority: Tenant, path: str, methods: str
) -> None:
    client = client_of(authority)
    allowed = f"{methods}, HEAD, OPTIONS" if "GET" in methods else f"{methods}, OPTIONS"
    for method in {"GET", "POST", "PUT", "DELETE"} - set(methods.split(", ")):
        refused = client.generic(method, path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, allowed)
        assert refused.json() == {"error": "invalid_request"}
        assert refused.headers["Cache-Control"] == "no-store"
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
    asked = client.options(
        path,
        headers={
            "Origin": "https://wallet.example",
            "Access-Control-Request-Method": methods.split(", ")[-1],
            "Access-Control-Request-Headers": "authorization,content-type,dpop",
        },
    )
    assert (asked.status_code, asked.content) == (204, b"") and "Content-Type" not in asked.headers
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in asked.headers
    assert asked.headers["Access-Control-Allow-Methods"] == allowed
    named = asked.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in named for name in ("authorization", "content-type", "dpop"))


@pytest.mark.parametrize(("path", "methods"), ADDRESSES.items())
def test_no_answer_leads_elsewhere_or_is_guessed_at(authority: Tenant, path: str, methods: str) -> None:
    """Redirects on back channels (OpenID4VP 1.0 with errata, 14.7); a type that is not sniffed."""
    client = client_of(authority)
    for address in (path, f"{path}/", f"{path}?next=https://elsewhere.example", f"/{path}"):
        answer = client.generic(methods.split(", ")[0], address)
        assert not 300 <= answer.status_code < 400 and "Location" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_for_one_wallet_is_kept_in_no_cache(authority: Tenant) -> None:
    wallet, made = Wallet(authority), offer(authority, begin(authority))
    client, taken = wallet.client, wallet.offer(made.deep_link)
    answers = [client.get(path_of(made.offer_uri)), client.post("/openid4vci/nonce"), wallet.token(taken)]
    token = answers[-1].json()["access_token"]
    answers.append(wallet.credential(token, wallet.proof(taken.credential_issuer)))
    wallet.credentials.append(answers[-1].json()["credentials"][0]["credential"])
    _id, link = ask(authority, secrets.token_bytes(32))
    answers.append(client.get(path_of(wallet_link(link))))
    answers.append(client.post(path_of(wallet_link(link)), "", content_type=FORM))
    answers.append(wallet.respond(wallet.request(link)))
    assert [answer.status_code for answer in answers] == [200] * 7
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def wallet_link(link: str) -> str:
    return holder.parse_request_link(link).request_uri
