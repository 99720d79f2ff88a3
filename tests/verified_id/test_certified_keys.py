"""The key that signs cards gets a certificate: a second way for verifiers to know the issuer, and only while it holds."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.verified_id import issuance, offers, rotation
from tenants.verified_id.models import SigningKey
from tenants.verified_id.protocol.sd_jwt_vc import verify_credential
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.services import turn_on_verified_id
from tests.holder import Wallet
from tests.verified_id.doors import run
from tests.verified_id.test_asking import answered, authority_pair
from tests.verified_id.test_flow import CLAIMS, ask, authority, jpeg
from tests.verified_id.test_transit import engine, outside
from tests.verified_id.transit_engine import Engine

__all__ = ["authority", "engine", "outside"]
Root = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


@pytest.fixture(scope="module")
def root() -> Root:
    return authority_pair()


def wanted(tenant: Tenant, *more: str) -> str:
    code, told, err = run("signing_certificate", "--tenant", tenant.slug, *more)
    assert code == 0, err
    return str(told["signing_request"])


def add(tenant: Tenant, folder: Path, pem: str) -> tuple[int, str]:
    (folder / "chain.pem").write_text(pem)
    code, _told, err = run("signing_certificate", "--tenant", tenant.slug, "--add", str(folder / "chain.pem"))
    return code, err


def certify(tenant: Tenant, folder: Path, root: Root, *more: str) -> None:
    assert add(tenant, folder, answered(wanted(tenant, *more), *root)) == (0, "")


def configurations(tenant: Tenant) -> list[str]:
    found = Wallet(tenant).client.get("/.well-known/openid-credential-issuer").json()
    return sorted(found["credential_configurations_supported"])


class X5cWallet(Wallet):
    """Asks for the card by certificate."""

    def credential(self, token: str, proof: str) -> Any:
        return self.client.post(
            "/openid4vci/credential",
            {"credential_configuration_id": "VerifiedIdentityX5c", "proofs": {"jwt": [proof]}},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )


def card_by_certificate(tenant: Tenant) -> X5cWallet:
    wallet = X5cWallet(tenant)
    with tenant_scope(tenant.id):
        made = issuance.begin_issuance(claims=CLAIMS, portrait=jpeg(), actor=SYSTEM)
        offer = offers.make_offer(made.id, other_wallet=True, configuration_id="VerifiedIdentityX5c")
    wallet.accept(offer.deep_link, offer.tx_code)
    return wallet


def test_a_card_by_certificate_is_verified_by_another_library_and_by_an_anchor_alone(
    authority: Tenant, tmp_path: Path, root: Root
) -> None:
    assert configurations(authority) == ["VerifiedIdentity"]
    certify(authority, tmp_path, root)
    assert configurations(authority) == ["VerifiedIdentity", "VerifiedIdentityX5c"]
    card = card_by_certificate(authority).credentials[0]
    signed = card.split("~")[0]

    # Another library's reading: the leaf in the header vouches for the signature, and the root for the leaf.
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    registry.max_header_length = 8192
    header = jws.extract_compact(signed.encode(), registry=registry).headers()
    (leaf,) = (x509.load_der_x509_certificate(base64.b64decode(text)) for text in header["x5c"])
    leaf.verify_directly_issued_by(root[0])
    key = ECKey.import_key(
        leaf.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )
    assert jws.deserialize_compact(signed, key, registry=registry).payload

    with tenant_scope(authority.id):
        known = get_authority()
    found = verify_credential(
        card, trust=Trust(anchors=[root[0]]), expected_vcts=[known.vct], now=int(clock.now().timestamp())
    )
    assert found.issuer == known.issuer
    with pytest.raises(Exception, match="x5c_not_trusted"):
        stranger = authority_pair()[0]
        verify_credential(
            card, trust=Trust(anchors=[stranger]), expected_vcts=[known.vct], now=int(clock.now().timestamp())
        )


def test_metadata_are_signed_by_the_certificate_where_there_is_one(
    authority: Tenant, tmp_path: Path, root: Root
) -> None:
    client = Wallet(authority).client

    def signed() -> bytes:
        answer = client.get("/.well-known/openid-credential-issuer", headers={"Accept": "application/jwt"})
        return bytes(answer.content)

    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    registry.max_header_length = 8192
    plain = jws.extract_compact(signed(), registry=registry).headers()
    assert plain["kid"].startswith("did:web:") and "x5c" not in plain
    certify(authority, tmp_path, root)
    header = jws.extract_compact(signed(), registry=registry).headers()
    assert header["typ"] == "openidvci-issuer-metadata+jwt" and "kid" not in header
    (leaf,) = (x509.load_der_x509_certificate(base64.b64decode(text)) for text in header["x5c"])
    leaf.verify_directly_issued_by(root[0])
    key = leaf.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert jws.deserialize_compact(signed(), ECKey.import_key(key), registry=registry).payload


def test_our_own_requests_take_a_card_by_certificate_like_any_other(
    authority: Tenant, tmp_path: Path, root: Root
) -> None:
    certify(authority, tmp_path, root)
    wallet = card_by_certificate(authority)
    _row, link = ask(authority, b"b" * 32)
    assert wallet.respond(wallet.request(link)).status_code == 200


def test_when_the_certificate_ends_the_card_by_it_is_offered_no_more(
    authority: Tenant, tmp_path: Path, root: Root
) -> None:
    certify(authority, tmp_path, root)
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert configurations(authority) == ["VerifiedIdentity"]


def test_the_next_key_is_certified_before_it_takes_over(
    authority: Tenant, tmp_path: Path, root: Root
) -> None:
    certify(authority, tmp_path, root)
    assert run("signing_certificate", "--tenant", authority.slug, "--next")[0] == 1
    with tenant_scope(authority.id):
        rotation.rotate_key(actor=SYSTEM)
    certify(authority, tmp_path, root, "--next")
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert configurations(authority) == ["VerifiedIdentity", "VerifiedIdentityX5c"]
    with tenant_scope(authority.id):
        assert AuditEvent.objects.filter(name="verified_id:key:certify").count() == 2


def test_a_key_that_rests_elsewhere_signs_its_own_request(
    outside: Tenant, engine: Engine, tmp_path: Path, root: Root
) -> None:
    request = x509.load_pem_x509_csr(wanted(outside).encode())
    assert request.is_signature_valid
    certify(outside, tmp_path, root)
    assert card_by_certificate(outside).credentials


def test_only_a_certificate_for_our_key_and_name_is_taken(
    authority: Tenant, other_tenant: Tenant, tmp_path: Path, root: Root
) -> None:
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    own = wanted(authority)
    for pem, told in (
        ("nothing", "no certificates"),
        (answered(wanted(other_tenant), *root), "not for a key that signs here"),
        (answered(own, *root, x509.DNSName("elsewhere.example")), "for the name http"),
        (root[0].public_bytes(Encoding.PEM).decode(), "not for a key that signs here"),
        (_with_another_above(own, root), "signed by the one after it"),
    ):
        code, err = add(authority, tmp_path, pem)
        assert (code, told in err) == (1, True), (told, err)
    with clock.frozen(clock.now() + timedelta(days=9)):
        code, err = add(authority, tmp_path, answered(own, *root))
        assert (code, "not valid now" in err) == (1, True)
    with tenant_scope(authority.id):
        assert SigningKey.objects.get().certificates == []


def _with_another_above(request: str, root: Root) -> str:
    leaf = x509.load_pem_x509_certificates(answered(request, *root).encode())[0]
    return (leaf.public_bytes(Encoding.PEM) + authority_pair()[0].public_bytes(Encoding.PEM)).decode()
