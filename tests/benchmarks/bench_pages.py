"""Server time and database statements of every page, with many tenants and people.

    python -m tests.benchmarks.bench_pages [--tenants 100] [--people 1000] [--rounds 3] [--reads 40]

People are written in bulk, a thousand for each tenant. Then claimants and members walk through every page there is
(tests/pages), `rounds` times in tenants of their own, and pages that only read are asked `reads` times more. Prints
each page beside the figures it has to keep, and ends with exit code 1 when one does not. Statements are exact; times
are of this machine and of what else runs on it: the first request of each page warms up and is not counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from tests.benchmarks.ready import say  # isort: skip
from django.conf import settings
from django.db import connections

from portal.kit import clock
from portal.kit.bulk import insert_many, uuid7_hexes
from portal.kit.scope import tenant_scope
from tenants.directory.models import DirectoryPerson, NoticeAddress, PersonKey, SearchWord
from tenants.directory.services import names_of, new_person, words_of
from tenants.models import Tenant
from tests.conftest import client_of, make_member, make_tenant
from tests.console.conftest import client_of_member
from tests.facecheck.conftest import PaperVision
from tests.pages import claimants, staff
from tests.pages.limits import EXCEPTIONS, IMAGES, LIMIT, MILLISECONDS
from tests.pages.meter import Cost, Meter, metering, queries_of
from tests.recovery.journey import Place, make_place
from tests.vendors.hostile import HostileProvider

GIVEN = ["Ada", "Grace", "Anna", "Jan", "Maria", "Luca", "Noor", "Ola", "Petra", "Sven"]
FAMILY = ["Novák", "Lovelace", "Hopper", "Müller", "Ågren", "Smith", "García", "Li", "Østergaard", "de Vries"]
HOSTED = ("/recover/", "/recover/who", "/sign-in", "/not-me/unknown", "/.well-known/did.json", "/brand.css")


def _person(number: int) -> DirectoryPerson:
    return new_person(
        user_name=f"person{number}",
        given_names=GIVEN[number % 10],
        family_name=f"{FAMILY[number // 10 % 10]} {number}",
        employee_number=f"E{number}",
        birthdate=date(1970, 1, 1) + timedelta(days=number % 15_000),
        department=f"Department {number % 7}",
    )


def populate(tenant: Tenant, count: int) -> None:
    """People with their keys, words and addresses."""
    moment, fields = clock.now(), DirectoryPerson._meta.local_concrete_fields

    def rows(found: list[tuple[DirectoryPerson, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
        for identifier, (person, values) in zip(uuid7_hexes(len(found)), found, strict=True):
            owner = {"tenant_id": tenant.id, "person_id": person.id}
            yield {"id": identifier, "created_at": moment, **owner, **values}

    with tenant_scope(tenant.id):
        made = [
            (person, [f"{person.user_name}@{tenant.slug}.example"]) for person in map(_person, range(count))
        ]
        insert_many(
            DirectoryPerson, ({f.column: getattr(person, f.attname) for f in fields} for person, _m in made)
        )
        keys = [
            (p, {"value": value, "kind": kind, "held_since": moment})
            for p, mails in made
            for value, kind in names_of(p, mails).items()
        ]
        insert_many(PersonKey, rows(keys))
        insert_many(
            SearchWord, rows([(p, {"word": word}) for p, mails in made for word in words_of(p, mails)])
        )
        since = moment - timedelta(days=90)
        held = [
            (p, {"kind": "email", "value": mails[0], "label": "", "held_since": since}) for p, mails in made
        ]
        insert_many(NoticeAddress, rows(held))


def read_again(tenants: list[Tenant], times: int) -> None:
    """The pages that only read, of another tenant each time."""
    members = [(tenant, client_of_member(make_member(tenant))) for tenant in tenants[:5]]
    for number in range(times):
        hosted = client_of(tenants[number % len(tenants)])
        for path in HOSTED:
            hosted.get(path)
        staff.reading(*members[number % len(members)])


def fits(name: str, cost: Cost) -> tuple[str, bool]:
    """One line of the table."""
    taken = sorted(seconds * 1000 for seconds in cost.seconds[1:] or cost.seconds)
    p50, p95 = statistics.median(taken), taken[min(len(taken) - 1, int(len(taken) * 0.95))]
    counted = len(queries_of(cost.worst))
    allowed, why = EXCEPTIONS.get(name, (LIMIT, ""))
    is_image = name in IMAGES
    good = is_image or (counted <= allowed and p95 < MILLISECONDS)
    mark = "image work" if is_image else ("" if good else "OVER")
    line = (
        f"{len(taken):4} {p50:8.1f} {p95:8.1f} / {MILLISECONDS}  {counted:4} / {allowed:<3} {mark:10} {name}"
    )
    return f"{line}   ({why})" if why else line, good


def report(meter: Meter) -> int:
    say("   n      p50      p95 ms       statements      page")
    lines = [fits(name, meter.costs[name]) for name in sorted(meter.costs)]
    for line, _good in lines:
        say(line)
    return sum(not good for _line, good in lines)


def walk(make: Callable[[], Place], rounds: int) -> None:
    for number in range(rounds):
        place = make()
        populate(place.tenant, 1000)
        claimants.walk_everything(place, "ada")
        claimants.trying_it()
        staff.everything(place.tenant)
        say(f"round {number + 1} of {rounds} walked; load {os.getloadavg()[0]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("tenants", 100), ("people", 1000), ("rounds", 3), ("reads", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    provider, vision = HostileProvider(), PaperVision()
    settings.VISION_URL, settings.VISION_TOKEN = vision.url, "token"
    began, tenants = time.perf_counter(), [make_tenant() for _number in range(asked.tenants)]
    for tenant in tenants:
        populate(tenant, asked.people)
    with connections["migrator"].cursor() as cursor:
        cursor.execute("ANALYZE")
    took = time.perf_counter() - began
    say(f"{asked.tenants} tenants, {asked.tenants * asked.people} people in {took:.0f} s")
    try:
        with metering(Meter()) as meter:
            walk(lambda: make_place(provider, vision), asked.rounds)
            read_again(tenants, asked.reads)
    finally:
        provider.close()
        vision.server.shutdown()
    if over := report(meter):
        raise SystemExit(f"{over} pages are over what they may take")


if __name__ == "__main__":
    main()
