"""What a provider may say in its verified claims and attach to them. Nothing half-known is ever a pass."""

from __future__ import annotations

import hashlib
import time

import pytest

from tests.vendors.hostile import make_jpeg
from tests.vendors.refusing import assert_refused


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
    journey.provider.answers.change_token = lambda claims: claims.update(
        family_name="Mallory", birthdate="1900-01-01"
    )
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
