"""*Tell your people*: the address as it is, what stands in the way, and how other sign-ins lead to it."""

from __future__ import annotations

import pytest

from portal.kit.scope import tenant_scope
from recovery.console import tell_views
from tenants.models import Tenant
from tenants.rights import Role
from tests.conftest import make_member
from tests.console.conftest import client_of_member
from tests.recovery.console.world import published_profile


def _page(tenant: Tenant, role: Role = Role.OWNER) -> str:
    answer = client_of_member(make_member(tenant, role)).get(f"/o/{tenant.slug}/recovery/tell/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_address_is_the_one_that_opens_a_recovery(tenant: Tenant) -> None:
    shown = _page(tenant)
    address = f"http://{tenant.slug}.localhost:8000/recover/"
    assert shown.count(address) >= 6
    assert "<svg" in shown
    assert f"Recover your account]({address})" in shown
    assert "128 characters at most" not in shown


def test_it_says_whether_anybody_can_recover(tenant: Tenant) -> None:
    assert "No profile is in force" in _page(tenant)
    with tenant_scope(tenant.id):
        published_profile(mode="evaluation")
    assert "Every profile in force is a trial" in _page(tenant)
    with tenant_scope(tenant.id):
        published_profile(name="For all")
    assert "Nobody recovers here yet" not in _page(tenant)


def test_whoever_manages_people_is_led_to_the_invitations(tenant: Tenant) -> None:
    invite = f"/o/{tenant.slug}/people/coverage/invite"
    assert invite in _page(tenant)
    assert invite not in _page(tenant, Role.AUDITOR)


def test_an_address_too_long_for_microsoft_is_said(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell_views, "LONGEST_IN_ENTRA", 20)
    assert "128 characters at most" in _page(tenant)


def test_it_warns_while_accounts_live_here(tenant: Tenant) -> None:
    assert "a passkey that does not open their account" in _page(tenant)


def test_it_is_found_in_the_list_of_pages(tenant: Tenant) -> None:
    shown = _page(tenant, Role.AUDITOR)
    assert f'href="/o/{tenant.slug}/recovery/tell/"' in shown
