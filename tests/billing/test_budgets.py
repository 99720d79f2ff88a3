"""Budgets: nothing passes a hard cap, everybody concerned is told once, and what died holds nothing."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.children import child_process
from portal.kit.ids import uuid7
from portal.kit.outbox import run
from portal.kit.scope import tenant_scope
from tenants.models import Outbox
from tests.billing.world import event, load, record_file, subscribe
from vendors.billing.book import standing
from vendors.billing.budgeting import current_window
from vendors.billing.counting import Window, sums_of, window_at
from vendors.billing.models import Budget, Entry, UsageEntry
from vendors.billing.rating.billability import Outcome
from vendors.billing.services import (
    BudgetPlan,
    Usage,
    enter_contract_price,
    open_budget,
    record_usage,
    release_checks,
    reserve_checks,
    take_back,
    would_fit,
)

HOUR = timedelta(hours=1)


def check(vendor="readmit", **changes):
    """One Face Check that is about to begin, 0.25 euros."""
    values = {
        "idempotency_key": f"check:{uuid7()}",
        "meter": "face_check" if vendor == "readmit" else "decision",
        "vendor": vendor,
        "outcome": Outcome.PASSED,
        "quantity": 1,
        "occurred_at": clock.now(),
        "case_id": uuid7(),
        "connection_kind": "through_us",
        **changes,
    }
    return Usage(**values)


def plan(amount="10.00", **changes):
    values = {"name": "All", "amount": Decimal(amount), "currency": "EUR", "is_hard": True, **changes}
    return BudgetPlan(**values)


def cap(amount="10.00", **changes):
    return open_budget(plan(amount, **changes), actor=SYSTEM)


def reserve(usage, **more):
    return reserve_checks([usage], expires_at=clock.now() + HOUR, **more)


def sums(budget):
    row = current_window(Budget.objects.get(id=budget.id))
    return (row.spent, row.reserved)


def euros(*amounts):
    return tuple(Decimal(amount) for amount in amounts)


def agrees_with_the_ledger(budget):
    row = current_window(budget)
    found = sums_of(budget, Window(row.starts_at, row.ends_at))
    return (found.spent, found.reserved, sorted(found.fine)) == (row.spent, row.reserved, row.fine)


# ------------------------------------------------------------------ the cap


def test_a_check_reserves_its_price_and_is_spent_when_it_is_in_the_ledger(in_tenant):
    budget, usage = cap(), check()
    assert reserve(usage) and reserve(usage)
    assert sums(budget) == euros("0", "0.25")
    record_usage(usage)
    record_usage(usage)
    assert sums(budget) == euros("0.25", "0")
    assert agrees_with_the_ledger(budget)
    kinds = sorted(Entry.objects.values_list("kind", flat=True))
    assert kinds == ["release", "reservation", "usage"]


def test_a_check_that_comes_to_nothing_costs_no_budget(in_tenant):
    budget, failed, dead = cap(), check(outcome=Outcome.TIMED_OUT), check()
    assert reserve(failed) and reserve(dead)
    record_usage(failed)
    release_checks([dead.idempotency_key])
    release_checks([dead.idempotency_key, "never heard of"])
    assert sums(budget) == euros("0", "0")


def test_what_would_pass_the_cap_does_not_begin_and_the_books_stay_as_they_were(in_tenant):
    budget = cap("0.60")
    assert reserve(check()) and reserve(check())
    assert not would_fit([check()]) and not reserve(check())
    assert sums(budget) == euros("0", "0.50")
    assert Entry.objects.count() == 2


def test_a_soft_budget_stops_nothing(in_tenant):
    budget = cap("0.30", is_hard=False)
    assert reserve(check()) and reserve(check()) and would_fit([check()])
    assert sums(budget) == euros("0", "0.50")


def test_a_hundred_that_begin_at_once_cannot_pass_the_cap(tenant):
    with tenant_scope(tenant.id):
        budget = cap("5.10")  # twenty Face Checks and a rest
        cap("7.00", vendor="readmit")

    def begin(_number):
        with tenant_scope(tenant.id):
            began = reserve(check())
        connections.close_all()
        return began

    with ThreadPoolExecutor(25) as pool:
        began = list(pool.map(begin, range(100)))
    assert sum(began) == 20
    with tenant_scope(tenant.id):
        assert sums(budget) == euros("0", "5.00") and agrees_with_the_ledger(budget)


def test_starts_and_ends_at_once_leave_the_sums_right(tenant):
    with tenant_scope(tenant.id):
        budgets = [cap("100.00"), cap("100.00", vendor="readmit"), cap("100.00", every="day")]

    def whole(number):
        usage = check()
        with tenant_scope(tenant.id):
            assert reserve(usage)
        with tenant_scope(tenant.id):
            record_usage(usage) if number % 2 else release_checks([usage.idempotency_key])
        connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(whole, range(60)))
    with tenant_scope(tenant.id):
        for budget in budgets:
            assert sums(budget) == euros("7.50", "0") and agrees_with_the_ledger(budget)


def test_a_budget_that_is_opened_while_checks_are_written_counts_each_once(tenant):
    def write(number):
        with tenant_scope(tenant.id):
            if number % 10 == 5:
                opened = cap("1000.00", name=f"number {number}").id
            else:
                opened = None
                record_usage(check())
        connections.close_all()
        return opened

    with ThreadPoolExecutor(12) as pool:
        opened = [found for found in pool.map(write, range(60)) if found]
    with tenant_scope(tenant.id):
        for budget_id in opened:
            assert sums(Budget.objects.get(id=budget_id)) == euros("13.50", "0")


def test_a_reservation_takes_the_place_of_another_even_at_the_cap(in_tenant):
    budget, first, second, third = cap("0.30"), check(), check(), check()
    assert reserve(first) and not reserve(third)
    assert would_fit([second], instead_of=[first.idempotency_key])
    assert reserve(second, instead_of=[first.idempotency_key])
    assert sums(budget) == euros("0", "0.25")
    assert not reserve(third, instead_of=[first.idempotency_key])


# ------------------------------------------------------------------ what counts


def test_a_budget_counts_what_it_is_for_and_nothing_else(in_tenant):
    partner, profile = load(unit_price="2.00"), uuid7()
    enter_contract_price(vendor="oidc", unit_price=Decimal("3.00"), currency="EUR", actor=SYSTEM)
    everything = cap("100")
    budgets = {
        "partner": cap("100", vendor=partner),
        "profile": cap("100", profile_id=profile),
        "department": cap("100", department="Sales"),
        "dollars": cap("100", currency="USD"),
    }
    later = clock.now() + timedelta(seconds=1)
    record_usage(check(partner, profile_id=profile))
    record_usage(check(department="Sales"))
    record_usage(check("oidc", connection_kind="own_contract", occurred_at=later))
    record_usage(check(partner, connection_kind="free"))
    assert sums(everything) == euros("5.25", "0")
    found = {name: sums(budget)[0] for name, budget in budgets.items()}
    assert found == {
        "partner": Decimal(2),
        "profile": Decimal(2),
        "department": Decimal("0.25"),
        "dollars": Decimal(0),
    }


def test_a_budget_counts_files_and_corrections_and_begins_with_what_the_ledger_has(tenant, tmp_path):
    partner = load(unit_price="2.00")
    today = clock.now().isoformat()
    record_file(tmp_path, [event(tenant, partner, today, 2)])
    with tenant_scope(tenant.id):
        budget = cap("100", every="year")
        assert sums(budget) == euros("4", "0")
    record_file(tmp_path, [event(tenant, partner, today, 3), event(tenant, partner, "2020-01-01", 50)])
    with tenant_scope(tenant.id):
        assert sums(budget) == euros("10", "0")
        take_back(UsageEntry.objects.get(quantity=3), actor=SYSTEM)
        assert sums(budget) == euros("4", "0") and agrees_with_the_ledger(budget)


@pytest.mark.parametrize(
    ("every", "start", "end"),
    [
        ("day", "2026-03-29T00:00", "2026-03-30T00:00"),  # 23 hours
        ("year", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("period", "2026-02-28T00:00", "2026-03-31T00:00"),
    ],
)
def test_windows_are_of_the_subscription_s_own_time(tenant, every, start, end):
    subscribe(tenant, "2026-01-31")
    zone = ZoneInfo("Europe/Prague")
    with tenant_scope(tenant.id):
        moment = datetime(2026, 3, 29, 12, tzinfo=zone)
        window = window_at(standing(), every, moment)
    assert window.start == datetime.fromisoformat(start).replace(tzinfo=zone)
    assert window.end == datetime.fromisoformat(end).replace(tzinfo=zone)


def test_a_new_day_begins_with_nothing_spent(in_tenant):
    budget = cap("0.30", every="day")
    spent = check()
    assert reserve(spent) and not reserve(check())
    record_usage(spent)
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert reserve(check()) and sums(budget) == euros("0", "0.25")


# ------------------------------------------------------------------ what died


def test_what_a_dead_check_holds_is_released_by_the_worker(tenant):
    with tenant_scope(tenant.id):
        budget, dead, done = cap("0.60"), check(), check()
        assert reserve(dead) and reserve(done) and not reserve(check())
        record_usage(done)
    rows = list(Outbox.objects.filter(tenant_id=tenant.id, topic="billing.release_reservation"))
    assert len(rows) == 2 and all(row.available_at > clock.now() for row in rows)
    assert all(run(row.id) for row in rows)
    with tenant_scope(tenant.id):
        assert sums(budget) == euros("0.25", "0") and agrees_with_the_ledger(budget)
        assert reserve(check())


def _reserve_and_die(tenant_id, before_the_commit):
    with tenant_scope(tenant_id):
        assert reserve(check())
        if before_the_commit:
            os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("before_the_commit", "held"), [(True, "0"), (False, "0.25")])
def test_a_process_that_is_killed_holds_nothing_or_what_the_worker_releases(tenant, before_the_commit, held):
    with tenant_scope(tenant.id):
        budget = cap("0.30")
    with child_process() as process, pytest.raises(BrokenProcessPool):
        process.submit(_reserve_and_die, tenant.id, before_the_commit).result(timeout=60)
    with tenant_scope(tenant.id):
        assert sums(budget) == euros("0", held)
    for row in Outbox.objects.filter(tenant_id=tenant.id, topic="billing.release_reservation"):
        run(row.id)
    with tenant_scope(tenant.id):
        assert sums(budget) == euros("0", "0") and reserve(check())
