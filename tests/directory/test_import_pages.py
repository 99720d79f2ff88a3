"""Importing people: shown first, applied whole or not at all, and nobody else's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from portal.kit import bulk, clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from recovery.passkeys.saved_codes import make_saved_codes
from tenants.audit.models import AuditEvent
from tenants.directory import changing, import_undo, imports
from tenants.directory.changing import change_people
from tenants.directory.import_file import ImportedRow
from tenants.directory.import_plan import plan_import
from tenants.directory.models import (
    DirectoryPerson,
    ImportedBefore,
    NoticeAddress,
    PeopleImport,
    PersonKey,
    PersonName,
)
from tenants.directory.selectors import find_person
from tenants.directory.services import hold_evidence, remove_person, suspend_person
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


def test_the_lines_that_can_be_used_are_applied_where_somebody_says_so(tenant, staff_client):
    client = staff_client()
    preview = send(client, tenant, HEAD + ADA + "bob,Bob,,b@x.example,,\n")["Location"]
    assert "Apply the 1 that changes something" in client.get(preview).content.decode()
    assert client.post(f"{preview}/apply", {"lines": "usable"}).status_code == 302
    assert "without 1 line that cannot be used" in client.get(preview).content.decode()
    assert [person.user_name for person in people_of(tenant)] == ["ada"]
    with tenant_scope(tenant.id):
        assert AuditEvent.objects.get(name="people:import:apply").data["skipped"] == 1


def test_a_line_that_names_somebody_else_is_left_out_and_counted_once(tenant, staff_client):
    with tenant_scope(tenant.id):
        make_person("bob", emails=["bob@x.example"])
    client = staff_client()
    preview = send(client, tenant, HEAD + ADA + "eve,Eve,Adams,bob@x.example,,\n")["Location"]
    client.post(f"{preview}/apply", {"lines": "usable"})
    assert "without 1 line that cannot be used" in client.get(preview).content.decode()
    with tenant_scope(tenant.id):
        assert AuditEvent.objects.get(name="people:import:apply").data["skipped"] == 1


OWN = "Login name;Vorname;Nachname;Work email;Geboren am;Location\n"


def test_columns_with_other_names_are_asked_for_once_and_remembered(tenant, staff_client):
    client = staff_client()
    page = send(client, tenant, OWN + "ada;Ada;Lovelace;ada@x.example;12.04.1990;Office 3\n")["Location"]
    assert page.endswith("/columns")
    shown = client.get(page).content.decode()
    assert "Office 3" in shown and "12.04.1990" in shown and people_of(tenant) == []
    chosen = {"column_0": "user_name", "column_1": "given_names", "column_2": "family_name", "dates": "dmy"}
    missing = client.post(page, chosen).content.decode()
    assert "Choose the column for: E-mail" in missing
    twice = client.post(page, chosen | {"column_3": "email", "column_5": "user_name"}).content.decode()
    assert "is chosen for two columns" in twice
    chosen |= {"column_3": "email", "column_4": "birthdate", "column_5": ""}
    preview = client.post(page, chosen)["Location"]
    assert "Vorname → Given names" in client.get(preview).content.decode()
    client.post(f"{preview}/apply")
    (ada,) = people_of(tenant)
    assert (ada.user_name, ada.birthdate, ada.country) == ("ada", date(1990, 4, 12), "")
    again = send(client, tenant, OWN + "bob;Bob;Berg;bob@x.example;1.2.1980;Office 4\n")["Location"]
    assert not again.endswith("/columns")
    client.post(f"{again}/apply")
    assert [(one.user_name, one.birthdate) for one in people_of(tenant)][1] == ("bob", date(1980, 2, 1))


def test_several_columns_of_addresses_are_one_list_where_somebody_says_so(tenant, staff_client):
    client = staff_client()
    text = "Login,Vorname,Surname,Work email,Private email\nada,Ada,L,ada@x.example,\nbob,B,B,bob@x.example,b@y.example\n"
    page = send(client, tenant, text)["Location"]
    names = ("user_name", "given_names", "family_name", "email", "email")
    chosen = {"dates": "ymd"} | {f"column_{n}": name for n, name in enumerate(names)}
    client.post(f"{client.post(page, chosen)['Location']}/apply")
    with tenant_scope(tenant.id):
        held = sorted(NoticeAddress.objects.values_list("value", flat=True))
    assert held == ["ada@x.example", "b@y.example", "bob@x.example"]


def field(page: str, name: str) -> str:
    """What stands in a field that offers a choice."""
    options = page.split(f'name="{name}"', 1)[1].split("</select>", 1)[0]
    return options.split(" selected>", 1)[1].split("</option>", 1)[0]


def test_a_file_of_another_system_is_read_by_what_the_page_proposes(tenant, staff_client):
    """Headings in German, one of them twice, no user name, no Unicode, and none of it is guessed without being shown."""
    client = staff_client()
    text = "PERNR;Vorname;Nachname;E-Mail (privat);E-Mail;Geburtsdatum;Abteilung;Abteilung\n"
    text += "7;Jiří;Dvořák;jiri@home.example;jiri@x.example;12.04.1990;Účtárna;Brno\n"
    page = send(client, tenant, text.encode("cp1250"))["Location"]
    shown = client.get(page).content.decode()
    assert page.endswith("/columns") and "Central Europe (Windows-1250): Jiří, Dvořák, Účtárna" in shown
    names = ["column_0", "column_1", "column_2", "column_3", "column_4", "column_5", "column_6", "user_name"]
    labels = [
        "Employee number",
        "Given names",
        "Family name",
        "E-mail",
        "E-mail",
        "Date of birth",
        "Department",
    ]
    assert [field(shown, name) for name in names] == [*labels, "The first e-mail address"]
    fields = ("employee_number", "given_names", "family_name", "email", "email", "birthdate", "department")
    chosen = {f"column_{place}": name for place, name in enumerate(fields)}
    chosen |= {"dates": "dmy", "letters": "cp1250"}
    assert "Choose the column for: User name" in client.post(page, chosen).content.decode()
    without = chosen | {"user_name": "employee_number", "column_0": ""}
    assert "Choose the column for: Employee number" in client.post(page, without).content.decode()
    preview = client.post(page, chosen | {"user_name": "employee_number"})["Location"]
    client.post(f"{preview}/apply")
    (jiri,) = people_of(tenant)
    told = (jiri.user_name, jiri.given_names, jiri.family_name, jiri.department)
    assert told == ("7", "Jiří", "Dvořák", "Účtárna")
    again = send(client, tenant, text.replace("7;", "8;").replace("jiri", "jan").encode("cp1250"))["Location"]
    assert not again.endswith("/columns")


@pytest.mark.parametrize(
    "text",
    [
        "ada,Ada,Lovelace,ada@x.example\nbob,Bob,Berg,bob@x.example\n",
        "one,two\n1,2\n",
        ",".join(f"c{n}" for n in range(101)) + "\n",
    ],
)
def test_a_file_without_a_heading_is_refused_and_not_asked_about(tenant, staff_client, text):
    answer = send(staff_client(), tenant, text)
    assert answer.status_code == 200 and "There is a problem" in answer.content.decode()
    with tenant_scope(tenant.id):
        assert not PeopleImport.objects.exists()


def test_the_columns_of_a_file_are_its_senders_and_are_let_go_with_it(tenant, staff_client, other_tenant):
    client = staff_client()
    page = send(client, tenant, OWN + "ada;Ada;Lovelace;ada@x.example;12.04.1990;\n")["Location"]
    assert staff_client().get(page).status_code == 404
    assert staff_client(Role.OWNER, other_tenant).get(page).status_code == 404
    assert client.get(page.removesuffix("/columns"))["Location"] == page
    with tenant_scope(tenant.id):
        assert b"Lovelace" not in bytes(PeopleImport.objects.get().sealed_file)
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert client.post(page, {"dates": "dmy"})["Location"] == page.removesuffix("/columns")
        assert "This preview is over" in client.get(page.removesuffix("/columns")).content.decode()
        with tenant_scope(tenant.id):
            assert imports.let_go_of_previews() == 1 and PeopleImport.objects.get().sealed_file is None


def imported(client, tenant, text):
    preview = send(client, tenant, text)["Location"]
    client.post(f"{preview}/apply")
    return f"{preview}/undo"


def test_an_import_is_taken_back_as_far_as_nobody_changed_it_since(tenant, staff_client):
    with tenant_scope(tenant.id):
        eve = make_person("eve", family_name="Byron", emails=["eve@x.example"])
        DirectoryPerson.objects.filter(id=eve.id).update(is_privileged=True, department="Law")
    client = staff_client()
    head = "user_name,given_names,family_name,email,department,privileged,former_names\n"
    undo = imported(
        client,
        tenant,
        head
        + "eve,Eve,King,new@x.example,Maths,no,Byron\n"
        + "".join(f"{name},A,B,{name}@x.example,,,\n" for name in ("ada", "bob", "carl", "dora")),
    )
    with tenant_scope(tenant.id):
        suspend_person(find_person("bob").id, actor=SYSTEM, reason="")
        hold_evidence(find_person("carl").id, ("document_number", "d"))
        make_saved_codes(find_person("dora").id, actor=SYSTEM)
    shown = client.get(undo).content.decode()
    assert "1 person whom the file added is removed" in shown and "1 person stays as they are" in shown
    assert "2 people whom the file added stay: they have registered a passkey" in shown
    assert "Type the word" in client.post(undo, {"word": "yes"}).content.decode()
    for _twice in range(2):
        assert client.post(undo, {"word": "undo"}).status_code in (302, 200)
    left = {person.user_name: person for person in people_of(tenant) if person.status != "removed"}
    assert sorted(left) == ["bob", "carl", "dora", "eve"]
    assert (left["eve"].family_name, left["eve"].department, left["eve"].is_privileged) == (
        "Byron",
        "Law",
        True,
    )
    with tenant_scope(tenant.id):
        (address,) = NoticeAddress.objects.filter(person_id=eve.id)
        assert address.value == "eve@x.example" and find_person("new@x.example") is None
        # What comes back is young: it counts after a while, like every change.
        assert clock.now() - address.held_since < timedelta(minutes=5)
        assert clock.now() - left["eve"].names_changed_at < timedelta(minutes=5)
        assert not ImportedBefore.objects.exists() and not PersonName.objects.exists()
        (event,) = AuditEvent.objects.filter(name="people:import:undo")
        told = ("removed", "restored", "kept", "enrolled")
        assert tuple(event.data[name] for name in told) == (1, 1, 1, 2)
        assert len(Notice.objects.filter(template="details_changed")) == 2


def test_taking_back_is_for_those_who_manage_people_and_over_after_a_week(tenant, staff_client, other_tenant):
    undo = imported(staff_client(), tenant, HEAD + ADA)
    assert staff_client().get(undo).status_code == 200  # a colleague's import is everybody's
    assert staff_client(Role.OWNER, other_tenant).get(undo).status_code == 404
    assert staff_client(Role.AUDITOR).get(undo).status_code == 403
    with tenant_scope(tenant.id):
        remove_person(find_person("ada").id, actor=SYSTEM)
        assert not ImportedBefore.objects.exists()
    with clock.frozen(clock.now() + timedelta(days=7, minutes=1)):
        client = staff_client()
        assert "can no longer be taken back" in client.get(undo).content.decode()
        refused = client.post(undo, {"word": "undo"}).content.decode()
        assert "can no longer be taken back" in refused and len(people_of(tenant)) == 1
        with tenant_scope(tenant.id):
            assert import_undo.forget_befores() == 0


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

    monkeypatch.setattr(import_undo, "add_people", fail)
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


def test_whoever_is_erased_while_a_file_is_applied_does_not_come_back_by_half(tenant, monkeypatch):
    with tenant_scope(tenant.id):
        ada = make_person("ada")
        (held,) = DirectoryPerson.objects.filter(id=ada.id)
        row = ImportedRow(
            line=1, user_name="ada", given_names="Ada", family_name="King", emails=("new@x.example",)
        )
        plan = plan_import([row])
    with tenant_scope(tenant.id):
        remove_person(held.id, actor=SYSTEM)
    with pytest.raises(IntegrityError), tenant_scope(tenant.id):
        change_people(plan.changed)
    with tenant_scope(tenant.id):
        left = DirectoryPerson.objects.get(id=ada.id)
        assert (left.status, left.family_name) == ("removed", "") and find_person("new@x.example") is None
