"""The export of 1,000,000 checks: how long it takes and how much the process grows while it streams.

.venv/bin/pytest tests/benchmarks/bench_export.py -s -n0
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import timedelta
from uuid import UUID

from tests.benchmarks.ready import say  # isort: skip
from django.db import connection

from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tests.billing.test_ledger import record
from tests.conftest import make_tenant
from vendors.billing.models import Entry
from vendors.billing.selectors import UsageFilter
from vendors.console.usage_csv import stream_usage
from vendors.console.usage_filter import zone_of


def multiply(tenant_id: UUID, rows: int) -> None:
    """One real entry, copied by the database: what is measured reads, it does not book."""
    names = [field.column for field in Entry._meta.local_concrete_fields]
    given = {
        "id": "gen_random_uuid()",
        "idempotency_key": "'b' || n",
        "occurred_at": "occurred_at - n * interval '1 second'",
    }
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(given.get(name, f'"{name}"') for name in names)
    with tenant_scope(tenant_id), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO billing_entry ({columns}) SELECT {values} FROM billing_entry, generate_series(1, %s) n "
            "WHERE tenant_id = %s",
            [rows - 1, tenant_id],
        )


def bench_export(rows: int) -> None:
    tenant = make_tenant()
    with tenant_scope(tenant.id):
        record(idempotency_key=uuid7().hex)
    multiply(tenant.id, rows)
    today = clock.now().date()
    chosen = UsageFilter(today - timedelta(days=60), today + timedelta(days=1), zone_of(tenant))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, size, lines = time.perf_counter(), 0, 0
    for line in stream_usage(tenant.id, chosen):
        size, lines = size + len(line), lines + 1
    took = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    say(f"{lines - 1:,} rows, {size / 1e6:.0f} MB in {took:.0f} s; the process grew by {grown:.1f} MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    bench_export(parser.parse_args().rows)
    connection.close()
