"""How long it takes to rehearse a profile over a whole directory, and what memory that needs.

    python -m tests.benchmarks.bench_rehearsal [people]

Goal: a hundred thousand people under a minute. Names are those of all naming cultures; the ratio is to a plain read of the
same directory, so that it says something on another machine.
"""

from __future__ import annotations

import resource
import sys
import time

from tests.benchmarks.ready import say  # isort: skip

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.readiness.running import survey_now
from tenants.directory.models import DirectoryPerson
from tests.conftest import make_tenant
from tests.readiness.people import people_of_all_cultures, row, settle
from tests.recovery.console.world import published_profile


def memory() -> float:
    """In megabytes, the most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    tenant = make_tenant()
    with tenant_scope(tenant.id):
        profile = published_profile(names="relaxed")
    part: list[object] = []
    for number, pair in enumerate(people_of_all_cultures(count)):
        part.append(row(number, *pair))
        if len(part) == 20_000:
            settle(tenant, part)  # type: ignore[arg-type]
            part = []
    settle(tenant, part)  # type: ignore[arg-type]
    began = time.perf_counter()
    with tenant_scope(tenant.id):
        for _person in DirectoryPerson.objects.order_by("sort_key", "id").iterator(chunk_size=5_000):
            pass
    read = time.perf_counter() - began
    for kind, profile_id in (("rehearsal", profile.id), ("readiness", None)):
        before, began, cpu = memory(), time.perf_counter(), time.process_time()
        survey = survey_now(tenant.id, actor=SYSTEM, profile_id=profile_id)
        took = time.perf_counter() - began
        say(
            f"{kind}: {survey.people:,} people in {took:.1f} s ({time.process_time() - cpu:.1f} s of this process), "
            f"{took / read:.0f} times a plain read; {memory() - before:.0f} MB more than before; "
            f"{survey.cannot:,} would fail, {survey.doubtful:,} might"
        )


if __name__ == "__main__":
    main()
