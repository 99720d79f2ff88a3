"""People and groups from Okta, which has no delta queries: what changed, what left, what is held, what goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.directory.connections import tasks
from tenants.directory.connections.models import SyncRun
from tests.connections.conftest import later
from tests.connections.okta.conftest import ConnectedToOkta


def test_people_and_groups_come_whole_and_page_by_page(connected: ConnectedToOkta) -> None:
    connected.okta.seed(25, groups=3, page_size=4)
    run = connected.sync()
    assert (run.state, run.counts["added"], run.problems) == ("done", 25, [])
    told = {one["id"]: one for one in connected.okta.people()}
    assert set(connected.people()) == set(told)
    name, person = next(iter(connected.people().items()))
    assert (person.user_name, person.family_name, person.source) == (
        told[name]["login"],
        told[name]["lastName"],
        "okta",
    )
    assert (person.manager, person.country) == ("Mary Manager", told[name]["countryCode"])
    groups = {one["name"]: set(one["members"]) for one in connected.okta.state()["groups"]}
    # Everybody is in Okta's own group: it says nothing of anybody.
    assert groups.pop("Everyone") == set(told)
    assert connected.groups() == groups
    assert set(connected.addresses(name)) >= {told[name]["email"]}


def test_only_what_changed_is_asked_for_after_the_first_time(connected: ConnectedToOkta) -> None:
    connected.okta.seed(12, groups=2)
    connected.sync()
    first, second, *_rest = connected.people()
    with later(hours=1):
        connected.okta.change(change=[{"id": first, "lastName": "Newname", "department": "Legal"}])
        group = next(one for one in connected.okta.state()["groups"] if one["name"] == "Group 1")
        connected.okta.regroup(change=[{"id": group["id"], "leave": group["members"][:1], "join": []}])
    run = connected.sync()
    assert run.counts["changed"] == 1
    assert connected.people()[first].family_name == "Newname"
    assert connected.groups()["Group 1"] == set(group["members"][1:])
    asked = [call for call in connected.okta.state()["calls"] if "/api/v1/users?" in call]
    assert "1970-01-01" in asked[0] and "1970-01-01" not in asked[-1]
    assert connected.people()[second].family_name != "Newname"


@pytest.mark.parametrize("status", ["SUSPENDED", "DEPROVISIONED", "STAGED"])
def test_who_may_not_sign_in_there_is_suspended_here_and_active_again_with_them(
    connected: ConnectedToOkta, status: str
) -> None:
    connected.okta.seed(8, groups=0)
    connected.sync()
    one = next(iter(connected.people()))
    connected.okta.change(change=[{"id": one, "status": status}])
    connected.sync()
    assert connected.people()[one].status == "suspended"
    # Locked out is what recovery is for.
    connected.okta.change(change=[{"id": one, "status": "LOCKED_OUT"}])
    connected.sync()
    assert connected.people()[one].status == "active"


def test_a_word_that_is_not_known_changes_nobodys_standing(connected: ConnectedToOkta) -> None:
    connected.okta.seed(4, groups=0)
    connected.sync()
    connected.okta.fault(new_status="HIBERNATING")
    run = connected.sync(everything=True)
    assert {person.status for person in connected.people().values()} == {"active"}
    assert {one["code"] for one in run.problems} == {"status_unknown"}


def test_who_was_deleted_goes_with_the_next_round_that_tells_everything(connected: ConnectedToOkta) -> None:
    connected.okta.seed(30, groups=1)
    connected.sync()
    gone, *_rest = connected.people()
    connected.okta.change(delete=[gone])
    connected.sync()
    assert gone in connected.people()
    connected.okta.fault(clock_off=25 * 3600)
    with later(hours=25):
        tasks.keep_going()
        with tenant_scope(connected.tenant.id):
            run = SyncRun.objects.get(state="running")
        connected.finish(run)
    assert gone not in connected.people()
    assert gone not in connected.groups()["Group 1"]


def test_a_mass_deletion_is_held(connected: ConnectedToOkta) -> None:
    connected.okta.seed(30, groups=0)
    connected.sync()
    connected.okta.change(delete=list(connected.people())[:10])
    connected.sync(everything=True)
    assert len(connected.people()) == 30
    assert connected.row().held_people == 10


def test_a_list_that_is_told_half_removes_nobody_and_empties_no_group(connected: ConnectedToOkta) -> None:
    connected.okta.seed(40, groups=1)
    connected.sync()
    before = connected.groups()
    connected.okta.tell("/control", {"page_size": 10, "faults": {"half": True}})
    connected.sync(everything=True)
    assert len(connected.people()) == 40
    assert connected.groups() == before
    row = connected.row()
    assert (row.held_people, row.held_memberships) == (30, 30)


def test_it_leaves_the_organisation_alone_when_its_limit_is_nearly_used_up(
    connected: ConnectedToOkta,
) -> None:
    connected.okta.seed(3, groups=0)
    connected.okta.fault(nearly_used_up={"left": 20, "seconds": 40})
    run = connected.ask()
    connected.step()
    with tenant_scope(connected.tenant.id):
        run.refresh_from_db()
    assert run.next_at is not None
    assert 30 <= (run.next_at - clock.now()).total_seconds() <= 41
    assert (run.tries, run.stage) == (0, "leaving")


def test_it_waits_until_the_count_begins_anew(connected: ConnectedToOkta) -> None:
    connected.okta.seed(3, groups=0)
    connected.okta.fault(throttle={"times": 1, "seconds": 30})
    run = connected.ask()
    connected.step()
    with tenant_scope(connected.tenant.id):
        run.refresh_from_db()
    assert run.next_at is not None
    assert 25 <= (run.next_at - clock.now()).total_seconds() <= 31


@pytest.mark.parametrize(
    "faults", [{"foreign_link": "http://elsewhere.localhost:9"}, {"not_json": True}, {"huge": True}]
)
def test_answers_that_lead_astray_stop_it_and_remove_nobody(
    connected: ConnectedToOkta, faults: dict[str, Any]
) -> None:
    connected.okta.seed(6, groups=0)
    connected.sync()
    connected.okta.tell("/control", {"page_size": 2, "faults": faults})
    run = connected.ask(everything=True)
    connected.step()
    with tenant_scope(connected.tenant.id):
        run.refresh_from_db()
    if "foreign_link" in faults:
        assert (run.state, run.problem) == ("failed", "link_elsewhere")
    else:
        assert (run.state, run.tries) == ("running", 1)
    assert len(connected.people()) == 6


def test_a_forgotten_cursor_begins_the_round_anew(connected: ConnectedToOkta) -> None:
    connected.okta.seed(9, groups=0, page_size=4)
    run = connected.ask()
    connected.step()
    connected.okta.fault(cursor_lost=True)
    connected.step()
    connected.okta.fault()
    run = connected.finish(run)
    assert (run.state, run.counts["fresh_starts"], len(connected.people())) == ("done", 1, 9)


@pytest.mark.parametrize(
    ("application", "missing"),
    [
        ("Everything is granted", set()),
        ("May only read people and groups", {"policy", "methods", "sessions"}),
        ("May only read people", {"groups", "policy", "methods", "sessions"}),
        ("Asks for no proof of possession", set()),
    ],
)
def test_a_test_names_each_scope_that_is_missing(
    connected: ConnectedToOkta, application: str, missing: set[str]
) -> None:
    connected.okta.seed(2, groups=1)
    connected.connect(application)
    found = connected.found()
    assert {step for step, problem in found.items() if problem} == missing
    assert all(found[step] == f"permission_missing_{step}" for step in missing)


def test_a_key_that_is_not_registered_yet_and_nothing_granted_are_told_apart(
    connected: ConnectedToOkta,
) -> None:
    connected.connect("Nothing is granted")
    assert connected.found() == {"token": "scopes_missing"}
    with tenant_scope(connected.tenant.id):
        row = connected.row()
        row.settings = {**row.settings, "client_id": connected.okta.applications["May only read people"]}
        row.token_sealed = None
        row.save()
    connected.ask_for_test()
    assert connected.found() == {"token": "key_unknown"}
