"""Who could recover, counted over the whole directory."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.counting import Needs, Obstacle, OnlyFor, count_by_obstacle
from tenants.directory.models import DirectoryPerson, Group, GroupMember, HeldEvidence, NoticeAddress
from tenants.directory.services import new_person, remove_person
from tenants.models import Tenant

LONG_AGO = timedelta(days=90)


def add(name: str, *, held: timedelta | None = LONG_AGO, number: bool = False, **values: Any) -> None:
    person = new_person(user_name=name, given_names="Ada", family_name="Lovelace")
    for field, value in values.items():
        setattr(person, field, value)
    person.save(force_insert=True)
    if held is not None:
        since = clock.now() - held
        for value in (f"{name}@x.example", f"{name}@y.example"):
            NoticeAddress.objects.create(person=person, kind="email", value=value, held_since=since)
    NoticeAddress.objects.create(person=person, kind="phone", value="+35121", held_since=clock.now())
    if number:
        HeldEvidence.objects.create(
            person=person, kind=HeldEvidence.Kind.DOCUMENT_NUMBER, digest=name.ljust(64, "0")
        )


def everybody() -> None:
    add("whole", birthdate=date(1990, 1, 1), department="Sales", number=True)
    add("dated", birthdate=date(1990, 1, 1), department="Law")
    add("undated")
    add("known", number=True)
    add("fresh", held=timedelta(hours=1), birthdate=date(1990, 1, 1))
    add("silent", held=None, birthdate=date(1990, 1, 1))
    add("gone", status=DirectoryPerson.Status.SUSPENDED, birthdate=date(1990, 1, 1))
    add("kept_out", recovery_allowed=False, birthdate=date(1990, 1, 1))


def test_each_person_counts_once_in_the_first_obstacle_that_holds(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    with tenant_scope(other_tenant.id):
        add("stranger")
    with tenant_scope(tenant.id):
        everybody()
        add("erased")
        remove_person(DirectoryPerson.objects.get(user_name="erased").id, actor=SYSTEM)
        before = clock.now() - timedelta(hours=72)
        assert count_by_obstacle(Needs()) == {
            Obstacle.OUTSIDE: 2,
            Obstacle.NO_ADDRESS: 1,
            Obstacle.NONE: 5,
        }
        assert count_by_obstacle(Needs(held_before=before, birthdate=True)) == {
            Obstacle.OUTSIDE: 2,
            Obstacle.NO_ADDRESS: 1,
            Obstacle.FRESH_ADDRESS: 1,
            Obstacle.NO_BIRTHDATE: 1,
            Obstacle.NONE: 3,
        }
        add("managed", manager="whole", manager_changed_at=clock.now() - LONG_AGO)
        add("managed_now", manager="whole", manager_changed_at=clock.now())
        counted = count_by_obstacle(Needs(managed_before=before))
        assert (counted[Obstacle.NO_MANAGER], counted[Obstacle.NONE]) == (6, 1)
        DirectoryPerson.objects.filter(user_name__startswith="managed").delete()
        assert count_by_obstacle(Needs(document=True))[Obstacle.NO_DOCUMENT] == 3
        assert count_by_obstacle(Needs(departments=["Sales"])) == {Obstacle.OUTSIDE: 7, Obstacle.NONE: 1}
        assert count_by_obstacle(Needs(departments=[])) == {Obstacle.OUTSIDE: 8}


def test_whoever_no_way_is_for_counts_as_without_a_partner(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        for name, country in (
            ("czech", " Czech Republic "),
            ("pole", "POL"),
            ("swede", "se"),
            ("odd", "Absurdistan"),
        ):
            add(name, country=country)
        pilots = Group.objects.create(name="Pilots")
        flies = DirectoryPerson.objects.get(user_name="swede")
        GroupMember.objects.create(group=pilots, person=flies)

        def without(*ways: OnlyFor) -> int:
            return count_by_obstacle(Needs(ways=ways)).get(Obstacle.NO_PARTNER, 0)

        assert without() == without(OnlyFor()) == 0
        # Whose country nobody can read says it themselves.
        assert without(OnlyFor(["CZ"])) == 2
        assert without(OnlyFor(["CZ"]), OnlyFor(["PL", "SE"])) == 0
        assert without(OnlyFor(groups=[str(pilots.id)])) == 3
        assert without(OnlyFor(["CZ"]), OnlyFor(groups=[str(pilots.id)])) == 1
        # Country and group of one way, not of two.
        assert without(OnlyFor(["CZ"], [str(pilots.id)]), OnlyFor(["PL"])) == 2
        assert without(OnlyFor(["SE"], [str(pilots.id)])) == 3


def test_nobody_counts_as_nothing(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        assert count_by_obstacle(Needs()) == {}


def test_each_table_is_read_once_however_little_the_planner_knows(tenant: Tenant) -> None:
    """A subquery for each person takes the square of their number right after an import."""
    with tenant_scope(tenant.id):
        everybody()
        with CaptureQueriesContext(connection) as seen:
            ways = [OnlyFor(["CZ"]), OnlyFor(["PL"], [str(uuid4())])]
            count_by_obstacle(Needs(document=True, birthdate=True, ways=ways))
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + seen.captured_queries[-1]["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "SubPlan" not in plan and "Join" not in plan and "Nested Loop" not in plan, plan
