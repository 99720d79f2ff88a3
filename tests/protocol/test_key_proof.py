"""Key proofs and DPoP proofs: the key in the header must have signed, for us, now, with our nonce."""

import hashlib
from typing import Any

import pytest

from tenants.verified_id.protocol import dpop, holder, key_proof
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.jws import sign_jws
from tenants.verified_id.protocol.key_proof import VerifiedKeyProof
from tenants.verified_id.protocol.keys import thumbprint
from tests.protocol.world import (
    HOLDER,
    ISSUER_ORIGIN,
    NOW,
    STRANGER,
    ed25519_signer,
    numbered_steps,
    p256_signer,
    reforge,
    refused,
    tampered,
)

NONCE = "c-nonce"
PROOF = holder.build_key_proof(HOLDER, issuer=ISSUER_ORIGIN, nonce=NONCE, issued_at=NOW)
DID_PROOF = holder.build_key_proof(
    HOLDER, issuer=ISSUER_ORIGIN, nonce=NONCE, issued_at=NOW, binding="did:key"
)


def verify(proof: str, **changes: Any) -> VerifiedKeyProof:
    arguments: dict[str, Any] = {"expected_issuer": ISSUER_ORIGIN, "expected_nonces": {NONCE}, "now": NOW}
    return key_proof.verify_key_proof(proof, **(arguments | changes))


def altered(header: dict[str, Any] | None = None, **claims: Any) -> str:
    return reforge(PROOF, header={"kid": None, **(header or {})}, signer=HOLDER, **claims)


@pytest.mark.parametrize("binding", ["jwk", "did:key", "did:jwk"])
@pytest.mark.parametrize("signer", [HOLDER, ed25519_signer(4)], ids=["P-256", "Ed25519"])
def test_a_proof_yields_its_key_in_each_way_of_binding(binding: Any, signer: Any) -> None:
    proof = holder.build_key_proof(signer, issuer=ISSUER_ORIGIN, nonce=NONCE, issued_at=NOW, binding=binding)
    verified = verify(proof)
    assert verified.jwk == signer.public_jwk and verified.thumbprint == thumbprint(signer.public_jwk)
    assert (verified.holder_did or "").startswith("" if binding == "jwk" else binding)


STEPS: dict[int, list[tuple[str, str]]] = {
    1: [
        (altered({"typ": "JWT"}), "typ"),
        (altered({"typ": None}), "typ"),
        (altered({"alg": "none"}), "alg"),
        (altered({"alg": "HS256"}), "alg"),
        (altered({"crit": ["x"]}), "crit"),
    ],
    2: [
        (altered({"jwk": None}), "proof_key_header"),
        (altered({"kid": "did:key:z#z"}), "proof_key_header"),
        (altered({"x5c": ["AA"]}), "proof_key_header"),
        (altered({"jwk": {**HOLDER.public_jwk, "d": "AA"}}), "jwk_private"),
        (altered({"jwk": "text"}), "jwk_object"),
    ],
    3: [
        (altered({"jwk": None, "kid": "did:web:attacker.example#1"}), "did_method"),
        (altered({"jwk": None, "kid": "plain"}), "did_url"),
        (altered({"jwk": None, "kid": 5}), "proof_binding"),
    ],
    4: [(altered({"jwk": None, "x5c": ["AA"]}), "proof_binding")],
    5: [(tampered(PROOF), "signature"), (altered({"jwk": dict(STRANGER.public_jwk)}), "signature")],
    6: [
        (altered(aud="https://other.example"), "proof_aud"),
        (altered(aud=[ISSUER_ORIGIN]), "proof_aud"),
        (altered(aud=None), "proof_aud"),
    ],
    7: [(altered(iss="client"), "proof_iss")],
    8: [
        (altered(iat=NOW - 301), "proof_iat"),
        (altered(iat=NOW + 301), "proof_iat"),
        (altered(iat=None), "proof_iat"),
    ],
    9: [(altered(nonce=None), "proof_nonce_missing"), (altered(nonce=5), "proof_nonce_missing")],
    10: [(altered(nonce="old"), "proof_nonce")],
}


@pytest.mark.parametrize(
    ("step", "proof", "reason"), [(step, *case) for step, cases in STEPS.items() for case in cases]
)
def test_a_proof_that_fails_one_step_is_refused(step: int, proof: str, reason: str) -> None:
    error = refused(lambda: verify(proof))
    assert error.reason == reason
    assert error.code == ("invalid_nonce" if step == 10 else "invalid_proof")


def test_each_step_of_the_proof_has_a_failing_test() -> None:
    assert set(STEPS) == numbered_steps(key_proof.verify_key_proof)


def test_a_key_address_in_the_header_is_not_followed() -> None:
    assert (
        verify(altered({"jku": "https://attacker.example", "x5u": "https://attacker.example"})).nonce == NONCE
    )


def test_no_live_nonce_and_no_issuer_accept_no_proof() -> None:
    assert refused(lambda: verify(PROOF, expected_nonces=())).code == "invalid_nonce"
    assert refused(lambda: verify(altered(aud=""), expected_issuer="")).reason == "proof_aud"
    assert refused(lambda: verify(PROOF, allowed_algs=())).reason == "alg"


def test_one_text_is_never_taken_for_a_list_of_nonces() -> None:
    with pytest.raises(TypeError, match="not one text"):
        verify(PROOF, expected_nonces=NONCE + "more")


def test_a_known_client_must_be_named() -> None:
    assert verify(PROOF, expected_client_id="client").nonce == NONCE
    assert refused(lambda: verify(altered(iss="other"), expected_client_id="client")).reason == "proof_iss"
    assert verify(altered(iss="client"), expected_client_id="client").nonce == NONCE


def test_the_claimed_nonces_are_read_before_anything_is_compared() -> None:
    assert key_proof.unverified_nonces([PROOF, altered(nonce="other")]) == {NONCE, "other"}
    assert key_proof.unverified_nonces([altered(nonce=None), altered(nonce="x" * 300)]) == frozenset()


def all_proofs(*proofs: str, **changes: Any) -> tuple[VerifiedKeyProof, ...]:
    arguments: dict[str, Any] = {
        "expected_issuer": ISSUER_ORIGIN,
        "expected_nonces": {NONCE},
        "now": NOW,
        "max_proofs": 2,
    }
    return key_proof.verify_key_proofs(proofs, **(arguments | changes))


def test_two_keys_get_two_credentials() -> None:
    other = holder.build_key_proof(p256_signer(0x99), issuer=ISSUER_ORIGIN, nonce=NONCE, issued_at=NOW)
    assert len({proof.thumbprint for proof in all_proofs(PROOF, other)}) == 2


BATCH_STEPS: dict[int, list[tuple[tuple[str, ...], str]]] = {
    1: [((), "proof_count"), ((PROOF,) * 3, "proof_count")],
    2: [((PROOF, tampered(PROOF)), "signature")],
    3: [((PROOF, DID_PROOF), "proof_key_repeated")],
}


@pytest.mark.parametrize(("proofs", "reason"), [case for cases in BATCH_STEPS.values() for case in cases])
def test_proofs_that_fail_one_step_together_are_refused(proofs: tuple[str, ...], reason: str) -> None:
    assert refused(lambda: all_proofs(*proofs)).reason == reason


def test_each_step_of_all_proofs_has_a_failing_test() -> None:
    assert set(BATCH_STEPS) == numbered_steps(key_proof.verify_key_proofs)


URL = f"{ISSUER_ORIGIN}/token"
TOKEN = "access.token"
ATH = b64u(hashlib.sha256(TOKEN.encode()).digest())


def dpop_proof(header: dict[str, Any] | None = None, **claims: Any) -> str:
    base = {"jti": "j1", "htm": "POST", "htu": URL, "iat": NOW, "ath": ATH, "nonce": "n"}
    proof = sign_jws(
        HOLDER, typ="dpop+jwt", claims=base, header={"jwk": dict(HOLDER.public_jwk)}, with_kid=False
    )
    return reforge(proof, header={"kid": None, **(header or {})}, signer=HOLDER, **claims)


def verify_dpop(proof: str, **changes: Any) -> dpop.VerifiedDpopProof:
    arguments: dict[str, Any] = {
        "expected_method": "POST",
        "expected_url": URL,
        "now": NOW,
        "access_token": TOKEN,
        "expected_thumbprint": thumbprint(HOLDER.public_jwk),
        "expected_nonces": ["older", "n"],
    }
    return dpop.verify_dpop_proof(proof, **(arguments | changes))


def test_a_dpop_proof_yields_the_key_the_token_is_bound_to() -> None:
    verified = verify_dpop(dpop_proof())
    assert (verified.key_thumbprint, verified.jti) == (thumbprint(HOLDER.public_jwk), "j1")
    assert verify_dpop(dpop_proof(htu=URL.upper().replace("/TOKEN", ":443/token") + "?a=1#b"))


DPOP_STEPS: dict[int, list[tuple[str, str]]] = {
    1: [(dpop_proof({"typ": "JWT"}), "typ"), (dpop_proof({"alg": "HS256"}), "alg")],
    2: [
        (dpop_proof({"jwk": None}), "jwk_object"),
        (dpop_proof({"jwk": {**HOLDER.public_jwk, "d": "AA"}}), "jwk_private"),
    ],
    3: [(tampered(dpop_proof()), "signature")],
    4: [(dpop_proof(jti=None), "dpop_jti"), (dpop_proof(jti="x" * 300), "dpop_jti")],
    5: [(dpop_proof(htm="GET"), "dpop_htm")],
    6: [(dpop_proof(htu=f"{ISSUER_ORIGIN}/other"), "dpop_htu"), (dpop_proof(htu=None), "dpop_htu")],
    7: [(dpop_proof(nonce="old"), "dpop_nonce"), (dpop_proof(nonce=None), "dpop_nonce")],
    8: [(dpop_proof(iat=NOW - 301), "dpop_iat"), (dpop_proof(iat=None), "dpop_iat")],
    9: [(dpop_proof(ath="other"), "dpop_ath"), (dpop_proof(ath=None), "dpop_ath")],
}


@pytest.mark.parametrize(("proof", "reason"), [case for cases in DPOP_STEPS.values() for case in cases])
def test_a_dpop_proof_that_fails_one_step_is_refused(proof: str, reason: str) -> None:
    assert refused(lambda: verify_dpop(proof)).reason == reason


def test_a_token_bound_to_another_key_is_refused() -> None:
    bound = thumbprint(STRANGER.public_jwk)
    assert refused(lambda: verify_dpop(dpop_proof(), expected_thumbprint=bound)).reason == "dpop_key"


def test_each_step_of_dpop_has_a_failing_test() -> None:
    assert {*DPOP_STEPS, 10} == numbered_steps(dpop.verify_dpop_proof)


def test_a_token_is_never_checked_without_its_key() -> None:
    with pytest.raises(ValueError, match="together"):
        verify_dpop(dpop_proof(), expected_thumbprint=None)
