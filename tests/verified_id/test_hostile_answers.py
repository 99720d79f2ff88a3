"""What a hostile wallet posts to the verifier: every shape is refused by the standard's error, and the right answer still counts."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import answering
from tenants.verified_id.models import Presentation
from tenants.verified_id.protocol import holder
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.encryption import encrypt, generate_encryption_key
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import client_of, make_tenant
from tests.holder import FORM, Wallet, path_of
from tests.recovery.racing import race
from tests.verified_id.test_flow import ask, issued


@pytest.fixture
def authority(tenant: Tenant) -> Tenant:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than five tries, so that one transaction meets every shape."""
    monkeypatch.setattr(answering, "MAX_TRIES", 10_000)


def sealed(request: holder.VerifiedRequest, inside: bytes | dict[str, Any]) -> bytes:
    assert request.encryption_jwk is not None
    made = encrypt(inside, request.encryption_jwk, enc=request.encs[0])
    return urlencode({"response": made}).encode()


def with_header(request: holder.VerifiedRequest, **changes: Any) -> bytes:
    """A sealed answer whose header says something else."""
    assert request.encryption_jwk is not None
    parts = encrypt({"vp_token": {}}, request.encryption_jwk, enc=request.encs[0]).split(".")
    header = {
        "alg": "ECDH-ES",
        "enc": "A128GCM",
        "kid": request.encryption_jwk["kid"],
        "epk": {name: request.encryption_jwk[name] for name in ("kty", "crv", "x", "y")},
        **changes,
    }
    return urlencode({"response": ".".join([b64u(json.dumps(header).encode()), *parts[1:]])}).encode()


def shapes(request: holder.VerifiedRequest, good: dict[str, list[str]]) -> dict[str, bytes]:
    state, (query,) = request.state, good
    (shown,) = good[query]
    jwt, *disclosures, binding = shown.split("~")
    inside: dict[str, Any] = {
        "empty": {},
        "no token": {"state": state},
        "no state": {"vp_token": good},
        "wrong state": {"vp_token": good, "state": "x"},
        "state of a list": {"vp_token": good, "state": [state]},
        "state of another script": {"vp_token": good, "state": "ﬀé"},
        "error of a list": {"error": ["access_denied"], "state": state},
        "error of an object": {"error": {"a": 1}, "state": "wrong"},
        "token of a list": {"vp_token": [good], "state": state},
        "token of a number": {"vp_token": 7, "state": state},
        "token of nothing": {"vp_token": None, "state": state},
        "token of nothing asked": {"vp_token": {"other": [shown]}, "state": state},
        "token beside another": {"vp_token": {**good, "other": [shown]}, "state": state},
        "entry of text": {"vp_token": {query: shown}, "state": state},
        "entry of two": {"vp_token": {query: [shown, shown]}, "state": state},
        "entry of none": {"vp_token": {query: []}, "state": state},
        "entry of a list": {"vp_token": {query: [[shown]]}, "state": state},
        "entry of an object": {"vp_token": {query: [{"a": shown}]}, "state": state},
        "entry of tildes": {"vp_token": {query: ["~" * 100_000]}, "state": state},
        "entry of points": {"vp_token": {query: ["." * 100_000]}, "state": state},
        "entry of nothing": {"vp_token": {query: [""]}, "state": state},
        "entry of zero bytes": {"vp_token": {query: ["\0~\0~\0"]}, "state": state},
        "without a binding": {"vp_token": {query: ["~".join([jwt, *disclosures, ""])]}, "state": state},
        "binding of a number": {"vp_token": {query: ["~".join([jwt, *disclosures, "7"])]}, "state": state},
        "a disclosure twice": {
            "vp_token": {query: ["~".join([jwt, *disclosures, disclosures[0], binding])]},
            "state": state,
        },
        "a disclosure less": {
            "vp_token": {query: ["~".join([jwt, *disclosures[1:], binding])]},
            "state": state,
        },
        "issuer without a signature": {
            "vp_token": {query: ["~".join([jwt.rpartition(".")[0] + ".", *disclosures, binding])]},
            "state": state,
        },
    }
    for name, odd in {
        "a list": [],
        "an object": {},
        "a list of three": [[], {}, None],
        "a salt of a number": [7, "given_name", "Eve"],
        "a name of a list": ["s", ["given_name"], "Eve"],
        "a name of ours": ["s", "_sd", ["x"]],
        "a deep value": ["s", "given_name", json.loads("[" * 20 + "]" * 20)],
        "a claim nobody hid": ["s", "assurance_level", "high"],
        "the issuer": ["s", "iss", "did:web:evil.example"],
    }.items():
        extra = b64u(json.dumps(odd).encode())
        inside[f"a disclosure that is {name}"] = {
            "vp_token": {query: ["~".join([jwt, *disclosures, extra, binding])]},
            "state": state,
        }
    raw = {
        "nothing": b"",
        "a list": b"[]",
        "a word": b"null",
        "half an object": b'{"state":',
        "names twice": json.dumps({"state": state}).encode()[:-1] + b',"state":"x"}',
        "half a character": b'{"state":"\\ud800"}',
        "no text": b"\xff\xfe",
        "a number of many digits": b'{"state":' + b"9" * 10_000 + b"}",
        "not a number": b'{"state":NaN}',
        "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
        "deep lists": b"[" * 200_000,
    }
    point = {name: request.encryption_jwk[name] for name in ("kty", "crv", "x", "y")}  # type: ignore[index]
    headers: dict[str, dict[str, Any]] = {
        "no key": {"epk": None},
        "key of text": {"epk": "x"},
        "key of a list": {"epk": [1]},
        "key off the curve": {"epk": {**point, "y": point["x"]}},
        "key of another curve": {"epk": {**point, "crv": "P-521"}},
        "key without a curve": {"epk": {"kty": "EC"}},
        "key of bytes": {"epk": {"kty": "oct", "k": "AAAA"}},
        "key of a number": {"epk": {**point, "x": 7}},
        "another way": {"alg": "dir"},
        "way of a list": {"alg": ["ECDH-ES"]},
        "packed": {"zip": "DEF"},
        "critical": {"crit": ["exp"]},
        "enc of a list": {"enc": ["A128GCM"]},
        "another kid": {"kid": "x"},
        "kid of a list": {"kid": ["x"]},
        "party of a number": {"apu": 7, "apv": 7},
        "party of no base64": {"apu": "!!", "apv": "é"},
    }
    doubled = [("error", "access_denied"), ("error", "server_error"), ("state", str(state))]
    return {
        **{f"sealed: {name}": sealed(request, value) for name, value in inside.items()},
        **{f"sealed bytes: {name}": sealed(request, value) for name, value in raw.items()},
        **{f"header: {name}": with_header(request, **value) for name, value in headers.items()},
        "plain answer": urlencode({"vp_token": json.dumps(good), "state": state}).encode(),
        "both answers": sealed(request, {}) + b"&" + urlencode({"vp_token": json.dumps(good)}).encode(),
        "an answer twice": sealed(request, {}) + b"&" + sealed(request, {}),
        "an error twice": urlencode(doubled).encode(),
        "an error without a state": b"error=access_denied",
        "an error with another state": b"error=access_denied&state=x",
        "an error and a state twice": b"error=access_denied&state=x&state=" + quote(str(state)).encode(),
        "a state of half a character": b"error=access_denied&state=%ED%A0%80",
        "a state that is no text": b"error=access_denied&state=%FF",
        "many parameters": b"&".join(b"a%d=1" % number for number in range(5000)),
        "five parts of nothing": b"response=....",
        "parts of something else": b"response=a.b.c.d.e",
        "a long answer": b"response=" + b"a" * 1_199_000,
        "nothing": b"",
        "no form": b"{}",
    }


def test_every_shape_is_refused_and_the_right_answer_still_counts(authority: Tenant, _patient: None) -> None:
    wallet = issued(authority)
    _id, link = ask(authority, secrets.token_bytes(32))
    request = wallet.request(link)
    good = holder.build_vp_token(
        request,
        {request.query.credentials[0].id: wallet.credentials[-1]},
        signer=wallet.signer,
        now=int(time.time()),
    )
    client, address = wallet.client, path_of(request.response_uri)
    wrong = {}
    for name, body in shapes(request, good).items():
        client.raise_request_exception = False
        answer = client.post(address, body, content_type=FORM)
        if answer.status_code != 400 or answer.json() != {"error": "invalid_request"}:
            wrong[name] = (answer.status_code, answer.content[:200])
    assert wrong == {}
    assert wallet.respond(request).status_code == 200


def bound(wallet: Wallet, request: holder.VerifiedRequest, asked: holder.VerifiedRequest, at: int) -> bytes:
    """An answer to `request` whose key binding was made for `asked`, at a moment."""
    shown = holder.build_vp_token(
        asked, {asked.query.credentials[0].id: wallet.credentials[-1]}, signer=wallet.signer, now=at
    )
    return holder.authorization_response(request, shown)


def test_a_binding_for_something_else_binds_nothing(authority: Tenant, _patient: None) -> None:
    """Another nonce, another verifier, other disclosures, another moment, the key of another transaction."""
    wallet, now = issued(authority), int(time.time())
    request = wallet.request(ask(authority, secrets.token_bytes(32))[1])
    other = wallet.request(ask(authority, secrets.token_bytes(32))[1])
    (query,) = request.query.credentials
    shown = holder.build_vp_token(request, {query.id: wallet.credentials[-1]}, signer=wallet.signer, now=now)
    jwt, *disclosures, binding = shown[query.id][0].split("~")
    fewer = {query.id: ["~".join([jwt, *reversed(disclosures), binding])]}
    foreign = generate_encryption_key(secrets.token_bytes)
    bodies = {
        "nonce": bound(wallet, request, replace(request, nonce=other.nonce), now),
        "audience": bound(wallet, request, replace(request, client_id=f"{request.client_id}x"), now),
        "disclosures": holder.authorization_response(request, fewer),
        "an hour ago": bound(wallet, request, request, now - 3600),
        "in an hour": bound(wallet, request, request, now + 3600),
        "another transaction": holder.authorization_response(other, shown),
        "another transaction's key": holder.authorization_response(
            replace(request, encryption_jwk=other.encryption_jwk), shown
        ),
        "a key of nobody": holder.authorization_response(
            replace(request, encryption_jwk={**foreign.public_jwk, "kid": request.encryption_jwk["kid"]}),
            shown,
        ),
    }
    post = lambda body: wallet.client.post(path_of(request.response_uri), body, content_type=FORM)  # noqa: E731
    assert {name: post(body).status_code for name, body in bodies.items()} == dict.fromkeys(bodies, 400)
    assert wallet.respond(request).status_code == 200 and wallet.respond(other).status_code == 200


def test_of_many_answers_at_once_one_counts(authority: Tenant) -> None:
    wallet = issued(authority)
    wanted, link = ask(authority, secrets.token_bytes(32))
    request = wallet.request(link)
    body = bound(wallet, request, request, int(time.time()))
    client, address = wallet.client, path_of(request.response_uri)

    def send(_number: int) -> str:
        return str(client.post(address, body, content_type=FORM).status_code)

    assert race(send, times=12, threads=6) == {"200": 1, "400": 11}
    with tenant_scope(authority.id):
        assert Presentation.objects.get(id=wanted).state == "received"


def test_an_answer_after_its_time_or_at_another_organisation_is_none(authority: Tenant) -> None:
    wallet = issued(authority)
    wanted, link = ask(authority, secrets.token_bytes(32))
    request = wallet.request(link)
    body, address = bound(wallet, request, request, int(time.time())), path_of(request.response_uri)
    elsewhere = make_tenant()
    with tenant_scope(elsewhere.id):
        turn_on_verified_id(actor=SYSTEM)
    assert client_of(elsewhere).post(address, body, content_type=FORM).status_code == 404
    with tenant_scope(authority.id):
        row = Presentation.objects.get(id=wanted)
        assert (row.state, row.tries) == ("waiting", 0)
    with clock.frozen(row.expires_at + timedelta(seconds=1)):
        assert wallet.client.post(address, body, content_type=FORM).status_code == 400
    for odd in (UUID(int=0).hex, "x", "%00", wanted.hex.upper() + "0"):
        assert (
            client_of(authority).post(f"/openid4vp/responses/{odd}", body, content_type=FORM).status_code
            == 404
        )
