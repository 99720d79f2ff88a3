"""Whatever a stranger sends, the only error that comes out is a ProtocolError: no other one, no silence."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.verified_id.protocol import (
    credential_request,
    did_web,
    holder,
    issuance,
    key_proof,
    linked_domain,
    presentation,
    presentation_request,
    sd_jwt_vc,
    status_list,
)
from tenants.verified_id.protocol.did_key import resolve_did_url
from tenants.verified_id.protocol.errors import ProtocolError
from tests.protocol.test_key_proof import PROOF
from tests.protocol.test_presentation import BODY, PLAIN, PLAIN_BODY, TRANSACTION
from tests.protocol.world import (
    CLAIMS,
    DID,
    ISSUER_ORIGIN,
    NOW,
    REFUSING,
    STATUS,
    TRUST,
    VCT,
    credential,
    forge,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
QUIETLY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def survives(call: Any) -> None:
    try:
        call()
    except ProtocolError as error:
        assert not any(str(value) in str(error) for value in (CLAIMS["given_name"], CLAIMS["birthdate"]))


def verify_credential(text: str) -> object:
    return sd_jwt_vc.verify_credential(text, trust=TRUST, expected_vcts=[VCT], now=NOW)


@QUIETLY
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_refused_politely(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for content_type in (holder.FORM, holder.JSON, ""):
        survives(lambda kind=content_type: issuance.parse_token_request(data, kind, known_configurations=()))
        survives(lambda kind=content_type: issuance.parse_notification(data, kind))
        survives(lambda kind=content_type: presentation_request.parse_request_uri_post(data, kind))
        survives(
            lambda kind=content_type: presentation.read_authorization_response(
                data, kind, expected=PLAIN, now=NOW
            )
        )
        survives(
            lambda kind=content_type: credential_request.parse_credential_request(
                data, kind, known_configurations=["a"]
            )
        )
    survives(lambda: verify_credential(text + "~"))
    survives(lambda: resolve_did_url("did:key:z" + text + "#", REFUSING))
    survives(lambda: resolve_did_url("did:jwk:" + text + "#0", REFUSING))
    survives(lambda: did_web.did_document_url("did:web:" + text))
    survives(lambda: issuance.read_access_token(text))


@QUIETLY
@given(st.sampled_from([BODY, PLAIN_BODY]), st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_answer_is_refused_politely(body: bytes, place: int, junk: bytes) -> None:
    damaged = body[: place % len(body)] + junk + body[place % len(body) + 1 :]
    expected = TRANSACTION if body is BODY else PLAIN

    def answer() -> None:
        opened = presentation.read_authorization_response(damaged, holder.FORM, expected=expected, now=NOW)
        if isinstance(opened, presentation.UnverifiedResponse):
            presentation.verify_vp_token(opened, expected=expected, trust={"id": TRUST}, now=NOW)

    survives(answer)


@QUIETLY
@given(
    st.dictionaries(
        st.sampled_from(["iss", "exp", "iat", "nbf", "vct", "cnf", "status", "_sd", "_sd_alg", "a", "..."]),
        JSON_VALUES,
    )
)
def test_any_signed_claims_are_refused_politely(claims: dict[str, Any]) -> None:
    base = {"iss": DID, "vct": VCT, "exp": NOW + 10}
    survives(lambda: verify_credential(forge(base | claims) + "~"))
    token = forge(
        {"sub": STATUS.uri, "iat": NOW, **claims, "status_list": claims}, header={"typ": "statuslist+jwt"}
    )
    survives(
        lambda: status_list.verify_status_list_token(
            token, expected_uri=STATUS.uri, resolved_at=NOW, trust=TRUST, now=NOW
        )
    )
    link = forge({"iss": DID, "sub": DID, "vc": claims}, header={"typ": "JWT"})
    survives(
        lambda: linked_domain.verify_did_configuration(
            f'{{"linked_dids":["{link}"]}}'.encode(),
            expected_did=DID,
            expected_origin="https://x",
            trusted_keys=TRUST.keys,
            now=NOW,
        )
    )


@QUIETLY
@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "jwk", "x5c", "crit"]), JSON_VALUES, min_size=1))
def test_any_header_is_refused_politely(header: dict[str, Any]) -> None:
    proof = forge({"aud": ISSUER_ORIGIN, "iat": NOW, "nonce": "n"}, header=header)
    expected: dict[str, Any] = {"expected_issuer": ISSUER_ORIGIN, "expected_nonces": ["n"], "now": NOW}
    survives(lambda: key_proof.verify_key_proof(proof, **expected))
    survives(lambda: verify_credential(forge({"iss": DID}, header=header) + "~"))


@QUIETLY
@given(st.integers(0, 100_000), st.characters(max_codepoint=0x2FF))
def test_a_credential_with_one_letter_changed_is_refused(place: int, letter: str) -> None:
    text = credential()
    at = place % len(text)
    if text[at] == letter:
        return
    try:
        verify_credential(text[:at] + letter + text[at + 1 :])
    except ProtocolError:
        return
    raise AssertionError(f"accepted with position {at} changed")


def test_the_undamaged_proof_is_good() -> None:
    expected: dict[str, Any] = {"expected_issuer": ISSUER_ORIGIN, "expected_nonces": ["c-nonce"], "now": NOW}
    assert key_proof.verify_key_proof(PROOF, **expected)
