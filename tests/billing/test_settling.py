"""Credits that come back with a credit note, and a plan that is changed from a moment in the past on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management.base import CommandError

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tests.billing.test_budgets import agrees_with_the_ledger, cap, sums
from tests.billing.world import (
    amounts,
    close,
    event,
    load,
    look,
    new_name,
    record_file,
    run,
    subscribe,
    switch,
)
from vendors.billing.drafting import credits_left
from vendors.billing.models import InvoiceLine, UsageEntry
from vendors.billing.rollups import check_days
from vendors.billing.services import grant_credit, take_back

JANUARY = datetime(2026, 1, 15, tzinfo=UTC)


def give(tenant, minor, key="credit", expires_at=None):
    with tenant_scope(tenant.id), clock.frozen(JANUARY):
        grant_credit(key=key, credit=Money(minor, "EUR"), expires_at=expires_at, actor=SYSTEM)


def left(tenant):
    with tenant_scope(tenant.id):
        return [credit.minor for credit in credits_left("EUR")]


def undo(tenant, quantity):
    with tenant_scope(tenant.id):
        take_back(UsageEntry.objects.get(quantity=quantity, kind="usage"), actor=SYSTEM)


@pytest.fixture
def used(tenant, tmp_path):
    subscribe(tenant, "2026-01-01", zone="UTC")
    partner = load(unit_price="1.00")
    lines = [event(tenant, partner, "2026-01-10", 6), event(tenant, partner, "2026-01-11", 4)]
    record_file(tmp_path, lines)
    return partner


def test_credits_that_had_paid_come_back_with_the_credit_note(tenant, used):
    give(tenant, 1000)
    (invoice,) = close(tenant, "2026-01")
    assert invoice.total_minor == 0 and left(tenant) == [0]
    undo(tenant, 4)
    _invoice, note = close(tenant, "2026-02")
    assert note.total_minor == 0 and left(tenant) == [400]
    with tenant_scope(tenant.id):
        lines = InvoiceLine.objects.filter(invoice=note).order_by("position")
        assert list(lines.values_list("kind", "minor")) == [("usage", -400), ("credit", 400)]


def test_what_was_paid_in_money_is_credited_in_money_first(tenant, used):
    give(tenant, 700)
    (invoice,) = close(tenant, "2026-01")
    assert invoice.total_minor == 300
    undo(tenant, 4)
    _invoice, note = close(tenant, "2026-02")
    # Six are left to pay, with the seven of credit first: three in money and one in credit come back.
    assert note.total_minor == -300 and left(tenant) == [100]
    undo(tenant, 6)
    _invoice, rest = close(tenant, "2026-03")
    assert rest.total_minor == 0 and left(tenant) == [700]


def test_the_credit_that_was_used_last_comes_back_first_and_pays_at_once(tenant, used, tmp_path):
    give(tenant, 600, "first", JANUARY + timedelta(days=60))
    give(tenant, 600, "second")
    close(tenant, "2026-01")
    assert sorted(left(tenant)) == [0, 200]
    undo(tenant, 4)
    record_file(tmp_path, [event(tenant, used, "2026-02-10", 5)])
    invoice, note = close(tenant, "2026-02")
    assert (invoice.total_minor, note.total_minor) == (0, 0)
    assert sorted(left(tenant)) == [0, 100]


# ------------------------------------------------------------------ plans


@pytest.fixture
def plans():
    return [new_name("team"), new_name("business")]


def test_a_plan_from_a_past_moment_on_prices_the_checks_since_then(tenant, plans, tmp_path):
    team, business = plans
    load(meter="fee", vendor="readmit", plan=team, unit_price="31.00")
    partner, same = load(unit_price="1.00", duplicate_window_minutes=10), load(unit_price="7.00")
    load(vendor=partner, plan=business, unit_price="0.25", duplicate_window_minutes=90)
    subscribe(tenant, "2026-01-01", zone="UTC", plan=team)
    with tenant_scope(tenant.id):
        budget = cap("1000", every="year")
    record_file(
        tmp_path,
        [
            event(tenant, partner, "2026-01-10", 3),
            event(tenant, partner, "2026-01-21T12:00:00Z", 5, case="one"),
            event(tenant, partner, "2026-01-21T13:00:00Z", 5, case="one"),
            event(tenant, partner, "2026-01-22", 2, outcome="retake"),
            event(tenant, same, "2026-01-22"),
        ],
    )
    switch(tenant, "2026-01-16T12:00", business, "UTC")
    shown = look(tenant, "2026-01")
    # The second of the case is within the other plan's window.
    assert sorted(amounts(shown)) == [
        ("fee", 1, "15.50"),
        ("usage", 1, "7.00"),
        ("usage", 3, "3.00"),
        ("usage", 5, "1.25"),
    ]
    with tenant_scope(tenant.id):
        assert str(sums(budget)[0].normalize()) == "11.25" and agrees_with_the_ledger(budget)
        assert check_days() == []
        assert UsageEntry.objects.filter(vendor=same).count() == 1
    switch(tenant, "2026-01-20T00:00", team, "UTC")
    assert ("usage", 13, "13.00") in amounts(look(tenant, "2026-01"))


def test_a_plan_does_not_change_within_a_closed_period(tenant, plans):
    subscribe(tenant, "2026-01-01", zone="UTC", plan=plans[0])
    close(tenant, "2026-01")
    with pytest.raises(Invalid, match="plan_change_too_early"):
        switch(tenant, "2026-01-20", plans[1], "UTC")


def test_a_file_is_shared_by_as_many_processes_as_are_named(tenant, tmp_path):
    path = tmp_path / "none.jsonl"
    path.write_text("")
    assert run("record_usage", str(path), "--workers", "1")[0] == 0
    for wrong in ("0", "5", "x"):
        with pytest.raises(CommandError):
            run("record_usage", str(path), "--workers", wrong)
