"""Tokens and addresses of which two readers would take different things, and those that a stranger made up."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from vendors.adapters.eid.adapter import EidAdapter
from vendors.adapters.idemia.adapter import PARTNER as IDEMIA
from vendors.adapters.oidc.answers import is_web_address, read_object
from vendors.adapters.oidc.id_token import verify_id_token
from vendors.adapters.persona.adapter import PARTNER as PERSONA
from vendors.adapters.stripe_identity.adapter import PARTNER as STRIPE
from vendors.adapters.stripe_identity.session import read_session
from vendors.contract import (
    AdapterError,
    ContractBroken,
    Ctx,
    HttpReply,
    Outcome,
    SessionRef,
    Stale,
    StateMismatch,
)
from vendors.registry import adapter_of

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", {"kid": "k"}, private=True)
CLAIMS = {
    "iss": "https://id.example",
    "aud": "client",
    "nonce": "nonce",
    "sub": "subject",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
}
WHOLE = json.dumps(CLAIMS)


class Published:
    def __init__(self, key):
        self.key = key.as_dict(private=False)

    def find(self, key_id, algorithm):
        return self.key


def verify(token, key=KEY):
    return verify_id_token(
        token,
        keys=Published(key),
        expected_issuer="https://id.example",
        expected_client_id="client",
        expected_nonce="nonce",
        now=NOW,
    )


def signed(payload=WHOLE, header='{"alg":"ES256","kid":"k"}'):
    """By hand, so that the header is what stands here to the letter."""
    first, second = (base64.urlsafe_b64encode(part.encode()).rstrip(b"=") for part in (header, payload))
    data = first + b"." + second
    signature = jws.default_registry.get_alg("ES256").sign(data, KEY)
    return b".".join((data, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def twice(name, value):
    return json.dumps({name: value})[:-1] + "," + WHOLE[1:]


FORGED = {
    "a subject twice": (twice("sub", "the victim"), None, "token_unreadable"),
    "a nonce twice": (twice("nonce", "another"), None, "token_unreadable"),
    "a number that is none": (WHOLE[:-1] + ', "x": NaN}', None, "token_unreadable"),
    "an algorithm twice": (WHOLE, '{"alg":"none","alg":"ES256","kid":"k"}', "token_unreadable"),
    "an extension": (WHOLE, '{"alg":"ES256","crit":["x"],"x":1}', "token_extension_refused"),
    "no extension, asked for": (WHOLE, '{"alg":"ES256","crit":[]}', "token_extension_refused"),
    "a payload not encoded": (WHOLE, '{"alg":"ES256","b64":false}', "token_extension_refused"),
    "a logout token": (WHOLE, '{"alg":"ES256","typ":"logout+jwt"}', "token_of_another_kind"),
    "an access token": (WHOLE, '{"alg":"ES256","typ":"at+jwt"}', "token_of_another_kind"),
    "not valid yet": (json.dumps({**CLAIMS, "nbf": CLAIMS["iat"] + 600}), None, "token_not_valid_yet"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_token_that_can_be_read_in_two_ways_or_is_another_is_refused_though_its_signature_holds(name):
    payload, header, code = FORGED[name]
    token = signed(payload, header) if header else signed(payload)
    with pytest.raises(AdapterError, match=code):
        verify(token)


def test_a_token_that_names_a_key_of_its_own_is_read_under_the_published_one():
    assert verify(signed()).claims["sub"] == "subject"
    assert verify(signed(header='{"alg":"ES256","typ":"jwt"}')).claims["sub"] == "subject"
    stranger = ECKey.generate_key("P-256", private=True)
    token = jws.serialize_compact(
        {"alg": "ES256", "jwk": stranger.as_dict(private=False)}, WHOLE, stranger, ["ES256"]
    )
    with pytest.raises(AdapterError, match="token_signature_wrong"):
        verify(token)


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_short_rsa_key_signs_nothing():
    short = RSAKey.generate_key(1024, private=True)
    with pytest.raises(AdapterError, match="token_key_too_short"):
        verify(jws.serialize_compact({"alg": "RS256"}, WHOLE, short, ["RS256"]), short)


# A browser ends the host at a backslash, and goes to the first name.
ELSEWHERE = [
    r"https://evil.example\.withpersona.com/verify",
    r"https://evil.example\.idemia.io/gips",
    "https://evil.example .withpersona.com/",
    "https://evil.example;.withpersona.com/",
    "https://evil.example%2f.withpersona.com/",
    "https://@api.stripe.com/",
    "https://:word@api.stripe.com/",
    "https://api.stripe.com:99999/",
    "https://api.stripe.com:0/",
    "http://api.stripe.com/",
    r"http://localhost\.evil.example/",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_address_whose_host_is_read_in_two_ways_is_no_partners(url):
    assert not is_web_address(url)
    assert not any(partner.owns(url) for partner in (PERSONA, IDEMIA, STRIPE))


def test_the_partners_own_addresses_are_theirs_to_the_letter():
    assert not STRIPE.owns("https://api.stripe.com./")
    assert PERSONA.owns("https://inquiry.withpersona.com/verify?code=1")
    assert IDEMIA.owns("https://ipv-api-v2-us-service.dsa.idemia.io/gips/v1")
    assert STRIPE.owns("https://verify.stripe.com/start")


def test_an_answer_is_json_in_one_reading():
    for body in (b'{"a":1,"a":2}', b'{"a":NaN}', '{"a":1}'.encode("utf-16"), b"[1]", b"[" * 100_000):
        with pytest.raises(ContractBroken):
            read_object(HttpReply(200, {}, body))


def test_a_report_of_another_session_says_nothing_of_this_one():
    session = {
        "status": "verified",
        "livemode": True,
        "last_verification_report": {"verification_session": "vs_2", "document": {"status": "verified"}},
    }
    with pytest.raises(StateMismatch, match="report_of_another_session"):
        read_session(session, "vs_1", "digest")


def test_somebody_who_signed_in_before_they_were_asked_is_not_who_sits_there_now():
    adapter = adapter_of("mojeid")
    assert isinstance(adapter, EidAdapter)
    ctx = Ctx({"acr": "loa3"}, {}, {}, None, NOW, bytes)
    ref = SessionRef(None, "", NOW, {})
    claims = {"acr": "loa3", "given_name": "Jana", "family_name": "Nováková", "birthdate": "1990-02-03"}
    for auth_time in (NOW, NOW - timedelta(seconds=30)):
        said = {**claims, "auth_time": int(auth_time.timestamp())}
        assert adapter.read_answer(ctx, ref, said, "").outcome is Outcome.VERIFIED
    with pytest.raises(Stale, match="sign_in_of_before"):
        adapter.read_answer(ctx, ref, {**claims, "auth_time": int(NOW.timestamp()) - 600}, "")
