"""How long a delta of Microsoft Graph takes, over HTTP from the simulator: who is told at the addresses held before included.
Goal: 1,000 changes in ten seconds.

python -m tests.benchmarks.bench_sync [people] [changes]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.ready import say  # isort: skip
from django.conf import settings

from portal.kit.scope import tenant_scope
from tenants.notices.models import Notice
from tests.conftest import make_tenant
from tests.connections.conftest import Connected
from tests.sandboxes.graph_served import GraphSimulator


def timed(connected: Connected, what: str, count: int, *, everything: bool = False) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    run = connected.sync(everything=everything)
    spent, own = time.perf_counter() - began, time.process_time() - cpu
    assert str(run.state) == "done" and not run.problem, (run.state, run.problem)
    say(f"{what}: {count:,} in {spent:.1f} s ({own:.1f} s of this process); {dict(run.counts)}")


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    changes = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    with tempfile.TemporaryDirectory(prefix="readmit-graph-") as folder:
        graph = GraphSimulator(Path(folder))
        graph.start()
        try:
            settings.GRAPH_SIMULATOR_ORIGIN = graph.origin
            connected = Connected(make_tenant(), graph)
            graph.seed(people, page_size=100)
            connected.connect()
            timed(connected, "everybody", people)
            chosen = list(connected.people())[:changes]
            # Four in five change what recovery compares, or an address: each of them is told.
            told = [
                {"id": one, "department": "Elsewhere"}
                if number % 5 == 0
                else {"id": one, "surname": f"Novak{number}"}
                if number % 2
                else {"id": one, "otherMails": [f"new{number}@private.example"]}
                for number, one in enumerate(chosen)
            ]
            for at in range(0, len(told), 200):
                graph.change(change=told[at : at + 200])
            timed(connected, "a delta", changes)
            with tenant_scope(connected.tenant.id):
                say(f"{Notice.objects.filter(template='details_changed').count():,} mails written")
        finally:
            graph.stop()


if __name__ == "__main__":
    main()
