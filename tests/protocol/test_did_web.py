"""did:web and the linked domain."""

from typing import Any

import pytest

from tenants.verified_id.protocol import did_web, linked_domain
from tenants.verified_id.protocol.encoding import to_json
from tenants.verified_id.protocol.keys import thumbprint
from tenants.verified_id.protocol.linked_domain import VerifiedLinkedDomain
from tests.protocol.world import (
    DID,
    ISSUER,
    NOW,
    STRANGER,
    TRUSTED,
    numbered_steps,
    p256_signer,
    reforge,
    refused,
    tampered,
)

ORIGIN = "https://www.acme.example"


@pytest.mark.parametrize(
    ("url", "did", "document"),
    [
        (
            "https://w3c-ccg.github.io",
            "did:web:w3c-ccg.github.io",
            "https://w3c-ccg.github.io/.well-known/did.json",
        ),
        (
            "https://example.com:3000/user/alice",
            "did:web:example.com%3A3000:user:alice",
            "https://example.com:3000/user/alice/did.json",
        ),
        (
            "http://acme.localhost:8000",
            "did:web:acme.localhost%3A8000",
            "http://acme.localhost:8000/.well-known/did.json",
        ),
    ],
)
def test_a_did_and_its_url_are_two_spellings(url: str, did: str, document: str) -> None:
    assert did_web.did_web(url) == did
    assert did_web.did_document_url(did) == document


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:key:z6Mk",
        "did:web:Example.com",
        "did:web:example.com%3A",
        "did:web:example.com%3A99999",
        "did:web:example.com%3Aabc",
        "did:web:example.com:..",
        "did:web:example.com:a%2Fb",
        "did:web:user@example.com",
        "did:web:example.com/path",
        "did:web:example.com?x",
        "x did:web:example.com",
        "did:web:" + "a" * 300,
    ],
)
def test_a_did_that_could_lead_elsewhere_is_refused(did: str) -> None:
    assert refused(lambda: did_web.did_document_url(did)).reason == "did_web"


def test_the_document_lists_every_key_under_its_thumbprint() -> None:
    old = p256_signer(0x7777)
    document = did_web.did_document(DID, keys=[ISSUER.public_jwk, old.public_jwk], linked_origins=[ORIGIN])
    first = document["verificationMethod"][0]
    assert first["id"] == f"{DID}#{thumbprint(ISSUER.public_jwk)}" == ISSUER.kid
    assert first["type"] == "JsonWebKey2020" and first["controller"] == DID
    assert document["assertionMethod"] == document["authentication"] and len(document["assertionMethod"]) == 2
    assert document["service"][0]["serviceEndpoint"] == {"origins": [ORIGIN]}


def test_the_document_is_read_back_to_the_same_keys() -> None:
    document = did_web.did_document(DID, keys=[ISSUER.public_jwk])
    assert did_web.read_did_document(document, expected_did=DID) == TRUSTED


def test_a_relative_key_reference_belongs_to_its_document() -> None:
    document = did_web.did_document(DID, keys=[ISSUER.public_jwk])
    document["verificationMethod"][0]["id"] = "#1"
    document["assertionMethod"] = ["#1"]
    assert list(did_web.read_did_document(document, expected_did=DID)) == [f"{DID}#1"]


def document_with(**changes: Any) -> dict[str, Any]:
    return did_web.did_document(DID, keys=[ISSUER.public_jwk]) | changes


FOREIGN = {
    "id": "did:web:attacker.example#1",
    "type": "JsonWebKey2020",
    "publicKeyJwk": dict(STRANGER.public_jwk),
}
DOCUMENT_STEPS = {
    1: [(document_with(id="did:web:attacker.example"), "did_document_id")],
    2: [(document_with(assertionMethod="all"), "did_document_shape")],
    3: [
        (document_with(assertionMethod=[]), "did_document_keys"),
        (document_with(assertionMethod=["#unknown"]), "did_document_keys"),
        (document_with(assertionMethod=[FOREIGN]), "did_document_keys"),
        (
            document_with(
                verificationMethod=[{"id": "#1", "publicKeyJwk": {"kty": "oct", "k": "AA"}}],
                assertionMethod=["#1"],
            ),
            "jwk_private",
        ),
    ],
}


@pytest.mark.parametrize(
    ("document", "reason"),
    [case for cases in DOCUMENT_STEPS.values() for case in cases],
    ids=lambda case: str(case)[:20],
)
def test_a_document_that_grants_no_key_of_the_did_is_refused(document: dict[str, Any], reason: str) -> None:
    assert refused(lambda: did_web.read_did_document(document, expected_did=DID)).reason == reason


def test_each_step_of_the_document_has_a_failing_test() -> None:
    assert set(DOCUMENT_STEPS) == numbered_steps(did_web.read_did_document)


def test_no_document_is_published_without_keys_or_with_a_private_one() -> None:
    with pytest.raises(ValueError, match="without keys"):
        did_web.did_document(DID, keys=[])
    error = refused(lambda: did_web.did_document(DID, keys=[{**ISSUER.public_jwk, "d": "AA"}]))
    assert error.reason == "jwk_private"


LINK = linked_domain.build_domain_linkage_credential(
    signer=ISSUER, did=DID, origin=ORIGIN, issued_at=NOW - 10, expires_at=NOW + 1000
)


def body(*links: str) -> bytes:
    return to_json(linked_domain.did_configuration(links))


def verify(data: bytes, **changes: Any) -> VerifiedLinkedDomain:
    arguments: dict[str, Any] = {
        "expected_did": DID,
        "expected_origin": ORIGIN,
        "trusted_keys": TRUSTED,
        "now": NOW,
    }
    return linked_domain.verify_did_configuration(data, **(arguments | changes))


def test_a_linked_domain_is_verified() -> None:
    assert verify(body(LINK)) == VerifiedLinkedDomain(DID, ORIGIN, NOW + 1000)


def test_one_good_link_among_others_is_enough() -> None:
    assert verify(body(reforge(LINK, sub="did:web:other.example"), tampered(LINK), LINK)).origin == ORIGIN


def vc(**changes: Any) -> str:
    claims = {
        "issuer": DID,
        "type": ["VerifiableCredential", "DomainLinkageCredential"],
        "credentialSubject": {"id": DID, "origin": ORIGIN},
    }
    return reforge(LINK, vc=claims | changes)


STEPS: dict[int, list[tuple[bytes, str]]] = {
    1: [
        (b"[]", "json_object"),
        (b"{}", "linked_dids"),
        (body(), "linked_dids"),
        (body(*["x"] * 40), "linked_dids"),
        (b" " * 300_000, "body_size"),
    ],
    2: [
        (body(reforge(LINK, header={"kid": "did:web:attacker.example#1"})), "key_not_trusted"),
        (body(reforge(LINK, header={"alg": "none"})), "alg"),
    ],
    3: [(body(tampered(LINK)), "signature")],
    4: [
        (body(reforge(LINK, sub="did:web:other.example")), "linkage_subject"),
        (body(reforge(LINK, iss="did:web:other.example")), "linkage_subject"),
        (body(vc(credentialSubject={"id": "did:web:other.example", "origin": ORIGIN})), "linkage_subject"),
        (body(reforge(LINK, vc=None)), "linkage_subject"),
    ],
    5: [(body(vc(type=["VerifiableCredential"])), "linkage_type")],
    6: [(body(vc(id="urn:x")), "linkage_id")],
    7: [(body(vc(credentialSubject={"id": DID, "origin": "https://attacker.example"})), "linkage_origin")],
    8: [
        (body(reforge(LINK, exp=NOW)), "linkage_expired"),
        (body(reforge(LINK, exp=None)), "linkage_expired"),
        (body(reforge(LINK, nbf=NOW + 100)), "linkage_expired"),
    ],
}


@pytest.mark.parametrize(
    ("step", "data", "reason"), [(step, *case) for step, cases in STEPS.items() for case in cases]
)
def test_a_configuration_that_fails_one_step_links_nothing(step: int, data: bytes, reason: str) -> None:
    assert refused(lambda: verify(data)).reason == reason


def test_each_step_of_the_linked_domain_has_a_failing_test() -> None:
    assert set(STEPS) == numbered_steps(linked_domain.verify_did_configuration)


def test_a_key_of_another_did_does_not_link() -> None:
    other = p256_signer(0x8888, "did:web:other.example")
    link = reforge(LINK, header={"kid": other.kid}, signer=other)
    error = refused(lambda: verify(body(link), trusted_keys=TRUSTED | {other.kid: other.public_jwk}))
    assert error.reason == "linkage_key"


def test_an_origin_has_no_path() -> None:
    with pytest.raises(ValueError, match="no path"):
        linked_domain.build_domain_linkage_credential(
            signer=ISSUER, did=DID, origin=ORIGIN + "/a", issued_at=NOW, expires_at=NOW + 1
        )
