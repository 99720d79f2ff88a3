"""The page Payment: who sees it, what it says, and the way to the hosted pages."""

from __future__ import annotations

import re

import pytest

from portal.kit.scope import tenant_scope
from tenants.rights import Role
from vendors.billing.collecting.asking import ask_for_customer


def address(tenant, path=""):
    return f"/o/{tenant.slug}/usage/payment/{path}"


def ready(stage):
    with tenant_scope(stage.tenant.id):
        ask_for_customer("EUR")
    stage.work()
    stage.pay_by()
    stage.deliver_all()
    stage.read()


def test_the_page_shows_the_card_and_says_that_it_is_a_sandbox(stage, staff_client) -> None:
    client = staff_client(Role.BILLING_MANAGER)
    before = client.get(address(stage.tenant)).content.decode()
    assert "Sandbox: no money moves" in before and "Add a payment method" in before
    ready(stage)
    page = client.get(address(stage.tenant)).content.decode()
    assert "4242" in page and "Visa" in page and "Add a payment method" not in page
    assert "cus_" not in page and "pm_" not in page


def test_without_a_key_the_page_says_that_nobody_collects(tenant, staff_client) -> None:
    page = staff_client(Role.OWNER).get(address(tenant)).content.decode()
    assert "Nobody collects yet" in page and "Add a payment method" not in page


@pytest.mark.parametrize("what", ["card", "portal"])
def test_a_button_leads_to_a_hosted_page_by_a_link_of_ours(stage, staff_client, what) -> None:
    client = staff_client(Role.BILLING_MANAGER)
    asked = client.post(address(stage.tenant, f"open/EUR/{what}"))
    assert asked.status_code == 302
    waiting = client.get(asked.url)
    assert waiting["Refresh"] == "2" and "stripe.localhost" not in waiting.content.decode()
    stage.work()
    page = client.get(asked.url)
    assert "Refresh" not in page
    found = re.search(r'href="(http://stripe\.localhost[^"]+)"', page.content.decode())
    assert found
    colleague = staff_client(Role.BILLING_MANAGER)
    assert colleague.get(asked.url).status_code == 404


def test_a_payment_that_was_declined_is_said_at_once(stage, staff_client, tmp_path) -> None:
    with tenant_scope(stage.tenant.id):
        ask_for_customer("EUR")
    stage.work()
    stage.pay_by("pm_card_chargeCustomerFail")
    stage.close_a_period(tmp_path)
    stage.work()
    (invoice,) = stage.account.v1.invoices.list().data
    with pytest.raises(Exception, match="declined"):
        stage.account.v1.invoices.pay(invoice.id)
    stage.deliver_all()
    stage.read()
    page = staff_client(Role.BILLING_MANAGER).get(address(stage.tenant)).content.decode()
    assert "Payment is past due" in page and "declined" in page


@pytest.mark.parametrize(
    ("role", "seen", "asked"),
    [
        (Role.OWNER, 200, 302),
        (Role.BILLING_MANAGER, 200, 302),
        (Role.ADMINISTRATOR, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.HELP_DESK, 403, 403),
    ],
)
def test_who_sees_and_who_asks(stage, staff_client, role, seen, asked) -> None:
    client = staff_client(role)
    assert client.get(address(stage.tenant)).status_code == seen
    assert client.post(address(stage.tenant, "open/EUR/portal")).status_code == asked


def test_a_stranger_finds_nothing(stage, staff_client, other_tenant) -> None:
    client = staff_client(Role.OWNER, other_tenant)
    assert client.get(address(stage.tenant)).status_code == 404
    assert client.post(address(stage.tenant, "open/EUR/portal")).status_code == 404


@pytest.mark.parametrize("path", ["open/EUR/else", "open/XXX/portal"])
def test_what_does_not_exist_is_not_asked(stage, staff_client, path) -> None:
    assert staff_client(Role.OWNER).post(address(stage.tenant, path)).status_code == 404
    assert stage.calls() == []
