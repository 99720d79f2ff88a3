"""Trusted issuers in the console: who sees them, who adds, checks and removes one, and what the page says."""

from __future__ import annotations

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.rights import Role
from tenants.verified_id import trusting
from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.services import turn_on_verified_id
from tests.verified_id.others import EMPLOYER, pages, publish, signer, trust, work

__all__ = ["pages"]
WANTED = {"name": "Employer", "purpose": "employee", "did": EMPLOYER, "requires_domain": "on"}


def address(tenant, path=""):
    return f"/o/{tenant.slug}/verified-id/issuers{path}"


@pytest.fixture
def authority(tenant):
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


def test_an_administrator_adds_checks_and_removes_an_issuer(authority, staff_client, pages):
    client = staff_client(Role.ADMINISTRATOR)
    assert "Nobody is trusted" in client.get(address(authority)).content.decode()
    assert client.post(address(authority, "/new"), WANTED).status_code == 302
    work(authority)
    page = client.get(address(authority)).content.decode()
    assert "Not trusted now" in page and "The host name is not known." in page
    publish(pages, signer(EMPLOYER))
    with tenant_scope(authority.id):
        row = TrustedIssuer.objects.get()
    assert (row.types, row.format) == (["VerifiableCredential", "VerifiedEmployee"], "jwt_vc_json")
    assert client.post(address(authority, f"/{row.public_id}/check")).status_code == 302
    work(authority)
    page = client.get(address(authority)).content.decode()
    assert "www.employer.example.com vouches for it" in page and "Employment" in page
    removing = address(authority, f"/{row.public_id}/remove")
    assert client.post(removing, {"word": "no"}).status_code == 200
    assert client.post(removing, {"word": "remove"}).status_code == 302
    with tenant_scope(authority.id):
        assert not TrustedIssuer.objects.exists()
        names = set(AuditEvent.objects.values_list("name", flat=True))
    assert {f"verified_id:trusted_issuer:{verb}" for verb in ("add", "check", "remove")} <= names


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"did": ""}, "Enter a DID or a certificate"),
        ({"did": "https://employer.example.com"}, "Enter a did:web"),
        ({"certificate_pem": "x"}, "one of the two"),
        ({"did": "", "certificate_pem": "x", "status_origin": "https://a.example"}, "no certificate in PEM"),
        ({"purpose": "king"}, "king"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(authority, staff_client, changes, sentence):
    answer = staff_client(Role.ADMINISTRATOR).post(address(authority, "/new"), WANTED | changes)
    assert answer.status_code == 200 and sentence in answer.content.decode()
    with tenant_scope(authority.id):
        assert not TrustedIssuer.objects.exists()


def test_a_type_of_ones_own_goes_with_the_format(authority, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    client.post(address(authority, "/new"), WANTED | {"types": "AcmeEmployee"})
    client.post(address(authority, "/new"), WANTED | {"types": "https://a.example/1", "format": "dc+sd-jwt"})
    with tenant_scope(authority.id):
        found = {row.format: row.types for row in TrustedIssuer.objects.all()}
    assert found == {
        "jwt_vc_json": ["VerifiableCredential", "AcmeEmployee"],
        "dc+sd-jwt": ["https://a.example/1"],
    }


def test_who_may_see_may_not_change_and_strangers_find_nothing(authority, other_tenant, staff_client, pages):
    publish(pages, signer(EMPLOYER))
    row = trust(authority)
    auditor = staff_client(Role.AUDITOR)
    page = auditor.get(address(authority)).content.decode()
    assert "Employer" in page and "Check again" not in page and "Trust another" not in page
    for path, method in (
        ("/new", "get"),
        (f"/{row.public_id}/check", "post"),
        (f"/{row.public_id}/remove", "post"),
    ):
        assert getattr(auditor, method)(address(authority, path)).status_code == 403
        assert getattr(staff_client(Role.HELP_DESK), method)(address(authority, path)).status_code == 403
    stranger = staff_client(Role.OWNER, other_tenant)
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    assert stranger.get(address(authority)).status_code == 404
    for path in (f"/{row.public_id}/check", f"/{row.public_id}/remove", "/nonsense/check"):
        assert stranger.post(address(other_tenant, path), {"word": "remove"}).status_code == 404
    with tenant_scope(authority.id):
        assert trusting.get_trusted_issuer(row.id).state == "trusted"
