"""Certificates in headers: chains up to the caller's anchors, and clients that are known by one."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tenants.verified_id.protocol import certificates, holder, presentation_request, sd_jwt_vc
from tenants.verified_id.protocol.jws import parse_jws
from tenants.verified_id.protocol.keys import LocalSigner
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.protocol.trust import Trust
from tests.protocol.test_presentation import KEY, NONCE, QUERY, STATE
from tests.protocol.world import HOLDER, NOW, REFUSING, STRANGER, VCT, credential, numbered_steps, refused

HOST = "verifier.example.com"
ISSUER = "https://issuer.example.com"


def made(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
    *,
    names: tuple[x509.GeneralName, ...] = (),
    days: int = 10,
) -> x509.Certificate:
    """A certificate authority without `issuer`, else what it signs."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begun, signer = datetime.fromtimestamp(NOW, UTC) - timedelta(days=5), issuer[1] if issuer else key
    usage = x509.KeyUsage(not issuer, False, False, False, False, not issuer, not issuer, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not issuer, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def secret(scalar: int, curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, curve or ec.SECP256R1())


ROOT_KEY, LEAF_KEY = secret(0x7001), secret(0x7002)
ROOT, OTHER_ROOT = made("Root", ROOT_KEY), made("Other root", secret(0x7003))
SIGNER = LocalSigner(LEAF_KEY)
NAMES = (
    x509.DNSName(HOST),
    x509.DNSName("issuer.example.com"),
    x509.UniformResourceIdentifier(ISSUER + "/1"),
)
LEAF = made("Leaf", LEAF_KEY, (ROOT, ROOT_KEY), names=NAMES)
TRUST = Trust(anchors=[ROOT])


def header(*chain: x509.Certificate) -> dict[str, Any]:
    return {"x5c": [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in chain]}


def verify(
    unverified: dict[str, Any], anchors: tuple[x509.Certificate, ...] = (ROOT,), now: int = NOW
) -> Any:
    return certificates.verify_chain(unverified, anchors=anchors, now=now, refusing=REFUSING)


def test_a_chain_up_to_an_anchor_says_whom_its_leaf_speaks_for() -> None:
    found = verify(header(LEAF))
    assert found.jwk == SIGNER.public_jwk and HOST in found.dns_names
    assert [found.speaks_for(text) for text in (ISSUER, ISSUER + "/1", "https://other.example", HOST)] == [
        True,
        True,
        False,
        False,
    ]
    assert verify(header(LEAF), anchors=(OTHER_ROOT, ROOT)).jwk == SIGNER.public_jwk


P384 = made("P-384", secret(0x7004, ec.SECP384R1()), (ROOT, ROOT_KEY), names=NAMES)  # type: ignore[arg-type]
EXPIRED = made("Old", LEAF_KEY, (ROOT, ROOT_KEY), names=NAMES, days=1)
NO_AUTHORITY = made("Below a leaf", secret(0x7005), (LEAF, LEAF_KEY), names=NAMES)
STEPS: dict[int, list[tuple[dict[str, Any], tuple[x509.Certificate, ...], str]]] = {
    1: [
        ({}, (ROOT,), "x5c"),
        ({"x5c": []}, (ROOT,), "x5c"),
        ({"x5c": "MIIB"}, (ROOT,), "x5c"),
        ({"x5c": [1]}, (ROOT,), "x5c"),
        ({"x5c": ["AAAA"]}, (ROOT,), "x5c"),
        ({"x5c": ["A" * 9000]}, (ROOT,), "x5c"),
        (header(*[LEAF] * 6), (ROOT,), "x5c"),
    ],
    2: [(header(ROOT), (ROOT,), "x5c_self_signed")],
    3: [
        (header(LEAF), (), "x5c_not_trusted"),
        (header(LEAF), (OTHER_ROOT,), "x5c_not_trusted"),
        (header(EXPIRED), (ROOT,), "x5c_not_trusted"),
        (header(NO_AUTHORITY, LEAF), (ROOT,), "x5c_not_trusted"),
    ],
    4: [(header(P384), (ROOT,), "x5c_key")],
}


@pytest.mark.parametrize(
    ("unverified", "anchors", "reason"), [case for cases in STEPS.values() for case in cases]
)
def test_a_chain_that_fails_one_step_is_refused(
    unverified: dict[str, Any], anchors: tuple[x509.Certificate, ...], reason: str
) -> None:
    assert refused(lambda: verify(unverified, anchors)).reason == reason


def test_each_step_of_the_chain_has_a_failing_test() -> None:
    assert set(STEPS) == numbered_steps(certificates.verify_chain)


def signed_with(chain: list[x509.Certificate], issuer: str, signer: LocalSigner = SIGNER) -> str:
    return credential(signer=signer, issuer=issuer, header={"x5c": certificates.x5c_of(chain)})


def judge(text: str, trust: Trust = TRUST) -> sd_jwt_vc.VerifiedCredential:
    return sd_jwt_vc.verify_credential(text, trust=trust, expected_vcts=[VCT], now=NOW)


def test_a_credential_with_a_certificate_counts_for_the_names_in_it_under_our_anchor_alone() -> None:
    assert judge(signed_with([LEAF, ROOT], ISSUER)).issuer == ISSUER
    assert refused(lambda: judge(signed_with([LEAF], "https://other.example"))).reason == "issuer_of_key"
    assert (
        refused(lambda: judge(signed_with([LEAF], ISSUER), Trust(anchors=[OTHER_ROOT]))).reason
        == "x5c_not_trusted"
    )
    # Without an anchor a certificate in the header is not even looked at.
    assert (
        refused(lambda: judge(signed_with([LEAF], ISSUER), Trust((ISSUER,), {}))).reason == "key_not_trusted"
    )
    assert (
        refused(lambda: judge(signed_with([LEAF], ISSUER, LocalSigner(secret(0x99))))).reason == "signature"
    )


def request_object(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "signer": SIGNER,
        "client_id": certificates.client_id_of_host(HOST),
        "response_uri": f"https://{HOST}/response/1",
        "response_mode": ResponseMode.DIRECT_POST_JWT,
        "nonce": NONCE,
        "state": STATE,
        "query": QUERY,
        "issued_at": NOW,
        "expires_at": NOW + 300,
        "encryption_key": KEY,
        "certificates": [LEAF, ROOT],
    }
    return presentation_request.build_request_object(**(arguments | changes))


@pytest.mark.parametrize(
    "client_id",
    [certificates.client_id_of_host(HOST), certificates.client_id_of_certificate(LEAF)],
    ids=["x509_san_dns", "x509_hash"],
)
def test_a_wallet_verifies_a_request_of_a_client_known_by_its_certificate(client_id: str) -> None:
    text = request_object(client_id=client_id)
    sent = parse_jws(text, REFUSING, expected_typ=None).header
    assert len(sent["x5c"]) == 1 and "kid" not in sent  # the anchor stays at home

    def read(**changes: Any) -> holder.VerifiedRequest:
        arguments: dict[str, Any] = {
            "expected_client_id": client_id,
            "trusted_keys": {},
            "now": NOW,
            "anchors": [ROOT],
        }
        return holder.verify_request_object(text, **(arguments | changes))

    assert read().client_id == client_id
    assert refused(lambda: read(anchors=[OTHER_ROOT])).reason == "x5c_not_trusted"
    assert refused(lambda: read(expected_client_id="x509_hash:other")).reason == "request_client_id"


@pytest.mark.parametrize(
    "changes",
    [
        {"response_uri": "https://other.example.com/response/1"},
        {"client_id": "x509_san_dns:other.example.com"},
        {"client_id": "x509_hash:AAAA"},
        {"client_id": f"redirect_uri:https://{HOST}/response/1"},
        {"client_id": HOST},
        {"signer": STRANGER},
        {"certificates": []},
        {"certificates": [ROOT]},
        {"client_id": "decentralized_identifier:did:web:x", "signer": HOLDER},
    ],
    ids=[
        "elsewhere",
        "another host",
        "another hash",
        "a redirect",
        "no prefix",
        "a stranger",
        "no chain",
        "the anchor alone",
        "a did",
    ],
)
def test_a_request_that_names_another_than_it_is_signed_by_is_not_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        request_object(**changes)


def test_a_pem_holds_a_few_certificates() -> None:
    pem = LEAF.public_bytes(Encoding.PEM) + ROOT.public_bytes(Encoding.PEM)
    assert certificates.read_certificates(pem) == [LEAF, ROOT]
    for wrong in ("", "nonsense", pem * 3):
        with pytest.raises(ValueError):
            certificates.read_certificates(wrong)
