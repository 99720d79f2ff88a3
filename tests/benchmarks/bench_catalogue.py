"""The catalogue with two hundred listings and two thousand prices: p95 of each of its pages, and statements.

    python -m tests.benchmarks.bench_catalogue [--listings 200] [--prices 10] [--requests 60]

Listings are loaded from files as the operator's command does it, each with `prices` prices of its plans. Prints each page
beside what it may take and ends with exit code 1 when one takes more.
"""

from __future__ import annotations

import argparse
import time

from tests.benchmarks.ready import say  # isort: skip
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit.scope import tenant_scope
from tenants.directory.models import NoticeAddress
from tenants.rights import Role
from tests.benchmarks.bench_pages import populate
from tests.catalogue.files import listing_file, plan
from tests.conftest import make_member, make_tenant
from tests.console.conftest import client_of_member
from tests.pages.meter import queries_of
from vendors.billing.models import PriceVersion
from vendors.catalogue.countries import DIALLED
from vendors.catalogue.loading import load_listing
from vendors.catalogue.shelf import shelf

MILLISECONDS, STATEMENTS = 100, 12
PAGES = (
    "",
    "?q=partner+1",
    "?country=CZ&method=document",
    "?price=stated&page=3",
    "compare?compare={four}",
    "{one}/",
    "yours",
)
METHODS = (["document", "liveness"], ["eid"], ["wallet"], ["credential"], ["provider"])


def stock(listings: int, prices: int) -> list[str]:
    slugs = []
    countries = sorted(DIALLED)
    for number in range(listings):
        content = listing_file(
            slug=f"bench_{number}",
            name=f"Partner {number}",
            methods=METHODS[number % len(METHODS)],
            countries={"codes": countries[number % 20 : number % 20 + 12], "source": "own"},
            plans=[plan(f"plan-{each}", f"1.{each:02}") for each in range(prices)],
        )
        assert load_listing("bench", content).result == "loaded"
        slugs.append(content["slug"])
    return slugs


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("listings", 200), ("prices", 10), ("requests", 60)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    slugs = stock(asked.listings, asked.prices)
    tenant = make_tenant()
    populate(tenant, 1000)
    with tenant_scope(tenant.id):
        NoticeAddress.objects.filter(value__startswith="person1").update(value="x@firma.cz")
    client = client_of_member(make_member(tenant, Role.OWNER))
    with tenant_scope(tenant.id):
        say(f"{len(shelf())} listings, {PriceVersion.objects.count()} prices, 1000 people")
    is_over = False
    say("      p50      p95 ms      statements   page")
    for page in PAGES:
        path = f"/o/{tenant.slug}/partners/{page.format(four=','.join(slugs[:4]), one=slugs[0])}"
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        statements = len(queries_of([each["sql"] for each in captured.captured_queries]))
        taken = []
        for _number in range(5):  # templates are read and the machine is warm
            client.get(path)
        for _number in range(asked.requests):
            began = time.perf_counter()
            client.get(path)
            taken.append((time.perf_counter() - began) * 1000)
        taken.sort()
        p95 = taken[min(len(taken) - 1, int(len(taken) * 0.95))]
        is_over |= p95 >= MILLISECONDS or statements > STATEMENTS
        say(
            f"{taken[len(taken) // 2]:9.1f} {p95:8.1f} / {MILLISECONDS}  {statements:4} / {STATEMENTS}   {page or '(the list)'}"
        )
    if is_over:
        raise SystemExit("a page takes more than it may")


if __name__ == "__main__":
    main()
