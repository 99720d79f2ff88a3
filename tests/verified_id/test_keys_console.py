"""Signing keys in the console: what each was and is, turning them over, marking one compromised."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.models import Credential, SigningKey
from tenants.verified_id.rotation import rotate_key
from tenants.verified_id.services import turn_on_verified_id
from tests.verified_id.test_flow import authority, issued
from tests.verified_id.test_issued_console import text_of

__all__ = ["authority"]


def address(tenant: Tenant, path: str = "") -> str:
    return f"/o/{tenant.slug}/verified-id/{path}"


def thumbprint_of(tenant: Tenant, state: str = "active") -> str:
    with tenant_scope(tenant.id):
        return SigningKey.objects.get(state=state).kid.partition("#")[2]


@pytest.mark.parametrize(
    ("when", "states"), [("overlap", ["active", "pending"]), ("at_once", ["active", "retired"])]
)
def test_a_new_key_signs_after_the_overlap_or_at_once(authority, staff_client, when, states):
    client = staff_client(Role.ADMINISTRATOR, authority)
    assert client.post(address(authority, "rotate"), {"word": "rotate", "when": when}).status_code == 302
    with tenant_scope(authority.id):
        assert sorted(SigningKey.objects.values_list("state", flat=True)) == states
    page = text_of(client, address(authority, "keys"))
    assert ("A new key is on its way" in page) is ("pending" in states)


def test_a_retired_key_says_until_when_it_is_published(authority, staff_client):
    issued(authority)
    with tenant_scope(authority.id):
        rotate_key(actor=SYSTEM, at_once=True)
        until = Credential.objects.get().expires_at
    page = text_of(
        staff_client(Role.AUDITOR, authority),
        address(authority, f"keys/{thumbprint_of(authority, 'retired')}"),
    )
    assert until.date().isoformat() in page and "Mark as compromised" not in page


def test_a_compromised_key_takes_the_cards_of_its_own_list_and_the_page_says_how_many(
    authority, staff_client
):
    issued(authority)
    first = thumbprint_of(authority)
    with tenant_scope(authority.id):
        rotate_key(actor=SYSTEM, at_once=True)
    issued(authority)
    client = staff_client(Role.OWNER, authority)
    where = address(authority, f"keys/{first}/compromised")
    assert "1 card is revoked" in text_of(client, where)
    assert client.post(where, {"word": "compromised", "reason": ""}).status_code == 200
    assert client.post(where, {"word": "compromised", "reason": "Laptop stolen."}).status_code == 302
    with tenant_scope(authority.id):
        assert sorted(Credential.objects.values_list("state", flat=True)) == ["revoked", "valid"]
    cards = text_of(client, address(authority, f"issued?key={first}"))
    assert "1 of 1 cards" in cards and "The key that signed it was revoked" in cards
    assert "revoked already" in text_of(client, where)


def test_a_card_that_expired_is_counted_apart(authority, staff_client):
    issued(authority)
    with tenant_scope(authority.id):
        Credential.objects.update(expires_at=clock.now() - timedelta(days=1))
    where = address(authority, f"keys/{thumbprint_of(authority)}/compromised")
    page = text_of(staff_client(Role.OWNER, authority), where)
    assert "1 card is revoked" in page and "valid now" not in page


def test_another_tenants_key_is_not_found(authority, staff_client, other_tenant):
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    client = staff_client(Role.OWNER, other_tenant)
    theirs = thumbprint_of(authority)
    assert client.get(address(other_tenant, f"keys/{theirs}")).status_code == 404
    where = address(other_tenant, f"keys/{theirs}/compromised")
    assert client.post(where, {"word": "compromised", "reason": "Mine now."}).status_code == 404
    with tenant_scope(authority.id):
        assert SigningKey.objects.get().state == "active"


def test_the_end_of_a_thumbprint_names_no_key(authority, staff_client):
    client = staff_client(Role.OWNER, authority)
    assert client.get(address(authority, f"keys/{thumbprint_of(authority)[-6:]}")).status_code == 404
