"""What is sent beside what Microsoft sends, and what a standard library makes of the token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.callouts import asking, services, shape, signing
from recovery.callouts.models import CalloutKey
from recovery.callouts.sending import _headers
from recovery.callouts.shape import Answer, Silence
from tests.conftest import client_of

# Every member that Microsoft's published sample reads (Azure-Samples/active-directory-verifiable-credentials-dotnet,
# 7-AccountRecovery-ClaimsMatching/customClaimMatching.cs, commit e61bef2), with the type it reads it as.
MICROSOFT = {
    "type": str,
    "source": str,
    "data.@odata.type": str,
    "data.tenantId": str,
    "data.authenticationEventListenerId": str,
    "data.customAuthenticationExtensionId": str,
    "data.authenticationContext.correlationId": str,
    "data.authenticationContext.protocol": str,
    "data.authenticationContext.client.clientIp": str,
    "data.authenticationContext.client.locale": str,
    "data.authenticationContext.client.market": str,
    "data.authenticationContext.clientServicePrincipal.appId": str,
    "data.authenticationContext.clientServicePrincipal.displayName": str,
    "data.authenticationContext.clientServicePrincipal.id": str,
    "data.authenticationContext.resourceServicePrincipal": dict,
    "data.authenticationContext.user.id": str,
    "data.authenticationContext.user.userPrincipalName": str,
    "data.authenticationContext.user.givenName": str,
    "data.authenticationContext.user.surname": str,
    "data.authenticationContext.user.mail": str,
    "data.authenticationContext.user.onPremisesSamAccountName": str,
    "data.authenticationContext.user.userType": str,
    "data.authenticationContext.user.createdDateTime": str,
    "data.verifiedIdClaimsContext.identities": list,
    "data.verifiedIdClaimsContext.additionalInfo.employeeId": str,
    "data.verifiedIdClaimsContext.claims": dict,
}


def answered(*actions, kind=shape.ANSWERED):
    return json.dumps({"data": {"@odata.type": kind, "actions": list(actions)}}).encode()


PASS = {"@odata.type": shape.PASS}
FAILED = {"@odata.type": shape.FAILED, "failedClaims": ["dateOfBirth", "Ada Lovelace"]}


def read(body, *, status=200, media="application/json; charset=utf-8"):
    return shape.read_answer(status, media, body, sent=("firstName", "dateOfBirth"))


@pytest.fixture
def question(checked):
    row = checked.add(secret="sixteen letters and more", claims=list(shape.CLAIMS))
    with tenant_scope(checked.place.tenant.id):
        return asking.question_for(
            row, account=services.EXAMPLE, claims=dict(services.EXAMPLE_CLAIMS), correlation="abc"
        )


def test_the_request_has_every_member_that_microsofts_sample_reads_and_no_other(question):
    found = json.loads(shape.write_request(question.asking))

    def leaves(value, path=""):
        if isinstance(value, dict) and value and not path.endswith("claims"):
            for name, below in value.items():
                yield from leaves(below, f"{path}.{name}" if path else name)
        else:
            yield path, value

    told = dict(leaves(found))
    assert set(told) == set(MICROSOFT)
    for path, value in told.items():
        assert value is None or isinstance(value, MICROSOFT[path]), path
    assert all(isinstance(value, str) for value in told["data.verifiedIdClaimsContext.claims"].values())
    assert found["type"] == "microsoft.graph.authenticationEvent.verifiedIdClaimValidation"


def test_answers_as_the_sample_writes_them_are_read(question):
    assert read(answered(PASS)) == Answer(True)
    # A name that was not sent, which may be anything, is not repeated.
    assert read(answered(FAILED)) == Answer(False, ("dateOfBirth", "other"))
    assert read(answered({"@odata.type": "#" + shape.PASS})) == Answer(True)


@pytest.mark.parametrize(
    ("body", "changes", "code"),
    [
        (answered(PASS), {"status": 201}, "status_201"),
        (answered(PASS), {"status": 302}, "status_302"),
        (answered(PASS), {"media": "text/html"}, "not_json"),
        (answered(PASS), {"media": ""}, "not_json"),
        (b"", {}, "not_json"),
        (b"[]", {}, "not_an_answer"),
        (b'{"data":null}', {}, "not_an_answer"),
        (b"[" * 100_000, {}, "not_json"),
        (b'{"data":{},"data":{}}', {}, "not_json"),
        (answered(PASS, kind="microsoft.graph.onTokenIssuanceStartResponseData"), {}, "not_an_answer"),
        (answered(), {}, "not_one_action"),
        (answered(PASS, PASS), {}, "not_one_action"),
        (answered(PASS, FAILED), {}, "not_one_action"),
        (answered("pass"), {}, "not_one_action"),
        (answered({"@odata.type": shape.PASS, "failedClaims": ["x"]}), {}, "contradiction"),
        (answered({"@odata.type": "microsoft.graph.verifiedIdClaimValidation.Pass"}), {}, "unknown_action"),
        (answered({}), {}, "unknown_action"),
    ],
)
def test_anything_else_is_silence(body, changes, code):
    with pytest.raises(Silence) as silence:
        read(body, **changes)
    assert silence.value.code == code


def test_a_standard_library_accepts_the_token_by_the_published_metadata_alone(checked, question):
    """PyJWT, which nobody here wrote, as an endpoint would use it."""
    body = shape.write_request(question.asking)
    token = _headers(question, body, "one")["Authorization"].removeprefix("Bearer ")
    client = client_of(checked.place.tenant)
    told = client.get("/callouts/.well-known/openid-configuration").json()
    assert told["jwks_uri"].startswith(told["issuer"])
    keys = client.get("/callouts/keys").json()["keys"]
    assert all("d" not in key for key in keys)
    claims = jwt.decode(
        token,
        jwt.PyJWKSet.from_dict({"keys": keys})[jwt.get_unverified_header(token)["kid"]].key,
        algorithms=told["id_token_signing_alg_values_supported"],
        audience=question.audience,
        issuer=told["issuer"],
        options={"require": ["exp", "nbf", "iat", "iss", "aud", "sub"]},
    )
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
    assert claims["body_sha256"] == digest
    assert claims["azp"] == str(checked.place.tenant.id)
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key=jwt.PyJWK(keys[0]).key, algorithms=["ES256"], audience="another endpoint")


def test_the_signature_is_over_the_time_and_the_body(question):
    body = shape.write_request(question.asking)
    parts = dict(part.split("=") for part in _headers(question, body, "one")["Readmit-Signature"].split(","))
    expected = hmac.digest(b"sixteen letters and more", parts["t"].encode() + b"." + body, hashlib.sha256)
    assert parts["v1"] == expected.hex()


def test_a_replaced_key_stays_published_for_a_day_and_signs_nothing(checked, question, monkeypatch):
    tenant = checked.place.tenant
    with tenant_scope(tenant.id):
        before = signing.signer().key_id
        signing.replace_key(actor=SYSTEM)
        assert signing.signer().key_id != before
        assert {key["kid"] for key in signing.published_keys()} == {before, signing.signer().key_id}
        CalloutKey.objects.filter(key_id=before).update(replaced_at=clock.now() - timedelta(hours=25))
        assert {key["kid"] for key in signing.published_keys()} == {signing.signer().key_id}


def test_another_organisations_keys_are_not_these(checked, question, other_tenant):
    assert client_of(other_tenant).get("/callouts/keys").json() == {"keys": []}


def test_secrets_stand_in_no_repr(question):
    text = repr(question)
    assert "sixteen" not in text and "Example" not in text and "'d'" not in text
