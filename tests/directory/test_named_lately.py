"""Whoever writes somebody else's identifier beside an account of their own is that somebody after three days, not before."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from tenants.directory.imports import apply_import, begin_import
from tenants.directory.managers import manager_of, stands_above
from tenants.directory.models import DirectoryPerson, PersonKey
from tenants.directory.selectors import find_person
from tenants.directory.services import create_person

pytestmark = pytest.mark.usefixtures("in_tenant")
HEAD = "user_name,given_names,family_name,email,employee_number,manager\n"
LONG_AGO = timedelta(days=30)
NEARLY, OVER = timedelta(hours=71), timedelta(hours=73)


def bring(text: str) -> None:
    row = begin_import((HEAD + text).encode(), file_name="people.csv", member_id=UUID(int=1))
    apply_import(row.id, member_id=row.member_id, actor=SYSTEM)


def person(name: str) -> DirectoryPerson:
    return DirectoryPerson.objects.get(user_name=name)


def manager_after(wait: timedelta, begun: datetime) -> str:
    with clock.frozen(begun + wait):
        found = manager_of(person("ada"))
    return found.user_name if found else ""


@pytest.fixture
def begun() -> datetime:
    """Ada answers to whoever has the number 77, and has done so for a month; so has the boss had it."""
    moment = clock.now()
    with clock.frozen(moment - LONG_AGO):
        bring(
            "ada,Ada,Lovelace,ada@x.example,1,77\n"
            "boss,Grace,Hopper,boss@x.example,77,\n"
            "thief,Eve,Black,eve@x.example,3,\n"
        )
    return moment


def test_a_number_that_was_moved_to_another_account_makes_a_manager_after_three_days(begun):
    assert manager_after(timedelta(0), begun) == "boss"
    bring("boss,Grace,Hopper,boss@x.example,,\n")
    bring("thief,Eve,Black,eve@x.example,77,\n")
    assert find_person("77") == person("thief"), "found by it at once"
    assert stands_above(person("thief"), person("ada")), "and kept from vouching for their own at once"
    assert manager_after(NEARLY, begun) == ""
    assert manager_after(OVER, begun) == "thief"


def test_an_account_made_with_the_number_of_somebody_who_left_waits_as_long(begun):
    bring("boss,Grace,Hopper,boss@x.example,,\n")
    bring("new,Eve,Black,new@x.example,77,\n")
    assert (manager_after(NEARLY, begun), manager_after(OVER, begun)) == ("", "new")


def test_another_change_of_the_same_person_leaves_the_day_as_it_is(begun):
    before = dict(PersonKey.objects.values_list("value", "held_since"))
    bring("boss,Grace,Murray Hopper,new@x.example,77,\n")
    after = dict(PersonKey.objects.values_list("value", "held_since"))
    assert {name: after[name] for name in before if name != "boss@x.example"} == {
        name: since for name, since in before.items() if name != "boss@x.example"
    }
    assert after["new@x.example"] > before["boss@x.example"]
    assert manager_after(timedelta(0), begun) == "boss"


def test_an_identifier_of_the_provisioning_system_waits_too_and_two_of_one_name_are_nobody(begun):
    DirectoryPerson.objects.filter(user_name="ada").update(manager="ext-1")
    DirectoryPerson.objects.filter(user_name="boss").update(external_id="ext-1")
    assert manager_after(timedelta(0), begun) == "boss", "what somebody came with counts since then"
    with clock.frozen(begun - LONG_AGO):
        late = create_person(
            user_name="late", given_names="Eve", family_name="Black", emails=[], actor=SYSTEM
        )
    DirectoryPerson.objects.filter(id=late.id).update(external_id="ext-1", external_id_changed_at=begun)
    assert manager_after(NEARLY, begun) == ""
    DirectoryPerson.objects.filter(user_name="boss").update(external_id="")
    assert (manager_after(NEARLY, begun), manager_after(OVER, begun)) == ("", "late")
