"""Numbers of documents and people that a file brings: what is kept of them, where they are not, and when they count."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.counting import Needs, Obstacle, count_by_obstacle
from tenants.directory.details import everything_held
from tenants.directory.import_file import read_people
from tenants.directory.imports import apply_import, begin_import, preview_of
from tenants.directory.matching import HeldDocument, MatchOutcome, MatchPolicy, PersonMatch, match_person
from tenants.directory.models import DirectoryPerson, HeldEvidence
from tenants.directory.selectors import (
    candidate_of,
    document_digest,
    holds_document,
    national_id_digest,
    near,
)
from tenants.directory.services import hold_evidence
from tenants.notices.models import Notice
from tests.conftest import make_tenant
from tests.matching.people import document

pytestmark = pytest.mark.usefixtures("in_tenant")
HEAD = "user_name,given_names,family_name,email,birthdate,Passport number,Issuing country,National ID,National country\n"
ANNA = "anna,Anna,Svoboda,anna@x.example,1985-12-10"
NUMBER, NATIONAL = "L4499-1207X", "855210/0017"
BOTH = f"{ANNA},{NUMBER},cz,{NATIONAL},Czech Republic\n"
OVER = timedelta(hours=73)


def bring(text: str, head: str = HEAD) -> None:
    row = begin_import((head + text).encode(), file_name="people.csv", member_id=UUID(int=1))
    apply_import(row.id, member_id=row.member_id, actor=SYSTEM)


def anna() -> DirectoryPerson:
    return DirectoryPerson.objects.get(user_name="anna")


def held() -> dict[str, str]:
    return dict(HeldEvidence.objects.values_list("kind", "digest"))


def shown(number: str = NUMBER, **policy: Any) -> PersonMatch:
    proven = document("Anna Svoboda", digest=document_digest(number, "CZE"))
    return match_person(proven, candidate_of(anna()), near(proven), policy=MatchPolicy(**policy))


def test_of_a_number_there_is_the_digest_that_a_recovery_makes_and_nothing_else():
    bring(BOTH)
    assert held() == {
        "document_number": document_digest("L44991207X", "CZE"),
        "national_id": national_id_digest("8552100017", "CZ"),
    }
    written = json.dumps(everything_held(anna()))
    assert '"source": "file"' in written and held()["national_id"] not in written


def test_a_number_counts_for_the_person_after_three_days_and_against_others_at_once():
    moment = clock.now()
    bring(BOTH)
    assert not shown().document_was_held and not holds_document(anna().id)
    assert count_by_obstacle(Needs(document=True)) == {Obstacle.NO_DOCUMENT: 1}
    with clock.frozen(moment + OVER):
        assert count_by_obstacle(Needs(document=True)) == {Obstacle.NONE: 1}
        assert shown().document_was_held and holds_document(anna().id)
        assert shown("OTHER1234", held_document=HeldDocument.DECIDES).outcome is MatchOutcome.NONE
    bring("anna2,Anna,Svoboda,anna2@x.example,1985-12-10,,,,\n")
    proven = document("Anna Svoboda", digest=document_digest(NUMBER, "CZ"))
    other = DirectoryPerson.objects.get(user_name="anna2")
    found = match_person(proven, candidate_of(other), near(proven), policy=MatchPolicy())
    assert (found.outcome, found.reasons) == (MatchOutcome.ANOTHER, ("document_of_another_account",))


def test_another_number_holds_recoveries_and_is_told_and_what_was_proven_stays():
    bring(f"{ANNA},,,,\n")
    hold_evidence(anna().id, ("document_number", "proven"))
    bring(BOTH)
    assert Notice.objects.filter(template="details_changed").count() == 1
    assert anna().names_changed_at is None, "an added one loosens nothing"
    Notice.objects.all().delete()
    bring(BOTH)
    assert not Notice.objects.exists(), "the same number is no change"
    bring(f"{ANNA},NEW12345,CZE,,\n")
    assert anna().names_changed_at is not None and Notice.objects.count() == 1
    assert set(HeldEvidence.objects.values_list("kind", "digest")) == {
        ("document_number", "proven"),
        ("document_number", document_digest("NEW12345", "CZ")),
    }


def test_a_file_without_the_columns_leaves_numbers_as_they_are():
    bring(BOTH)
    before = list(HeldEvidence.objects.order_by("id").values())
    bring("anna,Anna,Nováková,anna@x.example\n", "user_name,given_names,family_name,email\n")
    assert list(HeldEvidence.objects.order_by("id").values()) == before


@pytest.mark.parametrize("number", [NUMBER, "GUESS1234"])
def test_a_preview_says_of_a_guess_what_it_says_of_the_number(number):
    """Whoever may send files finds out nobody's number by trying."""
    bring(BOTH)
    row = begin_import(
        (HEAD + f"{ANNA},{number},CZ,{NATIONAL},CZ\n").encode(), file_name="x.csv", member_id=UUID(int=2)
    )
    fields = [["document_number", "✓", "✓"], ["national_number", "✓", "✓"]]
    assert [change["fields"] for change in preview_of(row).changed] == [fields]
    assert (row.counts["changed"], row.counts["unchanged"], row.counts["numbers"]) == (1, 0, 1)


BAD = {
    "no country": (f"{ANNA},{NUMBER},,,\n", "document_country"),
    "no such country": (f"{ANNA},{NUMBER},Narnia,,\n", "document_country"),
    "a slipped column": (f"{ANNA},CZ,{NUMBER},,\n", "document_number"),
    "too short": (f"{ANNA},,,A1-,CZ\n", "national_number"),
    "too long": (f"{ANNA},{'9' * 41},CZ,,\n", "document_number"),
    "a country alone": (f"{ANNA},,CZ,,\n", "document_country"),
    "two people": (BOTH + f"bob,Bob,B,b@x.example,1985-12-10,{NUMBER.lower()},CZE,,\n", "line 2"),
    "a bad date beside it": (f"anna,A,B,a@x.example,10.12.1985,{NUMBER},,{NATIONAL},\n", "national_country"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=list(BAD))
def test_a_number_that_cannot_be_used_is_named_by_its_column_and_never_repeated(text, said):
    problems = read_people((HEAD + text).encode()).problems
    assert len(problems) == 1 and said in problems[0].sentence
    for secret in (NUMBER, NUMBER.lower(), NATIONAL, "99999", "Narnia"):
        assert secret not in problems[0].sentence


def test_nothing_that_is_kept_or_told_holds_a_number(tenant, capsys, tmp_path):
    """Every table of the organisation, the preview unsealed, what the command says, and the files beside it."""
    file = tmp_path / "people.csv"
    file.write_text(HEAD + BOTH)
    row = begin_import(file.read_bytes(), file_name="people.csv", member_id=UUID(int=1))
    said = repr(preview_of(row))
    apply_import(row.id, member_id=row.member_id, actor=SYSTEM)
    bring(f"{ANNA},NEW12345,CZE,{NATIONAL},CZ\n")
    with pytest.raises(SystemExit):
        call_command("import_people", "--tenant", tenant.slug, str(file), "--json", "--dry-run")
    said += "".join(capsys.readouterr())
    said += json.dumps(list(AuditEvent.objects.values("name", "data")), default=str)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("directory_", "audit_", "notices_", "kit_")):
                cursor.execute(f"SELECT t::text FROM {table} t")
                said += "".join(row[0] for row in cursor.fetchall())
    for secret in (NUMBER, "L44991207X", NATIONAL, "8552100017", "NEW12345"):
        assert secret not in said
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


def test_another_organisation_has_another_digest_of_the_same_number():
    here = document_digest(NUMBER, "CZ")
    with tenant_scope(make_tenant().id):
        assert document_digest(NUMBER, "CZ") != here
