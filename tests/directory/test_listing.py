"""Lists of very many people and groups: found as they are typed, bounded, and honest about it."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit.scope import tenant_scope
from tenants.directory import listing
from tenants.directory.models import Group, GroupMember
from tenants.directory.selectors import departments, departments_and_groups
from tenants.rights import Role
from tests.recovery.console.world import make_person


@pytest.fixture
def few(tenant: Any, monkeypatch: Any) -> Any:
    """Seven people, and bounds of three."""
    for name in ("MOST_FOUND", "MOST_COUNTED", "MOST_MEMBERS_COUNTED"):
        monkeypatch.setattr(listing, name, 3)
    with tenant_scope(tenant.id):
        names = [("Łucja", "Müller"), ("Jürgen", "Mücke"), ("Ada", "Muster"), ("Олена", "Ткаченко")]
        people = [
            make_person(f"p{number}", given_names=given, family_name=family, department=f"D{number % 2}")
            for number, (given, family) in enumerate([*names, *[("Bo", "Mu")] * 3])
        ]
        everybody = Group.objects.create(name="Alle Łódź")
        some = Group.objects.create(name="Zürich")
        for person in people:
            GroupMember.objects.create(group=everybody, person=person)
        GroupMember.objects.create(group=some, person=people[0])
    return people


def found(**asked: Any) -> tuple[list[str], int, bool, bool]:
    listed = listing.people_listed(**asked)
    return sorted(one.user_name for one in listed.found), listed.count, listed.is_more, listed.is_cut


@pytest.mark.parametrize("typed", ["lu mul", "MÜLLER", "mueller łu", "muller", "p0"])
def test_people_are_found_by_the_beginnings_of_their_words(tenant: Any, few: Any, typed: str) -> None:
    with tenant_scope(tenant.id):
        assert found(text=typed) == (["p0"], 1, False, False)
        assert found(text=typed, department="D1")[0] == []


def test_what_is_bounded_says_so_and_leaves_a_longer_word_whole(tenant: Any, few: Any) -> None:
    with tenant_scope(tenant.id):
        names, count, is_more, is_cut = found(text="mu")
        assert (len(names), count, is_more, is_cut) == (3, 3, True, True)
        assert found()[1:] == (3, True, False)
        assert found(text="mu", department="D1")[0] == ["p1", "p5"]
        assert found(text="tkachenko")[0] == ["p3"] and found(text="\x00") == found()


def test_a_group_shows_who_is_in_it_however_many(
    tenant: Any, other_tenant: Any, few: Any, staff_client: Any
) -> None:
    with tenant_scope(tenant.id):
        everybody, some = Group.objects.order_by("name")
        assert {one.name for one in listing.groups_found("lodz")} == {"Alle Łódź"}
        counted = listing.count_members([everybody.id, some.id])
        assert counted == {everybody.id: listing.Members(3, True), some.id: listing.Members(1, False)}
        assert len(listing.members_listed(everybody).found) == 7
        assert [one.user_name for one in listing.members_listed(some, text="mu").found] == ["p0"]
        assert [one.user_name for one in listing.members_listed(everybody, text="muller").found] == ["p0"]
    base = f"/o/{tenant.slug}/people/groups/"
    client = staff_client()
    assert (
        b"more than 3" in client.get(base).content
        and b"Bo Mu" in client.get(f"{base}{everybody.public_id}/").content
    )
    assert b"Bo Mu" not in client.get(f"{base}{some.public_id}/?q=").content
    stranger = staff_client(Role.OWNER, other_tenant)
    assert stranger.get(f"/o/{other_tenant.slug}/people/groups/{some.public_id}/").status_code == 404
    assert client.get(f"{base}group_nonsense/").status_code == 404


def test_departments_are_this_organisations_and_each_once(tenant: Any, other_tenant: Any, few: Any) -> None:
    with tenant_scope(other_tenant.id):
        make_person("eve", department="Elsewhere")
    with tenant_scope(tenant.id):
        assert departments() == ["D0", "D1"]
        named, groups = departments_and_groups()
        assert named == ["D0", "D1"] and sorted(groups.values()) == ["Alle Łódź", "Zürich"]
