"""Requests of every kind: plain and encrypted answers, clients known by a certificate, a purpose that wallets show."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.models import Presentation
from tenants.verified_id.protocol.encoding import parse_json_object, unb64u
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.presentation_request import CASE_TYPE
from tenants.verified_id.services import turn_on_verified_id
from tests.holder import FORM, Wallet, path_of
from tests.recovery.racing import race
from tests.verified_id.doors import run
from tests.verified_id.test_flow import ask, issued

REFUSING = Refusing("invalid_request", "test")
SHOWS = urlencode({"wallet_metadata": json.dumps({"transaction_data_types_supported": [CASE_TYPE]})})


@pytest.fixture
def authority(tenant: Tenant) -> Tenant:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


def asked(tenant: Tenant, *more: str) -> tuple[str, str]:
    code, told, err = run("request_presentation", "--tenant", tenant.slug, *more)
    assert code == 0, err
    return told["id"], told["request"]


def test_a_plain_answer_is_taken_where_it_was_asked_for_and_nowhere_else(authority: Tenant) -> None:
    wallet, (wanted, link) = issued(authority), asked(authority, "--response-mode", "direct_post")
    request = wallet.request(link)
    assert request.encryption_jwk is None
    assert wallet.respond(request).status_code == 200
    assert run("presentation_result", wanted)[1]["status"] == "verified"
    with tenant_scope(authority.id):
        row = Presentation.objects.get()
        assert (row.encryption_public_jwk, row.encryption_private_sealed) == ({}, None)
    encrypted = wallet.request(asked(authority)[1])
    body = urlencode({"vp_token": "{}", "state": encrypted.state or ""})
    answer = wallet.client.post(path_of(encrypted.response_uri), body, content_type=FORM)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_of_answers_that_come_at_once_one_counts(authority: Tenant) -> None:
    wallet, (wanted, link) = issued(authority), asked(authority)
    request = wallet.request(link)
    found = race(lambda _number: str(wallet.respond(request).status_code), times=5)
    assert found == {"200": 1, "400": 4}
    assert run("presentation_result", wanted)[1]["status"] == "verified"


# The purpose -------------------------------------------------------------------------------------------------------


def shown_texts(request: object) -> list[dict[str, str]]:
    return [parse_json_object(unb64u(text), REFUSING) for text in request.transaction_data]  # type: ignore[attr-defined]


def test_a_wallet_that_can_show_the_purpose_is_told_it_and_its_answer_carries_it(authority: Tenant) -> None:
    wallet = issued(authority)
    wanted, link = ask(authority, b"b" * 32)
    request = wallet.request(link, SHOWS)
    (shown,) = shown_texts(request)
    assert (shown["type"], shown["purpose"], shown["organisation"]) == (CASE_TYPE, "Recover", authority.name)
    # The same request for whoever fetches it next, and no answer that leaves the purpose out.
    assert shown_texts(wallet.request(link)) == [shown]
    silent = type(request)(**{**vars(request), "transaction_data": ()})
    assert wallet.respond(silent).status_code == 400
    assert wallet.respond(request).status_code == 200
    with tenant_scope(authority.id):
        assert Presentation.objects.get(id=wanted).refusals == {"transaction_data_hashes": 1}


def test_a_wallet_that_says_nothing_of_it_is_not_asked_to_show_it(authority: Tenant) -> None:
    """A wallet has to refuse a type it does not know (section 8.4)."""
    wallet = issued(authority)
    _wanted, link = ask(authority, b"b" * 32)
    other = urlencode({"wallet_metadata": json.dumps({"transaction_data_types_supported": ["payment"]})})
    for body in (other, SHOWS, ""):
        assert wallet.request(link, body).transaction_data == ()
    assert wallet.respond(wallet.request(link)).status_code == 200


@pytest.mark.parametrize("said", ["urn:readmit:case:1", {"a": 1}, [1, None], ["x"] * 65])
def test_what_a_wallet_says_of_itself_in_another_shape_says_nothing(authority: Tenant, said: object) -> None:
    _wanted, link = ask(authority, b"b" * 32)
    body = urlencode({"wallet_metadata": json.dumps({"transaction_data_types_supported": said})})
    assert Wallet(authority).request(link, body).transaction_data == ()


# Certificates ------------------------------------------------------------------------------------------------------


def authority_pair() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Access certificates")])
    return _signed(name, name, key.public_key(), key, [], is_authority=True), key


def _signed(subject, issuer, public, signer, names, *, is_authority=False):  # type: ignore[no-untyped-def]
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        not is_authority, False, False, False, False, is_authority, is_authority, False, False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def answered(
    request: str, root: x509.Certificate, key: ec.EllipticCurvePrivateKey, *names: x509.GeneralName
) -> str:
    """What the authority makes of a signing request: for the names in it, unless it is told others."""
    wanted = x509.load_pem_x509_csr(request.encode())
    own = wanted.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    made = _signed(wanted.subject, root.subject, wanted.public_key(), key, list(names or own))
    return (made.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)).decode()


def test_a_tenant_with_a_certificate_asks_by_its_host_or_by_the_certificates_digest(
    authority: Tenant, tmp_path: Path
) -> None:
    root, key = authority_pair()
    _code, told, _err = run("client_certificate", "--tenant", authority.slug)
    assert run("request_presentation", "--tenant", authority.slug, "--client", "x509_hash")[0] == 1
    chain = tmp_path / "chain.pem"
    chain.write_text(answered(told["signing_request"], root, key))
    code, added, _err = run("client_certificate", "--tenant", authority.slug, "--add", str(chain))
    assert (code, added["id"], added["host"]) == (0, told["id"], told["host"])
    wallet = issued(authority)
    for prefix in ("x509_san_dns", "x509_hash"):
        wanted, link = asked(authority, "--client", prefix)
        request = wallet.request(link, anchors=[root])
        assert request.client_id.startswith(f"{prefix}:")
        assert wallet.respond(request).status_code == 200
        assert run("presentation_result", wanted)[1]["status"] == "verified"
    wanted, link = asked(authority, "--client", "x509_hash")
    with clock.frozen(clock.now() + timedelta(days=3)):
        parsed = link.partition("request_uri=")[2]
        assert (
            parsed
            and run("request_presentation", "--tenant", authority.slug, "--client", "x509_hash")[0] == 1
        )


def test_a_certificate_of_another_key_host_or_authority_is_not_taken(
    authority: Tenant, other_tenant: Tenant, tmp_path: Path
) -> None:
    root, key = authority_pair()
    request = run("client_certificate", "--tenant", authority.slug)[1]["signing_request"]
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    others = run("client_certificate", "--tenant", other_tenant.slug)[1]["signing_request"]
    chain = tmp_path / "chain.pem"
    for wrong in (
        "nonsense",
        answered(others, root, key),
        answered(request, root, key, x509.DNSName("other.example.com")),
        root.public_bytes(Encoding.PEM).decode(),
    ):
        chain.write_text(wrong)
        code, told, err = run("client_certificate", "--tenant", authority.slug, "--add", str(chain))
        assert (code, told) == (1, {}) and err.strip()
    assert run("client_certificate", "--tenant", authority.slug, "--add", str(tmp_path / "none"))[0] == 1
