"""OpenID4VP: the request object, the wallet's answer and every way it can be wrong."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from tenants.verified_id.protocol import encryption, holder, presentation, presentation_request
from tenants.verified_id.protocol.dcql import (
    ClaimQuery,
    CredentialQuery,
    DcqlQuery,
    check_answered,
    parse_dcql_query,
    select,
)
from tenants.verified_id.protocol.encoding import b64u, to_json
from tenants.verified_id.protocol.jws import parse_jws, verify_jws
from tenants.verified_id.protocol.presentation import (
    PresentationTransaction,
    UnverifiedResponse,
    VerifiedResponse,
    WalletError,
)
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.protocol.trust import Trust
from tests.protocol.world import (
    DID,
    HOLDER,
    ISSUER,
    ISSUER_ORIGIN,
    NOW,
    REFUSING,
    STRANGER,
    TRUST,
    TRUSTED,
    VCT,
    credential,
    dice,
    numbered_steps,
    reforge,
    refused,
    vectors,
)

CLIENT_ID = presentation_request.client_id_of_did(DID)
KEY = encryption.generate_encryption_key(dice(7))
NONCE, STATE = "n-" + "0" * 24, "s-" + "0" * 24
QUERY = DcqlQuery((CredentialQuery("id", (VCT,), (ClaimQuery(("given_name",)), ClaimQuery(("portrait",)))),))
DATA = presentation_request.encode_transaction_data("case", "id", {"case": "K7Q2"})
TRANSACTION = PresentationTransaction(
    client_id=CLIENT_ID,
    nonce=NONCE,
    state=STATE,
    query=QUERY,
    response_mode=ResponseMode.DIRECT_POST_JWT,
    expires_at=NOW + 300,
    used=False,
    transaction_data=(DATA,),
    encryption_keys={KEY.kid: KEY.private_jwk},
)
PLAIN = replace(TRANSACTION, response_mode=ResponseMode.DIRECT_POST, encryption_keys={})


def request_object(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "signer": ISSUER,
        "client_id": CLIENT_ID,
        "response_uri": f"{ISSUER_ORIGIN}/response/1",
        "response_mode": ResponseMode.DIRECT_POST_JWT,
        "nonce": NONCE,
        "state": STATE,
        "query": QUERY,
        "issued_at": NOW,
        "expires_at": NOW + 300,
        "encryption_key": KEY,
        "transaction_data": [DATA],
    }
    return presentation_request.build_request_object(**(arguments | changes))


def wallet_reads(text: str, **changes: Any) -> holder.VerifiedRequest:
    arguments: dict[str, Any] = {"expected_client_id": CLIENT_ID, "trusted_keys": TRUSTED, "now": NOW}
    return holder.verify_request_object(text, **(arguments | changes))


REQUEST = wallet_reads(request_object())
PLAIN_REQUEST = wallet_reads(request_object(response_mode=ResponseMode.DIRECT_POST, encryption_key=None))
VP_TOKEN = holder.build_vp_token(REQUEST, {"id": credential()}, signer=HOLDER, now=NOW)
BODY = holder.authorization_response(REQUEST, VP_TOKEN)
PLAIN_BODY = holder.authorization_response(PLAIN_REQUEST, VP_TOKEN)


def read(body: bytes, expected: PresentationTransaction = TRANSACTION) -> UnverifiedResponse:
    answer = presentation.read_authorization_response(body, holder.FORM, expected=expected, now=NOW)
    assert isinstance(answer, UnverifiedResponse)
    return answer


def verify(answer: UnverifiedResponse, **changes: Any) -> VerifiedResponse:
    arguments: dict[str, Any] = {
        "expected": TRANSACTION,
        "trust": {"id": TRUST, "second": TRUST},
        "now": NOW,
    }
    return presentation.verify_vp_token(answer, **(arguments | changes))


def test_an_encrypted_answer_shows_what_was_asked_and_nothing_else() -> None:
    shown = verify(read(BODY)).presentations["id"]
    assert shown.claims["given_name"] == "Anna"
    assert shown.credential.disclosed == {"given_name", "portrait"}


def test_a_plain_answer_is_read_when_it_was_asked() -> None:
    assert verify(read(PLAIN_BODY, PLAIN), expected=PLAIN).presentations["id"].claims["given_name"] == "Anna"


def test_the_encrypted_response_of_the_standard_opens() -> None:
    vector = vectors("openid4vp")
    keys = {vector["private_key"]["kid"]: vector["private_key"]}
    assert encryption.decrypt(vector["response"], private_jwks=keys, refusing=REFUSING) == vector["payload"]


def test_the_request_has_the_members_of_the_standard() -> None:
    token = parse_jws(request_object(wallet_nonce="w"), REFUSING, expected_typ="oauth-authz-req+jwt")
    claims = verify_jws(token, ISSUER.public_jwk, REFUSING)
    assert token.header["kid"] == ISSUER.kid
    assert claims["client_id"] == CLIENT_ID and claims["aud"] == "https://self-issued.me/v2"
    assert claims["response_type"] == "vp_token" and claims["response_mode"] == "direct_post.jwt"
    assert claims["dcql_query"]["credentials"][0]["meta"] == {"vct_values": [VCT]}
    assert claims["wallet_nonce"] == "w"
    metadata = claims["client_metadata"]
    assert metadata["jwks"]["keys"][0] == KEY.public_jwk and "d" not in KEY.public_jwk
    assert KEY.public_jwk["use"] == "enc" and KEY.public_jwk["alg"] == "ECDH-ES" and KEY.public_jwk["kid"]
    assert metadata["encrypted_response_enc_values_supported"] == ["A128GCM", "A256GCM"]
    assert not {"redirect_uri", "request_uri_method"} & claims.keys()
    assert "wallet_nonce" not in parse_jws(request_object(), REFUSING, expected_typ=None).unverified_claims


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "short"},
        {"state": "has spaces and more than 22"},
        {"expires_at": NOW + 301},
        {"expires_at": NOW},
        {"encryption_key": None},
        {"response_mode": ResponseMode.DIRECT_POST},
        {"signer": HOLDER},
        {"response_uri": "http://acme.example/response"},
        {"encryption_key": KEY.private_jwk},
    ],
)
def test_a_request_that_would_be_weak_is_not_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        request_object(**changes)


def test_the_link_names_client_and_request() -> None:
    link = presentation_request.request_link(
        client_id=CLIENT_ID, request_uri=f"{ISSUER_ORIGIN}/request/1", by_post=True
    )
    assert link.startswith("openid4vp://?client_id=decentralized_identifier%3Adid%3Aweb")
    assert holder.parse_request_link(link) == holder.RequestLink(
        CLIENT_ID, f"{ISSUER_ORIGIN}/request/1", True
    )


def wallet_post(**fields: str) -> presentation_request.WalletRequest:
    return presentation_request.parse_request_uri_post(urlencode(fields).encode(), holder.FORM)


def test_a_wallet_nonce_is_echoed_only_when_it_was_sent() -> None:
    assert wallet_post().wallet_nonce is None
    nonce = wallet_post(wallet_nonce="w-1", unknown="x").wallet_nonce
    assert wallet_reads(request_object(wallet_nonce=nonce), wallet_nonce="w-1").nonce == NONCE
    assert (
        refused(lambda: wallet_reads(request_object(), wallet_nonce="w-1")).reason == "request_wallet_nonce"
    )


def test_a_wallet_that_gives_a_key_gets_an_encrypted_request() -> None:
    wallet = wallet_post(wallet_metadata=json.dumps({"jwks": {"keys": [dict(KEY.public_jwk)]}}))
    sealed = presentation_request.encrypt_request_object(request_object(), wallet)
    assert sealed.count(".") == 4
    assert presentation_request.encrypt_request_object("a.b.c", wallet_post()) == "a.b.c"


@pytest.mark.parametrize(
    "changes",
    [
        {"x": "AA"},
        {"y": KEY.public_jwk["x"]},
        {"kty": "oct"},
        {"x": 7},
        {"x": "A" * 5000},
        {"kid": 7},
        {"kid": ""},
        {"d": "AA"},
        {"use": "sig"},
        {"alg": "RSA-OAEP"},
        {"crv": "P-521"},
    ],
    ids=str,
)
def test_a_key_nobody_can_encrypt_to_is_refused(changes: dict[str, Any]) -> None:
    spoilt = {"jwks": {"keys": [{**KEY.public_jwk, **changes}]}}
    assert refused(lambda: wallet_post(wallet_metadata=json.dumps(spoilt))).code == "invalid_request"


POST_STEPS = {
    1: (b"wallet_nonce=1&wallet_nonce=2", "parameter_repeated"),
    2: (b"wallet_nonce=" + b"n" * 513, "member_text"),
    3: (urlencode({"wallet_metadata": '{"jwks":{"keys":[]}}'}).encode(), "wallet_jwks"),
}


@pytest.mark.parametrize("step", POST_STEPS)
def test_a_malformed_post_of_a_wallet_is_refused(step: int) -> None:
    body, reason = POST_STEPS[step]
    error = refused(lambda: presentation_request.parse_request_uri_post(body, holder.FORM))
    assert error.reason == reason


def test_each_step_of_the_post_has_a_failing_test() -> None:
    assert set(POST_STEPS) == numbered_steps(presentation_request.parse_request_uri_post)


def sealed(payload: dict[str, Any], **changes: Any) -> bytes:
    arguments: dict[str, Any] = {"recipient_jwk": KEY.public_jwk, "enc": "A256GCM"}
    return urlencode({"response": encryption.encrypt(payload, **(arguments | changes))}).encode()


def with_jwe_header(**changes: Any) -> bytes:
    """The answer under another header: whoever changes it breaks the tag, which must not be what refuses it."""
    text = parse_qs(BODY.decode())["response"][0]
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": KEY.kid} | changes
    return urlencode({"response": f"{b64u(to_json(header))}.{text.partition('.')[2]}"}).encode()


READ_STEPS: dict[int, list[tuple[bytes, PresentationTransaction, str]]] = {
    1: [
        (BODY, replace(TRANSACTION, used=True), "transaction_used"),
        (BODY, replace(TRANSACTION, expires_at=NOW), "transaction_expired"),
    ],
    2: [
        (BODY + b"&response=x", TRANSACTION, "parameter_repeated"),
        (b"x" * 2_000_000, TRANSACTION, "body_size"),
    ],
    3: [
        (b"error=access_denied&state=other", TRANSACTION, "state"),
        (b"error=access_denied", TRANSACTION, "state"),
    ],
    4: [
        (PLAIN_BODY, TRANSACTION, "response_mode"),
        (BODY, PLAIN, "response_mode"),
        (BODY + b"&vp_token=%7B%7D", TRANSACTION, "response_mode"),
        (b"", TRANSACTION, "response_mode"),
    ],
    5: [
        (with_jwe_header(alg="RSA-OAEP"), TRANSACTION, "jwe_alg"),
        (BODY, replace(TRANSACTION, encryption_keys={}), "jwe_kid"),
    ],
    6: [
        (sealed({"vp_token": VP_TOKEN}), TRANSACTION, "state"),
        (sealed({"vp_token": VP_TOKEN, "state": "other"}), TRANSACTION, "state"),
        (sealed({"vp_token": VP_TOKEN, "state": [STATE]}), TRANSACTION, "state"),
        (sealed({"vp_token": VP_TOKEN, "state": ""}), replace(TRANSACTION, state=""), "state"),
    ],
    7: [
        (sealed({"state": STATE}), TRANSACTION, "vp_token"),
        (sealed({"state": STATE, "vp_token": []}), TRANSACTION, "vp_token"),
        (sealed({"state": STATE, "vp_token": "[]"}), TRANSACTION, "json_object"),
    ],
}


@pytest.mark.parametrize(
    ("step", "body", "expected", "reason"),
    [(step, *case) for step, cases in READ_STEPS.items() for case in cases],
)
def test_an_answer_that_fails_one_step_is_refused(
    step: int, body: bytes, expected: PresentationTransaction, reason: str
) -> None:
    error = refused(lambda: read(body, expected))
    assert (error.reason, error.code, error.status) == (reason, "invalid_request", 400)


def test_each_step_of_reading_has_a_failing_test() -> None:
    assert set(READ_STEPS) == numbered_steps(presentation.read_authorization_response)


JWE_STEPS: dict[int, list[tuple[bytes, str]]] = {
    1: [(b"response=a.b.c", "jwe_format")],
    2: [
        (with_jwe_header(alg="dir"), "jwe_alg"),
        (with_jwe_header(alg="ECDH-ES+A128KW"), "jwe_alg"),
        (with_jwe_header(enc="A128CBC-HS256"), "jwe_alg"),
    ],
    3: [(with_jwe_header(zip="DEF"), "jwe_zip")],
    4: [(with_jwe_header(crit=["x"]), "jwe_crit")],
    5: [(with_jwe_header(kid="other"), "jwe_kid"), (with_jwe_header(kid=None), "jwe_kid")],
    6: [
        (with_jwe_header(), "jwe_decrypt"),
        (with_jwe_header(epk={"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}), "jwe_decrypt"),
        (with_jwe_header(epk="x"), "jwe_decrypt"),
        (sealed({}, recipient_jwk={**STRANGER.public_jwk, "kid": KEY.kid}), "jwe_decrypt"),
    ],
    7: [(sealed(b"[]"), "json_object"), (sealed(b"\xff"), "json")],  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("body", "reason"), [case for cases in JWE_STEPS.values() for case in cases])
def test_an_envelope_that_fails_one_step_stays_shut(body: bytes, reason: str) -> None:
    assert refused(lambda: read(body)).reason == reason


def test_each_step_of_decryption_has_a_failing_test() -> None:
    assert set(JWE_STEPS) == numbered_steps(encryption.decrypt)


@pytest.mark.parametrize(
    "body", [holder.error_response(REQUEST), sealed({"error": "access_denied", "state": STATE})]
)
def test_a_wallet_may_decline_in_plain_text_and_encrypted(body: bytes) -> None:
    answer = presentation.read_authorization_response(body, holder.FORM, expected=TRANSACTION, now=NOW)
    assert answer == WalletError("access_denied")


def test_an_unknown_error_is_not_repeated() -> None:
    body = urlencode({"error": "<script>", "state": STATE, "error_description": "x"}).encode()
    answer = presentation.read_authorization_response(body, holder.FORM, expected=TRANSACTION, now=NOW)
    assert answer == WalletError("unknown")


TWO = DcqlQuery((*QUERY.credentials, CredentialQuery("second", (VCT,), (ClaimQuery(("family_name",)),))))
TWO_TRANSACTION = replace(TRANSACTION, query=TWO)
SHOWN = VP_TOKEN["id"][0]


def only(**changes: Any) -> holder.VerifiedRequest:
    return replace(REQUEST, **changes)


def token(request: holder.VerifiedRequest = REQUEST, **changes: Any) -> dict[str, list[str]]:
    arguments: dict[str, Any] = {"credentials": {"id": credential()}, "signer": HOLDER, "now": NOW}
    return holder.build_vp_token(request, **(arguments | changes))


LESS = DcqlQuery((CredentialQuery("id", (VCT,), (ClaimQuery(("given_name",)),)),))

VERIFY_STEPS: dict[int, list[tuple[dict[str, Any], PresentationTransaction, str]]] = {
    1: [
        ({}, TRANSACTION, "vp_token_ids"),
        ({"other": [SHOWN]}, TRANSACTION, "vp_token_ids"),
        ({"id": [SHOWN], "other": [SHOWN]}, TRANSACTION, "vp_token_ids"),
    ],
    2: [
        ({"id": SHOWN}, TRANSACTION, "vp_token_entry"),
        ({"id": []}, TRANSACTION, "vp_token_entry"),
        ({"id": [SHOWN, SHOWN]}, TRANSACTION, "vp_token_entry"),
        ({"id": [{}]}, TRANSACTION, "vp_token_entry"),
    ],
    3: [
        (token(only(nonce="other")), TRANSACTION, "kb_nonce"),
        (token(only(client_id="decentralized_identifier:did:web:attacker.example")), TRANSACTION, "kb_aud"),
        (token(only(transaction_data=())), TRANSACTION, "transaction_data_hashes"),
        (token(signer=STRANGER), TRANSACTION, "signature"),
        (token(credentials={"id": credential(vct="https://other.example")}), TRANSACTION, "vct"),
        (token(now=NOW - 400), TRANSACTION, "kb_iat"),
    ],
    4: [(token(only(query=LESS)), TRANSACTION, "claims_missing")],
}


@pytest.mark.parametrize(
    ("vp_token", "expected", "reason"), [case for cases in VERIFY_STEPS.values() for case in cases]
)
def test_a_vp_token_that_fails_one_step_is_refused(
    vp_token: dict[str, Any], expected: PresentationTransaction, reason: str
) -> None:
    error = refused(lambda: verify(UnverifiedResponse(vp_token), expected=expected))
    assert error.reason == reason and "Anna" not in str(error)


def test_each_step_of_the_vp_token_has_a_failing_test() -> None:
    assert set(VERIFY_STEPS) == numbered_steps(presentation.verify_vp_token)


def test_two_queries_may_be_answered_by_one_credential_and_each_binding_carries_its_own_data() -> None:
    answer = token(only(query=TWO), credentials={"id": credential(), "second": credential()})
    verified = verify(UnverifiedResponse(answer), expected=TWO_TRANSACTION)
    assert verified.presentations["second"].credential.disclosed == {"family_name"}
    swapped = {"id": answer["second"], "second": answer["id"]}
    error = refused(lambda: verify(UnverifiedResponse(swapped), expected=TWO_TRANSACTION))
    assert error.reason == "transaction_data_hashes"


def test_no_key_and_no_issuer_trust_no_presentation() -> None:
    for nobody in ({}, {"id": Trust()}, {"second": TRUST}):
        assert refused(lambda trust=nobody: verify(read(BODY), trust=trust)).reason == "key_not_trusted"
    assert refused(lambda: verify(read(BODY), trust={"id": Trust((), TRUSTED)})).reason == "issuer"


def test_a_redirect_keeps_its_code() -> None:
    assert presentation.direct_post_response() == {}
    uri = f"{ISSUER_ORIGIN}/back#response_code=abc"
    assert presentation.direct_post_response(uri) == {"redirect_uri": uri}
    with pytest.raises(ValueError, match="https"):
        presentation.direct_post_response("javascript:alert(1)")


CLAIMS = {"name": "A", "degrees": [{"type": "B"}, {"type": "M"}], "address": {"street": "x"}}


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        (("name",), ["A"]),
        (("address", "street"), ["x"]),
        (("degrees", None, "type"), ["B", "M"]),
        (("degrees", 1, "type"), ["M"]),
        (("degrees", 5), []),
        (("name", "x"), []),
        (("degrees", "type"), []),
        (("address", None), []),
        (("address", 0), []),
        (("degrees", True), []),
    ],
)
def test_a_path_selects_as_the_standard_says(path: Any, selected: list[Any]) -> None:
    assert select(CLAIMS, path) == selected


def test_one_option_of_claim_sets_is_enough() -> None:
    claims = (ClaimQuery(("a",), id="a"), ClaimQuery(("b",), id="b"), ClaimQuery(("c",), id="c"))
    query = CredentialQuery("id", (VCT,), claims, claim_sets=(("a",), ("b", "c")))
    check_answered(query, {"b": 1, "c": 2}, REFUSING)
    assert refused(lambda: check_answered(query, {"b": 1}, REFUSING)).reason == "claims_missing"
    assert parse_dcql_query(DcqlQuery((query,)).to_object(), REFUSING) == DcqlQuery((query,))


@pytest.mark.parametrize(
    "query",
    [
        None,
        {},
        {"credentials": []},
        {"credentials": [{"id": "a b", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}}]},
        {"credentials": [{"id": "a", "format": "mso_mdoc", "meta": {"vct_values": ["x"]}}]},
        {"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {}}]},
        {"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}, "claims": [{}]}]},
        {
            "credentials": [
                {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}, "claims": [{"path": []}]}
            ]
        },
        {
            "credentials": [
                {
                    "id": "a",
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": ["x"]},
                    "claims": [{"path": [True]}],
                }
            ]
        },
        {
            "credentials": [
                {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}, "multiple": True}
            ]
        },
        {
            "credentials": [
                {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}, "claim_sets": [["z"]]}
            ]
        },
        {"credentials": ["x"]},
    ],
)
def test_a_query_that_cannot_be_answered_here_is_refused(query: Any) -> None:
    assert refused(lambda: parse_dcql_query(query, REFUSING)).reason == "dcql_query"


@pytest.mark.parametrize(
    "members",
    [
        {"require_cryptographic_holder_binding": False},
        {"claims": []},
        {"claims": [{"path": ["a", str(number)]} for number in range(65)]},
        {"claims": [{"path": "abc"}]},
        {"claims": [{"path": ["a"] * 17}]},
        {"claims": [{"path": ["a"]}, {"path": ["a"]}]},
        {"meta": {"vct_values": "text"}},
        {"meta": {"vct_values": [5]}},
    ],
    ids=str,
)
def test_a_credential_query_beyond_what_is_understood_is_refused(members: dict[str, Any]) -> None:
    query = {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}} | members
    assert refused(lambda: parse_dcql_query({"credentials": [query]}, REFUSING)).reason == "dcql_query"


def test_a_query_with_too_many_credentials_is_refused() -> None:
    value = QUERY.to_object()
    many = {"credentials": [value["credentials"][0] | {"id": f"id{number}"} for number in range(17)]}
    assert refused(lambda: parse_dcql_query(many, REFUSING)).reason == "dcql_query"


def test_a_wallet_refuses_a_request_in_anothers_name() -> None:
    assert refused(lambda: wallet_reads(request_object(), trusted_keys={})).reason == "key_not_trusted"
    other = "decentralized_identifier:did:web:other.example"
    assert (
        refused(lambda: wallet_reads(request_object(), expected_client_id=other)).reason
        == "request_client_id"
    )
    forged = reforge(request_object(), signer=STRANGER)
    assert refused(lambda: wallet_reads(forged)).reason == "signature"
    foreign_key = {f"{other}#1": STRANGER.public_jwk}
    forged = reforge(request_object(), header={"kid": f"{other}#1"}, signer=STRANGER)
    assert refused(lambda: wallet_reads(forged, trusted_keys=foreign_key)).reason == "request_key"
    assert refused(lambda: wallet_reads(request_object(), now=NOW + 300)).reason == "request_expired"
    redirecting = reforge(request_object(), redirect_uri="https://x")
    assert refused(lambda: wallet_reads(redirecting)).reason == "request_response_uri"


def test_each_step_of_the_wallets_reading_is_tested_above() -> None:
    assert numbered_steps(holder.verify_request_object) == {1, 2, 3, 4, 5, 6}


def test_a_wallet_shows_only_the_way_to_what_was_asked() -> None:
    text = credential(
        disclosable={"address": {"street": "Main"}, "given_name": "Anna", "family_name": "Novak"}
    )
    query = CredentialQuery("id", (VCT,), (ClaimQuery(("address", "street")),))
    shown = holder.select_disclosures(text, query)
    assert shown.count("~") == 2
    missing = CredentialQuery("id", (VCT,), (ClaimQuery(("portrait",)),))
    assert refused(lambda: holder.select_disclosures(text, missing)).reason == "claims_not_held"
    assert holder.select_disclosures(text, CredentialQuery("id", (VCT,))).count("~") == 1


def test_two_transactions_never_share_an_encryption_key() -> None:
    assert encryption.generate_encryption_key(dice(1)).kid != encryption.generate_encryption_key(dice(2)).kid
    assert KEY.private_jwk["d"] not in repr(KEY)
