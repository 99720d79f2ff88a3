"""Who could not recover today is found, with every reason, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.outbox import drain
from portal.kit.scope import tenant_scope
from recovery.models import Profile
from recovery.profiles import Place, change_profile, publish_profile
from recovery.readiness import running
from recovery.readiness.models import Finding, ReadinessDay, Survey, Tally
from recovery.readiness.reading import stale_sources
from recovery.readiness.running import begin_survey, take_up_again, work_at
from tenants.directory.connections.models import DirectoryConnection
from tenants.directory.models import DirectoryPerson, Group, GroupMember, HeldEvidence, NoticeAddress
from tenants.models import Tenant
from tests.readiness.people import change, hours_ago, look, people_of_all_cultures, row, settle
from tests.recovery.console.world import make_group, make_profile, published_profile
from vendors.billing.models import UsageEntry

SOUND = list(people_of_all_cultures(30))
# What is wrong with somebody, and what is told of it.
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "blank": ({"given_names": "", "family_name": "Novak"}, ["name_missing"]),
    "whole": ({"given_names": "", "family_name": "Anna Maria Quist"}, ["name_missing"]),
    "spaces": ({"given_names": "Anna", "family_name": "  "}, ["name_missing"]),
    "hidden": ({"given_names": "An\u200bna", "family_name": "Novak"}, ["hidden_characters"]),
    "mixed": ({"given_names": "\u0430nna", "family_name": "Novak"}, ["mixed_scripts"]),
    "marks": ({"given_names": "A\u0301\u0301\u0301\u0301nna", "family_name": "Novak"}, ["too_many_marks"]),
    "digits": ({"given_names": "Anna2", "family_name": "Novak"}, ["digits_in_name"]),
    "undated": ({"given_names": "Berta", "family_name": "Quist", "birthdate": None}, ["no_birthdate"]),
    "silent": ({"given_names": "Carla", "family_name": "Quist", "emails": ()}, ["no_address"]),
    "shown": (
        {"given_names": "Dora", "family_name": "Quist", "display_name": "Dora Svensson"},
        ["names_conflict"],
    ),
    "guest_#ext#@x": ({"given_names": "Edda", "family_name": "Quist"}, ["guest"]),
}
TWINS = {"given_names": "Frieda", "family_name": "Quist"}


@pytest.fixture
def profile(tenant: Tenant) -> Profile:
    with tenant_scope(tenant.id):
        return published_profile()


@pytest.fixture
def people(tenant: Tenant, profile: Profile) -> Tenant:
    rows = [row(number, *pair) for number, pair in enumerate(SOUND)]
    for number, (name, (values, _told)) in enumerate(WRONG.items(), 100):
        given, family = values["given_names"], values["family_name"]
        rest = {key: value for key, value in values.items() if key not in ("given_names", "family_name")}
        rows.append(row(number, given, family, user_name=name, **rest))
    rows += [row(200, *TWINS.values(), user_name=name) for name in ("twin", "twin too")]
    rows += [row(300 + number, f"Gerda {name}", "Quist", user_name=name) for number, name in enumerate(LATER)]
    settle(tenant, [one if one.user_name != "twin too" else _of_another(one) for one in rows])
    change(tenant, "kept", recovery_allowed=False)
    change(tenant, "gone", status=DirectoryPerson.Status.SUSPENDED)
    change(tenant, "renamed", names_changed_at=hours_ago(1))
    with tenant_scope(tenant.id):
        NoticeAddress.objects.filter(person__user_name="fresh").update(held_since=hours_ago(1))
    return tenant


LATER = ("kept", "gone", "renamed", "fresh")


def _of_another(one: Any) -> Any:
    return row(200, one.given_names, one.family_name, user_name=one.user_name, emails=("twin@x.example",))


def test_each_is_found_with_the_reason_and_nobody_else(people: Tenant) -> None:
    survey, found = look(people)
    expected = {name: told for name, (_values, told) in WRONG.items()}
    expected |= {"twin": ["several_accounts_fit"], "twin too": ["several_accounts_fit"]}
    expected |= {"kept": ["not_allowed"], "renamed": ["changed_recently"], "fresh": ["fresh_address"]}
    assert found == expected
    doubts, waits = {"shown", "guest_#ext#@x"}, {"renamed", "fresh"}
    sums = (46, len(expected) - len(doubts | waits), len(waits), len(doubts))
    assert (survey.people, survey.cannot, survey.waiting, survey.doubtful) == sums
    assert survey.reasons["name_missing"] == 3 and survey.reasons["several_accounts_fit"] == 2


def test_whoever_has_no_manager_cannot_where_the_managers_word_is_asked_for(
    tenant: Tenant, profile: Profile
) -> None:
    settle(tenant, [row(1, "Anna", "Novak"), row(2, "Berta", "Quist"), row(3, "Carla", "Zeman")])
    change(tenant, "user1", manager="user3", manager_changed_at=hours_ago(100))
    change(tenant, "user2", manager="user3", manager_changed_at=hours_ago(1))
    asked = ["document_photograph", "held_address", "attestation"]
    with tenant_scope(tenant.id):
        change_profile(profile.id, actor=SYSTEM, evidence_required=asked)
    survey, found = look(tenant)
    assert found == {"user2": ["fresh_manager"], "user3": ["no_manager"]}
    assert (survey.cannot, survey.waiting) == (1, 1)
    with tenant_scope(tenant.id):
        named = [str(DirectoryPerson.objects.get(user_name="user1").id)]
        change_profile(profile.id, actor=SYSTEM, attestation={"named": named})
    assert look(tenant)[1] == {}


def test_without_a_profile_in_force_nobody_can(tenant: Tenant) -> None:
    settle(tenant, [row(1, "Anna", "Novak")])
    assert look(tenant)[1] == {"user1": ["no_profile"]}


def test_what_the_profile_asks_decides(people: Tenant, profile: Profile) -> None:
    with tenant_scope(people.id):
        known = DirectoryPerson.objects.get(user_name="twin")
        HeldEvidence.objects.create(person=known, kind="document_number", digest="a" * 64)
        change_profile(
            profile.id,
            actor=SYSTEM,
            evidence_required=["document_photograph", "held_document_number"],
            birthdate_required=False,
            who="departments",
            departments=["Sales"],
        )
    found = look(people)[1]
    assert "undated" not in found or found["undated"] != ["no_birthdate"]
    assert "silent" in found and "no_address" not in found["silent"]
    # The document that was shown before tells the twins apart, for the one who showed it.
    change(people, "twin", department="Sales")
    assert "twin" not in look(people)[1]
    assert found["user0"] == ["no_profile"] and found["user1"] == ["no_document"]


def test_departments_groups_and_days_are_counted(people: Tenant) -> None:
    with tenant_scope(people.id):
        group = Group.objects.create(name="Board")
        for name in ("twin", "user1", "gone"):
            person = DirectoryPerson.objects.get(user_name=name)
            GroupMember.objects.create(group=group, person=person)
    survey, _found = look(people)
    with tenant_scope(people.id):
        tallies = {one.name: one for one in Tally.objects.filter(survey=survey)}
        assert (tallies["Board"].people, tallies["Board"].cannot) == (2, 1)
        sales, finance = tallies["Sales"], tallies["Finance"]
        assert sales.people + finance.people == survey.people
        assert sales.cannot + finance.cannot == survey.cannot
        day = ReadinessDay.objects.get()
        assert (day.people, day.cannot, day.doubtful) == (survey.people, survey.cannot, survey.doubtful)


def test_a_second_look_replaces_the_first_and_keeps_the_day(people: Tenant) -> None:
    first, _found = look(people)
    change(people, "fresh", recovery_allowed=False)
    second, found = look(people)
    assert found["fresh"] == ["not_allowed"]
    with tenant_scope(people.id):
        assert list(Survey.objects.values_list("id", flat=True)) == [second.id]
        assert not Finding.objects.filter(survey_id=first.id).exists()
        assert ReadinessDay.objects.count() == 1


def test_what_a_worker_left_is_taken_up_where_it_was(people: Tenant, monkeypatch: Any) -> None:
    """It dies in its third batch; whoever comes before its lease is over does nothing."""
    monkeypatch.setattr(running, "BATCH", 10)
    whole = look(people)[1]
    facts, calls = running.facts_of, []

    def dying(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 3:
            raise RuntimeError("the power is out")
        return facts(*given)

    monkeypatch.setattr(running, "facts_of", dying)
    with tenant_scope(people.id):
        survey = begin_survey(actor=SYSTEM)
        assert begin_survey(actor=SYSTEM).id == survey.id
    with pytest.raises(RuntimeError):
        work_at(people.id, survey.id)
    monkeypatch.setattr(running, "facts_of", facts)
    assert not work_at(people.id, survey.id)
    with tenant_scope(people.id):
        left = Survey.objects.get(id=survey.id)
        assert (left.status, left.looked_at) == (Survey.Status.RUNNING, 20)
        Survey.objects.filter(id=survey.id).update(leased_until=hours_ago(1))
        take_up_again()
    drain()
    with tenant_scope(people.id):
        again = Finding.objects.filter(survey=survey).select_related("person")
        assert {one.person.user_name: one.reasons for one in again} == whole
        assert Survey.objects.get(id=survey.id).status == Survey.Status.DONE


def test_whoever_is_renamed_meanwhile_is_told_of_once(people: Tenant, monkeypatch: Any) -> None:
    """The first in the order is looked at, renamed, and comes by again as the last."""
    monkeypatch.setattr(running, "BATCH", 10)
    facts, seen = running.facts_of, []

    def renaming(batch: Any, stale: Any) -> Any:
        if not seen:
            DirectoryPerson.objects.filter(user_name="blank").update(sort_key="\U0001f600")
        seen.extend(person.user_name for person in batch)
        return facts(batch, stale)

    change(people, "blank", sort_key="")
    monkeypatch.setattr(running, "facts_of", renaming)
    survey, found = look(people)
    assert seen.count("blank") == 2 and found["blank"] == ["name_missing"]
    assert (survey.status, survey.people) == (Survey.Status.DONE, 46)


def test_one_that_never_gets_further_is_given_up(people: Tenant, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "facts_of", lambda *_given: 1 / 0)
    with tenant_scope(people.id):
        survey = begin_survey(actor=SYSTEM)
    for _turn in range(running.MOST_TRIES):
        with pytest.raises(ZeroDivisionError):
            work_at(people.id, survey.id)
        with tenant_scope(people.id):
            Survey.objects.filter(id=survey.id).update(leased_until=hours_ago(1))
    assert not work_at(people.id, survey.id)
    with tenant_scope(people.id):
        assert Survey.objects.get(id=survey.id).status == Survey.Status.STOPPED


def test_nothing_is_charged(people: Tenant, profile: Profile) -> None:
    look(people)
    look(people, profile)
    with tenant_scope(people.id):
        assert not UsageEntry.objects.exists()


def test_of_several_profiles_the_first_that_is_for_somebody_asks(tenant: Tenant, profile: Profile) -> None:
    settle(tenant, [row(1, "Anna", "Novak", birthdate=None), row(2, "Ben", "Okri", birthdate=None)])
    with tenant_scope(tenant.id):
        anna = DirectoryPerson.objects.get(user_name="user1")
        narrow = make_profile(
            name="Undated", birthdate_required=False, groups_in=[make_group("Undated", anna)]
        )
        publish_profile(narrow.id, place=Place.FIRST, actor=SYSTEM)
    assert look(tenant)[1] == {"user2": ["no_birthdate"]}


def test_a_guest_is_told_apart_by_what_the_directory_says(tenant: Tenant, profile: Profile) -> None:
    settle(tenant, [row(1, "Anna", "Novak"), row(2, "Ben", "Okri")])
    change(tenant, "user2", is_guest=True)
    assert look(tenant)[1] == {"user2": ["guest"]}


def test_a_connection_to_microsoft_that_fell_silent_is_told(tenant: Tenant, profile: Profile) -> None:
    settle(tenant, [row(1, "Anna", "Novak")])
    change(tenant, "user1", source="entra")
    with tenant_scope(tenant.id):
        assert list(stale_sources()) == ["entra"]
        DirectoryConnection.objects.create(kind="entra", secret_sealed=b"", synced_at=hours_ago(1))
        assert stale_sources() == {}
