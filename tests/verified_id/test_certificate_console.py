"""The certificate of a signing key, got and replaced in the console."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.models import SigningKey
from tenants.verified_id.rotation import revoke_key, rotate_key
from tenants.verified_id.services import turn_on_verified_id
from tests.verified_id.test_asking import answered, authority_pair
from tests.verified_id.test_certified_keys import Root, card_by_certificate, configurations
from tests.verified_id.test_flow import authority
from tests.verified_id.test_issued_console import text_of
from tests.verified_id.test_keys_console import thumbprint_of
from tests.verified_id.test_transit import engine, outside

__all__ = ["authority", "engine", "outside"]
BY_CERTIFICATE = "VerifiedIdentityX5c"


@pytest.fixture(scope="module")
def root() -> Root:
    return authority_pair()


def page_of(tenant: Tenant, state: str = "active") -> str:
    return f"/o/{tenant.slug}/verified-id/keys/{thumbprint_of(tenant, state)}/certificate"


def request_of(client: Client, page: str) -> str:
    answer = client.get(f"{page}/request")
    assert answer.headers["Content-Type"] == "application/pkcs10"
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer.content.decode()


def send(client: Client, page: str, chain: str) -> str:
    """Sent; the words of the page it ends on."""
    answer = client.post(page, {"chain": SimpleUploadedFile("chain.pem", chain.encode())}, follow=True)
    return answer.content.decode()


def test_a_certificate_is_asked_for_and_taken_on_its_page_and_the_offer_follows(
    authority: Tenant, staff_client, root: Root
) -> None:
    client, page = staff_client(Role.ADMINISTRATOR, authority), page_of(authority)
    request = request_of(client, page)
    assert x509.load_pem_x509_csr(request.encode()).is_signature_valid
    told = send(client, page, answered(request, *root))
    assert "Cards by certificate are offered" in told and BY_CERTIFICATE in told
    assert configurations(authority) == ["VerifiedIdentity", BY_CERTIFICATE]
    assert card_by_certificate(authority).credentials
    with tenant_scope(authority.id):
        event = AuditEvent.objects.get(name="verified_id:key:certify")
    assert event.actor_kind == "member"
    for path in (f"/o/{authority.slug}/verified-id/keys", page.removesuffix("/certificate")):
        assert ">Valid<" in client.get(path).content.decode().replace("\n", "")


def test_the_page_of_a_certificate_that_ended_says_so(authority: Tenant, staff_client, root: Root) -> None:
    client, page = staff_client(Role.OWNER, authority), page_of(authority)
    send(client, page, answered(request_of(client, page), *root))
    with clock.frozen(clock.now() + timedelta(days=3)):
        told = text_of(client, page)
        assert "The certificate has ended" in told and "Cards by certificate are offered" not in told
        assert configurations(authority) == ["VerifiedIdentity"]


def test_the_key_that_waits_gets_its_own_before_it_signs(authority: Tenant, staff_client, root: Root) -> None:
    client, page = staff_client(Role.OWNER, authority), page_of(authority)
    first = answered(request_of(client, page), *root)
    send(client, page, first)
    keys = f"/o/{authority.slug}/verified-id/keys"
    assert "no certificate yet" not in text_of(client, keys)
    with tenant_scope(authority.id):
        rotate_key(actor=SYSTEM)
    assert "The new key has no certificate yet" in text_of(client, keys)
    waiting = page_of(authority, "pending")
    assert "another of your keys" in send(client, waiting, first)
    assert "It counts once this key signs" in send(
        client, waiting, answered(request_of(client, waiting), *root)
    )
    assert "no certificate yet" not in text_of(client, keys)
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert configurations(authority) == ["VerifiedIdentity", BY_CERTIFICATE]


def test_a_key_at_a_key_service_signs_the_request_on_the_page_too(outside: Tenant, engine, staff_client):
    request = request_of(staff_client(Role.OWNER, outside), page_of(outside))
    assert x509.load_pem_x509_csr(request.encode()).is_signature_valid


@pytest.mark.parametrize(
    ("chain", "told"),
    [
        ("", "This file is empty"),
        ("nothing", "no certificates in PEM"),
        ("\x00\xff", "no certificates in PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificates in PEM"),
        ("x" * 70_000, "too large to be a chain"),
    ],
)
def test_what_is_no_chain_is_refused_in_a_sentence(authority: Tenant, staff_client, chain: str, told: str):
    client, page = staff_client(Role.OWNER, authority), page_of(authority)
    assert told in send(client, page, chain)
    assert "Choose the file" in client.post(page, {"chain": "text in its place"}).content.decode()
    with tenant_scope(authority.id):
        assert SigningKey.objects.get().certificates == []


def test_only_who_manages_verified_id_asks_for_one_or_takes_one(authority: Tenant, staff_client, root: Root):
    chain = answered(request_of(staff_client(Role.OWNER, authority), page_of(authority)), *root)
    auditor, page = staff_client(Role.AUDITOR, authority), page_of(authority)
    told = text_of(auditor, page)
    assert "This key has no certificate" in told and "Download" not in told
    assert auditor.get(f"{page}/request").status_code == 403
    refused = auditor.post(page, {"chain": SimpleUploadedFile("chain.pem", chain.encode())})
    assert refused.status_code == 403
    with tenant_scope(authority.id):
        assert SigningKey.objects.get().certificates == []


def test_neither_another_organisations_key_nor_one_that_is_over_has_a_page(
    authority: Tenant, staff_client, other_tenant: Tenant
) -> None:
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    page = page_of(authority)
    stranger = staff_client(Role.OWNER, other_tenant)
    for path in (page, f"{page}/request"):
        assert stranger.get(path.replace(authority.slug, other_tenant.slug)).status_code == 404
        assert stranger.get(path).status_code == 404
    with tenant_scope(authority.id):
        revoke_key(SigningKey.objects.get().id, actor=SYSTEM)
    client = staff_client(Role.OWNER, authority)
    assert client.get(page).status_code == client.get(f"{page}/request").status_code == 404
    assert "Certificate</h" not in text_of(client, page.removesuffix("/certificate"))
