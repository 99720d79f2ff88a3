"""Importing people: shown first, applied whole or not at all, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from portal.kit import bulk, clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory import changing, imports
from tenants.directory.models import DirectoryPerson, NoticeAddress, PeopleImport, PersonKey
from tenants.directory.selectors import find_person
from tenants.notices.models import Notice
from tenants.rights import Role
from tests.recovery.console.world import make_person

HEAD = "user_name,given_names,family_name,email,birthdate,department\n"
ADA = "ada,Ada,Lovelace,ada@x.example,1990-04-12,Maths\n"


def send(client, tenant, text):
    sent = SimpleUploadedFile("people.csv", text if isinstance(text, bytes) else text.encode())
    return client.post(f"/o/{tenant.slug}/people/import", {"file": sent})


def people_of(tenant):
    with tenant_scope(tenant.id):
        return list(DirectoryPerson.objects.order_by("user_name"))


def test_a_file_is_shown_before_anything_changes_and_applied_once(tenant, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    preview = send(client, tenant, HEAD + ADA)["Location"]
    assert people_of(tenant) == []
    page = client.get(preview).content.decode()
    assert "Ada Lovelace" in page and "Apply all of it" in page
    for _twice in range(2):
        assert client.post(f"{preview}/apply").status_code == 302
    assert [person.display_name for person in people_of(tenant)] == ["Ada Lovelace"]
    assert "Everything in the file was applied" in client.get(preview).content.decode()
    with tenant_scope(tenant.id):
        (event,) = AuditEvent.objects.filter(name="people:import:apply")
        assert event.data["added"] == 1 and len(event.data["rows_digest"]) == 64
        assert PeopleImport.objects.get().sealed is None
        assert find_person("ADA@x.example") is not None


def test_a_file_with_one_bad_line_changes_nothing(tenant, staff_client):
    client = staff_client()
    preview = send(client, tenant, HEAD + ADA + "bob,Bob,,b@x.example,,\n")["Location"]
    page = client.get(preview).content.decode()
    assert "“family_name” is empty" in page and "Apply all of it" not in page
    assert client.post(f"{preview}/apply").status_code == 409
    assert people_of(tenant) == []


def test_what_is_taken_in_the_directory_is_named_by_its_line(tenant, staff_client):
    with tenant_scope(tenant.id):
        make_person("bob", emails=["ada@x.example"])
    client = staff_client()
    page = client.get(send(client, tenant, HEAD + ADA)["Location"]).content.decode()
    assert "already names somebody else" in page


def test_nothing_is_left_when_applying_fails_half_way(tenant, staff_client, monkeypatch):
    client = staff_client()
    preview = send(client, tenant, HEAD + ADA)["Location"]
    with tenant_scope(tenant.id):
        make_person("bob")

    def fail(*_args, **_kwargs):
        raise IntegrityError("late conflict")

    monkeypatch.setattr(imports, "change_people", fail)
    assert client.post(f"{preview}/apply").status_code == 409
    assert [person.user_name for person in people_of(tenant)] == ["bob"]
    monkeypatch.undo()
    assert client.post(f"{preview}/apply").status_code == 302
    assert len(people_of(tenant)) == 2


def test_a_preview_is_over_after_half_an_hour_and_let_go(tenant, staff_client):
    client = staff_client()
    preview = send(client, tenant, HEAD + ADA)["Location"]
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert "This preview is over" in client.get(preview).content.decode()
        assert client.post(f"{preview}/apply").status_code == 409
        with tenant_scope(tenant.id):
            assert imports.let_go_of_previews() == 1
            assert PeopleImport.objects.get().sealed is None
    assert people_of(tenant) == []


def test_a_preview_belongs_to_who_sent_the_file(tenant, staff_client, other_tenant):
    preview = send(staff_client(), tenant, HEAD + ADA)["Location"]
    assert staff_client().get(preview).status_code == 404
    assert staff_client().post(f"{preview}/apply").status_code == 404
    assert staff_client(Role.OWNER, other_tenant).get(preview).status_code == 404
    with tenant_scope(tenant.id):
        assert b"Lovelace" not in bytes(PeopleImport.objects.get().sealed)


def test_changed_names_and_addresses_count_later_and_the_old_address_is_told(tenant, staff_client):
    with tenant_scope(tenant.id):
        person = make_person(
            "ada", given_names="Ada", family_name="Byron", emails=["old@x.example", "kept@x.example"]
        )
    client = staff_client()
    preview = send(client, tenant, HEAD + "ada,Ada,Lovelace,kept@x.example new@x.example,1990-04-12,Maths\n")[
        "Location"
    ]
    assert "Byron" in client.get(preview).content.decode()
    client.post(f"{preview}/apply")
    with tenant_scope(tenant.id):
        person.refresh_from_db()
        assert person.family_name == "Lovelace" and person.names_changed_at is not None
        held = {address.value: address.held_since for address in NoticeAddress.objects.filter(person=person)}
        assert set(held) == {"kept@x.example", "new@x.example"}
        assert clock.now() - held["kept@x.example"] > timedelta(days=29)
        assert clock.now() - held["new@x.example"] < timedelta(minutes=1)
        assert Notice.objects.filter(template="details_changed").count() == 2
        assert find_person("old@x.example") is None


def test_a_changed_department_alone_tells_nobody(tenant, staff_client):
    with tenant_scope(tenant.id):
        make_person("ada", emails=["ada@x.example"])
    client = staff_client()
    preview = send(
        client,
        tenant,
        "user_name,given_names,family_name,email,department\nada,Anna,Novak,ada@x.example,Sales\n",
    )["Location"]
    client.post(f"{preview}/apply")
    assert people_of(tenant)[0].department == "Sales" and people_of(tenant)[0].names_changed_at is None
    with tenant_scope(tenant.id):
        assert Notice.objects.count() == 0


def test_a_file_that_is_too_large_reads_a_sentence(tenant, staff_client):
    page = send(staff_client(), tenant, b"x" * 10_300_000)
    assert page.status_code == 200 and "larger than 10 MB" in page.content.decode()


def statements_of_import(tenant, count, head=HEAD, tail=",1990-04-12,Maths"):
    """How many statements it takes to read and to apply a file of `count` people."""
    rows = "".join(f"user{n},Maria{n},Muster{n % 9},u{n}@x.example{tail}\n" for n in range(count))
    member = uuid7()
    with CaptureQueriesContext(connection) as queries:
        with tenant_scope(tenant.id):
            row = imports.begin_import((head + rows).encode(), file_name="x.csv", member_id=member)
        with tenant_scope(tenant.id):
            applied = imports.apply_import(row.id, member_id=member, actor=SYSTEM)
    return len(queries), applied


def test_statements_do_not_grow_with_the_people_of_a_file(tenant, other_tenant):
    """How long ten thousand people take is measured by tests/benchmarks/bench_import.py."""
    few, _applied = statements_of_import(tenant, 3)
    many, applied = statements_of_import(other_tenant, 600)
    assert applied.counts["added"] == 600 and many == few
    with tenant_scope(other_tenant.id):
        assert PersonKey.objects.count() == 1200
        assert find_person("U599@x.example ").display_name == "Maria599 Muster5"


def test_a_file_larger_than_one_batch_comes_in_whole(tenant, monkeypatch):
    monkeypatch.setattr(changing, "BATCH", 7)
    monkeypatch.setattr(bulk, "BATCH", 5)
    _statements, applied = statements_of_import(tenant, 20)
    with tenant_scope(tenant.id):
        assert DirectoryPerson.objects.count() == NoticeAddress.objects.count() == 20
        assert PersonKey.objects.count() == 40
    _statements, applied = statements_of_import(tenant, 20, tail=",1991-05-13,Sales")
    assert applied.counts["changed"] == 20
    assert {person.department for person in people_of(tenant)} == {"Sales"}


@pytest.mark.parametrize(
    ("role", "code"), [(Role.HELP_DESK, 403), (Role.AUDITOR, 403), (Role.BILLING_MANAGER, 403)]
)
def test_only_those_who_manage_people_import_them(tenant, staff_client, role, code):
    assert staff_client(role).get(f"/o/{tenant.slug}/people/import").status_code == code
    assert send(staff_client(role), tenant, HEAD + ADA).status_code == code


def test_the_list_and_its_csv_show_the_same_and_no_formula_runs(tenant, staff_client):
    with tenant_scope(tenant.id):
        make_person("evil", given_names="=HYPERLINK(1)", family_name="X", department="Sales")
        make_person("bob", department="Finance")
    client = staff_client(Role.AUDITOR)
    page = client.get(f"/o/{tenant.slug}/people/?department=Sales").content.decode()
    assert "evil" in page and ">bob<" not in page
    lines = b"".join(client.get(f"/o/{tenant.slug}/people/csv?department=Sales").streaming_content).decode()
    assert "'=HYPERLINK(1) X" in lines and "bob" not in lines


def test_suspending_asks_why_and_can_be_undone(tenant, staff_client):
    with tenant_scope(tenant.id):
        person = make_person("ada")
    client = staff_client()
    base = f"/o/{tenant.slug}/people/{person.public_id}"
    assert client.post(f"{base}/suspend", {"reason": ""}).status_code == 200
    assert people_of(tenant)[0].status == "active"
    client.post(f"{base}/suspend", {"reason": "Left the company."})
    assert people_of(tenant)[0].status == "suspended"
    client.post(f"{base}/activate", {"reason": "Came back."})
    assert people_of(tenant)[0].status == "active"
    assert staff_client(Role.HELP_DESK).post(f"{base}/suspend", {"reason": "x" * 9}).status_code == 403
