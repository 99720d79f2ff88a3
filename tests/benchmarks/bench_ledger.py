"""The ledger: a million events against the oracle, events a second in bulk and live, the usage page over many entries.

    python -m tests.benchmarks.bench_ledger [recount|live|page …] [--events 1000000] [--tenants 200]
                                            [--writers 4] [--seconds 15] [--entries 5000000] [--times 40]

`recount` draws events over all tenants and seven partners, 20 % twice, in no order, 3 % after two periods were closed, and
compares every document with the oracle of the tests. `live` records one event a transaction from several processes.
`page` fills the table by one statement for each tenant (straight into it, as its owner), a tenth of it for one tenant, and
asks for the usage page and the preview.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.benchmarks.ready import say  # isort: skip
from django.db import connection, connections
from django.template.base import Template
from django.test.utils import _TestState

from portal.kit.children import child_process
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.models import Tenant, User
from tests.billing import oracle
from tests.billing.market import PERIODS, disturb, draw_events, join, make_market
from tests.billing.test_recount import by_tenant, invoiced_about, recount
from tests.billing.world import close, look
from tests.conftest import make_member, make_tenant, site_client
from vendors.billing.event_file import record_lines
from vendors.billing.rating.billability import Outcome
from vendors.billing.rollups import rebuild_days
from vendors.billing.selectors import price_at
from vendors.billing.services import Usage, record_usage

# What the ledger has to keep on two cores: events a second live and from a file, and a page's milliseconds at 5,000,000.
LIVE, BULK, PAGE = 1_000, 10_000, 150
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def record(events: list[dict[str, Any]]) -> None:
    lines = [json.dumps(event) for event in events]
    began, counted = time.perf_counter(), 0
    for outcome in record_lines(lines, workers=2):
        assert outcome.result in {"recorded", "known"}, outcome
        counted += outcome.result == "recorded"
    took = time.perf_counter() - began
    say(
        f"  {len(lines):,} lines, {counted:,} new, in {took:.1f} s: {len(lines) / took:,.0f} a second of {BULK:,}"
    )


def compare(
    market: Any, tenants: dict[str, Tenant], events: list[dict[str, Any]], labels: tuple[str, ...]
) -> int:
    known, wrong = by_tenant(events), 0
    for slug, tenant in tenants.items():
        found = invoiced_about(tenant)
        wrong += sum(found[label] != recount(market, slug, known[slug], label) for label in labels)
    return wrong


def bench_recount(asked: argparse.Namespace) -> None:
    market = make_market()
    tenants = {tenant.slug: tenant for tenant in (make_tenant() for _ in range(asked.tenants))}
    for number, tenant in enumerate(tenants.values()):
        join(market, tenant, number)
    timely, late = disturb(list(draw_events(market, list(tenants), asked.events, 1, largest=1)), 2)
    say(f"recount: {asked.events:,} events, {asked.tenants} tenants, {len(market.partners)} partners")
    record(timely)
    began = time.perf_counter()
    for tenant in tenants.values():
        earlier = ("2025-12",) if market.subscriptions[tenant.slug]["from"] < "2026" else ()
        for label in (*earlier, *PERIODS[:2]):
            close(tenant, label)
    say(f"  closed {PERIODS[:2]} in {time.perf_counter() - began:.1f} s")
    wrong = compare(market, tenants, timely, PERIODS[:2])
    say(f"  {wrong} of {len(tenants) * 2} periods differ from the oracle before the late events")
    record(late)
    for tenant in tenants.values():
        close(tenant, PERIODS[2])
    wrong = compare(market, tenants, timely + late, PERIODS)
    say(f"  {wrong} of {len(tenants) * 3} periods differ from the oracle at the end")


def _write(tenants: list[UUID], seconds: float) -> tuple[int, float]:
    """How many events were recorded, and the seconds of processor this process took for them."""
    began, until, count = time.process_time(), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        moment = datetime.now(UTC)
        with tenant_scope(tenants[count % len(tenants)]):
            record_usage(
                Usage(
                    idempotency_key=str(uuid7()),
                    meter="face_check",
                    vendor="readmit",
                    connection_kind="through_us",
                    outcome=Outcome.PASSED,
                    quantity=1,
                    occurred_at=moment,
                    case_id=uuid7(),
                )
            )
        count += 1
    return count, time.process_time() - began


def bench_live(asked: argparse.Namespace) -> None:
    tenants = [make_tenant().id for _ in range(20)]
    writers = [child_process() for _ in range(asked.writers)]
    for each in [writer.submit(_write, tenants, 0.5) for writer in writers]:
        each.result()  # they are begun, and know the book
    counts = [writer.submit(_write, tenants, asked.seconds) for writer in writers]
    total = sum(each.result()[0] for each in counts)
    python = sum(each.result()[1] for each in counts) / max(total, 1)
    for writer in writers:
        writer.shutdown()
    say(
        f"live: {total / asked.seconds:,.0f} events a second of {LIVE:,}, {asked.writers} writers, one transaction each; "
        f"{python * 1e6:,.0f} us of Python an event"
    )


# Straight into the table, as its owner, and not through any door: this measures reading.
FILL = """
INSERT INTO billing_entry (id, tenant_id, created_at, kind, transaction_id, idempotency_key, debit, credit, amount, currency,
  meter, vendor, connection_kind, quantity, price_version_id, unit_price, billable, outcome, why, case_id, case_reference,
  step, mode, department, occurred_at)
SELECT made.id, %(tenant)s, now(), 'usage', made.id, made.id::text, 'unbilled', 'revenue', made.price, 'EUR',
  CASE WHEN n %% 3 = 0 THEN 'face_check' ELSE 'decision' END, (ARRAY['readmit', 'house', 'au10tix'])[1 + n %% 3],
  'through_us', 1, %(price)s, 0.25, made.price > 0, CASE WHEN n %% 5 = 0 THEN 'retake' ELSE 'passed' END,
  CASE WHEN n %% 5 = 0 THEN 'retake' ELSE 'decided' END, gen_random_uuid(), 'AAAA-AAAA', 'proofed', 'production',
  (ARRAY['', 'Sales', 'Finance', 'Logistics'])[1 + n %% 4],
  now() - %(days)s * interval '1 day' * (1 - n::float8 / %(count)s)
FROM (SELECT n, gen_random_uuid() AS id, CASE WHEN n %% 5 = 0 THEN 0 ELSE 0.25 END AS price
  FROM generate_series(1, %(count)s) AS n) AS made
"""


# Those that keep no rule: a table that is filled first and indexed afterwards is there in a quarter of the time.
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'billing_entry'::regclass AND NOT indisunique
"""


@contextmanager
def indexed_afterwards() -> Iterator[None]:
    with connections["migrator"].cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _made in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, made in indexes:
            cursor.execute(made)
        cursor.execute("VACUUM ANALYZE billing_entry, billing_usageday")


def fill(tenant_id: UUID, count: int, days: int) -> None:
    price = price_at("face_check", "readmit", datetime.now(UTC))
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            FILL, {"tenant": tenant_id, "price": price.id if price else None, "days": days, "count": count}
        )
    with tenant_scope(tenant_id):
        rebuild_days()


def bench_page(asked: argparse.Namespace) -> None:
    began = time.perf_counter()
    big = make_tenant()
    small = [make_tenant() for _ in range(99)]
    with indexed_afterwards():
        fill(big.id, asked.entries // 10, 365)
        for tenant in small:
            fill(tenant.id, asked.entries * 9 // 10 // len(small), 365)
    say(f"page: {asked.entries:,} entries in {time.perf_counter() - began:.0f} s")
    show("one of 99", small[0], asked.times)
    show("a tenth of all", big, asked.times)


def show(name: str, tenant: Tenant, times: int) -> None:
    # The test suite's rendering copies every context for whoever wants to look at it; a reader does not wait for that.
    Template._render = _TestState.saved_data.template_render
    client = site_client()
    client.force_login(User.objects.get(pk=make_member(tenant).user_id), BACKEND)
    measure(f"usage page, {name}", lambda: client.get(f"/o/{tenant.slug}/usage/"), times)
    label = datetime.now(UTC).strftime("%Y-%m")
    measure(f"preview, {name}", lambda: look(tenant, label), times)


def measure(name: str, ask: Any, times: int) -> None:
    for _warm in range(3):
        ask()
    taken, used = [], time.process_time()
    for _number in range(times):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    used = (time.process_time() - used) * 1000 / times
    taken.sort()
    say(
        f"  {name:28} p50 {taken[len(taken) // 2]:7.1f} ms   p95 {taken[int(len(taken) * 0.95) - 1]:7.1f} ms of {PAGE}"
        f"   Python {used:6.1f} ms"
    )


PARTS = {"recount": bench_recount, "live": bench_live, "page": bench_page}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    numbers = {
        "events": 1_000_000,
        "tenants": 200,
        "writers": 4,
        "seconds": 15,
        "entries": 5_000_000,
        "times": 40,
    }
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    assert oracle.BILLED
    for name in asked.parts or PARTS:
        PARTS[name](asked)
    connection.close()


if __name__ == "__main__":
    main()
