"""The page of the connection: who may, what is refused, what is shown, and what is destroyed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.entra import services
from tenants.verified_id.entra.models import EntraConnection
from tenants.verified_id.services import turn_on_verified_id
from tests.verified_id.entra.conftest import work_off
from tests.verified_id.entra.entered import MANIFEST

Staff = Callable[..., Client]
FORM = {
    "directory": "8C6B7F0E-1d2a-4b3c-9d4e-5f6a7b8c9d0e",
    "client_id": "8c6b7f0e-1d2a-4b3c-9d4e-5f6a7b8c9d0e",
    "client_secret": "s3cret~value",
    "authority": "did:web:verifiedid.contoso.com",
    "manifest_url": MANIFEST,
    "credential_type": "VerifiedIdentity",
    "accepted_issuers": "did:web:verifiedid.contoso.com\n did:web:other.example \n",
    "photo_claim": "portrait",
}


@pytest.fixture(autouse=True)
def authority(tenant: Tenant) -> Any:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    yield
    # Its test would go out to Microsoft.
    work_off(tenant)


def address(tenant: Tenant, path: str = "") -> str:
    return f"/o/{tenant.slug}/verified-id/entra{path}"


def stored(tenant: Tenant) -> EntraConnection | None:
    with tenant_scope(tenant.id):
        return services.connection()


def test_an_administrator_connects_and_an_auditor_looks(tenant: Tenant, staff_client: Staff) -> None:
    admin, auditor = staff_client(Role.ADMINISTRATOR), staff_client(Role.AUDITOR)
    assert auditor.post(address(tenant), FORM).status_code == 403 and stored(tenant) is None
    assert admin.post(address(tenant), FORM).status_code == 302
    row = stored(tenant)
    assert row is not None and row.directory == FORM["directory"].lower()
    assert row.accepted_issuers == ["did:web:verifiedid.contoso.com", "did:web:other.example"]
    assert b"s3cret" not in bytes(row.secret_sealed)
    page = auditor.get(address(tenant)).content.decode()
    assert "did:web:other.example" in page and "<form" not in page.split("<main")[1]
    assert "s3cret" not in page + admin.get(address(tenant)).content.decode()
    assert auditor.post(address(tenant, "/test")).status_code == 403
    assert auditor.get(address(tenant, "/remove")).status_code == 403


def test_another_organisation_reads_nothing(
    tenant: Tenant, other_tenant: Tenant, staff_client: Staff
) -> None:
    staff_client(Role.ADMINISTRATOR).post(address(tenant), FORM)
    stranger = staff_client(Role.OWNER, other_tenant)
    for path in ("", "/state", "/remove"):
        assert stranger.get(address(tenant, path)).status_code == 404
    assert stranger.post(address(tenant, "/test")).status_code == 404
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    work_off(other_tenant)
    assert "did:web:other.example" not in stranger.get(address(other_tenant)).content.decode()


WRONG = [
    ("directory", "contoso.onmicrosoft.com", "This is not an ID"),
    ("client_id", "../../x", "This is not an ID"),
    ("client_secret", "two words", "no client secret"),
    ("authority", "https://contoso.com", "did:web:"),
    ("manifest_url", "http://169.254.169.254/manifest", "not the address of a manifest"),
    ("manifest_url", MANIFEST.replace("8c6b7f0e-1d2a", "00000000-1d2a"), "another directory"),
    ("credential_type", "<b>", "Use letters and digits"),
    ("accepted_issuers", " \n ", "Name at least one issuer"),
    ("accepted_issuers", "everybody", "did:web:"),
    ("accepted_issuers", "\n".join(f"did:web:i{number}.example" for number in range(21)), "at most 20"),
    ("photo_claim", "a b", "Use letters and digits"),
]


def test_what_cannot_be_used_is_said_beside_its_field(tenant: Tenant, staff_client: Staff) -> None:
    admin = staff_client(Role.ADMINISTRATOR)
    for field, value, said in WRONG:
        answer = admin.post(address(tenant), {**FORM, field: value})
        assert answer.status_code == 200 and said in answer.content.decode(), (field, value)
    assert stored(tenant) is None


def test_a_secret_left_empty_stays_and_a_colleague_is_not_overwritten(
    tenant: Tenant, staff_client: Staff
) -> None:
    admin = staff_client(Role.ADMINISTRATOR)
    admin.post(address(tenant), FORM)
    page = admin.get(address(tenant)).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen is not None
    before = stored(tenant)
    assert before is not None
    changed = {**FORM, "client_secret": "", "photo_claim": "photo", "seen": seen[1]}
    assert admin.post(address(tenant), changed).status_code == 302
    after = stored(tenant)
    assert after is not None and after.photo_claim == "photo"
    assert bytes(after.secret_sealed) == bytes(before.secret_sealed)
    late = admin.post(address(tenant), {**changed, "photo_claim": "face"})
    assert late.status_code == 200 and "A colleague saved this page" in late.content.decode()


def test_the_page_waits_for_a_test_and_says_that_it_only_connects(
    tenant: Tenant, staff_client: Staff, django_assert_max_num_queries: Any
) -> None:
    admin = staff_client(Role.ADMINISTRATOR)
    assert "Recoveries do not use it" in admin.get(address(tenant)).content.decode()
    admin.post(address(tenant), FORM)
    with django_assert_max_num_queries(12):
        page = admin.get(address(tenant)).content.decode()
    assert "Trying…" in page and 'hx-trigger="every 2s"' in page
    assert "Trying…" in admin.get(address(tenant, "/state")).content.decode()
    assert admin.post(address(tenant, "/test")).status_code == 302


def test_removing_needs_the_word_and_destroys_everything(tenant: Tenant, staff_client: Staff) -> None:
    admin = staff_client(Role.ADMINISTRATOR)
    assert admin.post(address(tenant, "/test")).status_code == 404
    admin.post(address(tenant), FORM)
    assert admin.post(address(tenant, "/remove"), {"word": "yes"}).status_code == 200
    assert stored(tenant) is not None
    assert admin.post(address(tenant, "/remove"), {"word": "Remove"}).status_code == 302
    assert stored(tenant) is None


def test_without_an_authority_there_is_no_page(other_tenant: Tenant, staff_client: Staff) -> None:
    stranger = staff_client(Role.OWNER, other_tenant)
    assert stranger.get(address(other_tenant)).status_code == 404
