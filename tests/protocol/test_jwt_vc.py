"""`jwt_vc_json` in Microsoft's shape: issued, shown, and every way it can be wrong."""

from typing import Any

import pytest

from tenants.verified_id.protocol import jwt_vc
from tenants.verified_id.protocol.did_key import did_jwk, did_key, resolve_did_url
from tenants.verified_id.protocol.jws import parse_jws
from tenants.verified_id.protocol.trust import Trust
from tests.protocol.world import (
    DID,
    HOLDER,
    ISSUER,
    NOW,
    REFUSING,
    STATUS,
    STRANGER,
    TRUST,
    TRUSTED,
    forge,
    numbered_steps,
    p256_signer,
    reforge,
    refused,
    tampered,
)

WALLET = resolve_did_url(did_jwk(HOLDER.public_jwk) + "#0", REFUSING)
THIEF = resolve_did_url(did_jwk(STRANGER.public_jwk) + "#0", REFUSING)
TYPES = ((jwt_vc.CREDENTIAL, "VerifiedEmployee"),)
EMPLOYEE = {
    "displayName": "Megan Bowen",
    "givenName": "Megan",
    "surname": "Bowen",
    "mail": "megan@acme.example",
}
AUDIENCE, NONCE = f"decentralized_identifier:{DID}", "n-" + "0" * 24
DATA = ("eyJ0eXBlIjoiY2FzZSJ9",)


def issue(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "signer": ISSUER,
        "issuer": DID,
        "types": ["VerifiedEmployee"],
        "subject": WALLET.did,
        "jti": "urn:uuid:0190a7c0-0000-7000-8000-000000000001",
        "issued_at": NOW - 1000,
        "expires_at": NOW + 86_400,
        "claims": EMPLOYEE,
        "status": STATUS,
    }
    return jwt_vc.issue_jwt_credential(**(arguments | changes))


CREDENTIAL = issue()


def show(credential: str = CREDENTIAL, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "signer": HOLDER,
        "holder": WALLET,
        "credential": credential,
        "audience": AUDIENCE,
        "nonce": NONCE,
        "issued_at": NOW,
        "transaction_data": DATA,
    }
    return jwt_vc.build_jwt_presentation(**(arguments | changes))


def verify(text: str, **changes: Any) -> jwt_vc.VerifiedJwtPresentation:
    arguments: dict[str, Any] = {
        "trust": TRUST,
        "expected_types": TYPES,
        "expected_nonce": NONCE,
        "expected_audience": AUDIENCE,
        "expected_transaction_data": DATA,
        "now": NOW,
    }
    return jwt_vc.verify_jwt_presentation(text, **(arguments | changes))


def judge(text: str, **changes: Any) -> jwt_vc.VerifiedJwtCredential:
    arguments: dict[str, Any] = {"trust": TRUST, "expected_types": TYPES, "now": NOW}
    return jwt_vc.verify_jwt_credential(text, **(arguments | changes))


def vc(**members: Any) -> dict[str, Any]:
    whole = parse_jws(CREDENTIAL, REFUSING, expected_typ=None).unverified_claims["vc"] | members
    return {name: value for name, value in whole.items() if value is not None}


def test_it_has_the_members_that_entra_writes() -> None:
    token = parse_jws(CREDENTIAL, REFUSING, expected_typ="jwt")
    claims = token.unverified_claims
    assert (token.header["alg"], token.header["typ"], token.header["kid"]) == ("ES256", "JWT", ISSUER.kid)
    assert claims.keys() == {"vc", "jti", "iss", "sub", "nbf", "iat", "exp", "status"}
    assert claims["vc"] == {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential", "VerifiedEmployee"],
        "credentialSubject": EMPLOYEE,
    }
    assert (claims["iss"], claims["sub"]) == (DID, WALLET.did)


def test_it_is_shown_by_the_did_it_was_issued_to() -> None:
    shown = verify(show())
    assert shown.claims["credentialSubject"]["mail"] == EMPLOYEE["mail"]
    assert (shown.credential.issuer, shown.credential.status, shown.holder_key) == (DID, STATUS, WALLET.jwk)
    key = did_key(HOLDER.public_jwk)
    by_key = resolve_did_url(f"{key}#{key.removeprefix('did:key:')}", REFUSING)
    assert verify(show(issue(subject=by_key.did), holder=by_key)).credential.subject == by_key.did


STEPS: dict[int, list[tuple[str, str]]] = {
    1: [
        (reforge(CREDENTIAL, header={"typ": "dc+sd-jwt"}), "typ"),
        (reforge(CREDENTIAL, header={"alg": "none"}), "alg"),
        (reforge(CREDENTIAL, header={"alg": "HS256"}), "alg"),
        (reforge(CREDENTIAL, header={"crit": ["exp"]}), "crit"),
        (CREDENTIAL + "." + "x" * 600_000, "token_size"),
    ],
    2: [
        (reforge(CREDENTIAL, header={"kid": f"{DID}#other"}), "key_not_trusted"),
        (
            reforge(CREDENTIAL, header={"kid": None, "jwk": dict(STRANGER.public_jwk)}, signer=STRANGER),
            "key_not_trusted",
        ),
        (reforge(CREDENTIAL, header={"kid": None, "jku": "https://evil.example/jwks"}), "key_not_trusted"),
        (reforge(CREDENTIAL, header={"kid": None, "x5c": ["MIIB"]}), "key_not_trusted"),
    ],
    3: [
        (tampered(CREDENTIAL), "signature"),
        (reforge(CREDENTIAL, header={"kid": ISSUER.kid}, signer=STRANGER), "signature"),
        (reforge(CREDENTIAL, header={"jwk": dict(STRANGER.public_jwk)}, signer=STRANGER), "signature"),
    ],
    4: [
        (reforge(CREDENTIAL, iss="did:web:other.example"), "issuer"),
        (reforge(CREDENTIAL, iss=None), "issuer"),
        (reforge(CREDENTIAL, vc=vc(issuer="did:web:other.example")), "issuer"),
        (reforge(CREDENTIAL, vc=vc(issuer={"id": "did:web:other.example"})), "issuer"),
    ],
    5: [
        (issue(types=["VerifiedIdentity"]), "vc_type"),
        (reforge(CREDENTIAL, vc=vc(type=["VerifiedEmployee"])), "vc_type"),
        (reforge(CREDENTIAL, vc=vc(type="VerifiableCredential VerifiedEmployee")), "vc_type"),
        (reforge(CREDENTIAL, vc=None), "vc_type"),
        (reforge(CREDENTIAL, vc=[]), "vc_type"),
    ],
    6: [
        (issue(expires_at=NOW - 61), "expired"),
        (reforge(CREDENTIAL, exp=None), "expired"),
        (reforge(CREDENTIAL, exp=True), "numeric_date"),
        (reforge(CREDENTIAL, nbf=NOW + 61), "not_yet_valid"),
        (reforge(CREDENTIAL, iat=NOW + 61), "issued_in_future"),
    ],
    7: [
        (reforge(CREDENTIAL, sub=None), "subject"),
        (reforge(CREDENTIAL, vc=vc(credentialSubject={"id": THIEF.did})), "subject"),
        (reforge(CREDENTIAL, vc=vc(credentialSubject=[EMPLOYEE])), "subject"),
    ],
    8: [(reforge(CREDENTIAL, status={"status_list": {"idx": -1, "uri": "x"}}), "status")],
}


@pytest.mark.parametrize(("text", "reason"), [case for cases in STEPS.values() for case in cases])
def test_a_credential_that_fails_one_step_is_refused(text: str, reason: str) -> None:
    error = refused(lambda: judge(text))
    assert (error.reason, error.code) == (reason, "invalid_request") and "Megan" not in str(error)


def presented(**claims: Any) -> str:
    return reforge(show(), signer=HOLDER, **claims)


SHOWN_STEPS: dict[int, list[tuple[str, str]]] = {
    1: [
        (reforge(show(), header={"typ": "kb+jwt"}, signer=HOLDER), "typ"),
        (reforge(show(), header={"alg": "none"}, signer=HOLDER), "alg"),
        (reforge(show(), header={"crit": ["b64"]}, signer=HOLDER), "crit"),
    ],
    2: [
        (reforge(show(), header={"kid": None}, signer=HOLDER), "holder_kid"),
        (reforge(show(), header={"kid": "did:web:wallet.example#1"}, signer=HOLDER), "did_method"),
        (reforge(show(), header={"kid": None, "jwk": dict(HOLDER.public_jwk)}, signer=HOLDER), "holder_kid"),
        (presented(iss=THIEF.did), "holder_issuer"),
        (presented(iss=None), "holder_issuer"),
    ],
    3: [(tampered(show()), "signature"), (show(signer=STRANGER), "signature")],
    4: [
        (show(issued_at=NOW - 301), "kb_iat"),
        (show(issued_at=NOW + 301), "kb_iat"),
        (presented(iat=None), "kb_iat"),
        (show(issued_at=NOW - 200, lifetime=100), "kb_exp"),
    ],
    5: [
        (show(nonce="other"), "kb_nonce"),
        (show(audience="decentralized_identifier:did:web:evil.example"), "kb_aud"),
        (show(audience=DID), "kb_aud"),
        (presented(aud=[AUDIENCE]), "kb_aud"),
    ],
    6: [
        (presented(vp=None), "vp_credentials"),
        (presented(vp={"verifiableCredential": []}), "vp_credentials"),
        (presented(vp={"verifiableCredential": [CREDENTIAL, CREDENTIAL]}), "vp_credentials"),
        (presented(vp={"verifiableCredential": [{}]}), "vp_credentials"),
        (presented(vp={"verifiableCredential": CREDENTIAL}), "vp_credentials"),
    ],
    7: [(show(tampered(CREDENTIAL)), "signature"), (show(issue(types=["Other"])), "vc_type")],
    8: [(show(signer=STRANGER, holder=THIEF), "holder")],
    9: [
        (show(transaction_data=()), "transaction_data_hashes"),
        (show(transaction_data=("e30",)), "transaction_data_hashes"),
    ],
}


@pytest.mark.parametrize(("text", "reason"), [case for cases in SHOWN_STEPS.values() for case in cases])
def test_a_presentation_that_fails_one_step_is_refused(text: str, reason: str) -> None:
    error = refused(lambda: verify(text))
    assert (error.reason, error.status) == (reason, 400) and "Megan" not in str(error)


def test_each_step_has_a_failing_test() -> None:
    assert set(STEPS) == numbered_steps(jwt_vc.verify_jwt_credential)
    assert set(SHOWN_STEPS) == numbered_steps(jwt_vc.verify_jwt_presentation)


def test_empty_lists_trust_nobody() -> None:
    assert refused(lambda: verify(show(), trust=Trust())).reason == "key_not_trusted"
    assert refused(lambda: verify(show(), trust=Trust((), TRUSTED))).reason == "issuer"
    for nothing in ((), ((),)):
        assert refused(lambda types=nothing: verify(show(), expected_types=types)).reason == "vc_type"
    with pytest.raises(TypeError, match="not one text"):
        judge(CREDENTIAL, expected_types=("VerifiedEmployee",))


def test_an_employer_cannot_sign_in_the_name_of_another() -> None:
    employer = p256_signer(0x4444, "did:web:employer.example")
    both = Trust((DID, "did:web:employer.example"), TRUSTED | {employer.kid: employer.public_jwk})
    assert refused(lambda: judge(issue(signer=employer), trust=both)).reason == "issuer_of_key"


def test_an_sd_jwt_is_no_jwt_and_a_presentation_no_credential() -> None:
    assert refused(lambda: judge(show())).reason == "key_not_trusted"
    bare = forge({"iss": DID, "vct": "x"}, header={"typ": "dc+sd-jwt"})
    assert refused(lambda: judge(bare)).reason == "typ"


@pytest.mark.parametrize(
    "changes",
    [
        {"types": []},
        {"types": ["VerifiableCredential"]},
        {"subject": "urn:x"},
        {"claims": {"id": "x"}},
        {"expires_at": 0},
    ],
    ids=str,
)
def test_a_credential_that_would_be_wrong_is_not_issued(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        issue(**changes)
