"""What many cases show together is written down once, told once, and told anew when it goes on."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import NotHere, Refused
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from recovery.models import Case, Profile
from recovery.patterns.models import Pattern
from recovery.patterns.services import close_pattern, look_at
from recovery.patterns.tasks import look
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson, HeldEvidence
from tenants.models import Tenant
from tenants.notices.models import StaffMail
from tenants.rights import Role
from tests.conftest import make_member, make_tenant, site_client
from tests.console.conftest import client_of_member
from tests.recovery.console.world import make_case, make_person, published_profile
from vendors.models import Connection, ProofingAttempt

Kind = Pattern.Kind
DOCUMENT = "d" * 64
NETWORK = "e" * 64


@pytest.fixture
def profile(tenant: Tenant) -> Profile:
    with tenant_scope(tenant.id):
        return published_profile()


def shows(profile: Profile, person: DirectoryPerson | None, document: str = DOCUMENT) -> Case:
    case = make_case(profile, person, CaseStatus.REFUSED)
    Case.objects.filter(id=case.id).update(document_digest=document)
    return case


def close(row: Pattern) -> Pattern:
    return close_pattern(row.id, note="Two accounts of one person.", member_id=uuid7(), actor=SYSTEM)


def kinds() -> list[str]:
    return sorted(Pattern.objects.values_list("kind", flat=True))


def test_one_document_for_two_people_is_written_down_once_and_told_once_to_those_who_act_on_cases(
    tenant: Tenant, profile: Profile
) -> None:
    for role in (Role.HELP_DESK, Role.AUDITOR, Role.BILLING_MANAGER):
        make_member(tenant, role)
    with tenant_scope(tenant.id):
        cases = [shows(profile, make_person()), shows(profile, make_person())]
        shows(profile, make_person(), "f" * 64)
        (row,) = look_at(tenant)
        assert look_at(tenant) == []
        assert (row.kind, row.key, row.figures) == (Kind.ONE_DOCUMENT, DOCUMENT, {"people": 2, "cases": 2})
        assert {UUID(case) for case in row.cases} == {case.id for case in cases}
        assert AuditEvent.objects.filter(name=EventName.PATTERN_FOUND.value).count() == 1
        assert StaffMail.objects.filter(template="staff_pattern").count() == 1


def test_a_document_that_is_held_as_that_of_another_account_is_one(tenant: Tenant, profile: Profile) -> None:
    with tenant_scope(tenant.id):
        shows(profile, make_person())
        assert look_at(tenant) == []
        HeldEvidence.objects.create(
            person=make_person(), kind=HeldEvidence.Kind.DOCUMENT_NUMBER, digest=DOCUMENT
        )
        assert [row.kind for row in look_at(tenant)] == [Kind.ONE_DOCUMENT]


def test_one_person_who_recovers_twice_is_none_and_nor_is_what_is_long_ago(
    tenant: Tenant, profile: Profile
) -> None:
    with tenant_scope(tenant.id):
        person = make_person()
        shows(profile, person)
        old = shows(profile, make_person())
        Case.objects.filter(id=old.id).update(created_at=clock.now() - timedelta(days=91))
        shows(profile, person)
        assert look_at(tenant) == []


def test_a_closed_document_is_told_anew_only_for_another_person(tenant: Tenant, profile: Profile) -> None:
    with tenant_scope(tenant.id):
        both = [make_person(), make_person()]
        for person in both:
            shows(profile, person)
        close(look_at(tenant)[0])
        shows(profile, both[0])
        assert look_at(tenant) == []
        shows(profile, make_person())
        (again,) = look_at(tenant)
        assert again.figures == {"people": 3, "cases": 4}


def test_an_open_one_grows_with_what_comes(tenant: Tenant, profile: Profile) -> None:
    with tenant_scope(tenant.id):
        shows(profile, make_person())
        shows(profile, make_person())
        look_at(tenant)
        newest = shows(profile, make_person())
        assert look_at(tenant) == []
        row = Pattern.objects.get()
        assert row.figures == {"people": 3, "cases": 3} and row.cases[0] == str(newest.id)


def test_a_network_that_tries_names_is_told_and_one_whose_people_read_their_mail_is_not(
    tenant: Tenant, profile: Profile
) -> None:
    with tenant_scope(tenant.id):
        for number in range(15):
            person = make_person() if number % 2 else None
            tried = make_case(profile, person, CaseStatus.OPENED)
            come_through = make_case(profile, make_person(), CaseStatus.RECOVERED)
            Case.objects.filter(id=tried.id).update(network_digest=NETWORK)
            Case.objects.filter(id=come_through.id).update(network_digest="0" * 64)
        (row,) = look_at(tenant)
        assert (row.kind, row.key) == (Kind.TRIED_NAMES, NETWORK)
        assert row.figures == {"cases": 15, "names": 15, "confirmed": 0}
        assert row.people == []


def test_fifteen_tries_of_one_name_are_no_fifteen_names(tenant: Tenant, profile: Profile) -> None:
    with tenant_scope(tenant.id):
        person = make_person()
        for _number in range(15):
            tried = make_case(profile, person, CaseStatus.OPENED)
            Case.objects.filter(id=tried.id).update(network_digest=NETWORK)
        assert look_at(tenant) == []


def answers(outcome: str, count: int, days_ago: int, reference: UUID | None = None) -> None:
    ended = clock.now() - timedelta(days=days_ago)
    connection = Connection.objects.get()
    ProofingAttempt.objects.bulk_create(
        ProofingAttempt(
            connection=connection,
            reference=reference or uuid7(),
            browser_digest=b"x",
            mode="production",
            is_demonstration=False,
            outcome=outcome,
            ended_at=ended,
            expires_at=ended,
        )
        for _number in range(count)
    )


def test_a_partner_that_refuses_less_than_it_did_is_told(tenant: Tenant, profile: Profile) -> None:
    with tenant_scope(tenant.id):
        answers("not_verified", 30, 20)
        answers("verified", 170, 20)
        answers("retry_allowed", 100, 20)
        answers("verified", 80, 2)
        (row,) = look_at(tenant)
        assert (row.kind, row.key) == (Kind.REFUSES_LESS, str(Connection.objects.get().id))
        assert row.figures == {"events": 0, "total": 80, "events_before": 30, "total_before": 200}


def test_a_partner_whose_passes_are_refused_afterwards_is_told_with_their_cases(
    tenant: Tenant, profile: Profile
) -> None:
    with tenant_scope(tenant.id):
        answers("verified", 100, 20)
        answers("verified", 20, 2)
        failed = [make_case(profile, make_person(), CaseStatus.REFUSED) for _number in range(6)]
        for case in failed:
            answers("verified", 1, 1, case.id)
        (row,) = look_at(tenant)
        assert row.kind == Kind.NOT_BORNE_OUT
        assert {UUID(case) for case in row.cases} == {case.id for case in failed}


def test_everybody_is_looked_at_and_nobody_sees_another_organisation(
    tenant: Tenant, profile: Profile
) -> None:
    other = make_tenant()
    with tenant_scope(tenant.id):
        shows(profile, make_person())
    with tenant_scope(other.id):
        theirs = published_profile()
        shows(theirs, make_person())
        HeldEvidence.objects.create(
            person=make_person(), kind=HeldEvidence.Kind.DOCUMENT_NUMBER, digest="1" * 64
        )
    look()
    with tenant_scope(tenant.id):
        assert kinds() == []
        shows(profile, make_person())
    look()
    with tenant_scope(other.id):
        assert kinds() == []
    with tenant_scope(tenant.id):
        assert kinds() == [Kind.ONE_DOCUMENT]


def test_of_many_who_close_it_at_once_one_does(tenant: Tenant, profile: Profile) -> None:
    with tenant_scope(tenant.id):
        shows(profile, make_person())
        shows(profile, make_person())
        (row,) = look_at(tenant)
    said: list[str] = []

    def shut() -> None:
        try:
            with tenant_scope(tenant.id):
                close(row)
            said.append("closed")
        except Refused as error:
            said.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=shut) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["closed", *["pattern_closed_already"] * 7]
    with tenant_scope(tenant.id):
        assert AuditEvent.objects.filter(name=EventName.PATTERN_CLOSED.value).count() == 1


def test_the_page_closes_one_with_a_note_and_says_so_to_whoever_comes_second(
    tenant: Tenant, profile: Profile
) -> None:
    with tenant_scope(tenant.id):
        first, _second = shows(profile, make_person()), shows(profile, make_person())
        (row,) = look_at(tenant)
    member = make_member(tenant, Role.HELP_DESK)
    client = client_of_member(member)
    path = f"/o/{tenant.slug}/recovery/patterns/"
    assert "Something to look into" in client.get(f"/o/{tenant.slug}/").content.decode()
    listed = client.get(path).content.decode()
    assert "One document for two people" in listed and "2 accounts" in listed and DOCUMENT not in listed
    page = client.get(f"{path}{row.public_id}/").content.decode()
    assert first.reference in page and DOCUMENT not in page
    assert "Say in one sentence" in client.post(f"{path}{row.public_id}/", {"note": " "}).content.decode()
    assert client.post(f"{path}{row.public_id}/", {"note": "One person."}).status_code == 302
    late = client.post(f"{path}{row.public_id}/", {"note": "Another word."})
    assert late.status_code == 409 and "A colleague has closed it already." in late.content.decode()
    assert "One person." in client.get(path).content.decode()
    with tenant_scope(tenant.id):
        closed = Pattern.objects.get()
        assert (closed.note, closed.closed_by) == ("One person.", member.id)


def test_one_that_is_nobodys_is_not_there(tenant: Tenant) -> None:
    with tenant_scope(tenant.id), pytest.raises(NotHere):
        close_pattern(uuid7(), note="x", member_id=uuid7(), actor=SYSTEM)
    assert site_client().get(f"/o/{tenant.slug}/recovery/patterns/").status_code == 302
