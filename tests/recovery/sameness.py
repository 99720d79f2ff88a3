"""Everything a stranger can see or measure of a recovery before the code, for people of every kind.

`kinds` are people who may recover and people who may not; nobody outside may tell them apart.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.profiles import Place as Order
from recovery.profiles import create_profile, publish_profile
from tenants.directory.models import Group
from tenants.directory.services import suspend_person
from tests.conftest import client_of
from tests.recovery.journey import Place

PATHS: list[tuple[str, str, dict[str, str]]] = [
    ("get", "/recover/", {}),
    ("get", "/recover/who", {}),
    ("post", "/recover/who", {}),
    ("get", "/recover/code", {}),
    ("post", "/recover/code/again", {}),
    ("post", "/recover/code", {"code": "x"}),
    ("get", "/recover/code/saved", {}),
    ("post", "/recover/code/saved", {"code": "0000-0000-0000-0000"}),
    ("get", "/recover/consent", {}),
    ("get", "/recover/checking", {}),
    ("post", "/recover/code", {"code": "y"}),
    ("post", "/recover/code", {"code": "z"}),
    ("post", "/recover/code", {"code": "w"}),
    ("get", "/recover/ended", {}),
]
# On the way without a code everybody goes as far as the partner, and only then is the directory asked.
WITHOUT_CODE: list[tuple[str, str, dict[str, str]]] = [
    *PATHS[:4],
    ("post", "/recover/code/none", {}),
    ("get", "/recover/consent", {}),
    ("post", "/recover/consent", {"agree": "on"}),
    ("get", "/recover/partner", {}),
]
# Compared with the same length, so that not even the page that repeats a name differs.
KINDS = ("eligible", "unknown.", "suspende", "outside.", "nomail..")
REFERENCE = re.compile(rb"[0-9A-Z]{4}-[0-9A-Z]{4}")
TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"[^"]+"')


def people(place: Place) -> None:
    """One of each kind, with the same addresses and names, under a profile that asks for department and groups, and another
    before it that is for nobody of them."""
    with tenant_scope(place.tenant.id):
        kept_out = Group.objects.create(name="Administrators")
        strict = create_profile(
            name="Strict", partners=place.profile.partners, groups_in=[kept_out.id], actor=SYSTEM
        )
        publish_profile(strict.id, place=Order.FIRST, actor=SYSTEM)
    place.set_profile(who="departments", departments=["Sales"], groups_out=[str(kept_out.id)])
    for name in KINDS:
        if name == "unknown.":
            continue
        person = place.person(
            name,
            department="Sales" if name != "outside." else "Other",
            emails=[] if name == "nomail.." else [f"{name}@people.example"],
            held=timedelta(days=90),
        )
        if name == "suspende":
            with tenant_scope(place.tenant.id):
                suspend_person(person.id, actor=SYSTEM, reason="left")


@dataclass(frozen=True)
class Seen:
    """What one page gave away."""

    path: str
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]
    statements: int
    seconds: float


def _masked(body: bytes) -> bytes:
    return REFERENCE.sub(b"REFERENCE", TOKEN.sub(b"TOKEN", body))


def _headers(answer: Any) -> tuple[tuple[str, str], ...]:
    found = [(name, value) for name, value in answer.items()]
    cookies = [
        (name, f"{len(morsel.value)} {morsel['max-age']} {morsel['path']} {morsel['samesite']}")
        for name, morsel in answer.cookies.items()
    ]
    return tuple(sorted(found + cookies))


def walk(
    place: Place,
    kind: str,
    *,
    counting: bool = True,
    paths: Sequence[tuple[str, str, dict[str, str]]] = PATHS,
) -> list[Seen]:
    """One browser of its own, from the first of these pages to the last."""
    client, found = client_of(place.tenant, REMOTE_ADDR="198.51.100.1"), []
    for method, path, data in paths:
        sent = {"identifier": kind} if path == "/recover/who" and method == "post" else data
        began = time.perf_counter()
        if counting:
            with CaptureQueriesContext(connection) as queries:
                answer = getattr(client, method)(path, sent)
            count = len(queries)
        else:
            answer, count = getattr(client, method)(path, sent), 0
        took = time.perf_counter() - began
        found.append(Seen(path, answer.status_code, _masked(answer.content), _headers(answer), count, took))
    return found


def rows(place: Place) -> dict[str, int]:
    """How many rows every table holds that this tenant or the platform can see."""
    counts = {}
    with tenant_scope(place.tenant.id):
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                counts[model._meta.label] = model._default_manager.count()
    return counts


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: count - before[name] for name, count in after.items() if count != before[name]}


def new_day(number: int) -> Any:
    """Another day for each walk, so that the limits of one do not show in the next."""
    return clock.frozen(clock.now() + timedelta(days=number + 1))
