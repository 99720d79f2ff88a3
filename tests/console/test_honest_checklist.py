"""No item of the checklist says done while people could not recover because of it."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.console.checklist import Status, find_item, is_live, organisation_items
from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Profile
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.models import Tenant
from tenants.verified_id.models import Authority, LinkedDomain
from tenants.verified_id.services import turn_on_verified_id
from tests.recovery.console.world import make_person, published_profile
from vendors.models import Connection


def told(tenant: Tenant, key: str) -> tuple[Status, str]:
    """Asked in a scope of its own, as each page does."""
    with tenant_scope(tenant.id):
        item = find_item(tenant, key)
    assert item is not None
    return item.status, item.hint


@pytest.fixture
def ready(tenant: Tenant) -> Tenant:
    tenant.help_desk_contact = "Call 7"
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        profile, person = published_profile(), make_person()
        Profile.objects.filter(id=profile.id).update(mode="production", birthdate_required=False)
        DirectoryPerson.objects.filter(id=person.id).update(recovery_allowed=True)
        NoticeAddress.objects.update_or_create(
            person=person, kind="email", defaults={"value": "a@x.example", "held_since": profile.created_at}
        )
        NoticeAddress.objects.update(held_since="2020-01-01T00:00:00Z")
        Connection.objects.update(status=Connection.Status.READY)
    return tenant


def test_with_everything_in_place_people_can_recover(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        items = organisation_items(ready)
    assert is_live(items), [(item.key, item.status, item.hint) for item in items]
    assert told(ready, "people") == ("done", "1 person can recover, 0 cannot.")


def test_who_only_has_to_wait_is_not_told_as_one_who_cannot(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        Profile.objects.update(birthdate_required=True)
        make_person(held_since=clock.now())
        make_person(emails=[])
        # Waiting is not enough for this one.
        make_person(held_since=clock.now(), birthdate=None)
    assert told(ready, "people") == ("done", "1 person can recover, 1 more within 72 hours, 2 cannot.")


def test_people_without_an_address_are_a_problem_and_not_done(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        NoticeAddress.objects.all().delete()
    assert told(ready, "people") == (
        "problem",
        "1 person is there, and nobody of them can recover. 1 has no e-mail address.",
    )
    with tenant_scope(ready.id):
        assert not is_live(organisation_items(ready))


def test_people_for_whom_the_profile_is_not_are_a_problem(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        Profile.objects.update(who=Profile.Everyone.DEPARTMENTS, departments=["Nowhere"])
    status, hint = told(ready, "people")
    assert status == "problem" and "None of them may recover by your profile." in hint


def test_suspended_people_are_a_problem_before_there_is_a_profile(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        Profile.objects.update(status=Profile.Status.DRAFT)
        DirectoryPerson.objects.update(status=DirectoryPerson.Status.SUSPENDED)
    assert told(ready, "people")[0] == "problem"


@pytest.mark.parametrize("status", [Connection.Status.FAILING, Connection.Status.REMOVED])
def test_a_profile_whose_partner_does_not_work_is_a_problem(ready: Tenant, status: str) -> None:
    with tenant_scope(ready.id):
        Connection.objects.update(status=status)
    assert told(ready, "profile")[0] == "problem"


def test_an_authority_that_cannot_be_read_is_a_problem(ready: Tenant) -> None:
    line = {"what": "did", "address": "https://x.example", "ok": False, "problem": "http_404"}
    with tenant_scope(ready.id):
        Authority.objects.update(published=[line], published_checked_at=clock.now())
    assert told(ready, "verified_id")[0] == "problem"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (LinkedDomain.State.NOT_LINKED, "todo"),
        (LinkedDomain.State.WRONG, "problem"),
        (LinkedDomain.State.LINKED, "done"),
    ],
)
def test_the_domain_says_what_was_found_on_it(ready: Tenant, state: str, expected: str) -> None:
    with tenant_scope(ready.id):
        LinkedDomain.objects.create(origin="https://www.example.com", state=state)
    assert told(ready, "linked_domain")[0] == expected


def test_evaluation_is_not_live(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        Profile.objects.update(mode="evaluation")
    assert told(ready, "production")[0] == "todo"


def test_before_a_profile_nobody_is_said_to_recover(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        Profile.objects.update(status=Profile.Status.DRAFT)
    assert told(ready, "people") == ("done", "1 of 1 person has an address to write to.")


def test_the_domain_leads_to_its_own_page_once_there_is_one(ready: Tenant) -> None:
    with tenant_scope(ready.id):
        item = find_item(ready, "linked_domain")
    assert item is not None and item.url_name == "verified_id:domain"


def test_in_production_nobody_is_sent_to_walk_in_evaluation(ready: Tenant, owner_client: Client) -> None:
    page = f"/o/{ready.slug}/"
    with tenant_scope(ready.id):
        NoticeAddress.objects.all().delete()
    assert "evaluation at" not in owner_client.get(page).content.decode()
    with tenant_scope(ready.id):
        Profile.objects.update(mode="evaluation")
    assert "evaluation at" in owner_client.get(page).content.decode()
