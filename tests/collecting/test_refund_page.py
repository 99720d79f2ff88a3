"""Whoever runs the platform says on a page why money went back; nobody else is shown that there is one."""

from __future__ import annotations

import json

import pytest
from allauth.account.models import EmailAddress

from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Member, User
from tenants.rights import Role
from tests.collecting.test_reconcile import compare
from tests.collecting.test_refunds import MANY, each_alone, entries, refunded
from tests.conftest import make_member, make_tenant, site_client
from tests.console.conftest import sign_in
from vendors.billing.collecting.models import UnsettledRefund

WHY = "Goodwill after an outage"


@pytest.fixture
def operator(settings) -> User:
    return appoint(settings, make_member(make_tenant()))


def appoint(settings, member: Member, *, is_confirmed=True) -> User:
    user = User.objects.get(pk=member.user_id)
    settings.OPERATORS = frozenset({*settings.OPERATORS, user.email})
    EmailAddress.objects.create(user=user, email=user.email, verified=is_confirmed, primary=True)
    return user


def waiting(stage):
    return list(UnsettledRefund.objects.filter(tenant_id=stage.tenant.id).values_list("stripe_id", flat=True))


def address(stage, refund):
    return f"/operator/refunds/{stage.tenant.slug}/{refund.id}"


def test_an_operator_meets_the_refund_and_enters_it_with_a_reason(stage, tmp_path, operator) -> None:
    _invoice, refund = refunded(stage, tmp_path)
    compare(stage)
    client = sign_in(operator)
    assert "Refunds without a reason" in client.get("/account/").content.decode()
    assert address(stage, refund) in client.get("/operator/refunds/").content.decode()
    assert "1.00" in client.get(address(stage, refund)).content.decode()
    for spoilt in (
        {"reason": "", "word": "1.00"},
        {"reason": WHY, "word": "1.01"},
        {"reason": "x\x07", "word": "1.00"},
    ):
        assert client.post(address(stage, refund), spoilt).status_code == 200
    assert (entries(stage), waiting(stage)) == ([], [refund.id])
    for _again in range(2):
        assert (
            client.post(address(stage, refund), {"reason": WHY, "word": "1.00"}).url == "/operator/refunds/"
        )
    assert (len(entries(stage)), waiting(stage)) == (1, [])
    with tenant_scope(stage.tenant.id):
        event = AuditEvent.objects.get(name="usage:refund:note")
    assert (event.actor_kind, event.actor_id) == ("operator", operator.public_id)
    assert WHY not in json.dumps(event.data)
    compare(stage)
    assert waiting(stage) == []
    assert client.get("/operator/refunds/x/re_x").status_code == 404


def test_nobody_else_enters_a_refund(stage, tmp_path, settings, operator) -> None:
    _invoice, refund = refunded(stage, tmp_path)
    compare(stage)
    unconfirmed = appoint(settings, make_member(make_tenant()), is_confirmed=False)
    own = appoint(settings, make_member(stage.tenant, Role.BILLING_MANAGER))
    theirs = User.objects.get(pk=make_member(stage.tenant, Role.OWNER).user_id)
    old = sign_in(operator, ago=86400)
    for client, status in (
        (site_client(), 302),
        (sign_in(theirs), 404),
        (sign_in(unconfirmed), 404),
        (sign_in(own), 403),
        (old, 302),
    ):
        path = address(stage, refund)
        found = {client.get(path).status_code, client.post(path, {"reason": WHY, "word": "1.00"}).status_code}
        assert found == {status}
    assert entries(stage) == []
    settings.OPERATORS = frozenset()
    assert sign_in(operator).get("/operator/refunds/").status_code == 404


def test_a_hundred_presses_at_once_are_one_entry(stage, tmp_path, operator) -> None:
    _invoice, refund = refunded(stage, tmp_path)
    compare(stage)
    cookies = sign_in(operator).cookies.output(header="", sep=";")

    def press():
        return site_client().post(
            address(stage, refund), {"reason": WHY, "word": "1.00"}, headers={"Cookie": cookies}
        )

    found = {
        (answer.status_code, answer.headers.get("Location")) for answer in each_alone([press] * MANY, 20)
    }
    assert found == {(302, "/operator/refunds/")}
    assert len(entries(stage)) == 1
