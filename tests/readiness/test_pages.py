"""The pages of readiness and rehearsal, their file, their mail and their commands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.outbox import drain
from portal.kit.scope import tenant_scope
from recovery.models import Profile
from recovery.readiness import tasks
from recovery.readiness.mailing import set_mail
from recovery.readiness.models import ReadinessMail, Survey
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import remove_person
from tenants.models import Member, Tenant
from tenants.rights import Role
from tests.conftest import make_member
from tests.readiness.people import change, look, row, settle
from tests.recovery.console.world import published_profile

SILENT = "No e-mail address on file, and no saved code"


@pytest.fixture
def profile(tenant: Tenant) -> Profile:
    with tenant_scope(tenant.id):
        return published_profile(name="All of us")


@pytest.fixture
def people(tenant: Tenant, profile: Profile) -> Tenant:
    rows = [row(1, "Anna", "Novak"), row(2, "=1+1", "Okri", emails=()), row(3, "Carla", "Quist", emails=())]
    settle(tenant, [*rows, row(4, "Юлия", "Щербакова"), row(5, "", "Quist")])
    return tenant


def get(client: Client, tenant: Tenant, path: str) -> str:
    answer = client.get(f"/o/{tenant.slug}/recovery/{path}")
    assert answer.status_code == 200, (path, answer.status_code)
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def test_the_page_says_what_to_do_before_anything_was_looked_at(
    tenant: Tenant, profile: Profile, staff_client: Callable[..., Client]
) -> None:
    client = staff_client(Role.OWNER)
    assert "Nobody was looked at yet" in get(client, tenant, "readiness/")
    assert "Not rehearsed yet" in get(client, tenant, f"profiles/{profile.public_id}/rehearsal/")
    assert client.get(f"/o/{tenant.slug}/recovery/readiness/csv").status_code == 404


def test_whoever_looks_now_sees_progress_then_reasons_people_and_cures(
    people: Tenant, staff_client: Callable[..., Client]
) -> None:
    client = staff_client(Role.ADMINISTRATOR)
    assert client.post(f"/o/{people.slug}/recovery/readiness/check").status_code == 302
    # A second press begins nothing new.
    client.post(f"/o/{people.slug}/recovery/readiness/check")
    assert "0 of 5 people" in get(client, people, "readiness/state")
    drain()
    with tenant_scope(people.id):
        assert Survey.objects.count() == 1
    home = get(client, people, "readiness/")
    assert SILENT in home and "Day by day" in home and "Finance" in home
    listed = get(client, people, "readiness/people?reason=no_address")
    assert "Quist" in listed and "Novak" not in listed and "Bring an address in" in listed
    assert "Nobody fits these filters" in get(client, people, "readiness/people?department=Nowhere")
    done = client.get(f"/o/{people.slug}/recovery/readiness/state", headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == f"/o/{people.slug}/recovery/readiness/"


def test_the_file_holds_what_the_page_shows_and_calculates_nothing(
    people: Tenant, staff_client: Callable[..., Client]
) -> None:
    look(people)
    text = get(staff_client(Role.AUDITOR), people, "readiness/csv?reason=no_address")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [line["user_name"] for line in rows] == ["user2", "user3"]
    assert rows[0]["name"].startswith("'=") and SILENT in rows[1]["reasons"]


def test_whoever_was_removed_is_not_listed_any_more(
    people: Tenant, staff_client: Callable[..., Client]
) -> None:
    look(people)
    with tenant_scope(people.id):
        remove_person(DirectoryPerson.objects.get(user_name="user3").id, actor=SYSTEM)
    assert "Carla" not in get(staff_client(Role.OWNER), people, "readiness/people")


def test_a_rehearsal_shows_names_as_documents_print_them(
    people: Tenant, profile: Profile, staff_client: Callable[..., Client]
) -> None:
    client = staff_client(Role.OWNER)
    room = f"profiles/{profile.public_id}/rehearsal"
    client.post(f"/o/{people.slug}/recovery/{room}/begin")
    drain()
    assert SILENT in get(client, people, f"{room}/")
    change(people, "user4", birthdate=None)
    look(people, profile)
    assert "SHCHERBAKOVA, IULIIA" in get(client, people, f"{room}/people")
    with tenant_scope(people.id):
        Profile.objects.filter(id=profile.id).update(version=9)
    assert "The profile was changed since" in get(client, people, f"{room}/")


def mails(people: Tenant) -> list[Any]:
    mail.outbox.clear()
    look(people)
    drain()
    return [message for message in mail.outbox if "could not recover" in message.subject]


@pytest.mark.parametrize(("cannot", "said"), [("1", "One person at Acme"), ("2", "2 people at Acme")])
def test_the_mail_counts_in_plain_english(cannot: str, said: str) -> None:
    told = {"cannot": cannot, "organisation": "Acme"}
    subject = render_to_string("email/staff_readiness/subject.txt", told)
    assert subject == f"{said} could not recover their account"


@pytest.fixture
def owner(people: Tenant) -> Iterator[Member]:
    make_member(people, Role.ADMINISTRATOR)
    yield make_member(people, Role.OWNER)


def test_owners_are_told_once_a_week_in_numbers_until_it_is_turned_off(people: Tenant, owner: Member) -> None:
    sent = mails(people)
    assert [message.to for message in sent] == [[owner.user.email]]
    assert (
        "2 × " + SILENT in sent[0].body
        and "Carla" not in sent[0].body
        and "/recovery/readiness/" in sent[0].body
    )
    assert mails(people) == []
    with tenant_scope(people.id):
        ReadinessMail.objects.update(sent_at=clock.now() - timedelta(days=7))
    assert len(mails(people)) == 1
    with tenant_scope(people.id):
        ReadinessMail.objects.update(sent_at=None)
        set_mail(is_on=False, actor=SYSTEM)
    assert mails(people) == []


def test_everybody_is_looked_at_once_a_day_by_itself(people: Tenant) -> None:
    """Nobody is sent for: the job works by itself, and the second time there is nothing to do."""
    for _hour in range(2):
        tasks._look(people)
    with tenant_scope(people.id):
        done = Survey.objects.get()
        assert (done.status, done.looked_at) == (Survey.Status.DONE, 5)
        tomorrow = clock.now() + timedelta(days=1)
    with clock.frozen(tomorrow):
        tasks._look(people)
    with tenant_scope(people.id):
        assert Survey.objects.get().id != done.id


def test_an_organisation_that_fails_keeps_no_other_back(
    tenant: Tenant, other_tenant: Tenant, monkeypatch: Any
) -> None:
    looked: list[Any] = []

    def failing(one: Tenant) -> None:
        looked.append(one.id)
        raise RuntimeError("no")

    monkeypatch.setattr(tasks, "_look", failing)
    tasks.look_once_a_day()
    assert {tenant.id, other_tenant.id} <= set(looked)


def run(capsys: Any, *given: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        call_command(*given, "--json")
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out or "{}")


def test_commands_name_who_was_found_and_why(people: Tenant, profile: Profile, capsys: Any) -> None:
    code, told = run(capsys, "readiness", "--tenant", people.slug)
    assert (code, told["people"], told["can"], told["cannot"]) == (1, 5, 2, 3)
    assert {"user_name": "user3", "could_recover": "no", "reasons": ["no_address"]} in told["found"]
    code, told = run(capsys, "rehearse", "--tenant", people.slug, "--profile", profile.name)
    assert (code, told["cannot"], told["outside"]) == (1, 3, 0)
    for name in ("user2", "user3", "user5"):
        change(people, name, status=DirectoryPerson.Status.SUSPENDED)
    assert run(capsys, "rehearse", "--tenant", people.slug, "--profile", profile.name)[0] == 0
    assert run(capsys, "rehearse", "--tenant", people.slug, "--profile", "Nobody's") == (1, {})
    assert run(capsys, "readiness", "--tenant", "nowhere") == (1, {})


def test_a_command_says_when_a_worker_is_at_it(people: Tenant, capsys: Any) -> None:
    survey, _found = look(people)
    with tenant_scope(people.id):
        Survey.objects.filter(id=survey.id).update(
            status=Survey.Status.RUNNING, leased_until=clock.now() + timedelta(minutes=1)
        )
    assert run(capsys, "readiness", "--tenant", people.slug) == (2, {})
