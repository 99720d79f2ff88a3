"""OpenID4VCI: offer, metadata, token, nonce, credential and notification, each refusal with its code."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tenants.verified_id.protocol import credential_request, holder, issuance, issuer_metadata
from tenants.verified_id.protocol.credential_offer import (
    PRE_AUTHORIZED_CODE_GRANT,
    CredentialOffer,
    TxCode,
    offer_link_by_reference,
    offer_link_by_value,
)
from tenants.verified_id.protocol.issuance import NotificationEvent, PreAuthorizedGrant, TokenRequest
from tenants.verified_id.protocol.issuer_metadata import (
    ClaimDescription,
    CredentialConfiguration,
    CredentialDisplay,
)
from tenants.verified_id.protocol.jws import parse_jws, verify_jws
from tests.protocol.world import ISSUER, ISSUER_ORIGIN, NOW, REFUSING, VCT, numbered_steps, refused

KNOWN = {"VerifiedIdentity"}
OFFER = CredentialOffer(ISSUER_ORIGIN, ("VerifiedIdentity",), "code-1", TxCode(description="On this page"))
CONFIGURATION = CredentialConfiguration(
    vct=VCT,
    scope="verified_identity",
    display=[
        CredentialDisplay("Verified identity", "en", background_color="#123456", logo_uri="https://x/l.png")
    ],
    claims=[ClaimDescription(("given_name",), {"en": "Given name"}, mandatory=True)],
)


def metadata(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "issuer": ISSUER_ORIGIN,
        "credential_endpoint": f"{ISSUER_ORIGIN}/credential",
        "nonce_endpoint": f"{ISSUER_ORIGIN}/nonce",
        "notification_endpoint": f"{ISSUER_ORIGIN}/notification",
        "configurations": {"VerifiedIdentity": CONFIGURATION},
    }
    return issuer_metadata.issuer_metadata(**(arguments | changes))


def test_an_offer_comes_back_from_its_link_by_value_and_by_reference() -> None:
    assert holder.parse_offer_link(offer_link_by_value(OFFER)) == CredentialOffer(
        ISSUER_ORIGIN, ("VerifiedIdentity",), "code-1", TxCode()
    )
    link = offer_link_by_reference(f"{ISSUER_ORIGIN}/offers/abc?x=1&y=2")
    assert link.startswith("openid-credential-offer://?credential_offer_uri=https%3A%2F%2F")
    assert holder.parse_offer_link(link) == f"{ISSUER_ORIGIN}/offers/abc?x=1&y=2"


def test_a_wallet_of_ones_own_may_be_named_instead_of_the_scheme() -> None:
    link = offer_link_by_reference(f"{ISSUER_ORIGIN}/offers/abc", wallet="https://wallet.example/offer?a=1")
    assert link.startswith("https://wallet.example/offer?a=1&credential_offer_uri=")


def test_an_offer_has_the_members_of_the_standard_and_no_code_of_the_person() -> None:
    value = OFFER.to_object()
    grant = value["grants"][PRE_AUTHORIZED_CODE_GRANT]
    assert set(value) == {"credential_issuer", "credential_configuration_ids", "grants"}
    assert grant["tx_code"] == {"input_mode": "numeric", "length": 6, "description": "On this page"}


@pytest.mark.parametrize("ids", [(), ("a", "a")])
def test_an_offer_names_each_configuration_once(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="each once"):
        CredentialOffer(ISSUER_ORIGIN, ids, "code")


def test_a_description_is_short() -> None:
    with pytest.raises(ValueError, match="300"):
        TxCode(description="x" * 301)


@pytest.mark.parametrize(
    "link", ["openid-credential-offer://", "x://?credential_offer=%7B%7D&credential_offer_uri=y"]
)
def test_a_wallet_refuses_an_offer_with_none_or_both(link: str) -> None:
    assert refused(lambda: holder.parse_offer_link(link)).reason == "offer_link"


def test_the_metadata_has_what_wallets_require() -> None:
    document = metadata()
    configuration = document["credential_configurations_supported"]["VerifiedIdentity"]
    assert document["credential_issuer"] == ISSUER_ORIGIN
    assert configuration["format"] == "dc+sd-jwt" and configuration["vct"] == VCT
    assert configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"] == [
        "ES256",
        "EdDSA",
    ]
    assert configuration["cryptographic_binding_methods_supported"] == ["jwk", "did:key", "did:jwk"]
    assert configuration["credential_metadata"]["claims"][0]["path"] == ["given_name"]
    assert configuration["credential_metadata"]["display"][0]["logo"] == {"uri": "https://x/l.png"}
    assert "authorization_servers" not in document and "batch_credential_issuance" not in document


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://acme.example"},
        {"issuer": "https://acme.example?x"},
        {"credential_endpoint": "http://acme.example/c"},
        {"configurations": {}},
        {"batch_size": 1},
    ],
)
def test_metadata_that_wallets_must_refuse_is_not_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        metadata(**changes)


def test_signed_metadata_carries_its_subject() -> None:
    text = issuer_metadata.sign_issuer_metadata(metadata(), signer=ISSUER, issued_at=NOW, expires_at=NOW + 9)
    token = parse_jws(text, REFUSING, expected_typ="openidvci-issuer-metadata+jwt")
    claims = verify_jws(token, ISSUER.public_jwk, REFUSING)
    assert claims["sub"] == claims["credential_issuer"] == ISSUER_ORIGIN and claims["iat"] == NOW
    # Wallets hold a DID in `kid` to the same DID in `iss`.
    assert claims["iss"] == token.header["kid"].partition("#")[0]


def test_the_authorization_server_names_dpop_only_when_it_is_verified() -> None:
    arguments = {"issuer": ISSUER_ORIGIN, "token_endpoint": f"{ISSUER_ORIGIN}/token"}
    plain = issuer_metadata.authorization_server_metadata(**arguments)
    assert plain["pre-authorized_grant_anonymous_access_supported"] is True
    assert "dpop_signing_alg_values_supported" not in plain
    named = issuer_metadata.authorization_server_metadata(**arguments, dpop_algs=["ES256"])
    assert named["dpop_signing_alg_values_supported"] == ["ES256"]


def test_well_known_paths_are_inserted_and_appended() -> None:
    inserted = "/.well-known/openid-credential-issuer"
    assert issuer_metadata.well_known_paths("https://a.example") == (inserted,)
    assert issuer_metadata.well_known_paths("https://a.example/t") == (f"{inserted}/t", f"/t{inserted}")


def form(**changes: str | None) -> bytes:
    fields = {"grant_type": PRE_AUTHORIZED_CODE_GRANT, "pre-authorized_code": "code-1", "tx_code": "493536"}
    return urlencode(
        {name: value for name, value in (fields | changes).items() if value is not None}
    ).encode()


def details(*items: object) -> str:
    return json.dumps(items)


def test_a_token_request_of_a_wallet_is_read() -> None:
    request = issuance.parse_token_request(
        holder.token_request(OFFER, tx_code="493536"), holder.FORM, known_configurations=KNOWN
    )
    assert request == TokenRequest("code-1", "493536", None, ())


def test_authorization_details_name_the_configurations() -> None:
    item = {"type": "openid_credential", "credential_configuration_id": "VerifiedIdentity"}
    request = issuance.parse_token_request(
        form(authorization_details=details(item, item)), holder.FORM, known_configurations=KNOWN
    )
    assert request.configuration_ids == ("VerifiedIdentity",)


def test_a_parameter_without_a_value_counts_as_left_out() -> None:
    """RFC 6749, section 3.2."""
    request = issuance.parse_token_request(
        form(tx_code="", client_id=""), holder.FORM, known_configurations=KNOWN
    )
    assert (request.tx_code, request.client_id) == (None, None)


TOKEN_STEPS: dict[int, list[tuple[bytes, str, str]]] = {
    1: [(form() + b"&tx_code=1", "invalid_request", "parameter_repeated")],
    2: [
        (form(grant_type=None), "invalid_request", "grant_type_missing"),
        (form(grant_type="authorization_code"), "unsupported_grant_type", "grant_type"),
    ],
    3: [
        (form(**{"pre-authorized_code": None}), "invalid_request", "code_missing"),
        (form(**{"pre-authorized_code": ""}), "invalid_request", "code_missing"),
        (form(**{"pre-authorized_code": "x" * 600}), "invalid_request", "member_text"),
    ],
    4: [
        (form(tx_code="1" * 99), "invalid_request", "member_text"),
    ],
    5: [
        (form(authorization_details="{}"), "invalid_request", "authorization_details"),
        (form(authorization_details="["), "invalid_request", "json"),
        (
            form(authorization_details=details({"type": "x"})),
            "invalid_authorization_details",
            "authorization_details",
        ),
        (form(authorization_details=details(1)), "invalid_authorization_details", "authorization_details"),
        (
            form(
                authorization_details=details(
                    {"type": "openid_credential", "credential_configuration_id": "x"}
                )
            ),
            "invalid_authorization_details",
            "authorization_details",
        ),
        (
            form(
                authorization_details=details(
                    {"type": "openid_credential", "credential_configuration_id": []}
                )
            ),
            "invalid_authorization_details",
            "authorization_details",
        ),
    ],
}


@pytest.mark.parametrize(
    ("body", "code", "reason"), [case for cases in TOKEN_STEPS.values() for case in cases]
)
def test_a_token_request_that_fails_one_step_is_refused(body: bytes, code: str, reason: str) -> None:
    error = refused(lambda: issuance.parse_token_request(body, holder.FORM, known_configurations=KNOWN))
    assert (error.code, error.reason, error.status) == (code, reason, 400)


def test_each_step_of_the_token_request_has_a_failing_test() -> None:
    assert set(TOKEN_STEPS) == numbered_steps(issuance.parse_token_request)


def digest(tx_code: str) -> bytes:
    return b"digest of " + tx_code.encode()


def grant(**changes: Any) -> PreAuthorizedGrant:
    arguments = {"expires_at": NOW + 60, "used": False, "tries_left": 4, "tx_code_digest": digest("493536")}
    return PreAuthorizedGrant(**(arguments | changes))


def check(tx_code: str | None, stored: PreAuthorizedGrant | None) -> None:
    request = TokenRequest("code-1", tx_code, None, ())
    issuance.verify_token_request(request, expected_grant=stored, digest=digest, now=NOW)


def test_the_right_transaction_code_is_accepted_up_to_the_last_try() -> None:
    check("493536", grant())
    check("493536", grant(tries_left=0))
    check(None, grant(tx_code_digest=None))


GRANT_STEPS: dict[int, tuple[str | None, PreAuthorizedGrant | None, str, str]] = {
    1: ("493536", None, "invalid_grant", "code_unknown"),
    2: ("493536", grant(used=True), "invalid_grant", "code_used"),
    3: ("493536", grant(expires_at=NOW), "invalid_grant", "code_expired"),
    4: ("493536", grant(tries_left=-1), "invalid_grant", "code_burnt"),
    5: (None, grant(), "invalid_request", "tx_code_missing"),
    6: ("000000", grant(), "invalid_grant", "tx_code"),
}


@pytest.mark.parametrize("step", GRANT_STEPS)
def test_a_grant_that_fails_one_step_is_refused(step: int) -> None:
    tx_code, stored, code, reason = GRANT_STEPS[step]
    error = refused(lambda: check(tx_code, stored))
    assert (error.code, error.reason) == (code, reason)


def test_each_step_of_the_grant_has_a_failing_test() -> None:
    assert set(GRANT_STEPS) == numbered_steps(issuance.verify_token_request)


def test_an_unexpected_transaction_code_is_an_invalid_request() -> None:
    error = refused(lambda: check("493536", grant(tx_code_digest=None)))
    assert (error.code, error.reason) == ("invalid_request", "tx_code_unexpected")


def test_an_empty_stored_digest_is_never_met() -> None:
    stored = grant(tx_code_digest=b"")
    request = TokenRequest("code-1", "1", None, ())
    error = refused(
        lambda: issuance.verify_token_request(request, expected_grant=stored, digest=lambda _: b"", now=NOW)
    )
    assert error.reason == "tx_code"


def test_a_bearer_token_lives_at_most_five_minutes() -> None:
    assert issuance.token_response("t")["expires_in"] == 300
    with pytest.raises(ValueError, match="300"):
        issuance.token_response("t", expires_in=301)
    assert issuance.token_response("t", expires_in=3600, token_type="DPoP")["token_type"] == "DPoP"


def test_authorization_details_are_answered_with_identifiers() -> None:
    response = issuance.token_response("t", credential_identifiers={"VerifiedIdentity": ["one"]})
    assert response["authorization_details"] == [
        {
            "type": "openid_credential",
            "credential_configuration_id": "VerifiedIdentity",
            "credential_identifiers": ["one"],
        }
    ]


@pytest.mark.parametrize("header", ["Bearer abc.d-e_f", "bearer abc.d-e_f", "BEARER abc.d-e_f"])
def test_an_access_token_is_read_from_its_header(header: str) -> None:
    assert issuance.read_access_token(header).unverified_token == "abc.d-e_f"


@pytest.mark.parametrize(
    "header", ["Basic abc", "Bearer", "Bearer ", "Bearer a b", "Bearer ä", "Bearer " + "a" * 3000]
)
def test_a_header_without_a_token_is_401_with_its_error(header: str) -> None:
    error = refused(lambda: issuance.read_access_token(header))
    assert (error.status, error.code) == (401, "invalid_token")
    assert error.headers()["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_at_all_gets_no_error_code(header: str | None) -> None:
    assert refused(lambda: issuance.read_access_token(header)).headers()["WWW-Authenticate"] == "Bearer"


def request(body: object, **changes: Any) -> credential_request.CredentialRequest:
    named = isinstance(body, dict) and "credential_identifier" in body
    arguments: dict[str, Any] = {
        "known_configurations": {"VerifiedIdentity"},
        "known_identifiers": {"one"} if named else (),
    }
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return credential_request.parse_credential_request(raw, holder.JSON, **(arguments | changes))


ID = {"credential_configuration_id": "VerifiedIdentity"}
PROOFS = {"proofs": {"jwt": ["a.b.c"]}}


@pytest.mark.parametrize(
    "body", [ID | PROOFS, ID | {"proof": {"proof_type": "jwt", "jwt": "a.b.c"}}, ID | PROOFS | {"unknown": 1}]
)
def test_a_credential_request_is_read_in_its_new_and_its_old_shape(body: dict[str, Any]) -> None:
    assert request(body) == credential_request.CredentialRequest("VerifiedIdentity", None, ("a.b.c",))


def test_where_the_token_named_identifiers_a_configuration_is_refused() -> None:
    error = refused(lambda: request(ID | PROOFS, known_identifiers={"one"}))
    assert (error.code, error.reason) == ("invalid_credential_request", "credential_identification")


def test_a_credential_identifier_is_read() -> None:
    assert request({"credential_identifier": "one"} | PROOFS).credential_identifier == "one"


CREDENTIAL_STEPS: dict[int, list[tuple[object, str]]] = {
    1: [
        (b"[]", "invalid_credential_request"),
        (b"{", "invalid_credential_request"),
        (b" " * 70_000, "invalid_credential_request"),
    ],
    2: [
        (PROOFS, "invalid_credential_request"),
        (ID | PROOFS | {"credential_identifier": "one"}, "invalid_credential_request"),
        ({"credential_configuration_id": ["x"]} | PROOFS, "invalid_credential_request"),
    ],
    3: [
        ({"credential_configuration_id": "other"} | PROOFS, "unknown_credential_configuration"),
        ({"credential_identifier": "other"} | PROOFS, "unknown_credential_identifier"),
    ],
    4: [(ID | PROOFS | {"credential_response_encryption": {}}, "invalid_encryption_parameters")],
    5: [
        (ID, "invalid_proof"),
        (ID | {"proofs": {}}, "invalid_proof"),
        (ID | {"proofs": {"jwt": []}}, "invalid_proof"),
        (ID | {"proofs": {"jwt": "a.b.c"}}, "invalid_proof"),
        (ID | {"proofs": {"jwt": [1]}}, "invalid_proof"),
        (ID | {"proofs": {"jwt": ["a", "b"]}}, "invalid_proof"),
        (ID | {"proofs": {"jwt": ["a"], "di_vp": [{}]}}, "invalid_proof"),
        (ID | {"proof": {"proof_type": "cwt", "jwt": "a"}}, "invalid_proof"),
    ],
}


@pytest.mark.parametrize(("body", "code"), [case for cases in CREDENTIAL_STEPS.values() for case in cases])
def test_a_credential_request_that_fails_one_step_is_refused(body: object, code: str) -> None:
    error = refused(lambda: request(body))
    assert (error.code, error.status) == (code, 400)
    assert error.body() == {"error": code} and error.headers() == {"Cache-Control": "no-store"}


def test_each_step_of_the_credential_request_has_a_failing_test() -> None:
    assert set(CREDENTIAL_STEPS) == numbered_steps(credential_request.parse_credential_request)


def test_a_form_is_no_credential_request() -> None:
    error = refused(
        lambda: credential_request.parse_credential_request(
            b"{}", holder.FORM, known_configurations={"VerifiedIdentity"}
        )
    )
    assert error.reason == "content_type"


def test_a_token_that_is_good_for_nothing_gets_nothing() -> None:
    error = refused(lambda: request(ID | PROOFS, known_configurations=()))
    assert error.code == "unknown_credential_configuration"


def test_the_responses_have_the_members_of_the_standard() -> None:
    assert credential_request.credential_response(["c"]) == {"credentials": [{"credential": "c"}]}
    assert credential_request.credential_response(["c"], notification_id="n")["notification_id"] == "n"
    assert issuance.nonce_response("n") == {"c_nonce": "n"}
    assert credential_request.credential_request_denied().code == "credential_request_denied"
    with pytest.raises(ValueError, match="at least one"):
        credential_request.credential_response([])


def test_a_notification_is_read() -> None:
    body = b'{"notification_id":"n","event":"credential_accepted","event_description":"done"}'
    assert issuance.parse_notification(body, holder.JSON) == issuance.Notification(
        "n", NotificationEvent.ACCEPTED
    )


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"notification_id":"n"}',
        b'{"notification_id":"n","event":"x"}',
        b'{"event":"credential_accepted"}',
        b"[",
    ],
)
def test_a_malformed_notification_is_refused(body: bytes) -> None:
    assert (
        refused(lambda: issuance.parse_notification(body, holder.JSON)).code == "invalid_notification_request"
    )
