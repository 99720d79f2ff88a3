"""`manage.py import_people`: the page's import for scripts; whole, or without the lines that cannot be used."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory import import_large
from tenants.directory.import_undo import undo_import
from tenants.directory.management.commands.import_people import Command
from tenants.directory.models import DirectoryPerson, PeopleImport

HEAD = "user_name,given_names,family_name,email,birthdate\n"
ADA, BOB = "ada,Ada,Lovelace,ada@x.example,1990-04-12\n", "bob,Bob,,b@x.example,\n"


@pytest.fixture
def bring(tenant, tmp_path: Path):
    def run(text: str | bytes, slug: str = "", **options: object) -> tuple[int, dict, str]:
        file = tmp_path / "people.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        out, err = io.StringIO(), io.StringIO()
        given = {
            "dry_run": False,
            "skip_problems": False,
            "json": True,
            "column": [],
            "dates": "ymd",
        } | options
        status = Command(stdout=out, stderr=err).bring(
            given | {"tenant": slug or tenant.slug, "file": str(file)}
        )
        return status, json.loads(out.getvalue() or "{}"), err.getvalue()

    return run


def people(tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return sorted(DirectoryPerson.objects.values_list("user_name", flat=True))


def test_a_file_is_applied_once_and_the_audit_log_says_by_whom(tenant, bring):
    assert bring(HEAD + ADA)[:2] == (
        0,
        {
            "tenant": tenant.slug,
            "applied": True,
            "added": 1,
            "changed": 0,
            "unchanged": 0,
            "problems": [],
            "ignored_columns": [],
        },
    )
    status, told, _err = bring(HEAD + ADA)
    assert (status, told["added"], told["unchanged"]) == (0, 0, 1) and people(tenant) == ["ada"]
    with tenant_scope(tenant.id):
        event = AuditEvent.objects.filter(name="people:import:apply").first()
        assert (event.actor_kind, event.actor_id) == ("operator", "import_people")
        assert not PeopleImport.objects.exclude(sealed=None).exists()


def test_a_dry_run_changes_and_keeps_nothing(tenant, bring):
    status, told, _err = bring(HEAD + ADA, dry_run=True)
    assert (status, told["applied"], told["added"]) == (0, False, 1)
    with tenant_scope(tenant.id):
        assert not DirectoryPerson.objects.exists() and not PeopleImport.objects.exists()


def test_one_bad_line_is_named_and_keeps_the_file_out_unless_it_may_be_skipped(tenant, bring):
    status, told, _err = bring(HEAD + BOB + ADA)
    assert (status, told["applied"]) == (1, False) and people(tenant) == []
    assert told["problems"] == [
        {"line": 2, "sentence": "“family_name” is empty. Who has one name only has it in both."}
    ]
    status, told, _err = bring(HEAD + BOB + ADA, skip_problems=True)
    assert (status, told["applied"], told["added"]) == (1, True, 1) and people(tenant) == ["ada"]


def test_a_line_that_names_somebody_else_is_skipped_too(tenant, bring):
    bring(HEAD + ADA)
    status, told, _err = bring(
        HEAD + "eve,Eve,Adams,ada@x.example,\ncarl,Carl,Berg,c@x.example,\n", skip_problems=True
    )
    assert (status, told["added"], [problem["line"] for problem in told["problems"]]) == (1, 1, [2])
    assert people(tenant) == ["ada", "carl"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\x01",
        HEAD,
        "name\nx\n",
        b"\xff\xfe" + HEAD.encode("utf-16-le"),
        HEAD + '"ada',
        "a" * 10_000_001,
        HEAD + "a" * 400_000,
    ],
)
def test_a_file_that_cannot_be_used_is_2_with_one_sentence(tenant, bring, text):
    status, told, sentence = bring(text)
    assert (status, told) == (2, {}) and sentence.strip().endswith((".", "”."))


def letters_of(tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return sorted(DirectoryPerson.objects.values_list("family_name", flat=True))


HUN = "hun,Ödön,Hűvös,hun@x.example,\n"


@pytest.mark.parametrize(
    ("content", "letters"),
    [
        ((HEAD + HUN).encode("utf-16"), ""),
        (b"\xfe\xff" + (HEAD + HUN).replace(",", "\t").encode("utf-16-be"), ""),
        ((HEAD + HUN).encode("utf-8-sig"), "cp1252"),
        ((HEAD + HUN).encode("utf-16"), "cp1252"),
        ((HEAD + HUN).encode("cp1250"), "cp1250"),
    ],
)
def test_a_file_is_read_in_the_letters_that_the_page_reads(tenant, bring, content, letters):
    assert bring(content, letters=letters)[0] == 0 and letters_of(tenant) == ["Hűvös"]


def test_a_file_in_a_code_page_shows_how_it_would_read_and_which_line_does_not(tenant, bring):
    status, _told, sentence = bring((HEAD + ADA + HUN).encode("cp1250"))
    assert status == 2 and "(line 3)" in sentence and "cp1250: Ödön, Hűvös" in sentence
    undefined = HEAD.encode() + ADA.encode() + b"x,X,\x9d,x@x.example,\n"
    assert "(CP1252, line 3)" in bring(undefined, letters="cp1252")[2]
    assert "spreadsheet file" in bring(b"PK\x03\x04" + b"x" * 100)[2]
    assert people(tenant) == []


def test_an_organisation_that_does_not_exist_is_1_and_a_missing_file_2(tenant, bring, tmp_path):
    assert bring(HEAD + ADA, slug="nobody-at-all")[0] == 1
    err = io.StringIO()
    options = {
        "tenant": tenant.slug,
        "file": str(tmp_path / "none.csv"),
        "dry_run": False,
        "skip_problems": False,
        "column": [],
        "dates": "ymd",
    }
    assert Command(stderr=err).bring(options | {"json": False}) == 2
    assert people(tenant) == []


def test_columns_that_are_called_something_else_are_said(tenant, bring):
    text = "Anmeldename;Vorname;Nachname;Mail;Geboren;Notiz\nada;Ada;Lovelace;ada@x.example;12.04.1990;-\n"
    status, _told, sentence = bring(text)
    assert status == 2 and "Missing: user_name" in sentence
    columns = ["anmeldeNAME=user_name", "Vorname=given_names", "Nachname=family_name", "Geboren=birthdate"]
    status, told, _err = bring(text, column=columns, dates="dmy")
    assert (status, told["added"], told["ignored_columns"]) == (0, 1, ["Notiz"])
    with tenant_scope(tenant.id):
        assert DirectoryPerson.objects.get().birthdate == date(1990, 4, 12)
    assert bring(text, column=["Vorname=first"])[0] == 2


def test_a_large_file_comes_in_parts_and_a_name_stands_once_in_all_of_them(tenant, bring, monkeypatch):
    monkeypatch.setattr(import_large, "BATCH", 2)
    rows = [f"u{n},A{n},B,u{n}@x.example,\n" for n in range(5)]
    status, told, _err = bring(HEAD + "".join(rows) + "U0,C,D,c@x.example,\n")
    assert (status, told["applied"], people(tenant)) == (1, False, [])
    assert told["problems"] == [{"line": 7, "sentence": "“u0” (user_name) is also on line 2."}]
    assert bring(HEAD + "".join(rows))[1]["added"] == 5
    with tenant_scope(tenant.id):
        row = PeopleImport.objects.get()
        assert undo_import(row.id, actor=SYSTEM).removed == 5 and len(people(tenant)) == 5
        assert not DirectoryPerson.objects.exclude(status="removed").exists()


def test_a_file_that_is_nearly_all_wrong_is_not_read_to_its_end(bring, monkeypatch):
    monkeypatch.setattr(import_large, "MAX_PROBLEMS", 3)
    status, told, sentence = bring(HEAD + "".join(f"u{n},,B,u{n}@x.example,\n" for n in range(9)))
    assert (status, told) == (2, {}) and "line 2" in sentence
