"""The log's pages: words, filters, export, personal halves, and verifying on demand."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.test import Client

from portal.console.audit_words import LABELS
from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.ids import short_reference, uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.models import AuditCheck, AuditEvent
from tenants.audit.sealing import seal_events
from tenants.audit.sentences import ACTORS, PROBLEMS, SENTENCES
from tenants.audit.services import record_event
from tenants.directory.retention.keeping import decide_retention
from tenants.directory.retention.rules import Category, Rule
from tenants.models import Member, Tenant
from tenants.rights import Role
from tests.architecture.modules import modules
from tests.conftest import make_tenant


def note(tenant: Tenant, name: EventName = EventName.PERSON_CREATED, **fields: object) -> AuditEvent:
    with tenant_scope(tenant.id):
        return record_event(name, **{"actor": SYSTEM, **fields})  # type: ignore[arg-type]


def names(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEvent.objects.order_by("created_at", "id").values_list("name", flat=True))


def test_every_event_actor_and_problem_has_words() -> None:
    assert set(SENTENCES) == set(EventName)
    assert set(ACTORS) == set(ActorKind)
    assert all(SENTENCES.values()) and all(PROBLEMS.values())
    assert not [
        sentence for sentence in SENTENCES.values() if ":" in sentence and "Somebody said:" not in sentence
    ]


def _keys_written_down() -> set[str]:
    """The literal keys of `data=` and `personal=` at every call of record_event."""
    found: set[str] = set()
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_event":
                for keyword in node.keywords:
                    if keyword.arg in {"data", "personal"} and isinstance(keyword.value, ast.Dict):
                        keys = keyword.value.keys
                        found |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
    return found


def test_everything_that_is_written_down_has_a_label() -> None:
    assert _keys_written_down() - set(LABELS) == set()


def test_the_log_speaks_in_sentences_and_shows_no_codes(
    tenant: Tenant, owner: Member, owner_client: Client
) -> None:
    actor = Actor(ActorKind.MEMBER, owner.public_id)
    note(tenant, EventName.MEMBER_ROLE_CHANGED, actor=actor, data={"from": "auditor", "to": "help_desk"})
    page = owner_client.get(f"/o/{tenant.slug}/audit/").content.decode()
    table = page[page.index("<table") : page.index("</table")]
    assert "A member&#x27;s role was changed" in table
    assert "staff.example" in table
    assert not re.search(r"\b\w+:\w+:\w+\b", re.sub(r"<[^>]+>", " ", table))


def test_an_event_opens_with_labels_and_words(tenant: Tenant, owner_client: Client) -> None:
    event = note(tenant, EventName.MEMBER_ROLE_CHANGED, data={"from": "auditor", "to": "help_desk"})
    page = owner_client.get(f"/o/{tenant.slug}/audit/{event.public_id}").content.decode()
    assert "Before" in page and "Auditor" in page and "Help-desk agent" in page
    assert "help_desk" not in page


def test_how_long_things_are_kept_is_told_in_words(tenant: Tenant, owner_client: Client) -> None:
    with tenant_scope(tenant.id):
        rules = {Category.NUMBERS: Rule(30, 3650), Category.STANDING: Rule(), Category.PHONES: Rule(7)}
        decide_retention(rules, actor=SYSTEM)
        decided = AuditEvent.objects.get(name=EventName.RETENTION_CHANGED)
    gone = note(tenant, EventName.RETENTION_KEPT, data={"category": "standing", "people": 1})
    page = owner_client.get(f"/o/{tenant.slug}/audit/{decided.public_id}").content.decode()
    numbers = (
        "Document and national numbers: 30 days after somebody left, 3650 days after the last proof or file"
    )
    assert numbers in page and "Telephone numbers: 7 days after somebody left" in page
    assert "Manager, country and department: until the person is removed" in page
    page = owner_client.get(f"/o/{tenant.slug}/audit/{gone.public_id}").content.decode()
    assert "Manager, country and department" in page and "Standing" not in page


def test_filters_are_in_the_address(tenant: Tenant, owner_client: Client) -> None:
    note(tenant, EventName.PERSON_CREATED)
    note(tenant, EventName.PERSON_SUSPENDED, actor=Actor(ActorKind.VENDOR, "x"))
    page = owner_client.get(f"/o/{tenant.slug}/audit/", {"event": "people:person:suspend"}).content.decode()
    table = page[page.index("<table") : page.index("</table")]
    assert "A person was suspended" in table and "A person was added" not in table
    page = owner_client.get(f"/o/{tenant.slug}/audit/", {"actor": "vendor"}).content.decode()
    table = page[page.index("<table") : page.index("</table")]
    assert "A person was suspended" in table and "A person was added" not in table
    future = (clock.now() + timedelta(days=2)).date().isoformat()
    page = owner_client.get(f"/o/{tenant.slug}/audit/", {"since": future}).content.decode()
    assert "Nothing matches" in page


@pytest.mark.parametrize(
    "query",
    [
        {"event": "x' OR 1=1"},
        {"actor": "nobody"},
        {"case": "!!!"},
        {"since": "yesterday"},
        {"cursor": "~"},
        {"cursor": "2026-01-01~x"},
        {"asked": "now"},
    ],
)
def test_an_address_that_makes_no_sense_is_no_error(
    tenant: Tenant, owner_client: Client, query: dict[str, str]
) -> None:
    assert owner_client.get(f"/o/{tenant.slug}/audit/", query).status_code == 200


def test_pages_follow_each_other_without_a_gap_or_a_repeat(tenant: Tenant, owner_client: Client) -> None:
    with tenant_scope(tenant.id):
        for number in range(120):
            record_event(EventName.CASE_MOVED, actor=SYSTEM, data={"attempt": number})
    seen: list[str] = []
    path = f"/o/{tenant.slug}/audit/"
    while path:
        page = owner_client.get(path).content.decode()
        seen += re.findall(r"audit/(event_\w+)", page)
        onward = re.search(r'href="(\?[^"]*cursor=[^"]+)"[^>]*>(?:(?!</a>).)*Next', page)
        path = f"/o/{tenant.slug}/audit/{onward.group(1)}".replace("&amp;", "&") if onward else ""
    assert len(seen) == len(set(seen)) == 120


def test_a_case_is_found_by_the_reference_people_read_out(
    tenant: Tenant, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = uuid7()
    note(tenant, EventName.CASE_OPENED, case_id=case_id)
    note(tenant, EventName.PERSON_CREATED)
    page = owner_client.get(f"/o/{tenant.slug}/audit/").content.decode()
    assert short_reference(case_id) in page
    page = owner_client.get(f"/o/{tenant.slug}/audit/", {"case": "0000-0000"}).content.decode()
    assert "Nothing matches" in page


def test_the_export_holds_what_is_shown_and_runs_nothing(tenant: Tenant, owner_client: Client) -> None:
    note(tenant, EventName.PERSON_CREATED, subject="=HYPERLINK(1)")
    note(tenant, EventName.PERSON_SUSPENDED)
    answer = owner_client.get(f"/o/{tenant.slug}/audit/export.csv", {"event": "people:person:create"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 2
    assert rows[1][1] == "A person was added" and rows[1][5] == "'=HYPERLINK(1)"
    assert names(tenant)[-1] == EventName.AUDIT_EXPORTED


def test_the_personal_half_is_opened_on_request_and_that_is_written_down(
    tenant: Tenant, owner_client: Client
) -> None:
    event = note(tenant, personal={"name": "Ada Lovelace"})
    path = f"/o/{tenant.slug}/audit/{event.public_id}"
    assert "Ada Lovelace" not in owner_client.get(path).content.decode()
    assert EventName.AUDIT_PERSONAL_SEEN not in names(tenant)
    assert "Ada Lovelace" in owner_client.post(path).content.decode()
    assert names(tenant)[-1] == EventName.AUDIT_PERSONAL_SEEN


def test_an_event_of_another_organisation_is_not_found(
    tenant: Tenant, other_tenant: Tenant, owner_client: Client
) -> None:
    event = note(other_tenant, personal={"name": "Ada Lovelace"})
    path = f"/o/{tenant.slug}/audit/{event.public_id}"
    assert owner_client.get(path).status_code == 404
    assert owner_client.post(path).status_code == 404


@pytest.mark.parametrize("role", [Role.BILLING_MANAGER, Role.HELP_DESK])
def test_who_may_not_see_the_log_reads_403(
    tenant: Tenant, as_role: Callable[..., Client], role: Role
) -> None:
    assert as_role(role).get(f"/o/{tenant.slug}/audit/").status_code == 403


def test_verify_now_is_done_by_the_worker_and_shown(tenant: Tenant, owner_client: Client) -> None:
    note(tenant)
    answer = owner_client.post(f"/o/{tenant.slug}/audit/verify")
    page = owner_client.get(answer["Location"]).content.decode()
    assert "Verifying" in page
    outbox.drain()
    page = owner_client.get(answer["Location"]).content.decode()
    assert "Verified up to number 1," in page and "Verifying" not in page


def test_a_broken_log_is_said_plainly(tenant: Tenant, owner_client: Client) -> None:
    with tenant_scope(tenant.id):
        AuditCheck.objects.create(number=0, problem="event_changed", problem_number=17)
    page = owner_client.get(f"/o/{tenant.slug}/audit/").content.decode()
    assert "The log does not hold" in page and "entry 17" in page


def run_command(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("verify_audit_chain", *arguments, stdout=out, stderr=out)
    return int(caught.value.code or 0), out.getvalue()


def test_the_command_says_whether_a_log_holds(tenant: Tenant) -> None:
    note(tenant)
    seal_events(tenant.id)
    code, text = run_command("--tenant", tenant.slug, "--json")
    assert code == 0 and json.loads(text)["number"] == 1


def test_of_all_organisations_the_command_tells_in_one_object(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(tenant)
    seal_events(tenant.id)
    other = make_tenant()
    both = Tenant.objects.filter(pk__in=[tenant.pk, other.pk])
    monkeypatch.setattr(Tenant.objects, "order_by", lambda *names: both)
    code, text = run_command("--json")
    told = json.loads(text)
    assert code == 0 and told["holds"] is True
    assert {found["organisation"] for found in told["organisations"]} == {tenant.slug, other.slug}


def test_the_command_ends_with_1_when_a_log_is_broken(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(tenant)
    seal_events(tenant.id)
    monkeypatch.setattr("tenants.audit.verification.START", b"x" * 32)
    code, text = run_command("--tenant", tenant.slug)
    assert code == 1 and "entry 1" in text


def test_the_command_misses_an_organisation_that_was_removed_with_its_log(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(tenant)
    seal_events(tenant.id)
    monkeypatch.setattr(Tenant.objects, "order_by", lambda *names: Tenant.objects.none())
    code, text = run_command("--json")
    [told] = json.loads(text)["organisations"]
    assert code == 1 and (told["organisation"], told["problem"]) == (str(tenant.id), "organisation_removed")


def test_the_command_ends_with_2_when_it_cannot_find_out() -> None:
    assert run_command("--tenant", "there-is-none")[0] == 2


def test_who_acted_is_named_only_where_it_is_a_colleague(tenant: Tenant, owner_client: Client) -> None:
    event = note(tenant, actor=Actor(ActorKind.MEMBER, f"member_{'0' * 26}"))
    page = owner_client.get(f"/o/{tenant.slug}/audit/{event.public_id}").content.decode()
    assert "Member" in page
    assert UUID(int=0).hex not in page
