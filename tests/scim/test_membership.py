"""Changes of a group's members cost what they change, and make of it what the library would."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from scim2_models import PatchOp

from portal.kit.ids import public_id
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson, GroupMember
from tenants.directory.models import Group as GroupRow
from tenants.directory.scim import groups
from tenants.directory.scim.description import PROVIDER, Group
from tenants.directory.scim.membership import Be, Join, Leave, parted
from tests.scim.conftest import GROUP, PATCH, Provisioner

PEOPLE = [f"person_{number:026d}" for number in range(9)]


def _some(chance: random.Random) -> list[dict[str, str]]:
    return [{"value": one} for one in chance.sample(PEOPLE, chance.randint(1, 4))]


def _operation(chance: random.Random) -> dict[str, Any]:
    """As Entra, Okta and the standard write them."""
    one, other = chance.sample(PEOPLE, 2)
    return chance.choice(
        [
            {"op": "Add", "path": "members", "value": _some(chance)},
            {"op": "add", "path": "members", "value": {"value": one}},
            {"op": "add", "value": {"members": _some(chance)}},
            {"op": "Remove", "path": "members", "value": _some(chance)},
            {"op": "remove", "path": f'members[value eq "{one}"]'},
            {"op": "remove", "path": f'members[value eq "{one}" or value eq "{other}"]'},
            {"op": "remove", "path": f'{GROUP}:members[value eq "{one}"]'},
            {"op": "replace", "path": "members", "value": _some(chance)},
            {"op": "replace", "path": "Members", "value": []},
            {"op": "remove", "path": "members"},
            {
                "op": "replace",
                "value": {"id": "x", "displayName": f"Named {one[-1]}", "members": _some(chance)},
            },
            {"op": "replace", "path": "displayName", "value": f"Named {other[-1]}"},
            {"op": "replace", "path": GROUP, "value": {"displayName": "Whole", "members": _some(chance)}},
        ]
    )


@pytest.mark.parametrize("seed", range(60))
def test_steps_make_of_a_group_what_the_library_makes_of_it(seed: int) -> None:
    chance = random.Random(seed)
    with PROVIDER:
        read = PatchOp[Group].model_validate(
            {"schemas": [PATCH], "Operations": [_operation(chance) for _ in range(chance.randint(1, 5))]}
        )
        held = chance.sample(PEOPLE, chance.randint(0, 6))
        whole = Group(id="x", display_name="All", members=[Group.Members(value=one) for one in held])
        bare = Group(id="x", display_name="All")
        change = parted(read)
        assert change is not None
        read.patch(whole)
        if change.rest is not None:
            change.rest.patch(bare)
    members = set(held)
    for step in change.steps:
        match step:
            case Join(people):
                members |= people
            case Leave(people):
                members -= people
            case Be(people):
                members = set(people)
    assert members == {one.value for one in whole.members or ()}
    assert (bare.display_name, bare.members) == (whole.display_name, None)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "members", "value": [{"display": "Ada"}]},
        {"op": "add", "path": "members", "value": [{"value": 7}]},
        {"op": "remove", "path": f'members[value ne "{PEOPLE[0]}"]'},
        {"op": "remove", "path": f'members[not (value eq "{PEOPLE[0]}")]'},
        {"op": "replace", "path": f'members[value eq "{PEOPLE[0]}"]', "value": {"value": PEOPLE[1]}},
        {"op": "add", "value": {f"{GROUP}:members": [{"value": PEOPLE[0]}]}},
    ],
)
def test_what_is_not_plainly_a_step_is_left_to_the_library(operation: dict[str, Any]) -> None:
    with PROVIDER:
        assert parted(PatchOp[Group].model_validate({"schemas": [PATCH], "Operations": [operation]})) is None


@pytest.fixture
def crowd(scim: Provisioner) -> tuple[str, list[str]]:
    """A group of more members than a change is answered with."""
    with tenant_scope(scim.tenant.id):
        group = GroupRow.objects.create(name="Everybody")
        people = DirectoryPerson.objects.bulk_create(
            [
                DirectoryPerson(user_name=f"p{number}", given_names="P", family_name="Q")
                for number in range(1_100)
            ]
        )
        GroupMember.objects.bulk_create([GroupMember(group=group, person=one) for one in people[:1_090]])
    return f"/Groups/{group.public_id}", [public_id(DirectoryPerson.prefix, one.id) for one in people]


def test_a_few_members_of_a_crowd_cost_what_a_few_cost(scim: Provisioner, crowd, monkeypatch) -> None:
    path, people = crowd
    # Entra names each with an empty reference.
    leaving = [{"$ref": None, "value": one} for one in people[:40]]
    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as asked:
        patch.setattr(groups, "MOST_TRIED", 0)
        gone = scim.patch(path, {"op": "Remove", "path": "members", "value": leaving})
        come = scim.patch(path, {"op": "Add", "path": "members", "value": [{"value": people[1_095]}]})
        renamed = scim.patch(path, {"op": "replace", "path": "displayName", "value": "All"})
    assert [one.status_code for one in (gone, come, renamed)] == [204, 204, 204]
    assert len(asked) < 60
    told = json.loads(scim.ask("GET", path).content)
    assert {one["value"] for one in told["members"]} == {*people[40:1_090], people[1_095]}
    assert told["members"][0]["$ref"].endswith(f"/v2/Users/{told['members'][0]['value']}")
    assert told["displayName"] == "All"
    with tenant_scope(scim.tenant.id):
        events = AuditEvent.objects.filter(name="people:group:change").order_by("id")
        assert [(one.data["joined"], one.data["left"]) for one in events] == [(0, 40), (1, 0), (0, 0)]


def test_who_asks_for_members_reads_them_or_that_they_are_too_many(
    scim: Provisioner, crowd, monkeypatch
) -> None:
    path, people = crowd
    for asked, told in (("", 1_090), ("?attributes=members", 1_090), ("?attributes=displayName", 0)):
        alone = json.loads(scim.ask("GET", path + asked).content)
        (listed,) = json.loads(scim.ask("GET", "/Groups" + asked).content)["Resources"]
        assert len(alone.get("members", ())) == told, asked
        assert listed.get("members") == alone.get("members"), asked
    monkeypatch.setattr(groups, "MOST_MEMBERS", 1_000)
    for one in (path, "/Groups"):
        refused = json.loads(scim.ask("GET", one).content)
        assert (refused["status"], refused["scimType"]) == ("400", "tooMany"), one
        assert scim.ask("GET", f"{one}?excludedAttributes=members").status_code == 200
    body = {"schemas": [GROUP], "displayName": "Few", "members": [{"value": people[0]}]}
    assert [one["value"] for one in json.loads(scim.ask("PUT", path, body).content)["members"]] == [people[0]]
