"""A client that proves itself by its key: what is no assertion of its own, for us, of now, and new, is refused like a wrong secret."""

from __future__ import annotations

import base64
import json
import secrets
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.bridge.conftest import Asking, issuer_of, make_bridge
from tests.vendors.hostile import HostileProvider
from vendors.bridge.client_proof import ASSERTION_TYPE, read_public_keys

KEY = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
OTHER = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)


@pytest.fixture(scope="module")
def _kept():
    return {}


@pytest.fixture
def keyed(_kept):
    """One client for all of them: nothing is left behind but used assertions."""
    if "one" not in _kept:
        jwks = read_public_keys(json.dumps(KEY.as_dict(private=False)))
        _kept["one"] = make_bridge(HostileProvider(), proof="private_key_jwt", jwks=jwks)
    return _kept["one"]


def assertion(bridge, key=KEY, algorithm="ES256", header=None, **changes):
    now = int(time.time())
    claims = {
        "iss": bridge.client.public_id,
        "sub": bridge.client.public_id,
        "aud": issuer_of(bridge),
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + 60,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": "k1", **(header or {})}, claims, key, algorithms=[algorithm])


def pushed(bridge, signed, **more):
    form = {**Asking().form(), "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed, **more}
    answer = bridge.post("par", form, Authorization="")
    return answer.status_code, answer.json().get("error")


def test_an_assertion_works_once_for_the_issuer_or_an_endpoint(keyed):
    for audience in ("", "/par", "/token"):
        signed = assertion(keyed, aud=[issuer_of(keyed) + audience])
        assert pushed(keyed, signed) == (201, None)
        assert pushed(keyed, signed) == (401, "invalid_client")


def test_one_that_is_used_stays_used_when_the_request_is_refused(keyed):
    signed = assertion(keyed)
    assert pushed(keyed, signed, scope="profile") == (400, "invalid_scope")
    assert pushed(keyed, signed) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://another.example"},
        {"aud": None},
        {"iss": "bridge_0"},
        {"sub": "bridge_0"},
        {"exp": 1},
        {"exp": 2**32},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 2**32},
        {"iat": 2**32},
        {"jti": None},
        {"jti": "short"},
        {"key": OTHER},
        {"header": {"jwk": OTHER.as_dict(private=False)}, "key": OTHER},
        {"header": {"kid": "another"}},
    ],
)
def test_what_is_not_of_the_client_for_us_and_of_now_is_refused(keyed, changes):
    assert pushed(keyed, assertion(keyed, **changes)) == (401, "invalid_client")


def test_no_signature_and_a_mac_under_the_public_key_are_refused(keyed):
    public = json.dumps(KEY.as_dict(private=False)).encode()
    mac = assertion(keyed, key=OctKey.import_key(public + b"x" * 32), algorithm="HS256")
    assert pushed(keyed, mac) == (401, "invalid_client")
    _head, body, _tail = assertion(keyed).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for signed in (f"{none}.{body}.", f"{none}.{body}", "x", "a.b.c", "x" * 9_000):
        assert pushed(keyed, signed) == (401, "invalid_client")


def test_a_secret_beside_the_assertion_and_a_secret_in_its_place_are_refused(keyed):
    assert pushed(keyed, assertion(keyed), client_secret="x") == (401, "invalid_client")
    form = {**Asking().form(), "client_id": keyed.client.public_id, "client_secret": "x"}
    assert keyed.post("par", form, Authorization="").status_code == 401


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"keys": []}',
        json.dumps(KEY.as_dict(private=True)),
        json.dumps({"keys": [KEY.as_dict(private=False)] * 6}),
        '{"kty": "oct", "k": "c2VjcmV0"}',
        '{"kty": "RSA", "n": "AQAB", "e": "AQAB"}',
        '{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}',
        json.dumps(ECKey.generate_key("P-384").as_dict(private=False)),
    ],
)
def test_only_public_keys_of_our_kinds_are_kept(text):
    with pytest.raises(ValueError):
        read_public_keys(text)
