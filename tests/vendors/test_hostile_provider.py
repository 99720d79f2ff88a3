"""What a provider, or whoever stole its place, may try. Nothing of it is ever a pass, and never the person's fault."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from datetime import timedelta

import pytest
from joserfc.jwk import ECKey

from portal.kit import clock
from portal.kit.errors import Refused
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tests.vendors.conftest import work
from tests.vendors.hostile import make_jpeg
from vendors.billing.models import UsageEntry
from vendors.models import Connection


def assert_refused(journey, attempt_id, code, fault):
    """The attempt ends without an answer; what happened is written down; nothing can be taken."""
    row = journey.row(attempt_id)
    assert (row.phase, row.outcome, row.failure_code) == ("failed", "partner_failed", code)
    assert (row.claims_sealed, row.portrait_sealed) == (None, None)
    assert journey.events("partner:proofing:refuse")[-1]["code"] == code
    assert journey.events("partner:proofing:refuse")[-1]["fault"] == fault
    with pytest.raises(Refused, match="proofing_not_verified"):
        journey.take(attempt_id)
    with tenant_scope(journey.tenant.id):
        (entry,) = UsageEntry.objects.filter(case_id=row.reference)
        assert (entry.billable, entry.why) == (False, "partner_failed")


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


def with_verification(**fields):
    def changed(verified):
        verified["verification"].update(fields)
        return verified

    return changed


def without(name):
    def changed(verified):
        del verified["verification"][name]
        return verified

    return changed


def with_claims(**fields):
    def changed(verified):
        verified["claims"].update(fields)
        return verified

    return changed


def day_of(offset):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


VERIFIED = {
    "level in another word": (with_verification(assurance_level="verified"), "assurance_level_unknown"),
    "level from next year": (with_verification(assurance_level="VERY_HIGH"), "assurance_level_unknown"),
    "level missing": (without("assurance_level"), "assurance_level_missing"),
    "another framework": (with_verification(trust_framework="eidas"), "trust_framework_not_asked_for"),
    "no framework": (without("trust_framework"), "value_unusable"),
    "no time": (with_verification(time=None), "value_unusable"),
    "time without a zone": (with_verification(time="2026-11-22T10:00:00"), "verification_time_unusable"),
    "verified before it was asked": (
        with_verification(time=day_of(-7200)),
        "verification_not_of_this_attempt",
    ),
    "verified tomorrow": (with_verification(time=day_of(86400)), "verification_not_of_this_attempt"),
    "two entries": (lambda verified: [verified, verified], "trust_framework_not_asked_for"),
    "no entry": (lambda verified: [], "trust_framework_not_asked_for"),
    "a word instead": (lambda verified: "VERIFIED", "verified_claims_missing"),
    "a name missing": (lambda verified: {**verified, "claims": {"given_name": "Ada"}}, "family_name_missing"),
    "a name that is a number": (with_claims(family_name=7), "value_unusable"),
    "an empty name": (with_claims(family_name=" "), "value_empty"),
    "a name with a line break": (with_claims(family_name="Love\nlace"), "value_unusable"),
    "a name without end": (with_claims(family_name="x" * 5000), "value_unusable"),
    "a birth date in words": (with_claims(birthdate="yesterday"), "date_unusable"),
    "a week as birth date": (with_claims(birthdate="1985-W50-2"), "date_unusable"),
    "checks in another shape": (
        with_verification(evidence=[{"type": "document", "check_details": "all"}]),
        "check_details_unusable",
    ),
}


@pytest.mark.parametrize("name", VERIFIED)
def test_a_shape_or_word_that_is_not_known_is_never_a_pass(journey, connection, name):
    journey.provider.answers.change_verified, code = VERIFIED[name]
    row = journey.row(journey.prove(connection))
    assert (row.phase, row.outcome, row.failure_code) == ("failed", "partner_failed", code)
    assert row.claims_sealed is None


def test_an_array_with_one_fitting_entry_is_read(journey, connection):
    other = {"verification": {"trust_framework": "eidas", "assurance_level": "FAILED"}, "claims": {}}
    journey.provider.answers.change_verified = lambda verified: [other, verified]
    assert journey.state(journey.prove(connection)).outcome == "verified"


def test_no_assurance_level_at_all_is_a_no(journey, connection):
    journey.provider.answers.level = None
    assert journey.state(journey.prove(connection)).outcome == "not_verified"


def test_claims_outside_verified_claims_are_ignored(journey, connection):
    journey.provider.answers.change_token = change(family_name="Mallory", birthdate="1900-01-01")
    assert journey.take(journey.prove(connection)).claims["family_name"] == "Lovelace"


def test_a_claim_that_only_matches_or_is_withheld_is_no_value(journey, connection):
    journey.provider.answers.change_verified = with_claims(
        given_name={"fuzzy": "Ada"}, family_name="MATCHED", birthdate=None
    )
    claims = journey.take(journey.prove(connection)).claims
    assert not {"given_names", "family_name", "birthdate"} & set(claims)


# ------------------------------------------------------------------ the portrait


def test_a_portrait_with_another_digest_is_refused(journey, connection):
    journey.provider.answers.portrait = make_jpeg()
    journey.provider.answers.served_portrait = make_jpeg("red")
    assert_refused(journey, journey.prove(connection), "attachment_digest_wrong", "attack")


def attached(**fields):
    """A change of the portrait's attachment in the token."""

    def apply(claims):
        evidence = claims["verified_claims"]["verification"]["evidence"][0]
        evidence["attachments"][0].update(fields)

    return apply


@pytest.mark.parametrize(
    ("fields", "code", "fault"),
    [
        ({"access_token": "a\r\nX-Other: b"}, "attachment_token_unusable", "partner"),
        ({"access_token": "\ud800"}, "attachment_token_unusable", "partner"),
        ({"url": "https://[x"}, "attachment_elsewhere", "attack"),
        ({"url": "file:///etc/passwd"}, "attachment_elsewhere", "attack"),
        ({"url": "http://169.254.169.254/"}, "attachment_elsewhere", "attack"),
        ({"digest": {"alg": "sha-256", "value": "é"}}, "attachment_digest_unusable", "partner"),
    ],
)
def test_an_attachment_that_would_lead_us_astray_is_refused(journey, connection, fields, code, fault):
    journey.provider.answers.portrait = make_jpeg()
    journey.provider.answers.change_token = attached(**fields)
    assert_refused(journey, journey.prove(connection), code, fault)


def test_a_portrait_at_another_address_is_not_fetched(journey, connection):
    journey.provider.answers.portrait = make_jpeg()
    journey.provider.answers.portrait_origin = "http://evil.localhost:1"
    assert_refused(journey, journey.prove(connection), "attachment_elsewhere", "attack")


def test_a_portrait_that_is_no_jpeg_is_refused(journey, connection):
    journey.provider.answers.portrait = b"<svg/>"
    assert_refused(journey, journey.prove(connection), "attachment_not_jpeg", "partner")


def test_a_portrait_without_a_digest_is_refused(journey, connection):
    journey.provider.answers.portrait = make_jpeg()

    def changed(verified):
        del verified["verification"]["evidence"][0]["attachments"][0]["digest"]
        return verified

    journey.provider.answers.change_verified = changed
    assert_refused(journey, journey.prove(connection), "attachment_digest_missing", "partner")


def test_a_portrait_without_end_is_not_read(journey, connection):
    huge = make_jpeg() + b"\0" * 1_500_000
    journey.provider.answers.portrait = huge
    row = journey.row(journey.prove(connection))
    assert row.outcome != "verified"
    assert hashlib.sha256(huge).hexdigest() not in str(journey.events("partner:proofing:refuse"))


# ------------------------------------------------------------------ silence, noise, size


def fail_until_it_ends(journey, attempt_id):
    for minute in range(1, 8):
        with clock.frozen(clock.now() + timedelta(minutes=minute)):
            work(journey.tenant)
    return journey.row(attempt_id)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_provider_that_is_down_at_the_token_is_asked_again_and_then_given_up(journey, connection, status):
    journey.provider.answers.broken["/token"] = (status, b"oops")
    attempt_id = journey.prove(connection)
    assert journey.state(attempt_id).phase == "processing"
    row = fail_until_it_ends(journey, attempt_id)
    assert (row.phase, row.outcome) == ("failed", "partner_failed")
    assert journey.provider.calls.count("/token") == 3


def test_a_provider_that_comes_back_in_time_is_heard(journey, connection):
    journey.provider.answers.broken["/token"] = (503, b"")
    attempt_id = journey.begin(connection)
    journey.come_back(journey.go(attempt_id))
    work(journey.tenant, rounds=1)
    journey.provider.answers.broken.clear()
    work(journey.tenant)
    assert journey.state(attempt_id).outcome == "verified"


def test_a_provider_that_hangs_is_left_after_the_time_out(journey, connection, impatient):
    impatient(0.3)
    journey.provider.answers.hang["/token"] = 30
    attempt_id = journey.begin(connection)
    journey.come_back(journey.go(attempt_id))
    work(journey.tenant, rounds=1)
    # Had it been waited for, its answer would have come and the phase be another.
    assert journey.state(attempt_id).phase == "processing"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "answer_not_an_object"),
        (b"<html>", "answer_not_json"),
        (b'{"id_token":"a","id_token":"b"}', "answer_not_json"),
        (b"[" * 100_000, "answer_not_json"),
        (b"{}", "id_token_missing"),
    ],
)
def test_an_answer_that_is_no_object_is_a_broken_contract(journey, connection, body, code):
    journey.provider.answers.broken["/token"] = (200, body)
    assert_refused(journey, journey.prove(connection), code, "partner")


def test_a_huge_answer_is_not_read_to_its_end(journey, connection):
    journey.provider.answers.broken["/token"] = (200, b'{"id_token":"' + b"x" * 2_000_000 + b'"}')
    attempt_id = journey.prove(connection)
    assert fail_until_it_ends(journey, attempt_id).outcome == "partner_failed"


def test_a_refused_secret_marks_the_connection_and_says_which_setting(journey, connection):
    journey.provider.answers.broken["/par"] = (401, b'{"error":"invalid_client"}')
    attempt_id = journey.begin(connection)
    assert journey.state(attempt_id).phase == "failed"
    with tenant_scope(journey.tenant.id):
        marked = Connection.objects.get(id=connection.id)
    assert marked.status == "failing"
    assert marked.problems == [
        {"setting": "client_secret", "code": "client_refused", "answered": "invalid_client"}
    ]
    journey.provider.answers.broken.clear()
    journey.begin(connection)
    with tenant_scope(journey.tenant.id):
        assert Connection.objects.get(id=connection.id).status == "ready"


def test_the_provider_s_prose_is_never_kept(journey, connection):
    prose = "Ada Lovelace is not allowed"
    journey.provider.answers.broken["/token"] = (400, json.dumps({"error": prose}).encode())
    attempt_id = journey.prove(connection, reference=uuid7())
    assert journey.row(attempt_id).failure_code == "request_refused"
    assert "Lovelace" not in str(journey.events("partner:proofing:refuse"))
