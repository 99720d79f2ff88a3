"""People who are disabled at Microsoft: a few follow at once, many wait for an owner's word."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import transaction

from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.connections import leaving, services, suspending
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import create_person, suspend_person
from tests.conftest import make_member
from tests.connections.conftest import Connected, later

Status = DirectoryPerson.Status


def enable(connected: Connected, people: Sequence[str], is_enabled: bool) -> None:
    connected.graph.change(change=[{"id": one, "accountEnabled": is_enabled} for one in people])


def suspended(connected: Connected) -> set[str]:
    return {name for name, person in connected.people().items() if person.status == Status.SUSPENDED}


def allow(connected: Connected, number: int) -> None:
    with tenant_scope(connected.tenant.id), transaction.atomic():
        services.allow_removal(people=0, memberships=0, suspensions=number, actor=SYSTEM)
    while connected.step():
        pass


@pytest.fixture
def forty(connected: Connected) -> list[str]:
    """Forty people who are active on both sides."""
    connected.graph.seed(40, groups=0, disabled=0)
    connected.sync()
    return list(connected.people())


def test_a_directory_that_says_that_half_are_disabled_suspends_nobody_until_an_owner_confirms(
    connected: Connected, forty: list[str]
) -> None:
    make_member(connected.tenant)
    enable(connected, forty[:20], False)
    run = connected.sync()
    assert (run.state, run.counts.get("suspended"), suspended(connected)) == ("done", None, set())
    assert connected.row().held_suspensions == 20
    with tenant_scope(connected.tenant.id):
        event = AuditEvent.objects.get(name="people:sync:hold")
        assert event.data == {"people": 0, "memberships": 0, "suspended": 20}
    connected.sync()
    assert suspended(connected) == set(), "nor does another synchronisation"
    allow(connected, 20)
    assert suspended(connected) == set(forty[:20])
    row = connected.row()
    assert (row.held_suspensions, row.allowed_suspensions) == (0, 0)
    assert {connected.people()[one].suspended_by for one in forty[:20]} == {"provisioner"}


def test_a_whole_round_that_says_so_is_held_alike(connected: Connected, forty: list[str]) -> None:
    enable(connected, forty[:20], False)
    connected.sync(everything=True)
    assert (suspended(connected), connected.row().held_suspensions) == (set(), 20)


def test_many_are_suspended_in_batches_and_each_once(
    connected: Connected, forty: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspending, "AT_ONCE", 7)
    enable(connected, forty[:20], False)
    connected.sync()
    allow(connected, 20)
    assert suspended(connected) == set(forty[:20])
    with tenant_scope(connected.tenant.id):
        assert AuditEvent.objects.filter(name="people:person:suspend").count() == 20


def test_a_few_are_suspended_at_once(connected: Connected, forty: list[str]) -> None:
    enable(connected, forty[:4], False)
    run = connected.sync()
    assert (run.counts["suspended"], suspended(connected)) == (4, set(forty[:4]))


def test_many_small_suspensions_in_a_day_are_held_like_a_large_one(
    connected: Connected, forty: list[str]
) -> None:
    for start in (0, 2, 4):
        enable(connected, forty[start : start + 2], False)
        connected.sync()
    assert suspended(connected) == set(forty[:4])
    assert connected.row().held_suspensions == 2
    with later(days=1, minutes=1):
        connected.sync()
    assert (suspended(connected), connected.row().held_suspensions) == (set(forty[:6]), 0)


def test_the_share_is_of_those_who_are_active(connected: Connected) -> None:
    """Most of a directory may have left long ago: those who are active are the ones who would be locked out."""
    connected.graph.seed(40, groups=0, disabled=30)
    connected.sync()
    assert len(suspended(connected)) == 30, "who comes disabled is suspended, however many they are"
    active = [name for name in connected.people() if name not in suspended(connected)]
    enable(connected, active[:4], False)
    connected.sync()
    assert (len(suspended(connected)), connected.row().held_suspensions) == (30, 4)


def test_who_was_here_before_the_directory_came_is_held_like_anybody(connected: Connected) -> None:
    connected.graph.seed(20, groups=0, disabled=20)
    told = connected.graph.people()
    with tenant_scope(connected.tenant.id):
        for one in told[:10]:
            create_person(
                user_name=one["userPrincipalName"],
                given_names="As",
                family_name="Imported",
                emails=[],
                actor=SYSTEM,
            )
    connected.sync()
    assert suspended(connected) == {one["id"] for one in told[10:]}
    assert connected.row().held_suspensions == sum(not one["accountEnabled"] for one in told[:10]) >= 9


def test_who_is_enabled_again_before_an_owner_looked_stays_active(
    connected: Connected, forty: list[str]
) -> None:
    enable(connected, forty[:20], False)
    connected.sync()
    enable(connected, forty[:17], True)
    connected.sync()
    assert (suspended(connected), connected.row().held_suspensions) == (set(forty[17:20]), 0)


def test_a_word_for_fewer_than_wait_by_now_suspends_nobody(connected: Connected, forty: list[str]) -> None:
    enable(connected, forty[:20], False)
    connected.sync()
    with tenant_scope(connected.tenant.id), pytest.raises(Refused):
        services.allow_removal(people=0, memberships=0, suspensions=19, actor=SYSTEM)
    enable(connected, forty[20:25], False)
    allow(connected, 20)
    assert (suspended(connected), connected.row().held_suspensions) == (set(), 25)


def test_a_colleagues_suspension_is_neither_counted_nor_taken_over(
    connected: Connected, forty: list[str]
) -> None:
    enable(connected, forty[:6], False)
    connected.sync()
    with tenant_scope(connected.tenant.id):
        for one in forty[:3]:
            person = DirectoryPerson.objects.get(external_id=one)
            suspend_person(person.id, actor=Actor(ActorKind.MEMBER, "member_x"), reason="An attack.")
    connected.sync()
    assert (suspended(connected), connected.row().held_suspensions) == (set(forty[:6]), 0)
    assert {connected.people()[one].suspended_by for one in forty[:3]} == {"member"}
    assert {connected.people()[one].suspended_by for one in forty[3:6]} == {"provisioner"}


def test_removals_and_suspensions_are_held_each_for_itself(connected: Connected, forty: list[str]) -> None:
    enable(connected, forty[:2], False)
    connected.graph.change(remove=forty[30:])
    connected.sync()
    assert suspended(connected) == set(forty[:2])
    row = connected.row()
    assert (row.held_people, row.held_suspensions, len(connected.people())) == (10, 0, 40)
    assert leaving.share_of(40) == 4
