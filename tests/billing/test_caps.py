"""A hard cap holds on the invoice: whatever the tiers, the rounding and the moment, its usage lines stay below it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.money import rounded
from portal.kit.scope import tenant_scope
from tests.billing.test_budgets import agrees_with_the_ledger, cap, check, euros, reserve, sums
from tests.billing.world import load, look, subscribe
from tests.conftest import make_tenant
from vendors.billing.models import Budget, UsageEntry
from vendors.billing.rating.rate import Segment, rate
from vendors.billing.rating.terms import Model, Terms, Tier
from vendors.billing.services import record_usage, release_checks, take_back

CENT = Decimal("0.01")
amounts = st.integers(0, 3_000_000).map(lambda millionths: Decimal(millionths).scaleb(-6))


@st.composite
def terms(draw):
    ends = sorted(draw(st.sets(st.integers(1, 12), max_size=3)))
    tiers = tuple(Tier(end, draw(amounts)) for end in [*ends, None])
    model = draw(st.sampled_from([Model.GRADUATED, Model.VOLUME]))
    return Terms(model, tiers, included=draw(st.integers(0, 4)), trial=draw(st.integers(0, 3)))


@given(st.lists(st.tuples(terms(), st.integers(0, 15)), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_line_is_above_its_units_at_the_dearest_tier_and_half_a_cent(parts):
    segments = [Segment(str(n), price, quantity, quantity) for n, (price, quantity) in enumerate(parts)]
    for rated in rate(segments):
        counted = rated.segment.terms.dearest_price * rated.segment.quantity
        assert rated.amount <= counted
        fine = counted != counted.quantize(CENT)
        room = Fraction(1, 200) if fine else Fraction(0)
        assert Fraction(rounded(rated.amount, "EUR").amount) <= Fraction(counted) + room


def as_json(price):
    tiers = [{"up_to": tier.up_to, "unit_price": str(tier.unit_price)} for tier in price.tiers]
    return {"model": price.model.value, "tiers": tiers, "included": price.included, "trial": price.trial}


@given(
    prices=st.tuples(terms(), terms()),
    every=st.sampled_from(["period", "period", "year", "day"]),
    narrow=st.booleans(),
    amount=st.integers(1, 2_000),
    ends=st.lists(st.sampled_from(["recorded", "recorded", "released", "open"]), min_size=12, max_size=12),
)
@settings(max_examples=7, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_begins_at_once_the_invoice_stays_below_the_cap(prices, every, narrow, amount, ends):
    tenant = make_tenant()
    partners = [load(**as_json(price)) for price in prices]
    amount = Decimal(amount) * CENT
    with tenant_scope(tenant.id):
        budget = cap(str(amount), every=every, vendor=partners[0] if narrow else "")

    def begin(number):
        usage = check(partners[number % 2], quantity=1 + number % 3)
        with tenant_scope(tenant.id):
            began = reserve(usage)
        if began and ends[number] != "open":
            with tenant_scope(tenant.id):
                if ends[number] == "recorded":
                    record_usage(usage)
                else:
                    release_checks([usage.idempotency_key])
        connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(len(ends))))
    with tenant_scope(tenant.id):
        assert agrees_with_the_ledger(Budget.objects.get(id=budget.id))
    shown = look(tenant, clock.now().strftime("%Y-%m"))
    inside = [line for line in shown["lines"] if line["kind"] == "usage"]
    if narrow:
        inside = [line for line in inside if line["vendor"] == partners[0]]
    assert sum((Decimal(line["amount"]) for line in inside), Decimal(0)) <= amount


def rising(model):
    tiers = [{"up_to": 2, "unit_price": "1.00"}, {"up_to": None, "unit_price": "3.00"}]
    return load(model=model, tiers=tiers)


def test_a_dearer_tier_is_reserved_from_the_first_check_on(in_tenant):
    budget, partner = cap("9.00"), rising("volume")
    begun = [check(partner) for _number in range(4)]
    assert [reserve(usage) for usage in begun] == [True, True, True, False]
    for usage in begun[:3]:
        record_usage(usage)
    assert sums(budget) == euros("9", "0") and agrees_with_the_ledger(budget)
    take_back(UsageEntry.objects.get(idempotency_key=begun[0].idempotency_key), actor=SYSTEM)
    assert sums(budget) == euros("6", "0") and agrees_with_the_ledger(budget)


def test_a_first_tier_that_costs_nothing_counts_all_the_same(in_tenant):
    free_first = [{"up_to": 1, "unit_price": "0"}, {"up_to": None, "unit_price": "2.00"}]
    budget, partner = cap("3.00"), load(model="volume", tiers=free_first)
    assert reserve(check(partner)) and not reserve(check(partner))
    assert sums(budget) == euros("0", "2")


def test_a_price_finer_than_a_cent_leaves_room_for_rounding_up(in_tenant):
    cap("0.03")
    fine = [load(unit_price="0.015"), load(unit_price="0.015")]
    assert reserve(check(fine[0]))
    # Two lines of 0.015 would stand as 0.02 each.
    assert not reserve(check(fine[1]))


def test_a_dearer_price_that_begins_before_the_check_ends_is_reserved(in_tenant):
    budget, partner = cap("10.00"), load(unit_price="1.00")
    soon = clock.now() + timedelta(minutes=30)
    load(vendor=partner, unit_price="4.00", effective_from=soon.isoformat())
    usage = check(partner)
    assert reserve(usage) and sums(budget) == euros("0", "4")


def test_what_ends_after_midnight_finds_room_in_both_days(tenant):
    subscribe(tenant, "2026-01-01", zone="UTC")
    partner = load(unit_price="1.00")
    before = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
    with tenant_scope(tenant.id), clock.frozen(before):
        budget = cap("2.00", every="day")
        late = [check(partner), check(partner)]
        assert all(reserve(usage) for usage in late) and not reserve(check(partner))
    with tenant_scope(tenant.id), clock.frozen(before + timedelta(minutes=20)):
        # The two that still run may end today: nothing else begins until they have.
        assert not reserve(check(partner))
        record_usage(check(partner, idempotency_key=late[0].idempotency_key, case_id=late[0].case_id))
        assert not reserve(check(partner))
        release_checks([late[1].idempotency_key])
        assert reserve(check(partner)) and not reserve(check(partner))
        assert sums(budget) == euros("1", "1")
