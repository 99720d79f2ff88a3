"""Budgets: who is told, what is refused, who breaks the glass, and whose they are."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.errors import Invalid, NotAllowed, NotHere
from portal.kit.outbox import run
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Outbox
from tenants.notices.models import StaffMail
from tenants.rights import Role
from tests.billing.test_budgets import HOUR, cap, check, plan, reserve
from tests.conftest import make_member
from vendors.billing.models import Budget, BudgetWindow
from vendors.billing.services import (
    change_budget,
    close_budget,
    lift_cap,
    open_budget,
    record_usage,
    would_fit,
)

# ------------------------------------------------------------------ alerts


def mails(tenant):
    """(template, context) of the mails about budgets that wait to go out."""
    found = []
    for row in Outbox.objects.filter(topic="notices.send_staff_mail").order_by("id"):
        before = len(mail.outbox)
        template = StaffMail.objects.get(id=row.payload["staff_mail_id"]).template
        if template.startswith("staff_budget"):
            run(row.id)
            found += [(template, sent) for sent in mail.outbox[before:] if tenant.name in sent.subject]
    return found


def test_each_share_is_told_once_to_those_who_manage_billing(tenant):
    manager = make_member(tenant, Role.BILLING_MANAGER)
    make_member(tenant, Role.ADMINISTRATOR)
    with tenant_scope(tenant.id):
        cap("1.00", name="Everything", shares=(50, 75, 100), is_hard=False)
        for _number in range(3):
            record_usage(check())
        told = AuditEvent.objects.filter(name="usage:budget:spend").order_by("id")
        assert [found.data["share"] for found in told] == [50, 75]
        record_usage(check(quantity=2))
        record_usage(check())
        assert [found.data["share"] for found in told.all()] == [50, 75, 100]
    sent = mails(tenant)
    assert [template for template, _mail in sent] == ["staff_budget_share"] * 3
    assert {address for _template, found in sent for address in found.to} == {manager.user.email}
    last = sent[-1][1]
    assert "100 %" in last.subject and "1.25 of 1.00 EUR" in last.body and "/usage/budgets/" in last.body


def test_the_first_check_that_the_cap_holds_up_is_told(tenant):
    make_member(tenant, Role.OWNER)
    with tenant_scope(tenant.id):
        cap("0.20", name="Small")
        held = check()
        assert not reserve(held) and not reserve(check())
        (told,) = AuditEvent.objects.filter(name="usage:budget:cap")
        assert told.case_id == held.case_id
    ((template, sent),) = mails(tenant)
    assert template == "staff_budget_cap" and "Small" in sent.subject


# ------------------------------------------------------------------ opening, changing, lifting


def test_a_budget_below_what_is_spent_is_refused_with_a_sentence(in_tenant):
    record_usage(check(quantity=4))
    with pytest.raises(Invalid) as refused:
        cap("0.99")
    assert refused.value.code == "budget_below_spent" and "1.00 EUR" in refused.value.sentence
    budget = cap("1.00")
    assert not reserve(check())
    budget = change_budget(budget.id, plan("1.25"), actor=SYSTEM)
    assert reserve(check()) and not reserve(check())
    with pytest.raises(Invalid, match="budget_below_spent"):
        change_budget(budget.id, plan("1.00"), actor=SYSTEM)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"currency": "XXX"},
        {"amount": Decimal(0)},
        {"shares": (0,)},
        {"shares": tuple(range(1, 13))},
        {"lifting_roles": ("help_desk",)},
        {"lifting_roles": ("billing_manager",)},
        {"name": "Face\x00Checks"},
        {"name": "Face\nChecks"},
        {"name": "Face\u202eskcehC"},
        {"name": "x" * 81},
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(in_tenant, wrong):
    with pytest.raises(Invalid):
        open_budget(plan(**wrong), actor=SYSTEM)
    assert not Budget.objects.exists()


def test_a_cap_is_lifted_by_the_roles_it_names_for_some_hours_and_that_is_recorded(in_tenant):
    owner = Actor(ActorKind.MEMBER, "member_1")
    budget = cap("0.20", lifting_roles=("owner",))
    assert not reserve(check())
    with pytest.raises(NotAllowed):
        lift_cap(budget.id, hours=2, reason="ferry", role="administrator", actor=owner)
    for hours, reason in ((0, "x"), (73, "x"), (2, " "), (2, "a\x07b")):
        with pytest.raises(Invalid):
            lift_cap(budget.id, hours=hours, reason=reason, role="owner", actor=owner)
    lift_cap(budget.id, hours=2, reason="The ferry is stuck", role="owner", actor=owner)
    assert reserve(check()) and would_fit([check()])
    (lifted,) = AuditEvent.objects.filter(name="usage:budget:lift")
    assert (lifted.actor_id, lifted.data["role"]) == ("member_1", "owner")
    with clock.frozen(clock.now() + 2 * HOUR):
        assert not reserve(check())


def test_a_closed_budget_counts_and_stops_nothing(in_tenant):
    budget = cap("0.20")
    close_budget(budget.id, actor=SYSTEM)
    close_budget(budget.id, actor=SYSTEM)
    assert reserve(check()) and would_fit([check()])
    with pytest.raises(NotHere):
        change_budget(budget.id, plan(), actor=SYSTEM)


def test_another_tenant_s_budget_is_not_here(tenant, other_tenant):
    with tenant_scope(tenant.id):
        budget = cap("0.20")
    with tenant_scope(other_tenant.id):
        assert reserve(check())
        for ask in (close_budget,):
            with pytest.raises(NotHere):
                ask(budget.id, actor=SYSTEM)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM billing_budget")
            assert cursor.fetchone() == (0,)
        assert BudgetWindow.objects.count() == 0
