"""Credentials and key binding: what an issuer signs, what a holder shows, and every way it can be wrong."""

from typing import Any

import pytest

from tenants.verified_id.protocol import key_binding, sd_jwt_vc
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.jws import sign_jws
from tenants.verified_id.protocol.key_binding import build_kb_jwt, sd_hash
from tenants.verified_id.protocol.sd_jwt import split_sd_jwt
from tenants.verified_id.protocol.sd_jwt_vc import VerifiedCredential, VerifiedPresentation
from tenants.verified_id.protocol.trust import Trust
from tests.protocol.world import (
    CLAIMS,
    DID,
    HOLDER,
    ISSUER,
    NOW,
    REFUSING,
    STATUS,
    STRANGER,
    TRUST,
    TRUSTED,
    VCT,
    credential,
    dice,
    disclosure,
    ed25519_signer,
    forge,
    numbered_steps,
    p256_signer,
    reforge,
    refused,
    tampered,
)

AUDIENCE = "decentralized_identifier:did:web:acme.id.example.com"
NONCE = "n-0123456789abcdefghijkl"
ASKED = ("eyJ0eXBlIjoiY2FzZSJ9",)
CREDENTIAL = credential()


def verify(text: str, **changes: Any) -> VerifiedCredential:
    arguments: dict[str, Any] = {
        "trust": TRUST,
        "expected_vcts": [VCT],
        "now": NOW,
    }
    return sd_jwt_vc.verify_credential(text, **(arguments | changes))


def show(text: str = CREDENTIAL, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "signer": HOLDER,
        "sd_jwt": text,
        "audience": AUDIENCE,
        "nonce": NONCE,
        "issued_at": NOW,
        "transaction_data": ASKED,
    }
    return text + build_kb_jwt(**(arguments | changes))


def verify_shown(text: str, **changes: Any) -> VerifiedPresentation:
    arguments: dict[str, Any] = {
        "trust": TRUST,
        "expected_vcts": [VCT],
        "expected_nonce": NONCE,
        "expected_audience": AUDIENCE,
        "expected_transaction_data": ASKED,
        "now": NOW,
    }
    return sd_jwt_vc.verify_presentation(text, **(arguments | changes))


def altered(**claims: Any) -> str:
    """The credential with its signed claims changed by its own issuer."""
    issuer_jwt, rest = CREDENTIAL.split("~", 1)
    return f"{reforge(issuer_jwt, **claims)}~{rest}"


def with_header(**header: Any) -> str:
    issuer_jwt, rest = CREDENTIAL.split("~", 1)
    return f"{reforge(issuer_jwt, header=header)}~{rest}"


def hidden(name: str, value: Any) -> str:
    """A credential whose issuer hid a claim that must stay open."""
    text, digest = disclosure("salt", name, value)
    payload = {
        "iss": DID,
        "vct": VCT,
        "exp": NOW + 10,
        "cnf": {"jwk": dict(HOLDER.public_jwk)},
        "_sd": [digest],
    }
    payload.pop(name, None)
    return f"{forge(payload)}~{text}~"


def test_a_credential_says_what_was_issued_and_what_was_disclosed() -> None:
    verified = verify(CREDENTIAL)
    assert {name: verified.claims[name] for name in CLAIMS} == CLAIMS
    assert verified.disclosed >= set(CLAIMS)
    assert (verified.issuer, verified.vct, verified.kid) == (DID, VCT, ISSUER.kid)
    assert verified.holder_key == HOLDER.public_jwk
    assert (verified.issued_at, verified.expires_at) == (NOW - 1000, NOW + 86_400)
    assert verified.status == STATUS


def test_a_credential_without_disclosures_shows_no_personal_claim() -> None:
    bare = verify(CREDENTIAL.split("~")[0] + "~")
    assert not bare.disclosed and not set(CLAIMS) & bare.claims.keys()


STEPS: dict[int, list[tuple[str, str]]] = {
    1: [("no sd-jwt", "sd_jwt_format")],
    2: [
        (with_header(typ="vc+sd-jwt"), "typ"),
        (with_header(typ="JWT"), "typ"),
        (with_header(alg="none"), "alg"),
        (with_header(crit=["exp"]), "crit"),
    ],
    3: [
        (with_header(kid="did:web:attacker.example#1"), "key_not_trusted"),
        (with_header(kid=None), "key_not_trusted"),
        (with_header(kid=None, jwk=dict(STRANGER.public_jwk)), "key_not_trusted"),
    ],
    4: [
        (tampered(CREDENTIAL.split("~")[0]) + "~", "signature"),
        (credential(signer=p256_signer(0x3333, DID)).replace("~", "~", 1), "key_not_trusted"),
        (CREDENTIAL + disclosure("s", "extra", 1)[0] + "~", "disclosure_unreferenced"),
    ],
    5: [
        (hidden("status", {"status_list": {"idx": 1, "uri": "https://x"}}), "claim_disclosed"),
        (hidden("nbf", NOW - 5), "claim_disclosed"),
        (hidden("exp", NOW + 5), "claim_disclosed"),
        (hidden("vct", VCT), "claim_disclosed"),
        (hidden("iss", DID), "claim_disclosed"),
        (hidden("cnf", {"jwk": dict(STRANGER.public_jwk)}), "claim_disclosed"),
        (hidden("vct#integrity", "x"), "claim_disclosed"),
        (hidden("aka_vcts", []), "claim_disclosed"),
    ],
    6: [
        (altered(iss="did:web:other.example"), "issuer"),
        (altered(iss=None), "issuer"),
        (altered(iss=["did:web:acme.id.example.com"]), "issuer"),
    ],
    7: [(altered(vct="https://other.example/type"), "vct"), (altered(vct=None), "vct")],
    8: [
        (altered(exp=NOW - 61), "expired"),
        (altered(exp=None), "expired"),
        (altered(nbf=NOW + 120), "not_yet_valid"),
        (altered(iat=NOW + 120), "issued_in_future"),
        (altered(exp=True), "numeric_date"),
    ],
    9: [
        (altered(cnf=None), "cnf"),
        (altered(cnf={"kid": "1"}), "cnf"),
        (altered(cnf={"jwk": {**HOLDER.public_jwk, "d": "AA"}}), "jwk_private"),
    ],
    10: [
        (altered(status={}), "status"),
        (altered(status={"status_list": {"idx": -1, "uri": "https://x"}}), "status"),
        (altered(status={"status_list": {"idx": True, "uri": "https://x"}}), "status"),
        (altered(status={"other": {}}), "status"),
    ],
}


@pytest.mark.parametrize(
    ("step", "text", "reason"), [(step, *case) for step, cases in STEPS.items() for case in cases]
)
def test_a_credential_that_fails_one_step_is_refused(step: int, text: str, reason: str) -> None:
    assert refused(lambda: verify(text)).reason == reason


def test_each_step_of_the_credential_check_has_a_failing_test() -> None:
    assert set(STEPS) == numbered_steps(sd_jwt_vc.verify_credential)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trust": Trust((DID,), {})}, "key_not_trusted"),
        ({"trust": Trust((), TRUSTED)}, "issuer"),
        ({"trust": Trust()}, "key_not_trusted"),
        ({"expected_vcts": []}, "vct"),
        ({"allowed_algs": []}, "alg"),
    ],
)
def test_an_empty_list_trusts_nobody(changes: dict[str, Any], reason: str) -> None:
    assert refused(lambda: verify(CREDENTIAL, **changes)).reason == reason


@pytest.mark.parametrize(
    "changes",
    [{"expected_vcts": VCT + "/2"}, {"allowed_algs": "ES256"}],
)
def test_one_text_is_never_taken_for_a_list_of_texts(changes: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="not one text"):
        verify(CREDENTIAL, **changes)
    with pytest.raises(TypeError, match="not one text"):
        Trust(DID + ".example", TRUSTED)  # type: ignore[arg-type]


def test_a_partner_cannot_sign_in_the_name_of_another_issuer() -> None:
    partner = p256_signer(0x4444, "did:web:partner.example")
    forged = credential(signer=partner, issuer=DID)
    both = TRUSTED | {partner.kid: partner.public_jwk}
    error = refused(lambda: verify(forged, trust=Trust((DID, "did:web:partner.example"), both)))
    assert error.reason == "issuer_of_key"


def test_a_bare_key_identifier_stands_for_one_issuer_only() -> None:
    issuer = "https://issuer.example.com"
    bare = credential(signer=p256_signer(0x5555), issuer=issuer)
    keys = {p256_signer(0x5555).kid: p256_signer(0x5555).public_jwk}
    assert verify(bare, trust=Trust((issuer,), keys)).issuer == issuer
    error = refused(lambda: verify(bare, trust=Trust((issuer, DID), keys)))
    assert error.reason == "issuer_of_key"


@pytest.mark.parametrize("name", sorted(sd_jwt_vc.NEVER_DISCLOSABLE))
def test_a_claim_that_must_stay_open_is_not_hidden_when_issuing(name: str) -> None:
    with pytest.raises(ValueError, match="set elsewhere"):
        credential(disclosable={name: "x"})


def test_no_credential_is_bound_to_a_private_key() -> None:
    assert refused(lambda: credential(holder_key={**HOLDER.public_jwk, "d": "AA"})).reason == "jwk_private"


def test_no_credential_expires_before_it_begins() -> None:
    with pytest.raises(ValueError, match="expires"):
        credential(expires_at=NOW - 2000)


def test_errors_never_carry_a_claim_value() -> None:
    for text, _ in [case for cases in STEPS.values() for case in cases]:
        assert "Anna" not in str(refused(lambda text=text: verify(text)))


def test_a_presentation_names_credential_and_key_binding() -> None:
    shown = verify_shown(show())
    assert shown.claims["given_name"] == "Anna"
    assert shown.key_binding.issued_at == NOW


def test_a_wallet_may_hold_an_ed25519_key() -> None:
    holder = ed25519_signer(9)
    text = credential(holder_key=holder.public_jwk)
    assert verify_shown(show(text, signer=holder)).key_binding.alg == "EdDSA"


def kb(**changes: Any) -> str:
    claims: dict[str, Any] = {
        "iat": NOW,
        "aud": AUDIENCE,
        "nonce": NONCE,
        "sd_hash": sd_hash(CREDENTIAL),
        "transaction_data_hashes": [key_binding._hash(text) for text in ASKED],
    }
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return CREDENTIAL + sign_jws(HOLDER, typ="kb+jwt", claims=claims, with_kid=False)


def kb_header(**header: Any) -> str:
    return CREDENTIAL + reforge(kb().rpartition("~")[2], header=header, signer=HOLDER)


KB_STEPS: dict[int, list[tuple[str, str]]] = {
    1: [(kb_header(alg="none"), "alg"), (kb_header(alg="HS256"), "alg")],
    2: [(kb_header(typ="JWT"), "typ"), (kb_header(typ=None), "typ")],
    3: [(show(signer=STRANGER), "signature"), (tampered(show()), "signature")],
    4: [
        (show(issued_at=NOW - 301), "kb_iat"),
        (show(issued_at=NOW + 301), "kb_iat"),
        (kb(iat=None), "kb_iat"),
        (kb(iat="now"), "numeric_date"),
    ],
    5: [(show(nonce="another"), "kb_nonce"), (kb(nonce=None), "kb_nonce"), (kb(nonce=[NONCE]), "kb_nonce")],
    6: [
        (show(audience=AUDIENCE.removeprefix("decentralized_identifier:")), "kb_aud"),
        (kb(aud=None), "kb_aud"),
        (kb(aud=[AUDIENCE]), "kb_aud"),
    ],
    7: [
        (CREDENTIAL.split("~")[0] + "~" + show().rpartition("~")[2], "kb_sd_hash"),
        (kb(sd_hash=None), "kb_sd_hash"),
    ],
    8: [
        (show(transaction_data=()), "transaction_data_hashes"),
        (show(transaction_data=("eyJ0eXBlIjoib3RoZXIifQ",)), "transaction_data_hashes"),
        (show(transaction_data=(*ASKED, "e30")), "transaction_data_hashes"),
        (kb(transaction_data_hashes_alg="sha-1"), "transaction_data_alg"),
        (kb(transaction_data_hashes="text"), "transaction_data_hashes"),
        (kb(transaction_data_hashes=[1, "text"]), "transaction_data_hashes"),
    ],
}


@pytest.mark.parametrize(
    ("step", "text", "reason"), [(step, *case) for step, cases in KB_STEPS.items() for case in cases]
)
def test_a_key_binding_that_fails_one_step_is_refused(step: int, text: str, reason: str) -> None:
    assert refused(lambda: verify_shown(text)).reason == reason


def test_each_step_of_the_key_binding_has_a_failing_test() -> None:
    assert set(KB_STEPS) == numbered_steps(key_binding.verify_kb_jwt)


def test_the_key_binding_built_by_hand_would_pass() -> None:
    assert verify_shown(kb()).claims["given_name"] == "Anna"


PRESENTATION_STEPS = {
    1: (CREDENTIAL, "kb_missing"),
    2: (show(altered(exp=NOW - 100)), "expired"),
    3: (show(nonce="another"), "kb_nonce"),
}


@pytest.mark.parametrize("step", PRESENTATION_STEPS)
def test_a_presentation_that_fails_one_step_is_refused(step: int) -> None:
    text, reason = PRESENTATION_STEPS[step]
    assert refused(lambda: verify_shown(text)).reason == reason


def test_each_step_of_the_presentation_has_a_failing_test() -> None:
    assert set(PRESENTATION_STEPS) == numbered_steps(sd_jwt_vc.verify_presentation)


@pytest.mark.parametrize("name", ["expected_nonce", "expected_audience"])
def test_an_empty_expectation_is_never_met(name: str) -> None:
    text = show(nonce="") if name == "expected_nonce" else show(audience="")
    assert refused(lambda: verify_shown(text, **{name: ""})).reason in {"kb_nonce", "kb_aud"}


def test_a_presentation_cannot_drop_or_add_a_disclosure_after_signing() -> None:
    whole = show()
    first = split_sd_jwt(whole, REFUSING).disclosures[0]
    assert refused(lambda: verify_shown(whole.replace(f"~{first}", "", 1))).reason == "kb_sd_hash"


def test_another_spelling_of_a_disclosure_is_another_disclosure() -> None:
    text = b64u(b'["salt", "given_name", "Eve"]')
    issuer_jwt = CREDENTIAL.split("~")[0]
    assert refused(lambda: verify(f"{issuer_jwt}~{text}~")).reason == "disclosure_unreferenced"


def test_two_credentials_for_one_person_share_no_digest() -> None:
    one, two = (set(credential(random=dice(seed)).split("~")[1:-1]) for seed in (1, 2))
    assert not one & two
