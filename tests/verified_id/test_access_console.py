"""The access certificate, got and replaced in the console."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.clients import ClientPrefix, client_id_for
from tenants.verified_id.models import ClientCertificate
from tenants.verified_id.selectors import get_authority
from tests.verified_id.test_asking import answered, authority_pair
from tests.verified_id.test_certified_keys import Root
from tests.verified_id.test_flow import authority

__all__ = ["authority"]


@pytest.fixture(scope="module")
def root() -> Root:
    return authority_pair()


def requested(client: Client, page: str) -> str:
    client.post(f"{page}/new")
    answer = client.get(f"{page}/request")
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer.content.decode()


def send(client: Client, page: str, chain: str) -> str:
    answer = client.post(page, {"chain": SimpleUploadedFile("chain.pem", chain.encode())}, follow=True)
    return answer.content.decode()


def client_id(tenant: Tenant) -> str:
    with tenant_scope(tenant.id):
        return client_id_for(ClientPrefix.HASH, get_authority())


def test_a_key_waits_for_its_certificate_and_signs_from_then_on(
    authority: Tenant, staff_client, root: Root
) -> None:
    client, page = staff_client(Role.ADMINISTRATOR, authority), f"/o/{authority.slug}/verified-id/access"
    assert "Upload what it sent back" not in client.get(page).content.decode()
    request = requested(client, page)
    assert requested(client, page) and x509.load_pem_x509_csr(request.encode()).is_signature_valid
    with tenant_scope(authority.id):
        assert ClientCertificate.objects.count() == 1, "one key at a time waits"
    told = send(client, page, answered(request, *root))
    first = client_id(authority)
    assert first in told and "Valid" in told
    assert client.get(f"{page}/request").status_code == 404
    told = send(client, page, answered(requested(client, page), *root))
    assert client_id(authority) != first and client_id(authority) in told


def test_a_certificate_that_ended_or_is_of_another_key_is_told(
    authority: Tenant, staff_client, root: Root
) -> None:
    client, page = staff_client(Role.OWNER, authority), f"/o/{authority.slug}/verified-id/access"
    request = requested(client, page)
    assert "holds no certificates" in send(client, page, "none")
    send(client, page, answered(request, *root))
    with tenant_scope(authority.id):
        ClientCertificate.objects.update(host="elsewhere.example")
    assert "has to be signed by an authority" in send(client, page, answered(request, *root))
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert "The certificate has ended" in client.get(page).content.decode()
