"""`/budgets`: read, opened and changed as the page does it, and never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from portal.api.models import StoredAnswer
from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import public_id, uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.api.world import Script, key_of, problem, script_of
from tests.billing.test_budgets import cap
from vendors.billing.models import Budget
from vendors.billing.services import close_budget

NEW = {"name": "All checks", "amount": "250.00", "currency": "EUR", "every": "period", "shares": [50, 100]}
CHANGE = {"name": "All checks", "amount": "300", "shares": [90], "is_hard": True, "lifting_roles": ["owner"]}


def count(tenant):
    with tenant_scope(tenant.id):
        return Budget.objects.count()


def test_a_budget_is_opened_read_and_changed(tenant):
    made = key_of(tenant)
    script = Script(made.written.text)
    opened = script.post("/budgets", NEW)
    assert opened.status_code == 201, opened.content
    budget = opened.json()
    assert (budget["amount"], budget["left"], budget["shares"]) == ("250.000000", "250.000000", [50, 100])
    assert script.get("/budgets").json()["data"] == [budget]
    read = script.get(f"/budgets/{budget['id']}")
    assert read.json() == budget
    changed = script.post(f"/budgets/{budget['id']}", CHANGE, **{"If-Match": read["ETag"]})
    assert (
        changed.status_code == 200 and changed.json()["is_hard"] and changed.json()["amount"] == "300.000000"
    )
    problem(
        script.post(f"/budgets/{budget['id']}", CHANGE, **{"If-Match": read["ETag"]}),
        412,
        "changed_since_read",
    )
    with tenant_scope(tenant.id):
        events = list(AuditEvent.objects.filter(name__startswith="usage:budget").order_by("id"))
    assert [(event.actor_kind, event.actor_id) for event in events] == [("api_key", made.row.public_id)] * 2


def test_the_same_request_again_reads_the_same_answer(tenant):
    script = script_of(tenant)
    first, again = script.post("/budgets", NEW, "once"), script.post("/budgets", NEW, "once")
    assert (again.status_code, again.content) == (201, first.content) and count(tenant) == 1
    assert [again[name] for name in ("ETag", "Location", "Content-Type")] == [
        first[name] for name in ("ETag", "Location", "Content-Type")
    ]
    read = script.get(first["Location"].removeprefix("/api/v1"))
    assert (read.content, read["ETag"]) == (first.content, first["ETag"])
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    problem(script.post("/budgets", {**NEW, "amount": "251.00"}, "once"), 422, "idempotency_key_reused")
    problem(script.post(f"/budgets/{first.json()['id']}", CHANGE, "once"), 422, "idempotency_key_reused")
    assert (
        script_of(tenant).post("/budgets", NEW, "once").json()["id"] != first.json()["id"]
    )  # another key's own word


def test_requests_at_once_do_one_thing(tenant):
    written = key_of(tenant).written.text

    def send(_number):
        try:
            return Script(written).post("/budgets", NEW, "race")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1 and count(tenant) == 1


def test_what_was_refused_may_be_sent_again_under_the_same_word(tenant):
    script = script_of(tenant)
    problem(script.post("/budgets", {**NEW, "partner": "nobody"}, "w"), 422, "budget_refused")
    assert script.post("/budgets", NEW, "w").status_code == 201


def test_a_word_is_forgotten_after_a_day(tenant):
    script = script_of(tenant)
    script.post("/budgets", NEW, "w")
    with clock.frozen(clock.now() + timedelta(hours=25)):
        assert script.post("/budgets", NEW, "w").status_code == 201
    with tenant_scope(tenant.id):
        assert StoredAnswer.objects.count() == 1 and Budget.objects.count() == 2


@pytest.mark.parametrize("word", ["", "a b", "x" * 101, "\u00e9"])
def test_every_post_needs_a_word(tenant, word):
    answer = script_of(tenant).post("/budgets", NEW, word)
    assert answer.status_code == 400 and answer.json()["code"].startswith("idempotency_key_")
    assert count(tenant) == 0


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"amount": 250}, 400, "amount"),
        ({"amount": "-1"}, 400, "amount"),
        ({"amount": "1e9"}, 400, "amount"),
        ({"amount": "0"}, 400, "amount"),
        ({"amount": "0.009"}, 400, "amount"),
        ({"currency": "XXX"}, 400, "currency"),
        ({"every": "week"}, 400, "every"),
        ({"shares": [0]}, 400, "shares.0"),
        ({"shares": "50"}, 400, "shares"),
        ({"lifting_roles": ["help_desk"]}, 400, "lifting_roles.0"),
        ({"is_hard": "perhaps"}, 400, "is_hard"),
        ({"name": ""}, 400, "name"),
        ({"nmae": "x"}, 400, "nmae"),
        ({"partner": "nobody"}, 422, "partner"),
        ({"department": "Nowhere"}, 422, "department"),
        ({"profile": "profile_0"}, 400, "profile"),
        ({"profile": public_id("profile", uuid7())}, 422, "profile"),
    ],
)
def test_what_cannot_be_a_budget_is_named(tenant, changes, status, name):
    answer = script_of(tenant).post("/budgets", {**NEW, **changes})
    body = problem(answer, status, "budget_refused" if status == 422 else "parameters_unusable")
    assert name in [error["name"] for error in body["errors"]], body
    assert count(tenant) == 0


def test_a_budget_below_what_is_spent_is_refused_by_the_pages_rule(tenant):
    from tests.api.test_usage import add

    add(tenant, 8)  # 2.00
    body = problem(script_of(tenant).post("/budgets", {**NEW, "amount": "1.00"}), 422, "budget_below_spent")
    assert body["errors"][0]["name"] == "amount" and count(tenant) == 0


def test_another_organisations_budget_is_nowhere(tenant, other_tenant):
    with tenant_scope(other_tenant.id):
        theirs = cap("9.00")
    script = script_of(tenant)
    for path in (theirs.public_id, "budget_x", "x", "%00", public_id("budget", uuid7())):
        problem(script.get(f"/budgets/{path}"), 404, "not_found")
        problem(script.post(f"/budgets/{path}", CHANGE), 404, "not_found")
    assert script.get("/budgets").json() == {"data": []}


def test_a_closed_budget_is_nowhere(tenant):
    with tenant_scope(tenant.id):
        budget = cap("9.00")
        close_budget(budget.id, actor=SYSTEM)
    problem(script_of(tenant).get(f"/budgets/{budget.public_id}"), 404, "not_found")
