"""Where an organisation wants it, a partner is asked to erase a session after its answer, until nothing is left."""

from __future__ import annotations

import csv
import html
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection as database

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import NotHere, Refused
from portal.kit.ids import short_reference
from portal.kit.scope import tenant_scope
from recovery.models import Case
from recovery.profiles import create_profile
from recovery.statuses import Mode
from tenants.directory.import_undo import undo_import
from tenants.directory.imports import apply_import, begin_import
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import create_person, remove_person
from tenants.notices.models import StaffMail
from tenants.rights import Role
from tests.conftest import make_member
from tests.vendors.conftest import work
from tests.vendors.rest_journey import RestJourney
from vendors.erasing import ask_to_erase_again, ask_to_erase_sessions
from vendors.models import Connection, ProofingAttempt


@pytest.fixture
def stripe_journey(tenant, simulators):
    return RestJourney(tenant, simulators["stripe_identity"])


@pytest.fixture
def erasing(stripe_journey):
    connection = stripe_journey.connect()
    with tenant_scope(stripe_journey.tenant.id):
        Connection.objects.filter(id=connection.id).update(
            config={**connection.config, "after_answer": "erase"}
        )
    return connection


def prove(journey, connection):
    attempt_id = journey.begin(connection)
    journey.finish(attempt_id)
    journey.hook(connection, journey.event(attempt_id, f"evt_{attempt_id}"))
    work(journey.tenant)
    assert journey.state(attempt_id).outcome == "verified"
    return attempt_id


def later(journey, **passed):
    with clock.frozen(clock.now() + timedelta(**passed)):
        work(journey.tenant)


def test_it_is_asked_after_the_answer_was_taken_or_destroyed_here(stripe_journey, erasing):
    attempt_id = prove(stripe_journey, erasing)
    assert stripe_journey.row(attempt_id).erase_asked_at is None
    later(stripe_journey, minutes=36)
    row = stripe_journey.row(attempt_id)
    assert row.erased_at is not None
    assert [event["code"] for event in stripe_journey.events("partner:proofing:erase")] == ["erased"]


def test_a_partner_that_takes_days_is_asked_again_and_the_end_is_written_down(stripe_journey, erasing):
    stripe_journey.simulator.misbehave("erases_slowly")
    attempt_id = prove(stripe_journey, erasing)
    url = stripe_journey.simulator.control()["sessions"][-1]
    later(stripe_journey, minutes=36)
    assert stripe_journey.row(attempt_id).erased_at is None
    stripe_journey.simulator.settle_session(url)
    later(stripe_journey, days=1, hours=1)
    assert stripe_journey.row(attempt_id).erased_at is not None
    codes = [event["code"] for event in stripe_journey.events("partner:proofing:erase")]
    assert codes == ["asked", "erased"]


def test_the_partners_page_says_what_was_heard_and_erased(stripe_journey, erasing, staff_client):
    page = f"/o/{stripe_journey.tenant.slug}/partners/stripe_identity/record"
    before = staff_client(Role.AUDITOR).get(page).content.decode()
    assert "Not yet" in before and "0 confirmed, 0 under way" in before
    prove(stripe_journey, erasing)
    later(stripe_journey, minutes=36)
    after = staff_client(Role.AUDITOR).get(page).content.decode()
    assert "Not in two weeks" not in after and "1 confirmed, 0 under way" in after


def test_who_does_not_want_it_leaves_the_session_to_the_partner(stripe_journey):
    attempt_id = prove(stripe_journey, stripe_journey.connect())
    later(stripe_journey, days=2)
    assert stripe_journey.row(attempt_id).erase_asked_at is None
    assert not any(call.endswith("/redact") for call in stripe_journey.simulator.calls)


def test_a_session_somebody_else_erased_contradicts_nothing(stripe_journey):
    """The partner's own retention, or a colleague at the partner: names are gone from the record, and that is no other answer."""
    connection = stripe_journey.connect()
    attempt_id = prove(stripe_journey, connection)
    ref = stripe_journey.row(attempt_id).partner_ref
    key = stripe_journey.simulator.settings["api_key"]
    status, _, _ = stripe_journey.simulator.ask(
        "POST", f"/v1/identity/verification_sessions/{ref}/redact", b"", Authorization=f"Bearer {key}"
    )
    assert status == 200
    stripe_journey.hook(connection, stripe_journey.event(attempt_id, "evt_redacted", "redacted"))
    later(stripe_journey, seconds=5)
    state = stripe_journey.state(attempt_id)
    assert (state.outcome, state.contradicted) == ("verified", False)
    assert stripe_journey.events("partner:proofing:refuse") == []
    assert stripe_journey.take(attempt_id).claims["family_name"] == "Lovelace"


# ------------------------------------------------------------------ the list of requests


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def address(journey, tail=""):
    return f"/o/{journey.tenant.slug}/partners/stripe_identity/erasing{tail}"


def fail(journey, attempt_id, error="client_refused", **changes):
    with tenant_scope(journey.tenant.id):
        ProofingAttempt.objects.filter(id=attempt_id).update(erase_error=error, **changes)


def test_each_request_is_listed_with_its_case_and_what_the_partner_said(
    stripe_journey, erasing, staff_client
):
    first, second = prove(stripe_journey, erasing), prove(stripe_journey, erasing)
    later(stripe_journey, minutes=36)
    with tenant_scope(stripe_journey.tenant.id):
        ProofingAttempt.objects.filter(id=second).update(erased_at=None, erase_asked_at=None)
    fail(stripe_journey, second)
    client = staff_client(Role.ADMINISTRATOR)
    page = words(client.get(address(stripe_journey)))
    for attempt_id in (first, second):
        assert short_reference(stripe_journey.row(attempt_id).reference) in page
    assert "Not erased" in page and "Erased" in page and "Lovelace" not in page
    assert "The provider does not accept this client ID with this credential." in page
    answer = client.get(address(stripe_journey, ".csv"))
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 3 and {row[4] for row in rows[1:]} == {"erased", "failed"}
    assert {row[7] for row in rows[1:]} == {"", "client_refused"}


def test_what_was_refused_is_asked_again_and_then_erased(stripe_journey, erasing, staff_client):
    attempt_id = prove(stripe_journey, erasing)
    fail(stripe_journey, attempt_id, error="never_confirmed")
    client = staff_client(Role.ADMINISTRATOR)
    assert "never said that nothing is left" in words(client.get(address(stripe_journey)))
    again = address(stripe_journey, f"/{stripe_journey.row(attempt_id).public_id}/again")
    assert client.post(again).status_code == 302
    later(stripe_journey, minutes=1)
    row = stripe_journey.row(attempt_id)
    assert row.erased_at is not None and row.erase_error == ""
    codes = [event["code"] for event in stripe_journey.events("partner:proofing:erase")]
    assert codes == ["asked_again", "erased"]
    asked = len(stripe_journey.events("partner:proofing:erase"))
    assert "There is nothing to ask again" in words(client.post(again, follow=True))
    assert len(stripe_journey.events("partner:proofing:erase")) == asked


def test_a_refusal_of_the_partner_stands_in_the_list(stripe_journey, erasing):
    attempt_id = prove(stripe_journey, erasing)
    with tenant_scope(stripe_journey.tenant.id):
        Connection.objects.filter(id=erasing.id).update(secrets_sealed=None)
    later(stripe_journey, minutes=36)
    row = stripe_journey.row(attempt_id)
    assert row.erased_at is None and row.erase_error != ""


def test_of_many_who_ask_again_at_once_one_asks(stripe_journey, erasing):
    attempt_id = prove(stripe_journey, erasing)
    fail(stripe_journey, attempt_id)

    def press(_number):
        try:
            with tenant_scope(stripe_journey.tenant.id):
                ask_to_erase_again(attempt_id, actor=SYSTEM)
        except Refused:
            return False
        finally:
            database.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(40))) == 1
    codes = [event["code"] for event in stripe_journey.events("partner:proofing:erase")]
    assert codes == ["asked_again"]


def test_neighbours_and_those_who_may_only_look_ask_nothing(
    stripe_journey, erasing, other_tenant, staff_client
):
    attempt_id = prove(stripe_journey, erasing)
    fail(stripe_journey, attempt_id)
    tail = f"/{stripe_journey.row(attempt_id).public_id}/again"
    auditor = staff_client(Role.AUDITOR)
    assert "Ask again" not in words(auditor.get(address(stripe_journey)))
    assert auditor.post(address(stripe_journey, tail)).status_code == 403
    stranger = staff_client(Role.OWNER, other_tenant)
    assert stranger.post(address(stripe_journey, tail)).status_code == 404
    there = f"/o/{other_tenant.slug}/partners/stripe_identity/erasing"
    with tenant_scope(other_tenant.id):
        Connection.objects.create(vendor="stripe_identity", kind="own_contract", status="ready")
        with pytest.raises(NotHere):
            ask_to_erase_again(attempt_id, actor=SYSTEM)
    assert stranger.post(there + tail).status_code == 404
    assert "Nothing was asked for yet" in words(stranger.get(there))
    for wrong in ("/attempt_x/again", "/%00/again", f"/{erasing.public_id}/again"):
        assert staff_client(Role.OWNER).post(address(stripe_journey, wrong)).status_code == 404
    assert stripe_journey.row(attempt_id).erase_error == "client_refused"


def test_one_that_is_not_erased_in_time_is_told_once_a_day_and_marked(stripe_journey, erasing, staff_client):
    make_member(stripe_journey.tenant, Role.ADMINISTRATOR)
    stripe_journey.simulator.misbehave("erases_slowly")
    attempts = [prove(stripe_journey, erasing) for _number in range(2)]

    def told():
        return StaffMail.objects.filter(template="staff_erasing_overdue").count()

    before = told()
    later(stripe_journey, minutes=36)
    for _day in range(4):
        later(stripe_journey, days=_day + 1)
    assert told() == before
    with clock.frozen(clock.now() + timedelta(days=5, hours=1)):
        work(stripe_journey.tenant)
        assert told() == before + 1
        page = words(staff_client(Role.AUDITOR).get(address(stripe_journey)))
    assert "2 sessions wait for longer than five days" in page and page.count("Overdue") == 2
    assert all(stripe_journey.row(one).erased_at is None for one in attempts)


def test_the_list_goes_on_page_by_page(stripe_journey, erasing, staff_client):
    attempt_id = prove(stripe_journey, erasing)
    row = stripe_journey.row(attempt_id)
    with tenant_scope(stripe_journey.tenant.id):
        copies = [
            ProofingAttempt(
                connection_id=row.connection_id,
                reference=row.reference,
                browser_digest=b"x",
                mode=row.mode,
                is_demonstration=True,
                return_url=row.return_url,
                locale="en",
                purpose="",
                expires_at=row.expires_at,
                erase_due_at=clock.now() - timedelta(hours=number),
            )
            for number in range(60)
        ]
        ProofingAttempt.objects.bulk_create(copies)
    client = staff_client(Role.AUDITOR)
    first = client.get(address(stripe_journey))
    assert len(first.context["rows"]) == 50 and first.context["previous_url"] == ""
    second = client.get(first.context["next_url"])
    assert len(second.context["rows"]) == 11 and second.context["next_url"] == ""
    for nonsense in ("x", "after~", "after~\x00", "before~" + "9" * 99):
        assert client.get(address(stripe_journey), {"cursor": nonsense}).status_code == 200


def test_whoever_is_erased_here_is_erased_at_partners_from_before_anybody_wanted_that(
    stripe_journey, staff_client
):
    connection = stripe_journey.connect()
    person, others = prove(stripe_journey, connection), prove(stripe_journey, connection)
    unfinished = stripe_journey.begin(connection)
    with tenant_scope(stripe_journey.tenant.id):
        removed = create_person(user_name="old", given_names="A", family_name="B", emails=[], actor=SYSTEM)
        profile = create_profile(actor=SYSTEM, name="P", mode=Mode.EVALUATION, partners=[connection.id])
        for attempt_id in (person, unfinished):
            Case.objects.create(
                id=ProofingAttempt.objects.get(id=attempt_id).reference,
                profile=profile,
                profile_version=1,
                mode=Mode.EVALUATION,
                person=removed,
                browser_digest=b"x",
                expires_at=clock.now(),
            )
    later(stripe_journey, hours=1)
    assert stripe_journey.row(person).erase_due_at is None
    with clock.frozen(clock.now() + timedelta(days=200)):
        with tenant_scope(stripe_journey.tenant.id):
            remove_person(removed.id, actor=SYSTEM)
        work(stripe_journey.tenant)
    assert [stripe_journey.row(one).erased_at is not None for one in (person, unfinished, others)] == [
        True,
        True,
        False,
    ]
    listed = words(staff_client(Role.AUDITOR).get(address(stripe_journey)))
    assert listed.count("Erased") >= 2
    record = staff_client(Role.AUDITOR).get(
        f"/o/{stripe_journey.tenant.slug}/partners/stripe_identity/record"
    )
    assert "2 confirmed, 0 under way" in words(record)
    # Asked for once more, nobody is asked again.
    with tenant_scope(stripe_journey.tenant.id):
        cases = list(Case.objects.values_list("id", flat=True))
        assert ask_to_erase_sessions(cases, actor=SYSTEM) == 0


def test_whoever_goes_with_an_import_that_is_taken_back_is_erased_at_partners_too(stripe_journey):
    connection = stripe_journey.connect()
    theirs, others = prove(stripe_journey, connection), prove(stripe_journey, connection)
    with tenant_scope(stripe_journey.tenant.id):
        profile = create_profile(actor=SYSTEM, name="P", mode=Mode.EVALUATION, partners=[connection.id])
        member = make_member(stripe_journey.tenant, Role.ADMINISTRATOR)
        text = b"user_name,given_names,family_name,email\nada,Ada,Lovelace,ada@x.example\n"
        row = begin_import(text, file_name="people.csv", member_id=member.id)
        row = apply_import(row.id, member_id=member.id, actor=SYSTEM)
        Case.objects.create(
            id=ProofingAttempt.objects.get(id=theirs).reference,
            profile=profile,
            profile_version=1,
            mode=Mode.EVALUATION,
            person=DirectoryPerson.objects.get(user_name="ada"),
            browser_digest=b"x",
            expires_at=clock.now(),
        )
        assert undo_import(row.id, actor=SYSTEM).removed == 1
    later(stripe_journey, hours=1)
    assert stripe_journey.row(theirs).erased_at is not None
    assert stripe_journey.row(others).erase_due_at is None
