"""What a provider, or whoever stole its place, may try. Nothing of it is ever a pass, and never the person's fault."""

from __future__ import annotations

import base64
import json
import time

import pytest
from joserfc.jwk import ECKey

from tests.vendors.conftest import work
from tests.vendors.refusing import assert_refused


def change(**fields):
    return lambda claims: claims.update(fields)


TOKENS = {
    "wrong issuer": (change(iss="http://evil.localhost"), "token_issuer_wrong", "attack"),
    "issuer missing": (lambda claims: claims.pop("iss"), "token_issuer_wrong", "attack"),
    "wrong audience": (change(aud="somebody else"), "token_audience_wrong", "attack"),
    "an audience more": (change(aud=["client-of-the-tests", "other"]), "token_audience_wrong", "attack"),
    "no audience": (change(aud=[]), "token_audience_wrong", "attack"),
    "wrong authorized party": (change(azp="somebody else"), "token_party_wrong", "attack"),
    "wrong nonce": (change(nonce="x" * 43), "token_nonce_wrong", "attack"),
    "a nonce that is no text": (change(nonce="\ud800"), "token_nonce_wrong", "attack"),
    "nonce missing": (lambda claims: claims.pop("nonce"), "token_nonce_wrong", "attack"),
    "expired": (change(exp=int(time.time()) - 3600), "token_expired", "attack"),
    "expiry missing": (lambda claims: claims.pop("exp"), "token_exp_missing", "partner"),
    "expiry not a number": (change(exp="tomorrow"), "token_exp_missing", "partner"),
    "issued long ago": (change(iat=int(time.time()) - 3600), "token_not_recent", "attack"),
    "issued in the future": (change(iat=int(time.time()) + 3600), "token_not_recent", "attack"),
    "no subject": (change(sub=""), "token_subject_missing", "partner"),
    "no verified claims": (
        lambda claims: claims.pop("verified_claims"),
        "verified_claims_missing",
        "partner",
    ),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_with_a_wrong_claim_is_refused(journey, connection, name):
    journey.provider.answers.change_token, code, fault = TOKENS[name]
    assert_refused(journey, journey.prove(connection), code, fault)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_an_algorithm_that_is_not_allowed_is_refused(journey, connection, algorithm):
    journey.provider.answers.algorithm = algorithm
    assert_refused(journey, journey.prove(connection), "token_algorithm_refused", "attack")


def test_rs256_of_a_published_key_is_read(journey, connection):
    journey.provider.published.append(journey.provider.rsa.as_dict(private=False))
    journey.provider.answers.algorithm = "RS256"
    assert journey.state(journey.prove(connection)).outcome == "verified"


def test_a_token_signed_by_another_key_under_the_same_name_is_refused(journey, connection):
    journey.provider.key = journey.provider.other_key
    assert_refused(journey, journey.prove(connection), "token_signature_wrong", "attack")


def test_a_token_whose_body_was_changed_is_refused(journey, connection):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    asked = journey.provider.codes[query["code"][0]]
    head, body, tail = journey.provider.sign(asked).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["verified_claims"]["claims"]["family_name"] = "Mallory"
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    journey.provider.answers.raw_token = f"{head}.{body}.{tail}"
    journey.come_back(query)
    work(journey.tenant)
    assert_refused(journey, attempt_id, "token_signature_wrong", "attack")


def test_a_token_of_another_attempt_is_refused(journey, connection):
    first = journey.begin(connection)
    query = journey.go(first)
    journey.provider.answers.raw_token = journey.provider.sign(journey.provider.codes[query["code"][0]])
    journey.come_back(query)
    work(journey.tenant)
    assert journey.state(first).outcome == "verified"
    assert_refused(journey, journey.prove(connection), "token_nonce_wrong", "attack")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "." * 9, "é.é.é", "x" * 200_000])
def test_a_token_that_is_none_is_a_broken_contract(journey, connection, token):
    journey.provider.answers.broken["/token"] = (200, json.dumps({"id_token": token}).encode())
    row = journey.row(journey.prove(connection))
    assert (row.phase, row.outcome) == ("failed", "partner_failed")
    assert row.failure_code in {"id_token_missing", "token_unreadable"}


def test_an_unknown_key_is_looked_for_once_more_and_then_refused(journey, connection):
    journey.provider.answers.key_id = "k9"
    journey.provider.calls.clear()
    assert_refused(journey, journey.prove(connection), "key_unknown", "partner")
    assert journey.provider.calls.count("/jwks") == 1


def test_a_new_key_is_found_by_one_refresh(journey, connection):
    journey.prove(connection)
    journey.provider.key = ECKey.generate_key("P-256", {"kid": "k2"}, private=True)
    journey.provider.published.append(journey.provider.key.as_dict(private=False))
    journey.provider.answers.key_id = "k2"
    assert journey.state(journey.prove(connection)).outcome == "verified"


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ([], "answer_without_issuer"),
        (["http://evil.localhost"], "answer_of_another_issuer"),
        (["a", "b"], "parameter_repeated"),
    ],
)
def test_an_answer_that_names_another_issuer_is_refused_before_the_code_is_used(
    journey, connection, issuer, code
):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    journey.provider.calls.clear()
    journey.come_back({**query, "iss": issuer})
    work(journey.tenant)
    assert_refused(journey, attempt_id, code, "attack")
    assert "/token" not in journey.provider.calls


def test_a_code_that_was_used_before_lets_the_person_begin_again(journey, connection):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    journey.provider.codes.clear()
    journey.come_back(query)
    work(journey.tenant)
    state = journey.state(attempt_id)
    assert (state.phase, state.outcome) == ("done", "retry_allowed")


def test_a_replayed_code_with_a_changed_query_gains_nothing(journey, connection):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    journey.come_back(query)
    work(journey.tenant)
    for number in range(5):
        journey.come_back({**query, "extra": [str(number)]})
        work(journey.tenant)
    state = journey.state(attempt_id)
    assert (state.outcome, state.contradicted) == ("verified", False)
    assert journey.provider.calls.count("/token") <= 3
