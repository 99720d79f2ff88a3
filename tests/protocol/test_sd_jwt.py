"""SD-JWT: the examples of RFC 9901, round trips, and one failing test for each step of section 7.1."""

from typing import Any

import pytest

from tenants.verified_id.protocol import sd_jwt
from tenants.verified_id.protocol.jws import parse_jws
from tenants.verified_id.protocol.key_binding import sd_hash, verify_kb_jwt
from tenants.verified_id.protocol.sd_jwt import Disclosable, VerifiedSdJwt, issue_sd_jwt, split_sd_jwt
from tests.protocol.world import (
    ISSUER,
    REFUSING,
    dice,
    disclosure,
    forge,
    numbered_steps,
    refused,
    tampered,
    vectors,
)

RFC9901 = vectors("rfc9901")


def verify(text: str, *, key: Any = ISSUER.public_jwk, typ: str | None = "dc+sd-jwt") -> VerifiedSdJwt:
    parts = split_sd_jwt(text, REFUSING)
    issuer_jwt = sd_jwt.parse_issuer_jwt(parts, REFUSING, expected_typ=typ)
    return sd_jwt.verify_sd_jwt(parts, issuer_jwt, expected_issuer_key=key, refusing=REFUSING)


def presentation(payload: dict[str, Any], *disclosures: str) -> str:
    return "~".join([forge(payload), *disclosures, ""])


@pytest.mark.parametrize("vector", RFC9901["presentations"], ids=lambda vector: vector["section"])
def test_the_presentations_of_the_rfc_verify_to_the_claims_it_prints(vector: dict[str, Any]) -> None:
    verified = verify(vector["sd_jwt"], key=RFC9901["issuer_key"], typ=vector["typ"])
    assert verified.claims == vector["claims"]


@pytest.mark.parametrize("vector", RFC9901["disclosures"], ids=lambda vector: vector["section"])
def test_every_spelling_of_a_disclosure_in_the_rfc_means_the_same(vector: dict[str, Any]) -> None:
    for text in vector["encoded"]:
        assert sd_jwt.decode_disclosure(text, REFUSING) == vector["elements"]
    assert sd_jwt.disclosure_digest(vector["encoded"][0]) == vector["digest_of_first"]


def test_the_key_binding_of_the_rfc_verifies() -> None:
    vector = next(item for item in RFC9901["presentations"] if "kb_jwt" in item)
    verified = verify_kb_jwt(
        vector["kb_jwt"],
        sd_jwt=vector["sd_jwt"],
        expected_holder_key=RFC9901["holder_key"],
        expected_nonce=vector["nonce"],
        expected_audience=vector["audience"],
        expected_transaction_data=(),
        now=vector["kb_iat"],
        refusing=REFUSING,
    )
    assert verified.issued_at == vector["kb_iat"]


def test_nested_and_recursive_disclosures_come_back_whole() -> None:
    claims = {
        "iss": "x",
        "address": Disclosable({"street": Disclosable("Main"), "country": "CZ"}),
        "nationalities": ["CZ", Disclosable("AT"), {"deep": Disclosable([1, Disclosable(2)])}],
    }
    issued = issue_sd_jwt(signer=ISSUER, typ="dc+sd-jwt", claims=claims, random=dice(), decoys=3)
    assert verify(issued).claims == {
        "iss": "x",
        "address": {"street": "Main", "country": "CZ"},
        "nationalities": ["CZ", "AT", {"deep": [1, 2]}],
    }
    assert verify(issued).disclosed == {"address", "street", "deep"}


def test_what_is_not_disclosed_stays_hidden_and_leaves_no_trace() -> None:
    claims = {"iss": "x", "given_name": Disclosable("Anna"), "list": [Disclosable("secret"), "open"]}
    issued = issue_sd_jwt(signer=ISSUER, typ="dc+sd-jwt", claims=claims, random=dice())
    issuer_jwt = issued.split("~")[0]
    assert verify(issuer_jwt + "~").claims == {"iss": "x", "list": ["open"]}
    assert "Anna" not in str(parse_jws(issuer_jwt, REFUSING, expected_typ=None).unverified_claims)


def test_digests_are_sorted_and_decoys_are_among_them() -> None:
    claims = {name: Disclosable(name) for name in "abcdef"}
    issued = issue_sd_jwt(signer=ISSUER, typ="dc+sd-jwt", claims=claims, random=dice(), decoys=4)
    digests = parse_jws(issued.split("~")[0], REFUSING, expected_typ=None).unverified_claims["_sd"]
    assert digests == sorted(digests) and len(digests) == 10


def test_every_salt_is_its_own_and_has_128_bits() -> None:
    claims = {name: Disclosable("same") for name in "abcdef"}
    issued = split_sd_jwt(issue_sd_jwt(signer=ISSUER, typ="x", claims=claims, random=dice()), REFUSING)
    salts = {sd_jwt.decode_disclosure(text, REFUSING)[0] for text in issued.disclosures}
    assert len(salts) == 6 and all(len(salt) == 22 for salt in salts)


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_reserved_names_are_not_issued(name: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        issue_sd_jwt(signer=ISSUER, typ="x", claims={name: Disclosable(1)}, random=dice())


NAME, NAME_DIGEST = disclosure("salt", "given_name", "Anna")
ELEMENT, ELEMENT_DIGEST = disclosure("salt", "Anna")
SINGLE, SINGLE_DIGEST = disclosure("salt")
SALTLESS, SALTLESS_DIGEST = disclosure(1, "name", "value")
NUMBER_NAME, NUMBER_NAME_DIGEST = disclosure("salt", 5, "value")
OBJECT, OBJECT_DIGEST = disclosure("salt", "a", {"_sd": [NAME_DIGEST]})
SAME_NAME, SAME_NAME_DIGEST = disclosure("salt2", "given_name", "Eve")


def reserved(name: str) -> str:
    text, digest = disclosure("salt", name, ["x"])
    return presentation({"_sd": [digest]}, text)


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth else {}


STEPS: dict[int, list[tuple[str, str]]] = {
    1: [(tampered(forge({"_sd": [NAME_DIGEST]})) + f"~{NAME}~", "signature")],
    2: [
        (presentation({"_sd": [NAME_DIGEST], "_sd_alg": "sha-512"}, NAME), "sd_alg"),
        (presentation({"_sd_alg": None}), "sd_alg"),
    ],
    3: [
        (presentation({"_sd": [SINGLE_DIGEST]}, SINGLE), "disclosure_elements"),
        (presentation({"_sd": [SALTLESS_DIGEST]}, SALTLESS), "disclosure_elements"),
        (presentation({"_sd": [NUMBER_NAME_DIGEST]}, NUMBER_NAME), "disclosure_name"),
        (presentation({}, "no base64"), "base64url"),
        (presentation({}, "e30"), "disclosure_elements"),
    ],
    4: [(presentation({"_sd": [NAME_DIGEST]}, NAME, NAME), "disclosure_repeated")],
    5: [
        (presentation({"_sd": NAME_DIGEST}, NAME), "sd_array"),
        (presentation({"_sd": [1]}), "digest_text"),
        (presentation({"...": NAME_DIGEST}), "ellipsis_misplaced"),
        (presentation({"a": [{"...": ELEMENT_DIGEST, "b": 1}]}, ELEMENT), "ellipsis_misplaced"),
    ],
    6: [
        (presentation({"a": [{"...": NAME_DIGEST}]}, NAME), "disclosure_elements"),
        (presentation({"_sd": [ELEMENT_DIGEST]}, ELEMENT), "disclosure_elements"),
    ],
    7: [(reserved(name), "disclosure_reserved") for name in ("_sd", "...", "_sd_alg")],
    8: [
        (presentation({"given_name": "Open", "_sd": [NAME_DIGEST]}, NAME), "claim_repeated"),
        (presentation({"_sd": [NAME_DIGEST, SAME_NAME_DIGEST]}, NAME, SAME_NAME), "claim_repeated"),
    ],
    9: [
        (presentation({"_sd": [NAME_DIGEST, NAME_DIGEST]}, NAME), "digest_repeated"),
        (presentation({"_sd": [NAME_DIGEST, OBJECT_DIGEST]}, NAME, OBJECT), "digest_repeated"),
        (presentation({"_sd": ["decoy"], "b": {"_sd": ["decoy"]}}), "digest_repeated"),
    ],
    10: [
        (presentation({"a": 1}, NAME), "disclosure_unreferenced"),
        (presentation({"_sd": [OBJECT_DIGEST]}, NAME), "disclosure_unreferenced"),
    ],
    11: [(presentation(nested(17)), "sd_jwt_depth")],
}


@pytest.mark.parametrize(
    ("step", "text", "reason"), [(step, *case) for step, cases in STEPS.items() for case in cases]
)
def test_an_sd_jwt_that_fails_one_step_is_refused(step: int, text: str, reason: str) -> None:
    assert refused(lambda: verify(text)).reason == reason


def test_each_step_of_the_verification_has_a_failing_test() -> None:
    assert set(STEPS) == numbered_steps(sd_jwt.verify_sd_jwt)


def test_the_forged_presentations_fail_for_their_one_fault_only() -> None:
    assert verify(presentation({"_sd": [NAME_DIGEST]}, NAME)).claims == {"given_name": "Anna"}
    assert verify(presentation({"a": [{"...": ELEMENT_DIGEST}]}, ELEMENT)).claims == {"a": ["Anna"]}
    assert verify(presentation({"_sd": [OBJECT_DIGEST]}, NAME, OBJECT)).claims == {
        "a": {"given_name": "Anna"}
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "sd_jwt_format"),
        ("a.b.c", "sd_jwt_format"),
        ("~", "sd_jwt_format"),
        ("a.b.c~~", "sd_jwt_format"),
        ("a.b.c~\x80~", "sd_jwt_format"),
        ("a.b.c~" + "AA~" * 200, "sd_jwt_disclosures"),
        ("a" * 600_000 + "~", "sd_jwt_size"),
    ],
)
def test_a_text_that_is_no_sd_jwt_is_refused(text: str, reason: str) -> None:
    assert refused(lambda: split_sd_jwt(text, REFUSING)).reason == reason


def test_the_hash_of_a_presentation_ends_with_the_last_tilde() -> None:
    parts = split_sd_jwt("issuer~one~two~kb", REFUSING)
    assert (parts.sd_jwt, parts.kb_jwt) == ("issuer~one~two~", "kb")
    assert sd_hash(parts.sd_jwt) == sd_hash("issuer~one~two~")
