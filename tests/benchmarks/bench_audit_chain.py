"""How long a million entries take to verify. Goal: under 30 seconds on two cores.

    python -m tests.benchmarks.bench_audit_chain [entries]

Fills one organisation's log in a database of the tests' own services and walks it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import tests.services  # noqa: F401  isort: skip  (services and a database before Django starts)
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, connections  # noqa: E402

from portal.kit.ids import uuid7  # noqa: E402
from portal.kit.scope import tenant_scope  # noqa: E402
from tenants.audit.chain import START, PublicHalf, next_digest  # noqa: E402
from tenants.audit.heads import sign_tail  # noqa: E402
from tenants.audit.verification import verify_chain  # noqa: E402
from tests.conftest import make_tenant  # noqa: E402

EVENT_COLUMNS = "id, tenant_id, created_at, name, actor_kind, actor_id, subject, data, personal_digest"
LINK_COLUMNS = "id, tenant_id, created_at, event_id, number, chain_digest"
CHUNK = 50_000


def halves(count: int) -> Iterator[PublicHalf]:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        data = {"from": "opened", "to": "proving", "reasons": [], "attempt": number}
        at = begun + timedelta(milliseconds=number)
        yield PublicHalf(
            uuid7(), at, "recovery:case:move", "system", "readmit", "case_x", None, data, b"d" * 32
        )


def fill(tenant_id: UUID, count: int) -> None:
    """The quickest way in: COPY, chained on the way."""
    digest, waiting = START, []
    for number, half in enumerate(halves(count), 1):
        digest = next_digest(digest, tenant_id, number, half)
        waiting.append((number, half, digest))
        if len(waiting) == CHUNK or number == count:
            _copy(tenant_id, waiting)
            waiting.clear()


def _copy(tenant_id: UUID, rows: list[tuple[int, PublicHalf, bytes]]) -> None:
    with tenant_scope(tenant_id, using="migrator"), connections["migrator"].cursor() as cursor:
        with cursor.copy(f"COPY audit_auditevent ({EVENT_COLUMNS}) FROM STDIN") as sink:
            for _number, half, _digest in rows:
                sink.write_row(
                    (
                        half.event_id,
                        tenant_id,
                        half.created_at,
                        half.name,
                        half.actor_kind,
                        half.actor_id,
                        half.subject,
                        json.dumps(half.data),
                        half.personal_digest,
                    )
                )
        with cursor.copy(f"COPY audit_auditlink ({LINK_COLUMNS}) FROM STDIN") as sink:
            for number, half, digest in rows:
                sink.write_row((uuid7(), tenant_id, half.created_at, half.event_id, number, digest))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    settings.DATA = settings.ROOT / ".data"
    tenant = make_tenant()
    begun = time.perf_counter()
    fill(tenant.id, count)
    sys.stdout.write(f"filled {count:,} entries in {time.perf_counter() - begun:.1f} s\n")
    with tenant_scope(tenant.id):
        sign_tail(even_if_recent=True)
    with connections["migrator"].cursor() as cursor:
        cursor.execute("ANALYZE audit_auditevent, audit_auditlink")
    begun, cpu = time.perf_counter(), time.process_time()
    chain = verify_chain(tenant.id)
    seconds = time.perf_counter() - begun
    sys.stdout.write(
        f"verified {chain.number:,} entries in {seconds:.1f} s "
        f"({time.process_time() - cpu:.1f} s of this process), {chain.number / seconds:,.0f} a second\n"
    )
    connection.close()


if __name__ == "__main__":
    main()
