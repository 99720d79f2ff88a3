"""Repetitions within a listing's window: the same bill in whatever order and in whatever batches the events come."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tests.billing.test_budgets import agrees_with_the_ledger, cap, check
from tests.billing.world import amounts, close, event, load, look, record_file, subscribe
from tests.conftest import make_tenant
from vendors.billing.bookings import first_key
from vendors.billing.event_file import record_lines
from vendors.billing.models import UsageEntry, UsagePending
from vendors.billing.rollups import check_days
from vendors.billing.services import dispute_entry, record_usage, settle_dispute, take_back

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WINDOW = 10


def charged():
    """The checks that are charged as the ledger stands, by the key they came with."""
    units = {}
    for entry in UsageEntry.objects.filter(billable=True):
        key = entry.idempotency_key if entry.kind == "usage" else entry.refers_to.idempotency_key
        units[first_key(key)] = units.get(first_key(key), 0) + entry.quantity
    return sorted(key for key, count in units.items() if count)


def at(minute, key, case, partner, **more):
    moment = NOON + timedelta(minutes=minute)
    return check(partner, idempotency_key=key, case_id=case, occurred_at=moment, **more)


@pytest.fixture
def partner():
    return load(unit_price="1.00", duplicate_window_minutes=WINDOW)


def test_an_earlier_decision_that_comes_late_turns_those_after_it(in_tenant, partner):
    case = uuid7()
    for minute, key in ((8, "b"), (17, "c"), (40, "e")):
        record_usage(at(minute, key, case, partner))
    assert charged() == ["b", "e"]  # c comes nine minutes after b
    record_usage(at(0, "a", case, partner))
    assert charged() == ["a", "c", "e"]
    record_usage(at(9, "b2", case, partner))
    record_usage(at(0, "a", case, partner))
    assert charged() == ["a", "c", "e"]
    turned = UsageEntry.objects.filter(idempotency_key__startswith="again:").order_by("idempotency_key")
    assert [(each.idempotency_key, each.why, each.amount) for each in turned] == [
        ("again:1:b", "duplicate", 0),
        ("again:1:c", "decided", 1),
    ]
    total = sum(UsageEntry.objects.values_list("amount", flat=True))
    assert total == 3 and UsagePending.objects.filter(tenant_id=in_tenant.id).count() == 9


def test_a_decision_between_two_may_turn_one_back_again(in_tenant, partner):
    case = uuid7()
    for minute, key, now in ((9, "b", ["b"]), (18, "c", ["b"]), (0, "a", ["a", "c"]), (-5, "z", ["b", "z"])):
        record_usage(at(minute, key, case, partner))
        assert charged() == now
    keys = set(UsageEntry.objects.filter(kind="usage").values_list("idempotency_key", flat=True))
    assert {"again:1:a", "again:1:b", "again:2:b", "again:1:c", "again:2:c"} <= keys


def greedy(events):
    """The keys that are charged when everything is known: in order of time, then of keys."""
    found, last = [], {}
    for line in sorted(events, key=lambda line: (line["occurred_at"], line["idempotency_key"])):
        before = last.get(line["case"])
        moment = datetime.fromisoformat(line["occurred_at"])
        if before is None or moment - before >= timedelta(minutes=WINDOW):
            last[line["case"]] = moment
            found.append(line["idempotency_key"])
    return sorted(found)


@given(
    minutes=st.lists(st.tuples(st.integers(0, 60), st.sampled_from("xy")), min_size=3, max_size=10),
    order=st.randoms(use_true_random=False),
    size=st.integers(1, 4),
)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_any_order_and_any_batches_make_the_bill_of_their_order_of_time(minutes, order, size):
    tenant = make_tenant()
    partner = load(unit_price="1.00", duplicate_window_minutes=WINDOW)
    # A dearer price from the middle on: which of two is charged is seen in the amount.
    load(
        vendor=partner,
        unit_price="3.00",
        effective_from=(NOON + timedelta(minutes=30)).isoformat(),
        duplicate_window_minutes=WINDOW,
    )
    events = [
        event(
            tenant,
            partner,
            (NOON + timedelta(minutes=minute)).isoformat(),
            case=case,
            idempotency_key=f"k{n:02}",
        )
        for n, (minute, case) in enumerate(minutes)
    ]
    lines = [json.dumps(line) for line in events]
    order.shuffle(lines)
    with tenant_scope(tenant.id):
        budget = cap("1000", every="year")
    results = list(record_lines([*lines, lines[0]], batch=size))
    assert {each.result for each in results} <= {"recorded", "known"}
    expected = greedy(events)
    dear = {
        line["idempotency_key"]: line["occurred_at"] >= (NOON + timedelta(minutes=30)).isoformat()
        for line in events
    }
    with tenant_scope(tenant.id):
        assert charged() == expected
        total = sum(UsageEntry.objects.values_list("amount", flat=True))
        assert total == sum(Decimal(3 if dear[key] else 1) for key in expected)
        assert agrees_with_the_ledger(budget) and check_days() == []


def test_decisions_of_one_case_that_are_written_at_once_end_as_in_their_order_of_time(tenant, partner):
    case = uuid7()

    def write(number):
        with tenant_scope(tenant.id):
            record_usage(at((number * 7) % 40, f"k{number:02}", case, partner))
        connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(16)))
    events = [
        {
            "idempotency_key": f"k{number:02}",
            "case": "one",
            "occurred_at": (NOON + timedelta(minutes=(number * 7) % 40)).isoformat(),
        }
        for number in range(16)
    ]
    with tenant_scope(tenant.id):
        assert charged() == greedy(events)


def test_what_was_no_decision_after_all_leaves_its_repetition_to_be_charged(tenant, partner, tmp_path):
    first = event(tenant, partner, "2026-03-02T12:00:00Z", 5, case="one")
    again = event(tenant, partner, "2026-03-02T12:05:00Z", 2, case="one")
    gone = {
        "idempotency_key": "gone",
        "tenant": tenant.slug,
        "quantity": 0,
        "corrects": first["idempotency_key"],
    }
    assert record_file(tmp_path, [first, again])[0] == 0
    assert look(tenant, "2026-03")["totals"] == {"EUR": "5.00"}
    assert record_file(tmp_path, [gone])[0] == 0
    assert look(tenant, "2026-03")["totals"] == {"EUR": "2.00"}
    assert record_file(tmp_path, [gone, first, again])[0] == 0
    assert look(tenant, "2026-03")["totals"] == {"EUR": "2.00"}


def test_a_charge_that_was_turned_is_corrected_where_it_stands_now(tenant, partner, tmp_path):
    late = event(tenant, partner, "2026-03-02T12:00:00Z", case="one")
    turned = event(tenant, partner, "2026-03-02T12:05:00Z", case="one")
    right = event(tenant, partner, "2026-03-02T13:00:00Z", 4, case="one", corrects=turned["idempotency_key"])
    for line in (turned, late, right, right):
        assert record_file(tmp_path, [line])[0] == 0
    assert look(tenant, "2026-03")["totals"] == {"EUR": "5.00"}
    assert sum(row["quantity"] for row in look(tenant, "2026-03")["not_charged"]) == 0


def test_a_charge_that_was_forgiven_keeps_its_repetitions_free(in_tenant, partner):
    case = uuid7()
    first = record_usage(at(0, "a", case, partner))
    record_usage(at(5, "b", case, partner))
    dispute_entry(first, reason="It failed.", actor=SYSTEM)
    settle_dispute(first.id, accepted=True, answer="You are right.", actor=SYSTEM)
    assert charged() == []
    record_usage(at(9, "c", case, partner))
    assert charged() == []
    record_usage(at(-3, "y", case, partner))
    assert charged() == ["c", "y"]  # the forgiven one repeats y now, and c comes twelve minutes after that
    assert take_back(first, actor=SYSTEM).idempotency_key == f"forgiven:{first.id}"


def test_what_comes_after_a_period_was_closed_is_a_credit_note(tenant, tmp_path):
    subscribe(tenant, "2026-01-01", zone="UTC")
    partner = load(unit_price="3.00", duplicate_window_minutes=WINDOW)
    load(
        vendor=partner,
        unit_price="1.00",
        effective_from="2026-01-31T23:58:00Z",
        duplicate_window_minutes=WINDOW,
    )
    load(
        vendor=partner,
        unit_price="5.00",
        effective_from="2026-02-01T00:00:00Z",
        duplicate_window_minutes=WINDOW,
    )
    after = event(tenant, partner, "2026-02-01T00:01:00Z", case="one")
    before = event(tenant, partner, "2026-01-31T23:59:00Z", case="one")
    assert record_file(tmp_path, [after])[0] == 0
    close(tenant, "2026-01")
    close(tenant, "2026-02")
    assert amounts(look(tenant, "2026-02")) == [("usage", 1, "5.00")]
    assert record_file(tmp_path, [before])[0] == 0
    invoice, note = close(tenant, "2026-03")
    assert (invoice.total_minor, note.kind, note.period, note.total_minor) == (
        100,
        "credit_note",
        "2026-02",
        -500,
    )


def test_a_key_that_the_ledger_makes_itself_is_refused(tenant, partner, tmp_path):
    for key in ("again:1:x", "back:x", "reserved:x", "invoice:2026-01:EUR:1:0:invoice"):
        line = event(tenant, partner, "2026-03-02", idempotency_key=key)
        code, (result,) = record_file(tmp_path, [line])
        assert (code, result["result"], result["field"]) == (1, "refused", "idempotency_key")
