"""Issuers beside the tenant itself: believed once they were checked, for their own types, while their status says so."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid, NotHere
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import trusting
from tenants.verified_id.models import Presentation, TrustedIssuer
from tenants.verified_id.protocol import holder, status_list
from tenants.verified_id.protocol.certificates import x5c_of
from tenants.verified_id.protocol.keys import LocalSigner
from tenants.verified_id.protocol.sd_jwt_vc import issue_credential
from tenants.verified_id.protocol.status_list import Status, StatusReference
from tenants.verified_id.services import turn_on_verified_id
from tests.holder import FORM, Wallet, path_of
from tests.verified_id.doors import run
from tests.verified_id.others import (
    EMPLOYEE,
    EMPLOYER,
    HOST,
    PID_HOST,
    Pages,
    asked,
    employee_card,
    in_a_jwt,
    now,
    pages,
    publish,
    publish_status,
    result,
    show,
    signer,
    trust,
    work,
)
from tests.verified_id.test_asking import _signed, authority_pair
from tests.verified_id.test_flow import issued

__all__ = ["pages"]


@pytest.fixture
def authority(tenant: Tenant) -> Tenant:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


def test_an_employees_card_is_believed_once_issuer_domain_and_status_were_read(
    authority: Tenant, pages: Pages
) -> None:
    key, wallet = signer(EMPLOYER), Wallet(authority)
    publish(pages, key)
    row = trust(authority)
    assert (row.state, row.domain, row.problem) == ("trusted", "https://www.employer.example.com", "")
    wanted, link = asked(authority, "employee")
    assert show(wallet, link, in_a_jwt(wallet, employee_card(key, wallet))).status_code == 200
    assert (result(wanted)["status"], result(wanted)["claims"]) == ("checking", {})
    work(authority)
    told = result(wanted)
    assert (told["status"], told["claims"], told["issuer"]) == ("verified", EMPLOYEE, EMPLOYER)
    assert (told["format"], told["credential"]) == ("jwt_vc_json", "")
    assert "VerifiedEmployee" in told["type"]


def test_an_empty_list_trusts_nobody(authority: Tenant) -> None:
    code, told, err = run("request_presentation", "--tenant", authority.slug, "--accept", "employee")
    assert (code, told) == (1, {}) and "No issuer is trusted" in err


def breaking(pages: Pages, what: str) -> None:
    domain = "https://www.employer.example.com/.well-known/did-configuration.json"
    match what:
        case "name_not_found":
            pages.clear()
        case "http_404":
            pages[f"{HOST}/.well-known/did.json"] = (404, b"")
        case "json":
            pages[f"{HOST}/.well-known/did.json"] = b"<html>"
        case "did_document_id":
            pages[f"{HOST}/.well-known/did.json"] |= {"id": "did:web:other.example.com"}
        case "linked_domain_missing":
            del pages[f"{HOST}/.well-known/did.json"]["service"]
        case "linkage_key" | "key_not_trusted":
            publish(other := {}, signer(EMPLOYER))
            pages[domain] = other[domain]


@pytest.mark.parametrize(
    "problem",
    ["name_not_found", "http_404", "json", "did_document_id", "linked_domain_missing", "key_not_trusted"],
)
def test_an_issuer_that_fails_its_check_is_not_believed(
    authority: Tenant, pages: Pages, problem: str
) -> None:
    publish(pages, signer(EMPLOYER))
    breaking(pages, problem)
    row = trust(authority)
    assert (row.state, row.problem, row.keys) == ("broken", problem, {})
    assert run("request_presentation", "--tenant", authority.slug, "--accept", "employee")[0] == 1


def test_without_the_domain_check_its_document_is_enough(authority: Tenant, pages: Pages) -> None:
    publish(pages, signer(EMPLOYER))
    breaking(pages, "linked_domain_missing")
    assert trust(authority, requires_domain=False).state == "trusted"


def test_an_issuer_that_was_not_checked_for_a_day_or_was_removed_is_not_believed(
    authority: Tenant, pages: Pages
) -> None:
    key, wallet = signer(EMPLOYER), Wallet(authority)
    publish(pages, key)
    row = trust(authority)
    card = employee_card(key, wallet, expires_at=now() + 200_000)
    (wanted, link), (second, other) = asked(authority, "employee"), asked(authority, "employee")
    with tenant_scope(authority.id):
        TrustedIssuer.objects.update(checked_at=clock.now() - timedelta(hours=25))
    assert show(wallet, link, in_a_jwt(wallet, card)).status_code == 400
    assert result(wanted)["reasons"] == ["key_not_trusted"]
    with tenant_scope(authority.id):
        TrustedIssuer.objects.update(checked_at=clock.now())
    assert show(wallet, link, in_a_jwt(wallet, card)).status_code == 200
    with tenant_scope(authority.id):
        trusting.remove_trusted_issuer(row.id, actor=SYSTEM)
    work(authority)
    assert (result(wanted)["status"], result(wanted)["reasons"]) == (
        "refused",
        ["issuer_not_trusted", "key_not_trusted"],
    )
    assert show(wallet, other, in_a_jwt(wallet, card)).status_code == 400
    assert result(second)["reasons"] == ["key_not_trusted"]


def status_of_card(pages: Pages, key: LocalSigner, what: str) -> None:
    match what:
        case "status_not_valid":
            publish_status(pages, key, _7=Status.INVALID)
        case "status_unavailable":
            del pages[f"{HOST}/status/1"]
        case "key_not_trusted":
            publish_status(pages, signer("did:web:other.example.com"))
        case "signature":
            forged = signer(EMPLOYER)
            forged.kid = key.kid
            publish_status(pages, forged)
        case "token_parts":
            pages[f"{HOST}/status/1"] = b"<html>"


@pytest.mark.parametrize(
    "problem", ["status_not_valid", "status_unavailable", "key_not_trusted", "signature", "token_parts"]
)
def test_whatever_a_status_list_says_but_valid_is_a_no(authority: Tenant, pages: Pages, problem: str) -> None:
    key, wallet = signer(EMPLOYER), Wallet(authority)
    publish(pages, key)
    trust(authority)
    status_of_card(pages, key, problem)
    wanted, link = asked(authority, "employee")
    assert show(wallet, link, in_a_jwt(wallet, employee_card(key, wallet))).status_code == 200
    work(authority)
    told = result(wanted)
    assert (told["status"], told["claims"], told["reasons"]) == ("refused", {}, [problem])
    with tenant_scope(authority.id):
        row = Presentation.objects.get()
        assert (row.sealed, row.data_key, row.response_code_digest) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (None, "status_missing"),
        (StatusReference("https://evil.example.com/status/1", 7), "status_elsewhere"),
        (StatusReference("http://169.254.169.254/latest", 7), "status_elsewhere"),
        (StatusReference(f"{HOST}.evil.example/status/1", 7), "status_elsewhere"),
        (StatusReference(f"{HOST}:8443/status/1", 7), "status_elsewhere"),
        (StatusReference("https://x@employer.example.com/status/1", 7), "status_elsewhere"),
    ],
)
def test_a_status_is_asked_only_where_the_issuers_lists_lie(
    authority: Tenant, pages: Pages, status: StatusReference | None, reason: str
) -> None:
    key, wallet = signer(EMPLOYER), Wallet(authority)
    publish(pages, key)
    trust(authority)
    wanted, link = asked(authority, "employee")
    card = employee_card(key, wallet, status=status)
    assert show(wallet, link, in_a_jwt(wallet, card)).json() == {"error": "invalid_request"}
    assert result(wanted)["reasons"] == [reason]


def test_a_trusted_issuer_answers_for_its_own_types_alone(authority: Tenant, pages: Pages) -> None:
    """Neither the tenant's own Verified ID nor another issuer's card can be made with its key."""
    key, wallet = signer(EMPLOYER), Wallet(authority)
    publish(pages, key)
    trust(authority)
    wanted, link = asked(authority, "verified_id", "employee")
    with tenant_scope(authority.id):
        vct = Presentation.objects.get().query["credentials"][0]["meta"]["vct_values"][0]
    forged = issue_credential(
        signer=key,
        issuer=EMPLOYER,
        vct=vct,
        holder_key=wallet.signer.public_jwk,
        issued_at=now() - 10,
        expires_at=now() + 1000,
        disclosable=dict.fromkeys(
            ("given_name", "family_name", "birthdate", "portrait", "assurance_level", "verified_at"), "x"
        ),
        random=secrets.token_bytes,
        status=StatusReference(f"{HOST}/status/1", 7),
    )

    def as_own(request: holder.VerifiedRequest) -> dict[str, list[str]]:
        return holder.build_vp_token(
            type(request)(**{**vars(request), "query": type(request.query)(request.query.credentials[:1])}),
            {"verified_id": forged},
            signer=wallet.signer,
            now=now(),
        )

    assert show(wallet, link, as_own).status_code == 400
    other = employee_card(key, wallet, types=["VerifiedIdentity"])
    assert show(wallet, link, in_a_jwt(wallet, other)).status_code == 400
    assert result(wanted)["reasons"] == ["key_not_trusted", "vc_type"]


def test_whichever_of_the_accepted_ones_is_shown_will_do(authority: Tenant, pages: Pages) -> None:
    key = signer(EMPLOYER)
    publish(pages, key)
    trust(authority)
    wallet = issued(authority)
    wanted, link = asked(authority, "verified_id", "employee")
    request = wallet.request(link)
    assert len(request.query.credential_sets) == 1 and len(request.query.credentials) == 2
    own = type(request)(**{**vars(request), "query": type(request.query)(request.query.credentials[:1])})
    assert wallet.respond(own).status_code == 200
    assert result(wanted)["status"] == "verified"


def test_a_states_card_is_believed_by_the_certificate_of_its_authority(
    authority: Tenant, pages: Pages
) -> None:
    root, root_key = authority_pair()
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    issuer = LocalSigner(leaf_key)
    leaf = _leaf(root, root_key, leaf_key)
    pem = root.public_bytes(Encoding.PEM).decode()
    trust(authority, name="PID", purpose="pid", did="", certificate_pem=pem, status_origin=PID_HOST)
    wallet = Wallet(authority)
    pid = issue_credential(
        signer=issuer,
        issuer=PID_HOST,
        vct="urn:eudi:pid:1",
        holder_key=wallet.signer.public_jwk,
        issued_at=now() - 10,
        expires_at=now() + 1000,
        disclosable={"given_name": "Ada", "family_name": "Example", "birthdate": "1990-04-12", "sex": 2},
        random=secrets.token_bytes,
        status=StatusReference(f"{PID_HOST}/status/1", 3),
        header={"x5c": x5c_of([leaf])},
    )
    pages[f"{PID_HOST}/status/1"] = _listed(issuer, leaf)
    wanted, link = asked(authority, "pid")
    request = wallet.request(link)
    (query,) = request.query.credentials
    assert [authority_hint.type for authority_hint in query.trusted_authorities] == ["aki"]
    shown = holder.build_vp_token(request, {query.id: pid}, signer=wallet.signer, now=now())
    body = holder.authorization_response(request, shown)
    assert wallet.client.post(path_of(request.response_uri), body, content_type=FORM).status_code == 200
    work(authority)
    told = result(wanted)
    assert (told["status"], told["issuer"]) == ("verified", PID_HOST)
    assert told["claims"]["given_name"] == "Ada" and "sex" not in told["claims"]


def _leaf(root: Any, root_key: Any, key: ec.EllipticCurvePrivateKey) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PID provider")])
    names = [x509.DNSName("pid.example.eu")]
    return _signed(subject, root.subject, key.public_key(), root_key, names)


def _listed(issuer: LocalSigner, leaf: Any) -> bytes:
    from tenants.verified_id.protocol.jws import sign_jws

    claims = {
        "sub": f"{PID_HOST}/status/1",
        "iat": now() - 10,
        "exp": now() + 600,
        "status_list": status_list.encode_status_list(status_list.pack_statuses({}, size=64), bits=2),
    }
    header: Mapping[str, Any] = {"x5c": x5c_of([leaf])}
    return sign_jws(issuer, typ=status_list.TYP, claims=claims, header=header, with_kid=False).encode()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"did": ""}, "issuer_unnamed"),
        ({"certificate_pem": "x"}, "issuer_unnamed"),
        ({"did": "did:key:z6Mk"}, "did_unusable"),
        ({"did": "", "certificate_pem": "nonsense", "status_origin": PID_HOST}, "certificate_unreadable"),
    ],
    ids=str,
)
def test_what_cannot_be_an_issuer_is_refused(authority: Tenant, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        trust(authority, **wrong)
    assert refused.value.code == code and refused.value.sentence


def test_a_tenants_list_is_its_own(authority: Tenant, other_tenant: Tenant, pages: Pages) -> None:
    publish(pages, signer(EMPLOYER))
    row = trust(authority)
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        assert list(trusting.trusted_issuers()) == []
        with pytest.raises(NotHere):
            trusting.remove_trusted_issuer(row.id, actor=SYSTEM)
    assert run("request_presentation", "--tenant", other_tenant.slug, "--accept", "employee")[0] == 1
