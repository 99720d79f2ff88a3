"""The Okta simulator by itself: what it refuses, which is what it is for."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.sandboxes.okta_served import EVERYTHING, OktaSimulator

KEY = RSAKey.generate_key(2048, private=True)
BOUND = ECKey.generate_key("P-256", private=True)
KID = KEY.thumbprint()


@pytest.fixture
def client_id(okta: OktaSimulator) -> str:
    okta.seed(3, groups=1)
    public = {**KEY.as_dict(private=False), "kid": KID}
    return okta.register(EVERYTHING, json.dumps(public))


def assertion(okta: OktaSimulator, client_id: str, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": f"{okta.origin}/oauth2/v1/token", "exp": now + 60}
    claims |= {"jti": str(uuid4()), **changes}
    return jwt.encode({"alg": "RS256", "kid": changes.get("kid", KID)}, claims, KEY)


def proof(okta: OktaSimulator, method: str, path: str, key: ECKey = BOUND, **claims: Any) -> str:
    said = {"htm": method, "htu": f"{okta.origin}{path}", "iat": int(time.time()), "jti": str(uuid4())}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, {**said, **claims}, key, algorithms=["ES256"])


def ask_token(
    okta: OktaSimulator, made: str, dpop: str, scope: str = "okta.users.read"
) -> tuple[int, dict[str, str], Any]:
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": made,
    }
    headers = {"Content_Type": "application/x-www-form-urlencoded"}
    if dpop:
        headers["DPoP"] = dpop
    status, told, body = okta.ask("POST", "/oauth2/v1/token", urlencode(form).encode(), **headers)
    return status, told, json.loads(body)


def token(okta: OktaSimulator, client_id: str, scope: str = "okta.users.read") -> str:
    path = "/oauth2/v1/token"
    nonce = ask_token(okta, assertion(okta, client_id), proof(okta, "POST", path))[1]["dpop-nonce"]
    status, _, body = ask_token(
        okta, assertion(okta, client_id), proof(okta, "POST", path, nonce=nonce), scope
    )
    assert status == 200, body
    return str(body["access_token"])


def test_an_assertion_has_to_be_right_in_every_part(okta: OktaSimulator, client_id: str) -> None:
    path = "/oauth2/v1/token"
    for changes in (
        {"aud": "https://elsewhere.example"},
        {"exp": int(time.time()) - 600},
        {"exp": int(time.time()) + 7200},
        {"sub": "somebody"},
        {"iss": "nobody", "sub": "nobody"},
        {"kid": "unknown"},
    ):
        status, _, body = ask_token(okta, assertion(okta, client_id, **changes), proof(okta, "POST", path))
        assert (status, body["error"]) == (401, "invalid_client"), changes
    made = assertion(okta, client_id)
    ask_token(okta, made, proof(okta, "POST", path))
    assert ask_token(okta, made, proof(okta, "POST", path))[2]["error"] == "invalid_client"


def test_a_proof_is_asked_for_with_a_nonce_and_for_this_request(okta: OktaSimulator, client_id: str) -> None:
    path = "/oauth2/v1/token"
    assert ask_token(okta, assertion(okta, client_id), "")[2]["error"] == "invalid_dpop_proof"
    for wrong in (
        proof(okta, "GET", path),
        proof(okta, "POST", "/other"),
        proof(okta, "POST", path, iat=int(time.time()) - 900),
        proof(okta, "POST", path)[:-4] + "AAAA",
    ):
        assert ask_token(okta, assertion(okta, client_id), wrong)[2]["error"] == "invalid_dpop_proof"
    status, told, body = ask_token(okta, assertion(okta, client_id), proof(okta, "POST", path))
    assert (status, body["error"]) == (400, "use_dpop_nonce")
    assert told["dpop-nonce"]


def test_a_token_opens_nothing_without_its_key_and_its_scope(okta: OktaSimulator, client_id: str) -> None:
    made, path = token(okta, client_id), "/api/v1/users"
    ath = base64.urlsafe_b64encode(hashlib.sha256(made.encode()).digest()).decode().rstrip("=")

    def call(authorization: str, dpop: str, path: str = path) -> int:
        return okta.ask("GET", path, Authorization=authorization, DPoP=dpop)[0]

    assert call(f"DPoP {made}", proof(okta, "GET", path, ath=ath)) == 200
    assert call(f"Bearer {made}", proof(okta, "GET", path, ath=ath)) == 401
    assert call(f"DPoP {made}", proof(okta, "GET", path, ath="x")) == 401
    other = ECKey.generate_key("P-256", private=True)
    assert call(f"DPoP {made}", proof(okta, "GET", path, other, ath=ath)) == 401
    groups = "/api/v1/groups"
    assert call(f"DPoP {made}", proof(okta, "GET", groups, ath=ath), groups) == 403
    once = proof(okta, "GET", path, ath=ath)
    assert (call(f"DPoP {made}", once), call(f"DPoP {made}", once)) == (200, 401)


@pytest.mark.parametrize(
    "changed", [{"READMIT_MODE": "production"}, {"READMIT_OKTA_SIMULATOR_ORIGIN": "http://okta.example:8005"}]
)
def test_it_refuses_production_and_other_machines(okta: OktaSimulator, changed: dict[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import portal.sandboxes.okta.wsgi"],
        env=okta.env | changed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "okta_simulator.E00" in ended.stderr
