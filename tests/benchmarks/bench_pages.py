"""Server time and database statements of the pages, with many tenants and people.

    python -m tests.benchmarks.bench_pages [--tenants 100] [--people 1000] [--times 40]

People are written by COPY, a thousand for each tenant. Pages are asked for in this process, as the web role, each time
of another tenant; the first three answers of each page are not counted. Times are of this machine and of what else
runs on it; statements are exact.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from tests.benchmarks.ready import say  # isort: skip
from django.db import connection, connections, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.cases import create_case
from recovery.profiles import create_profile
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.directory.services import new_person, person_keys, search_words
from tenants.models import Tenant, User
from tests.conftest import client_of, make_member, make_tenant, site_client

GIVEN = ["Ada", "Grace", "Anna", "Jan", "Maria", "Luca", "Noor", "Ola", "Petra", "Sven"]
FAMILY = ["Novák", "Lovelace", "Hopper", "Müller", "Ågren", "Smith", "García", "Li", "Østergaard", "de Vries"]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
Ask = Callable[[int], Any]


def copy(rows: Iterable[models.Model]) -> int:
    """Write rows of one model by COPY, as the role that migrates."""
    found = list(rows)
    fields = type(found[0])._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    with connections["migrator"].cursor() as cursor:
        head = f'COPY "{type(found[0])._meta.db_table}" ({names}) FROM STDIN'
        with cursor.copy(head) as sink:
            for row in found:
                sink.write_row([getattr(row, field.attname) for field in fields])
    return len(found)


def populate(tenant: Tenant, count: int) -> list[DirectoryPerson]:
    """People, their keys, words and addresses, and cases of some of them."""
    with tenant_scope(tenant.id):
        made = [
            new_person(
                user_name=f"person{number}",
                given_names=GIVEN[number % 10],
                family_name=f"{FAMILY[number // 10 % 10]} {number}",
                employee_number=f"E{number}",
                birthdate=date(1970, 1, 1) + timedelta(days=number),
                department=f"Department {number % 7}",
            )
            for number in range(count)
        ]
        mails = {person.id: f"{person.user_name}@{tenant.slug}.example" for person in made}
        copy(made)
        copy(key for person in made for key in person_keys(person, [mails[person.id]]))
        copy(word for person in made for word in search_words(person, [mails[person.id]]))
        since = clock.now() - timedelta(days=90)
        copy(
            NoticeAddress(person=person, kind="email", value=mails[person.id], held_since=since)
            for person in made
        )
        profile = create_profile(name="Everyone", actor=SYSTEM)
        type(profile).objects.filter(id=profile.id).update(status="published")
        for person in made[:: max(1, count // 60)]:
            create_case(profile=profile, person=person, decoy_reason="", browser_digest=person.id.bytes * 2)
    return made


def measure(name: str, ask: Ask, times: int) -> None:
    taken, counted = [], []
    for number in range(times + 3):
        began = time.perf_counter()
        answer = ask(number)
        took = time.perf_counter() - began
        with CaptureQueriesContext(connection) as queries:
            ask(number + 1)
        assert answer.status_code in {200, 303}, (name, answer.status_code, answer.headers.get("Location"))
        if number >= 3:
            taken.append(took * 1000)
            counted.append(len(queries))
    taken.sort()
    p50, p95 = taken[len(taken) // 2], taken[int(len(taken) * 0.95) - 1]
    say(f"{name:34} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms   statements {min(counted)}–{max(counted)}")


def staff(tenant: Tenant) -> Client:
    client = site_client()
    client.force_login(User.objects.get(pk=make_member(tenant).user_id), BACKEND)
    return client


def hosted(tenants: list[Tenant]) -> dict[str, Ask]:
    def get(path: str) -> Ask:
        return lambda n: client_of(tenants[n % len(tenants)]).get(path)

    walking = client_of(tenants[0])
    walking.post("/recover/who", {"identifier": "person1"})
    return {
        "hosted  /recover/": get("/recover/"),
        "hosted  /recover/who": get("/recover/who"),
        "hosted  POST /recover/who": lambda n: client_of(tenants[n % len(tenants)]).post(
            "/recover/who", {"identifier": f"person{n}"}
        ),
        "hosted  /recover/code": lambda n: walking.get("/recover/code"),
        "hosted  /sign-in": get("/sign-in"),
        "hosted  /not-me/…": get("/not-me/unknown"),
    }


def console(tenants: list[Tenant], people: dict[str, list[DirectoryPerson]]) -> dict[str, Ask]:
    clients = [(tenant, staff(tenant)) for tenant in tenants[:5]]

    def get(path: str) -> Ask:
        def ask(number: int) -> Any:
            tenant, client = clients[number % len(clients)]
            person = people[tenant.slug][number]
            return client.get(f"/o/{tenant.slug}/{path.format(person=person.public_id)}")

        return ask

    paths = [
        "",
        "people/",
        "people/?q=smith",
        "people/?q=ada+nov",
        "people/{person}/",
        "recovery/cases/",
        "recovery/cases/of/{person}",
        "recovery/profiles/",
        "recovery/reviews/",
        "audit/",
        "partners/",
        "usage/",
        "members/",
    ]
    return {f"console /{path}": get(path) for path in paths}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("tenants", 100), ("people", 1000), ("times", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    began = time.perf_counter()
    tenants, people = [], {}
    for _number in range(asked.tenants):
        tenant = make_tenant()
        tenants.append(tenant)
        people[tenant.slug] = populate(tenant, asked.people)
    with connections["migrator"].cursor() as cursor:
        cursor.execute("ANALYZE")
    say(
        f"{asked.tenants} tenants, {asked.tenants * asked.people} people in {time.perf_counter() - began:.0f} s"
    )
    for name, ask in {**hosted(tenants), **console(tenants, people)}.items():
        measure(name, ask, asked.times)


if __name__ == "__main__":
    main()
