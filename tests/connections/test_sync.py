"""Synchronising with Microsoft Graph, against the simulator: what comes, what changes, what goes, and what does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.connections import rounds, services, tasks
from tenants.directory.connections.models import RemoteObject, SyncRun, Track
from tenants.directory.connections.wording import waiting_sentence
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import create_person, suspend_person
from tests.connections.conftest import Connected, later

State, Status = SyncRun.State, DirectoryPerson.Status


def test_a_first_synchronisation_brings_everybody_and_their_groups(connected: Connected) -> None:
    connected.graph.seed(25, groups=2, guests=2, disabled=3, page_size=10)
    run = connected.sync()
    assert (run.state, run.problem, run.problems) == (State.DONE, "", [])
    assert (run.counts["added"], run.counts["suspended"], run.counts["groups_added"]) == (25, 3, 2)
    told, here = connected.graph.people(), connected.people()
    assert {one["id"] for one in told} == set(here)
    for one in told:
        person = here[one["id"]]
        assert (person.given_names, person.family_name) == (one["givenName"], one["surname"])
        assert (person.user_name, person.employee_number) == (
            one["userPrincipalName"],
            one["employeeId"].strip(),
        )
        assert person.is_guest is (one["userType"] == "Guest")
        assert (person.status == Status.SUSPENDED) is (not one["accountEnabled"])
        phones = {one["mobilePhone"]} if one["mobilePhone"] else set()
        assert set(connected.addresses(one["id"])) == {one["mail"], *one["otherMails"]} | phones
    groups = {one["displayName"]: set(one["members"]) for one in connected.graph.state()["groups"]}
    assert connected.groups() == groups


def test_only_what_changed_is_asked_for_and_changed(connected: Connected) -> None:
    connected.graph.seed(12, page_size=5)
    connected.sync()
    before = connected.people()
    first, second, third, _rest = list(before)[2:6]
    connected.graph.change(
        change=[
            {"id": first, "surname": "Byron", "otherMails": ["new@private.example"]},
            {"id": second, "accountEnabled": False},
        ]
    )
    kept_since = connected.addresses(first)
    with later(hours=1):
        run = connected.sync()
        assert {name: run.counts.get(name) for name in ("pages", "added", "changed", "suspended")} == {
            "pages": 2,
            "added": None,
            "changed": 1,
            "suspended": 1,
        }
        after = connected.people()
        person = after[first]
        assert person.family_name == "Byron"
        assert person.names_changed_at == person.changed_at > before[first].changed_at
        held = connected.addresses(first)
        mail = next(value for value in held if value.endswith("@contoso.example"))
        assert held[mail] == kept_since[mail], "an address that stays is held since it came"
        assert held["new@private.example"] > kept_since[mail], "a new one since now"
    assert (after[second].status, after[second].suspended_by) == (Status.SUSPENDED, "provisioner")
    assert after[third].changed_at == before[third].changed_at
    connected.graph.change(change=[{"id": second, "accountEnabled": True}])
    assert connected.sync().counts["reactivated"] == 1
    assert connected.people()[second].status == Status.ACTIVE


def test_people_are_told_at_the_addresses_held_before(connected: Connected) -> None:
    connected.graph.seed(4)
    connected.sync()
    chosen = list(connected.people())[3]
    before = set(connected.addresses(chosen))
    connected.graph.change(change=[{"id": chosen, "mail": "taken.over@contoso.example", "otherMails": []}])
    connected.sync()
    from tenants.notices.models import Notice

    with tenant_scope(connected.tenant.id):
        assert Notice.objects.filter(template="details_changed").count() == len(
            [one for one in before if "@" in one]
        )


def test_a_colleagues_suspension_outlasts_a_synchronisation(connected: Connected) -> None:
    connected.graph.seed(3, disabled=0)
    connected.sync()
    chosen = list(connected.people())[2]
    with tenant_scope(connected.tenant.id):
        person = DirectoryPerson.objects.get(external_id=chosen)
        suspend_person(person.id, actor=Actor(ActorKind.MEMBER, "member_x"), reason="An attack.")
    connected.graph.change(change=[{"id": chosen, "accountEnabled": True, "department": "Elsewhere"}])
    connected.sync()
    person = connected.people()[chosen]
    assert (person.department, person.status) == ("Elsewhere", Status.SUSPENDED)


def test_who_was_here_before_is_taken_over_by_their_user_name(connected: Connected) -> None:
    connected.graph.seed(3)
    told = connected.graph.people()[2]
    with tenant_scope(connected.tenant.id):
        earlier = create_person(
            user_name=told["userPrincipalName"].upper(),
            given_names="As",
            family_name="Imported",
            emails=["earlier@contoso.example"],
            actor=SYSTEM,
        )
    connected.sync()
    person = connected.people()[told["id"]]
    assert (person.id, person.family_name, person.source) == (earlier.id, told["surname"], "entra")
    assert len(connected.people()) == 3


def test_a_name_that_is_taken_is_left_out_and_told(connected: Connected) -> None:
    connected.graph.seed(3)
    told = connected.graph.people()
    with tenant_scope(connected.tenant.id):
        create_person(
            user_name="somebody.else",
            given_names="Some",
            family_name="Body",
            emails=[told[1]["mail"]],
            actor=SYSTEM,
        )
    run = connected.sync()
    assert run.problems == [{"code": "address_taken", "object": told[1]["id"]}] or run.problems == [
        {"code": "user_name_taken", "object": told[1]["id"]}
    ]
    assert told[1]["id"] not in connected.people() or told[1]["mail"] not in connected.addresses(
        told[1]["id"]
    )
    assert told[2]["id"] in connected.people()


def test_who_left_is_removed_when_the_round_is_complete(connected: Connected) -> None:
    connected.graph.seed(40, page_size=10)
    connected.sync()
    gone = list(connected.people())[:2]
    connected.graph.change(remove=gone[:1], purge=gone[1:])
    run = connected.ask()
    assert connected.step()
    assert set(gone) <= set(connected.people()), "a page alone removes nobody"
    run = connected.finish(run)
    assert run.counts["removed"] == 2
    assert not set(gone) & set(connected.people())
    with tenant_scope(connected.tenant.id):
        assert DirectoryPerson.objects.filter(status=Status.REMOVED, given_names="").count() == 2


def test_a_mass_removal_is_held_told_and_done_on_an_owners_word(connected: Connected) -> None:
    connected.graph.seed(40, groups=0)
    connected.sync()
    gone = list(connected.people())[:10]
    connected.graph.change(remove=gone)
    run = connected.sync()
    assert (run.state, run.counts.get("removed")) == (State.DONE, None)
    assert len(connected.people()) == 40
    assert connected.row().held_people == 10
    with tenant_scope(connected.tenant.id), transaction.atomic():
        services.allow_removal(people=10, memberships=0, actor=SYSTEM)
    connected.finish(run)
    assert len(connected.people()) == 30
    assert (connected.row().held_people, connected.row().allowed_people) == (0, 0)


def test_many_small_removals_in_a_day_are_held_like_a_large_one(connected: Connected) -> None:
    connected.graph.seed(40, groups=0)
    connected.sync()
    everybody = list(connected.people())
    for start in (0, 2, 4):
        connected.graph.change(remove=everybody[start : start + 2])
        connected.sync()
    assert len(connected.people()) == 36
    with later(days=1, minutes=1):
        connected.sync()
    assert len(connected.people()) == 34


def test_a_directory_that_answers_half_removes_nobody(connected: Connected) -> None:
    connected.graph.seed(40, groups=2, page_size=10)
    connected.sync()
    groups = connected.groups()
    connected.graph.fault(half=True)
    run = connected.sync(everything=True)
    assert run.state == State.DONE
    assert (len(connected.people()), connected.groups()) == (40, groups)
    assert connected.row().held_people == 20
    connected.graph.fault()
    connected.sync(everything=True)
    assert (len(connected.people()), connected.row().held_people) == (40, 0)
    assert connected.groups() == groups


@pytest.mark.parametrize("status", [410, 400], ids=["as documented", "as it was met"])
def test_a_forgotten_state_reads_everything_again_and_notices_who_left(
    connected: Connected, status: int
) -> None:
    connected.graph.seed(30, page_size=10)
    connected.sync()
    gone = next(iter(connected.people()))
    connected.graph.change(remove=[gone])
    connected.graph.fault(sync_state_lost=status)
    run = connected.ask()
    connected.step()
    with tenant_scope(connected.tenant.id):
        run.refresh_from_db()
        told = waiting_sentence(services.provider_of(connected.row()).words, run)
    assert "lost track" in told and run.next_at is None
    connected.graph.fault()
    run = connected.finish(run)
    assert (run.state, run.counts["fresh_starts"], run.counts["removed"]) == (State.DONE, 1, 1)
    assert run.problem == ""
    assert gone not in connected.people()
    assert len(connected.people()) == 29


def test_the_same_names_under_other_identifiers_are_told_so(connected: Connected) -> None:
    """The directory was made anew: nobody is taken for somebody by a name, and it says what to do."""
    connected.graph.seed(3)
    connected.sync()
    with tenant_scope(connected.tenant.id):
        services.disconnect(actor=SYSTEM)
        for person in DirectoryPerson.objects.all():
            DirectoryPerson.objects.filter(id=person.id).update(external_id=f"old-{person.external_id}")
    connected.connect()
    connected.test()
    run = connected.sync()
    assert {one["code"] for one in run.problems} == {"known_by_another_id"} and len(run.problems) == 3
    assert all(name.startswith("old-") for name in connected.people())


def test_who_comes_back_before_they_went_stays(connected: Connected) -> None:
    connected.graph.seed(40, groups=0)
    connected.sync()
    gone = list(connected.people())[:10]
    connected.graph.change(remove=gone)
    connected.sync()
    connected.graph.change(restore=gone)
    connected.sync()
    assert (len(connected.people()), connected.row().held_people) == (40, 0)


def test_it_waits_for_as_long_as_it_is_asked_to(connected: Connected) -> None:
    connected.graph.seed(3)
    connected.graph.fault(throttle={"times": 1, "seconds": 90})
    run = connected.ask()
    connected.step()
    with tenant_scope(connected.tenant.id):
        waiting = SyncRun.objects.get(id=run.id)
    assert waiting.state == State.RUNNING
    assert timedelta(seconds=80) < waiting.next_at - clock.now() <= timedelta(seconds=90)
    run = connected.finish(run)
    assert (run.state, run.tries, run.counts["waits"], run.counts["added"]) == (State.DONE, 0, 1, 3)


def test_it_gives_up_after_many_tries_and_goes_on_from_there(connected: Connected) -> None:
    connected.graph.seed(25, page_size=10)
    connected.graph.fault(fail={"times": 1000, "status": 503, "after": 2})
    run = connected.sync()
    assert (run.state, run.problem, run.counts["pages"]) == (State.FAILED, "service_busy", 2)
    assert len(connected.people()) == 20
    connected.graph.fault()
    run = connected.sync()
    assert (run.state, run.counts["added"]) == (State.DONE, 5)
    assert len(connected.people()) == 25


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        ({"never_ends": True}, "pages_without_end"),
        ({"foreign_link": "http://elsewhere.localhost:1"}, "link_elsewhere"),
        ({"not_json": True}, "bad_json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_answers_that_lead_astray_stop_it(connected: Connected, faults: dict[str, Any], problem: str) -> None:
    connected.graph.seed(5, page_size=2)
    connected.graph.fault(**faults)
    run = connected.sync()
    assert (run.state, run.problem) == (State.FAILED, problem)


def test_what_is_told_twice_and_pages_that_are_empty_change_nothing(connected: Connected) -> None:
    connected.graph.seed(25, groups=2, page_size=10)
    connected.graph.fault(twice=True, empty_page=10)
    run = connected.sync()
    assert (run.state, run.counts["added"]) == (State.DONE, 25)


def test_a_worker_that_is_killed_at_any_step_loses_nothing_and_does_nothing_twice(
    connected: Connected,
) -> None:
    connected.graph.seed(25, groups=2, page_size=10)
    run = connected.ask()
    for _turn in range(40):
        # Killed: what was asked is not applied. Somebody else takes the step; then the late one comes after all.
        late = rounds.take_step(connected.tenant.id, run.id)
        if not connected.step() or late is None:
            break
        with tenant_scope(connected.tenant.id), transaction.atomic():
            late()
    with tenant_scope(connected.tenant.id):
        run = SyncRun.objects.get(id=run.id)
        assert (run.state, run.counts["added"], run.counts["memberships"]) == (State.DONE, 25, 25)
        assert RemoteObject.objects.count() == 27
        assert AuditEvent.objects.filter(name="people:person:create").count() == 25
    assert len(connected.people()) == 25


def test_a_job_takes_many_steps_and_one_that_has_to_wait_is_another(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "AT_A_TIME", 60.0)
    connected.graph.seed(25, groups=2, page_size=10)
    connected.graph.fault(throttle={"times": 1, "seconds": 30})
    run = connected.ask()
    assert connected.step()
    assert connected.people() == {}
    assert len(connected.jobs(rounds.TOPIC)) == 1
    assert connected.step()
    assert not connected.jobs(rounds.TOPIC)
    assert connected.finish(run).state == State.DONE
    assert (len(connected.people()), len(connected.groups())) == (25, 2)


def test_of_two_synchronisations_one_waits_and_follows(connected: Connected) -> None:
    connected.graph.seed(5)
    first = connected.ask()
    with tenant_scope(connected.tenant.id):
        second, is_waiting = services.ask_for_sync(actor=SYSTEM)
    assert (second.id, is_waiting) == (first.id, True)
    connected.finish(first)
    with tenant_scope(connected.tenant.id):
        assert [run.state for run in SyncRun.objects.all()] == [State.DONE, State.DONE]


def test_one_that_follows_reads_everything_where_that_was_asked_for(connected: Connected) -> None:
    connected.graph.seed(5)
    connected.sync()
    first = connected.ask()
    with tenant_scope(connected.tenant.id):
        for everything in (True, False):
            services.ask_for_sync(actor=SYSTEM, everything=everything)
        rounds_before = list(Track.objects.order_by("kind").values_list("told_everything_at", flat=True))
    connected.finish(first)
    with tenant_scope(connected.tenant.id):
        rounds_after = list(Track.objects.order_by("kind").values_list("told_everything_at", flat=True))
    assert all(after > before for before, after in zip(rounds_before, rounds_after, strict=True))


def test_groups_in_groups_are_resolved_and_loops_end(connected: Connected) -> None:
    connected.graph.seed(4, groups=0)
    one, two, three, four = (each["id"] for each in connected.graph.people())
    inner = connected.graph.change("groups", add=[{"displayName": "Inner", "join": [one]}])[0]
    outer = connected.graph.change("groups", add=[{"displayName": "Outer", "join": [two, inner]}])[0]
    connected.graph.change("groups", change=[{"id": inner, "join": [outer]}])
    connected.sync()
    assert connected.groups() == {"Inner": {one, two}, "Outer": {one, two}}
    connected.graph.change("groups", change=[{"id": inner, "leave": [outer], "join": [three]}])
    connected.sync()
    assert connected.groups() == {"Inner": {one, three}, "Outer": {one, two, three}}
    connected.graph.change("groups", remove=[inner])
    connected.sync()
    assert connected.groups() == {"Outer": {two}}
    assert four in connected.people()


def test_a_missing_permission_stops_it_and_is_named(connected: Connected) -> None:
    connected.graph.seed(3)
    connected.connect("May only read people")
    run = connected.sync()
    assert (run.state, run.problem) == (State.FAILED, "permission_missing_groups")
    assert len(connected.people()) == 3


@pytest.mark.parametrize(
    ("application", "found"),
    [
        ("Everything is granted", [("token", ""), ("users", ""), ("groups", "")]),
        ("May only read people", [("token", ""), ("users", ""), ("groups", "permission_missing_groups")]),
        ("May only read groups", [("token", ""), ("users", "permission_missing_users"), ("groups", "")]),
        ("Its secret has expired", [("token", "secret_expired")]),
    ],
    ids=["everything", "people", "groups", "expired"],
)
def test_a_test_says_what_is_missing(
    connected: Connected, application: str, found: list[tuple[str, str]]
) -> None:
    connected.graph.seed(1)
    connected.connect(application)
    row = connected.test()
    assert [(one["step"], one["problem"]) for one in row.found] == found


def test_secrets_and_tokens_rest_sealed(connected: Connected) -> None:
    connected.graph.seed(1)
    _client_id, secret = connected.graph.credentials()
    row = connected.test()
    assert secret.encode() not in bytes(row.secret_sealed)
    assert row.token_sealed is not None
    assert b"eyJ" not in bytes(row.token_sealed)


def test_another_directory_is_not_read_over_the_first(connected: Connected) -> None:
    connected.graph.seed(1)
    connected.sync()
    with pytest.raises(Invalid):
        connected.connect(directory="00000000-0000-4000-8000-000000000000")


def test_a_connection_that_is_removed_leaves_the_people_and_finds_them_again(connected: Connected) -> None:
    connected.graph.seed(5, groups=1)
    connected.sync()
    before = {name: person.id for name, person in connected.people().items()}
    with tenant_scope(connected.tenant.id):
        services.disconnect(actor=SYSTEM)
        assert RemoteObject.objects.count() == 0
    assert set(connected.people()) == set(before)
    connected.connect()
    run = connected.sync()
    assert run.counts.get("added") is None
    assert {name: person.id for name, person in connected.people().items()} == before
    assert len(connected.groups()) == 1


def test_a_pause_stops_what_is_under_way_and_what_is_due(connected: Connected) -> None:
    connected.graph.seed(25, page_size=10)
    run = connected.ask()
    connected.step()
    with tenant_scope(connected.tenant.id):
        services.pause(actor=SYSTEM)
    assert connected.finish(run).state == State.CANCELED
    assert len(connected.people()) == 10
    with later(days=2):
        tasks.keep_going()
        with tenant_scope(connected.tenant.id):
            services.resume(actor=SYSTEM)
        tasks.keep_going()
        with tenant_scope(connected.tenant.id):
            runs = list(SyncRun.objects.order_by("created_at"))
        assert [run.state for run in runs] == [State.CANCELED, State.RUNNING]
        connected.finish(runs[1])
    assert len(connected.people()) == 25


def test_a_step_that_was_lost_is_taken_up(connected: Connected) -> None:
    connected.graph.seed(2)
    run = connected.ask()
    from tenants.models import Outbox

    Outbox.objects.filter(topic=rounds.TOPIC, tenant_id=connected.tenant.id).delete()
    with later(minutes=11):
        tasks.keep_going()
        assert connected.finish(run).state == State.DONE


def test_a_neighbour_sees_nothing_of_it(connected: Connected, other_tenant: Any) -> None:
    connected.graph.seed(2)
    connected.sync()
    with tenant_scope(other_tenant.id):
        assert (services.connection(), services.recent_runs()) == (None, [])
        assert RemoteObject.objects.count() == 0
