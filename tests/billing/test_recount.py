"""The ledger against the oracle: shuffled, doubled, late, over every kind of price; equal to the cent."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from portal.kit.scope import tenant_scope
from tests.billing import oracle
from tests.billing.market import PERIODS, disturb, draw_events, join, make_market
from tests.billing.test_budgets import cap, sums
from tests.billing.world import close, record_file
from tests.conftest import make_tenant
from vendors.billing.models import InvoiceLine


def by_tenant(events):
    found = defaultdict(list)
    for event in events:
        found[event["tenant"]].append(event)
    return found


def invoiced_about(tenant):
    """Minor units on all documents together, by the period they are about."""
    totals = defaultdict(int)
    with tenant_scope(tenant.id):
        for about, minor in InvoiceLine.objects.values_list("about", "minor"):
            totals[about] += minor
    return totals


def recount(market, slug, events, label):
    subscription = market.subscriptions[slug]
    usage = oracle.usage_total(market.prices, subscription, events, label)
    return usage + oracle.fee_total(market.prices, subscription, label)


def test_invoices_and_credit_notes_equal_the_oracle_to_the_cent(tmp_path):
    market = make_market()
    tenants = {tenant.slug: tenant for tenant in (make_tenant() for _ in range(6))}
    for number, tenant in enumerate(tenants.values()):
        join(market, tenant, number)
    budgets = {}
    for slug, tenant in tenants.items():
        with tenant_scope(tenant.id):
            budgets[slug] = cap("100000", every="year", is_hard=False, shares=())
    events = list(draw_events(market, list(tenants), 1600, seed=1))
    timely, late = disturb(events, seed=2)
    # In batches that know nothing of each other: what belongs together comes apart and in no order.
    for number in range(3):
        assert record_file(tmp_path, timely[number::3])[0] == 0
    for tenant in tenants.values():
        earliest = "2025-12" if market.subscriptions[tenant.slug]["from"] < "2026" else None
        for label in filter(None, (earliest, *PERIODS[:2])):
            close(tenant, label)
    known = by_tenant(timely)
    for slug, tenant in tenants.items():
        for label in PERIODS[:2]:
            assert invoiced_about(tenant)[label] == recount(market, slug, known[slug], label), (slug, label)
    assert record_file(tmp_path, late)[0] == 0
    everything = by_tenant(timely + late)
    for slug, tenant in tenants.items():
        close(tenant, "2026-03")
        found = invoiced_about(tenant)
        for label in PERIODS:
            assert found[label] == recount(market, slug, everything[slug], label), (slug, label)
        subscription = market.subscriptions[slug]
        with tenant_scope(tenant.id):
            spent, _reserved = sums(budgets[slug])
        assert spent == oracle.budget_total(market.prices, subscription, everything[slug], 2026), slug


def test_the_oracle_knows_nothing_of_the_product():
    tree = ast.parse(Path(oracle.__file__).read_text())
    named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert {name.split(".")[0] for name in named} <= {
        "__future__",
        "calendar",
        "collections",
        "datetime",
        "fractions",
        "itertools",
        "zoneinfo",
    }
