"""Periods that are over are closed by themselves: a day later, once, in their order, and no tenant waits for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from portal.kit import clock
from portal.kit.scope import current_tenant_id, tenant_scope
from tests.billing.world import event, load, record_file, subscribe
from tests.conftest import make_tenant
from vendors.billing import tasks
from vendors.billing.closing import next_due
from vendors.billing.models import Invoice


def at(text):
    return clock.frozen(datetime.fromisoformat(text))


def closed(tenant):
    with tenant_scope(tenant.id):
        return list(Invoice.objects.order_by("period").values_list("period", "total_minor"))


@pytest.fixture
def billed(tenant, tmp_path):
    vendor = load(unit_price="2.00")
    subscribe(tenant, "2026-01-01", zone="Europe/Prague")
    checks = [event(tenant, vendor, "2026-01-10", 10), event(tenant, vendor, "2026-02-10", 5)]
    assert record_file(tmp_path, checks)[0] == 0
    return tenant


def test_a_period_is_closed_a_day_after_its_end_by_the_clock_of_the_tenant(billed):
    with at("2026-02-01T22:59:00+00:00"), tenant_scope(billed.id):
        assert next_due() == ""
    with at("2026-02-01T23:01:00+00:00"), tenant_scope(billed.id):
        assert next_due() == "2026-01"


def test_what_nobody_closed_is_made_up_for_in_its_order_and_once(billed):
    with at("2026-03-05T00:00:00+00:00"):
        tasks.close_due_periods([billed.id])
        assert closed(billed) == [("2026-01", 2000), ("2026-02", 1000)]
        tasks.close_due_periods([billed.id])
    assert closed(billed) == [("2026-01", 2000), ("2026-02", 1000)]


def test_two_workers_make_one_invoice(billed):
    def close(_number):
        try:
            with at("2026-02-05T00:00:00+00:00"):
                tasks._close_all(billed.id)
        except Exception as refused:  # who comes second is told that it is closed
            return type(refused).__name__
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(4) as workers:
        told = list(workers.map(close, range(4)))
    assert set(told) <= {"", "Invalid"} and "" in told
    assert closed(billed) == [("2026-01", 2000)]


def test_the_trouble_of_one_tenant_is_not_the_next_ones(billed, monkeypatch):
    whole, other = tasks.close_period, make_tenant("In trouble")

    def close(label, *, actor):
        if current_tenant_id() == other.id:
            raise RuntimeError("no")
        return whole(label, actor=actor)

    subscribe(other, "2026-01-01")
    monkeypatch.setattr(tasks, "close_period", close)
    with at("2026-02-05T00:00:00+00:00"):
        tasks.close_due_periods([other.id, billed.id])
    assert (closed(other), closed(billed)) == ([], [("2026-01", 2000)])
