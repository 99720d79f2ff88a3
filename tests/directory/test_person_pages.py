"""One person in the console: names and standing, everything that is held, removal for good."""

from __future__ import annotations

import json
import re

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson, NoticeAddress, PersonName
from tenants.directory.services import create_person
from tenants.notices.models import Notice
from tenants.rights import Role

TYPED = {
    "former_names": "Novak | Dvořák, Anna Marie",
    "preferred_name": "Annie",
    "name_in_other_script": "Свобода, Анна",
    "manager": "jan",
    "country": "CZ",
    "privileged": "on",
}


@pytest.fixture
def anna(tenant):
    with tenant_scope(tenant.id):
        return create_person(
            user_name="anna",
            given_names="Anna",
            family_name="Svoboda",
            emails=["anna@x.example"],
            actor=SYSTEM,
        )


def address(tenant, person, page):
    return f"/o/{tenant.slug}/people/{person.public_id}/{page}"


def seen_on(client, path):
    return re.search(r'name="seen" value="([^"]+)"', client.get(path).content.decode())[1]


def test_what_a_colleague_types_goes_the_way_of_a_changed_file(tenant, staff_client, anna):
    client = staff_client(Role.ADMINISTRATOR)
    path = address(tenant, anna, "details")
    assert client.post(path, {**TYPED, "seen": seen_on(client, path)}).status_code == 302
    with tenant_scope(tenant.id):
        person = DirectoryPerson.objects.get(id=anna.id)
        assert person.is_privileged and person.names_changed_at is not None
        assert PersonName.objects.count() == 4
        assert [one.value for one in NoticeAddress.objects.all()] == ["anna@x.example"]
        assert Notice.objects.filter(template="details_changed").count() == 1
        event = AuditEvent.objects.filter(name="people:person:change").latest("created_at")
        assert "former_names" in event.data["changed"] and "Novak" not in str(event.data)
    page = client.get(address(tenant, anna, "")).content.decode()
    assert "Anna Novak" in page and "Anna Marie Dvořák" in page and "Annie Svoboda" in page


def test_what_cannot_be_a_name_is_said_beside_its_field(tenant, staff_client, anna):
    client = staff_client(Role.ADMINISTRATOR)
    answer = client.post(address(tenant, anna, "details"), {**TYPED, "name_in_other_script": "Свобода"})
    assert answer.status_code == 200 and "has no given names" in answer.content.decode()
    with tenant_scope(tenant.id):
        assert not PersonName.objects.exists()


def test_the_second_to_save_reads_what_the_first_wrote(tenant, staff_client, anna):
    client = staff_client(Role.ADMINISTRATOR)
    path = address(tenant, anna, "details")
    old = seen_on(client, path)
    client.post(path, {**TYPED, "seen": old})
    answer = client.post(path, {**TYPED, "former_names": "", "seen": old})
    assert "A colleague saved this page" in answer.content.decode()
    with tenant_scope(tenant.id):
        assert PersonName.objects.filter(kind="former").count() == 2


def test_whom_a_provisioning_system_writes_is_not_written_here(tenant, staff_client, anna):
    with tenant_scope(tenant.id):
        DirectoryPerson.objects.update(source="scim")
    client = staff_client(Role.ADMINISTRATOR)
    path = address(tenant, anna, "details")
    assert "Written by your provisioning system" in client.get(path).content.decode()
    client.post(path, TYPED)
    with tenant_scope(tenant.id):
        assert not PersonName.objects.exists()


def test_everything_that_is_held_of_one_person_is_one_file(tenant, staff_client, anna):
    client = staff_client(Role.ADMINISTRATOR)
    client.post(address(tenant, anna, "details"), TYPED)
    answer = client.get(address(tenant, anna, "export"))
    told = json.loads(answer.content)
    assert told["person"]["family_name"] == "Svoboda" and told["person"]["privileged"] is True
    assert {one["family_name"] for one in told["other_names"]} == {"", "Novak", "Dvořák", "Свобода"}
    assert told["addresses"][0]["value"] == "anna@x.example" and "attachment" in answer["Content-Disposition"]
    with tenant_scope(tenant.id):
        event = AuditEvent.objects.filter(name="people:person:export").get()
        assert event.subject == anna.public_id
        assert not AuditEvent.objects.filter(name="people:list:export").exists()


def test_a_person_is_removed_with_a_typed_word_and_a_reason(tenant, staff_client, anna):
    client = staff_client(Role.ADMINISTRATOR)
    client.post(address(tenant, anna, "details"), TYPED)
    path = address(tenant, anna, "remove")
    for source, comes_back in (("entra", True), ("okta", True), ("scim", True), ("csv", False)):
        with tenant_scope(tenant.id):
            DirectoryPerson.objects.update(source=source)
        assert ("may bring them again" in client.get(path).content.decode()) is comes_back, source
    for wrong in ({"word": "remove"}, {"reason": "She asked for it.", "word": "removed"}):
        assert client.post(path, wrong).status_code == 200
    with tenant_scope(tenant.id):
        assert DirectoryPerson.objects.get(id=anna.id).family_name == "Svoboda"
    assert client.post(path, {"word": "remove", "reason": "She asked for it."}).status_code == 302
    with tenant_scope(tenant.id):
        person = DirectoryPerson.objects.get(id=anna.id)
        assert (person.status, person.family_name, person.manager) == ("removed", "", "")
        assert not PersonName.objects.exists()
    for page in ("", "details", "export", "remove"):
        assert client.get(address(tenant, anna, page)).status_code == 404
