"""How long it takes to bring a file of people in, and what it takes of memory. Goal: 1,000,000 in ten minutes and 500 MB.

python -m tests.benchmarks.bench_import [people]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.ready import say  # isort: skip

from django.db import connection

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.import_large import bring_file
from tests.conftest import make_tenant

HEAD = "user_name,given_names,family_name,email,birthdate,department\n"
GIVEN = ("Maria", "Jürgen", "Thị Ngọc", "Søren", "Olena", "José Luis", "Ahmed", "Anne-Marie")


def database_seconds() -> float:
    """Of processor, that the database spent on this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    tenant = make_tenant()
    with tempfile.NamedTemporaryFile("w+b", buffering=65_536) as file:
        file.write(HEAD.encode())
        for n in range(count):
            given = GIVEN[n % len(GIVEN)]
            row = f"user{n},{given},Muster{n % 9973},u{n}@x.example,1990-04-{n % 28 + 1:02},Dept {n % 70}\n"
            file.write(row.encode())
        file.seek(0)
        for what in ("new", "as they are"):
            began, cpu, database = time.perf_counter(), time.process_time(), database_seconds()
            with tenant_scope(tenant.id):
                brought = bring_file(file, file_name="x.csv", actor=SYSTEM)
            assert brought.is_applied and not brought.problems
            spent, own = time.perf_counter() - began, time.process_time() - cpu
            database = database_seconds() - database
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            say(
                f"{count:,} people, {what}: {spent:.1f} s, {own:.1f} s of this process, "
                f"{database:.1f} s of the database's, {count / spent:,.0f} a second; "
                f"{most:,.0f} MB at most"
            )
            file.seek(0)


if __name__ == "__main__":
    main()
