"""Budgets and alerts in the console: who sees, who changes, who breaks the glass."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.rights import Role
from tests.billing.test_budgets import cap, check, reserve
from vendors.billing.models import Budget
from vendors.billing.services import record_usage

FORM = {
    "name": "Face Checks of Sales",
    "vendor": "readmit",
    "profile": "",
    "department": "",
    "every": "period",
    "amount": "12.50",
    "currency": "EUR",
    "shares": "50, 90 %",
    "is_hard": "on",
    "lifting_roles": ["owner", "administrator"],
}


def address(tenant, path=""):
    return f"/o/{tenant.slug}/usage/budgets/{path}"


def only_budget(tenant):
    with tenant_scope(tenant.id):
        return Budget.objects.get()


def test_a_billing_manager_opens_changes_and_closes_a_budget(tenant, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    assert "No budget yet" in client.get(address(tenant)).content.decode()
    assert client.get(address(tenant, "new")).status_code == 200
    assert client.post(address(tenant, "new"), FORM).status_code == 302
    budget = only_budget(tenant)
    assert (budget.vendor, budget.amount, budget.shares) == ("readmit", Decimal("12.5"), [50, 90])
    assert budget.is_hard and budget.lifting_roles == ["owner", "administrator"]
    page = client.get(address(tenant)).content.decode()
    assert "0.00 of 12.50 EUR spent" in page and "Hard cap" in page and "Lift the cap" not in page
    edit = client.get(address(tenant, f"{budget.public_id}/")).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', edit)
    assert seen
    changed = {**FORM, "amount": "15", "seen": seen[1]}
    assert client.post(address(tenant, f"{budget.public_id}/"), changed).status_code == 302
    again = client.post(address(tenant, f"{budget.public_id}/"), {**changed, "amount": "16"})
    assert again.status_code == 200 and "It says now: 15.00" in again.content.decode()
    assert client.post(address(tenant, f"{budget.public_id}/close")).status_code == 302
    assert client.get(address(tenant, f"{budget.public_id}/")).status_code == 404
    with tenant_scope(tenant.id):
        names = AuditEvent.objects.filter(name__startswith="usage:budget").order_by("id")
        assert [event.name.rpartition(":")[2] for event in names] == ["open", "change", "close"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Give the budget a name."),
        ({"name": "Face\u0007Checks"}, "a character that cannot be printed"),
        ({"shares": "half"}, "Write whole numbers with commas between them."),
        ({"amount": "0.49"}, "0.50 EUR are spent or reserved already."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(tenant, staff_client, wrong, sentence):
    with tenant_scope(tenant.id):
        record_usage(check(quantity=2))
    answer = staff_client(Role.OWNER).post(address(tenant, "new"), {**FORM, **wrong})
    assert answer.status_code == 200 and sentence in answer.content.decode()


def test_the_named_roles_break_the_glass_and_say_why(tenant, staff_client):
    with tenant_scope(tenant.id):
        budget = cap("0.20", lifting_roles=("administrator",))
        assert not reserve(check())
    owner, administrator = staff_client(Role.OWNER), staff_client(Role.ADMINISTRATOR)
    path = address(tenant, f"{budget.public_id}/lift")
    assert "Holds checks up" in owner.get(address(tenant)).content.decode()
    assert owner.get(path).status_code == owner.post(path, {}).status_code == 403
    assert administrator.get(path).status_code == 200
    assert administrator.post(path, {"hours": "2", "reason": ""}).status_code == 200
    assert administrator.post(path, {"hours": "2", "reason": "Ferry"}).status_code == 302
    assert "Cap lifted" in owner.get(address(tenant)).content.decode()
    with tenant_scope(tenant.id):
        assert reserve(check())
        (told,) = AuditEvent.objects.filter(name="usage:budget:lift")
        assert told.actor_kind == "member" and told.actor_id.startswith("member_")


def test_who_sees_usage_sees_budgets_and_only_who_manages_billing_changes_them(
    tenant, other_tenant, staff_client
):
    with tenant_scope(tenant.id):
        budget = cap("1.00")
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        client = staff_client(role)
        assert client.get(address(tenant)).status_code == 200
        for path in ("new", f"{budget.public_id}/"):
            assert client.get(address(tenant, path)).status_code == 403
        assert client.post(address(tenant, f"{budget.public_id}/close")).status_code == 403
    assert staff_client(Role.HELP_DESK).get(address(tenant)).status_code == 403
    with tenant_scope(other_tenant.id):
        theirs = cap("1.00")
    assert staff_client(Role.OWNER).get(address(tenant, f"{theirs.public_id}/")).status_code == 404


def test_a_budget_that_is_spent_says_so_at_a_glance(tenant, staff_client):
    with tenant_scope(tenant.id):
        cap("1.00", is_hard=False, name="Soft")
        record_usage(check(quantity=5))
        open_one = reserve(check())
    page = staff_client(Role.BILLING_MANAGER).get(address(tenant)).content.decode()
    assert open_one and "1.25 of 1.00 EUR spent" in page and "Tells only" in page
    assert page.count("(sent)") == 4


def test_a_billing_manager_cannot_give_themselves_the_right_to_lift_a_cap(tenant, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant, "new")).content.decode()
    assert 'value="administrator"' in page and 'value="billing_manager"' not in page
    given = {**FORM, "lifting_roles": ["owner", "billing_manager"]}
    assert client.post(address(tenant, "new"), given).status_code == 200
    with tenant_scope(tenant.id):
        assert not Budget.objects.exists()
        # As one was before that was decided.
        budget = cap("1.00")
        Budget.objects.filter(id=budget.id).update(lifting_roles=["billing_manager"])
    path = address(tenant, f"{budget.public_id}/lift")
    assert client.get(path).status_code == client.post(path, {"hours": 2, "reason": "x"}).status_code == 403


def test_which_roles_may_lift_a_cap_is_recorded_with_each_change(tenant, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    client.post(address(tenant, "new"), {**FORM, "lifting_roles": ["owner"]})
    with tenant_scope(tenant.id):
        (opened,) = AuditEvent.objects.filter(name="usage:budget:open")
        assert opened.data["lifting_roles"] == ["owner"]
