"""With more people and cases than a page shows, no page asks the database more than twelve questions of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from recovery.statuses import CaseStatus
from tenants.directory import imports
from tenants.directory.models import NoticeAddress
from tenants.directory.selectors import find_person
from tests.recovery.console.world import add_whole_journey, make_case, published_profile

# What every console page asks before its own view: session, user, seats and tenants.
BEFORE = 6
PEOPLE = 200
HEAD = "user_name,given_names,family_name,email,department\n"


@pytest.fixture
def crowd(tenant):
    rows = "".join(f"u{n},Maria,Muster{n},u{n}@x.example,Dept {n % 7}\n" for n in range(PEOPLE))
    member = uuid7()
    with tenant_scope(tenant.id):
        row = imports.begin_import((HEAD + rows).encode(), file_name="x.csv", member_id=member)
        imports.apply_import(row.id, member_id=member, actor=SYSTEM)
        NoticeAddress.objects.update(held_since=clock.now() - timedelta(days=30))
        profile, person = published_profile(), find_person("u7")
        cases = [make_case(profile, person, CaseStatus.HELD) for _number in range(20)]
        add_whole_journey(cases[0])
    return {"profile": profile, "person": person, "case": cases[0]}


def test_no_page_asks_more_than_it_should(tenant, crowd, staff_client):
    client = staff_client()
    base = f"/o/{tenant.slug}"
    counted = {}
    for path in (
        "/people/",
        "/people/?q=muster4",
        f"/people/{crowd['person'].public_id}/",
        "/recovery/cases/",
        f"/recovery/cases/{crowd['case'].public_id}/",
        "/recovery/reviews/",
        "/recovery/profiles/",
        f"/recovery/profiles/{crowd['profile'].public_id}/",
    ):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(base + path).status_code == 200
        counted[path] = sum(query["sql"].lstrip("( ").upper().startswith("SELECT") for query in captured)
    assert {path: number for path, number in counted.items() if number > 12 + BEFORE} == {}
