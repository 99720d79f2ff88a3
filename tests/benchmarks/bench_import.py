"""How long it takes to read and to apply a file of people. Goal: ten thousand in a few seconds.

python -m tests.benchmarks.bench_import [people]
"""

from __future__ import annotations

import sys
import time

from tests.benchmarks.ready import say  # isort: skip

from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.directory import imports
from tests.conftest import make_tenant

HEAD = "user_name,given_names,family_name,email,birthdate,department\n"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rows = "".join(
        f"user{n},Maria{n},Muster{n % 900},u{n}@x.example,1990-04-12,Dept {n % 7}\n" for n in range(count)
    )
    tenant, member = make_tenant(), uuid7()
    began, cpu = time.perf_counter(), time.process_time()
    with tenant_scope(tenant.id):
        row = imports.begin_import((HEAD + rows).encode(), file_name="x.csv", member_id=member)
    read, read_cpu = time.perf_counter(), time.process_time()
    with tenant_scope(tenant.id):
        imports.apply_import(row.id, member_id=member, actor=SYSTEM)
    say(f"{count:,} people read in {read - began:.1f} s ({read_cpu - cpu:.1f} s of this process)")
    say(
        f"applied in {time.perf_counter() - read:.1f} s ({time.process_time() - read_cpu:.1f} s of this process)"
    )


if __name__ == "__main__":
    main()
