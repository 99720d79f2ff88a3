"""Encrypted requests and answers (OpenID4VCI 1.0, section 10)."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.protocol import encryption
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.rotation import rotate_key
from tests.holder import Wallet
from tests.verified_id.test_flow import authority, begin, offer

__all__ = ["authority"]
REFUSING = Refusing("invalid_request", "OpenID4VCI 1.0 section 10")
OWN = encryption.generate_encryption_key(secrets.token_bytes)
ASKED = {"jwk": dict(OWN.public_jwk), "enc": "A256GCM"}


def metadata(wallet: Wallet) -> dict[str, Any]:
    told: dict[str, Any] = wallet.client.get("/.well-known/openid-credential-issuer").json()
    return told


def admitted(tenant: Tenant) -> tuple[Wallet, dict[str, Any], dict[str, Any]]:
    """A wallet with a token, the issuer's metadata, and a request ready to be sent."""
    wallet = Wallet(tenant)
    wallet.access_token = wallet.token(wallet.offer(offer(tenant, begin(tenant)).deep_link)).json()[
        "access_token"
    ]
    told = metadata(wallet)
    proofs = {"jwt": [wallet.proof(told["credential_issuer"])]}
    return wallet, told, {"credential_configuration_id": "VerifiedIdentity", "proofs": proofs}


def send(wallet: Wallet, body: str | bytes, content_type: str = "application/jwt") -> Any:
    return wallet.client.post(
        "/openid4vci/credential",
        body,
        content_type=content_type,
        headers={"Authorization": f"Bearer {wallet.access_token}"},
    )


def sealed_for(told: dict[str, Any], request: dict[str, Any]) -> str:
    (jwk,) = told["credential_request_encryption"]["jwks"]["keys"]
    return encryption.encrypt(request, jwk, enc="A128GCM")


def opened(answer: Any) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/jwt"), answer.content
    return encryption.decrypt(
        answer.content.decode(), private_jwks={OWN.kid: OWN.private_jwk}, refusing=REFUSING
    )


def test_an_encrypted_request_gets_the_encrypted_answer_it_asks_for(authority: Tenant) -> None:
    wallet, told, request = admitted(authority)
    answer = send(wallet, sealed_for(told, request | {"credential_response_encryption": ASKED}))
    assert opened(answer)["credentials"] and answer.headers["Cache-Control"] == "no-store"


def test_an_encrypted_request_may_be_answered_in_the_clear(authority: Tenant) -> None:
    wallet, told, request = admitted(authority)
    assert send(wallet, sealed_for(told, request)).json()["credentials"]


def test_what_was_encrypted_to_the_key_before_is_still_read_and_to_the_one_before_that_not(
    authority: Tenant,
) -> None:
    wallet, told, request = admitted(authority)
    with tenant_scope(authority.id):
        rotate_key(actor=SYSTEM, at_once=True)
    newer = metadata(wallet)
    assert newer["credential_request_encryption"]["jwks"] != told["credential_request_encryption"]["jwks"]
    with tenant_scope(authority.id):
        rotate_key(actor=SYSTEM, at_once=True)
    refused = send(wallet, sealed_for(told, request))
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_encryption_parameters"})
    assert send(wallet, sealed_for(newer, request)).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {**ASKED, "enc": "A128CBC-HS256"},
        {**ASKED, "zip": "DEF"},
        {"enc": "A256GCM"},
        "A256GCM",
        {**ASKED, "jwk": {**OWN.public_jwk, "alg": "RSA-OAEP"}},
        {**ASKED, "jwk": {**OWN.public_jwk, "d": "AAAA"}},
        {**ASKED, "jwk": {**OWN.public_jwk, "x": "AAAA"}},
        {**ASKED, "jwk": {**OWN.public_jwk, "use": "sig"}},
        {**ASKED, "jwk": {**OWN.public_jwk, "crv": "P-384"}},
        {**ASKED, "jwk": "x"},
    ],
    ids=range(10),
)
def test_encryption_that_is_not_offered_is_refused_in_the_clear(authority: Tenant, asked: object) -> None:
    wallet, told, request = admitted(authority)
    answer = send(wallet, sealed_for(told, request | {"credential_response_encryption": asked}))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_encryption_parameters"})
    assert answer.headers["Content-Type"] == "application/json"


def test_whoever_asks_in_the_clear_gets_no_answer_to_a_key_of_their_own(authority: Tenant) -> None:
    wallet, _told, request = admitted(authority)
    body = json.dumps(request | {"credential_response_encryption": ASKED})
    answer = send(wallet, body, "application/json")
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_encryption_parameters"})


def test_a_request_that_does_not_open_is_refused(authority: Tenant) -> None:
    wallet, told, request = admitted(authority)
    good = sealed_for(told, request)
    foreign = encryption.encrypt(request, OWN.public_jwk, enc="A128GCM")
    for body in (" ", "a.b.c.d.e", foreign, good[:-4] + "AAAA", good + "." + good, b"\xff\xfe"):
        answer = send(wallet, body)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_encryption_parameters"})
    assert send(wallet, good).status_code == 200
