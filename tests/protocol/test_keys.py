"""Keys: RFC 7638, RFC 8037, did:key and did:jwk from their vectors, and what is refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tenants.verified_id.protocol import did_key, keys
from tenants.verified_id.protocol.did_key import resolve_did_url
from tenants.verified_id.protocol.encoding import b64u, to_json, unb64u
from tenants.verified_id.protocol.jws import parse_jws, sign_jws, verify_jws
from tests.protocol.world import (
    HOLDER,
    ISSUER,
    REFUSING,
    STRANGER,
    ed25519_signer,
    forge,
    numbered_steps,
    reforge,
    refused,
    tampered,
    vectors,
)

VECTORS = vectors("keys")
EC_JWK = dict(HOLDER.public_jwk)


@pytest.mark.parametrize("vector", VECTORS["thumbprints"])
def test_thumbprints_are_those_of_the_standards(vector: dict[str, Any]) -> None:
    assert keys.thumbprint(vector["jwk"]) == vector["thumbprint"]


@pytest.mark.parametrize("vector", VECTORS["did_key"])
def test_did_key_is_read_and_written_as_in_its_vectors(vector: dict[str, Any]) -> None:
    did = vector["did"]
    resolved = resolve_did_url(f"{did}#{did.removeprefix('did:key:')}", REFUSING)
    assert resolved.jwk == vector["jwk"] and resolved.did == did
    assert did_key.did_key(vector["jwk"]) == did


@pytest.mark.parametrize("vector", VECTORS["did_jwk"])
def test_did_jwk_is_read_as_in_its_vectors(vector: dict[str, Any]) -> None:
    assert resolve_did_url(vector["did"] + "#0", REFUSING).jwk == vector["jwk"]
    assert resolve_did_url(did_key.did_jwk(vector["jwk"]) + "#0", REFUSING).jwk == vector["jwk"]


@pytest.mark.parametrize(
    ("did_url", "reason"),
    [
        (VECTORS["did_key"][0]["did"], "did_url"),
        (VECTORS["did_key"][0]["did"] + "#other", "did_fragment"),
        (VECTORS["did_jwk"][0]["did"] + "#1", "did_fragment"),
        ("did:web:attacker.example#key", "did_method"),
        ("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme#x", "did_key_type"),
        ("did:key:z0OIl#x", "did_key"),
        ("did:key:uabc#uabc", "did_key_type"),
        ("did:key:z" + "1" * 400 + "#z", "did_key"),
        ("did:jwk:e30#0", "jwk_type"),
        ("did:jwk:" + "A" * 600 + "#0", "did_url"),
    ],
)
def test_a_did_url_that_would_need_the_network_or_is_malformed_is_refused(did_url: str, reason: str) -> None:
    assert refused(lambda: resolve_did_url(did_url, REFUSING)).reason == reason


def test_a_did_jwk_with_a_private_member_is_refused() -> None:
    did = "did:jwk:" + b64u(to_json({**EC_JWK, "d": "AA"}))
    assert refused(lambda: resolve_did_url(did + "#0", REFUSING)).reason == "jwk_private"


JWK_STEPS: dict[int, list[tuple[Any, str]]] = {
    1: [("text", "jwk_object"), (None, "jwk_object")],
    2: [
        ({**EC_JWK, "d": "AA"}, "jwk_private"),
        ({"kty": "oct", "k": "AA"}, "jwk_private"),
        ({**EC_JWK, "priv": "AA"}, "jwk_private"),
    ],
    3: [
        ({"kty": "RSA", "n": "AA", "e": "AQAB"}, "jwk_type"),
        ({**EC_JWK, "crv": "P-384"}, "jwk_type"),
        ({"kty": "OKP", "crv": "X25519", "x": EC_JWK["x"]}, "jwk_type"),
        (dict(ed25519_signer(7).public_jwk), "jwk_type"),
        ({}, "jwk_type"),
    ],
    4: [
        ({**EC_JWK, "use": "enc"}, "jwk_use"),
        ({**EC_JWK, "key_ops": ["sign"]}, "jwk_use"),
        ({**EC_JWK, "alg": "ES384"}, "jwk_alg"),
    ],
    5: [
        ({**EC_JWK, "y": EC_JWK["x"]}, "jwk_coordinates"),
        ({**EC_JWK, "x": EC_JWK["x"][:-4]}, "jwk_coordinates"),
        ({**EC_JWK, "x": 5}, "jwk_coordinates"),
        ({**EC_JWK, "x": "=" * 43}, "jwk_coordinates"),
        ({"kty": "EC", "crv": "P-256", "x": EC_JWK["x"]}, "jwk_coordinates"),
    ],
}


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [case for cases in JWK_STEPS.values() for case in cases],
    ids=lambda case: str(case)[:30],
)
def test_a_jwk_that_is_no_public_key_for_this_algorithm_is_refused(jwk: Any, reason: str) -> None:
    assert refused(lambda: keys.check_public_jwk(jwk, REFUSING, alg="ES256")).reason == reason


def test_each_step_of_the_jwk_check_has_a_failing_test() -> None:
    assert set(JWK_STEPS) == numbered_steps(keys.check_public_jwk)


def test_only_the_members_of_a_public_key_survive_the_check() -> None:
    assert keys.check_public_jwk({**EC_JWK, "x5u": "https://attacker.example", "kid": "1"}) == EC_JWK


def test_both_names_of_ed25519_are_understood() -> None:
    signer = ed25519_signer(1)
    token = sign_jws(signer, typ="x", claims={"a": 1})
    renamed = forge({"a": 1}, header={"alg": "Ed25519", "typ": "x"}, signer=signer)
    for text in (token, renamed):
        parsed = parse_jws(text, REFUSING, expected_typ="x")
        assert verify_jws(parsed, signer.public_jwk, REFUSING) == {"a": 1}


def test_a_signature_is_raw_and_never_der() -> None:
    assert len(ISSUER.sign(b"data")) == 64
    der = ec.derive_private_key(0x1111, ec.SECP256R1()).sign(b"data", ec.ECDSA(keys.hashes.SHA256()))
    error = refused(lambda: keys.verify_signature(ISSUER.public_jwk, "ES256", b"data", der, REFUSING))
    assert error.reason == "signature"


def test_a_signature_has_one_length_so_that_it_has_one_spelling() -> None:
    raw = ISSUER.sign(b"data")
    padded = raw[:32] + b"\0" + raw[32:]
    error = refused(lambda: keys.verify_signature(ISSUER.public_jwk, "ES256", b"data", padded, REFUSING))
    assert error.reason == "signature"


def test_a_point_has_one_spelling() -> None:
    x, y = (unb64u(EC_JWK[name], REFUSING) for name in ("x", "y"))
    shifted = {**EC_JWK, "x": b64u(x[:31]), "y": b64u(x[31:] + y)}
    assert refused(lambda: keys.check_public_jwk(shifted, REFUSING)).reason == "jwk_coordinates"


def test_no_signer_is_made_for_another_curve() -> None:
    with pytest.raises(ValueError, match="P-256"):
        keys.LocalSigner(ec.derive_private_key(5, ec.SECP384R1()))


def test_an_algorithm_never_works_with_another_kind_of_key() -> None:
    signature = ISSUER.sign(b"data")
    error = refused(lambda: keys.verify_signature(ISSUER.public_jwk, "EdDSA", b"data", signature, REFUSING))
    assert error.reason == "alg_of_key"


TOKEN = sign_jws(ISSUER, typ="thing+jwt", claims={"a": 1})
ENVELOPE_STEPS: dict[int, list[tuple[str, str]]] = {
    1: [("a.b", "token_parts"), ("x" * 100_000, "token_size"), ("a!.b.c", "base64url")],
    2: [
        (f"{b64u(b'[]')}.{b64u(b'{}')}.AA", "json_object"),
        (f"{b64u(b'{}')}.{b64u(b'1')}.AA", "json_object"),
    ],
    3: [
        (reforge(TOKEN, header={"alg": "none"}), "alg"),
        (reforge(TOKEN, header={"alg": "HS256"}), "alg"),
        (reforge(TOKEN, header={"alg": ["ES256"]}), "alg"),
        (reforge(TOKEN, header={"alg": None}), "alg"),
    ],
    4: [(reforge(TOKEN, header={"typ": "other+jwt"}), "typ"), (reforge(TOKEN, header={"typ": None}), "typ")],
    5: [(reforge(TOKEN, header={"crit": ["exp"]}), "crit"), (reforge(TOKEN, header={"b64": False}), "crit")],
}


@pytest.mark.parametrize(("token", "reason"), [case for cases in ENVELOPE_STEPS.values() for case in cases])
def test_a_bad_envelope_is_refused(token: str, reason: str) -> None:
    assert refused(lambda: parse_jws(token, REFUSING, expected_typ="thing+jwt")).reason == reason


def test_each_step_of_the_envelope_has_a_failing_test() -> None:
    assert set(ENVELOPE_STEPS) == numbered_steps(parse_jws)


def test_an_empty_list_of_algorithms_refuses() -> None:
    assert refused(lambda: parse_jws(TOKEN, REFUSING, expected_typ=None, allowed_algs=())).reason == "alg"


def test_a_foreign_or_turned_signature_is_refused() -> None:
    parsed = parse_jws(TOKEN, REFUSING, expected_typ="thing+jwt")
    assert refused(lambda: verify_jws(parsed, STRANGER.public_jwk, REFUSING)).reason == "signature"
    turned = parse_jws(tampered(TOKEN), REFUSING, expected_typ="thing+jwt")
    assert refused(lambda: verify_jws(turned, ISSUER.public_jwk, REFUSING)).reason == "signature"
    assert verify_jws(parsed, ISSUER.public_jwk, REFUSING) == {"a": 1}
