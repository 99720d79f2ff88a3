"""The way of an attempt with a provider that behaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from portal.kit import clock
from portal.kit.errors import NotHere, Refused, Unavailable
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tests.vendors.conftest import BROWSER, OTHER_BROWSER, Journey, completed, work
from tests.vendors.hostile import make_jpeg
from vendors import leases, selectors, services
from vendors.billing.models import UsageEntry
from vendors.models import Connection, ProofingReturn


def usage_of(journey: Journey, reference):
    with tenant_scope(journey.tenant.id):
        return list(UsageEntry.objects.filter(case_id=reference))


def test_a_verified_answer_is_handed_over_once_and_then_destroyed(journey, connection):
    journey.provider.answers.portrait = make_jpeg()
    reference = uuid7()
    attempt_id = journey.prove(connection, reference=reference)
    state = journey.state(attempt_id)
    assert (state.phase, state.outcome, state.continue_url) == ("done", "verified", None)
    assert completed == [(reference, attempt_id)]

    result = journey.take(attempt_id)
    assert dict(result.claims) == {
        "given_names": "Ada",
        "family_name": "Lovelace",
        "birthdate": "1985-12-10",
        "document_number": "P1234567",
        "document_type": "passport",
        "document_country": "UTO",
        "document_expiry": "2031-01-01",
    }
    assert result.portrait == make_jpeg()
    assert [(check.name, check.passed) for check in result.checks] == [("mrz", True)]
    assert len(result.evidence_digest) == 64

    row = journey.row(attempt_id)
    assert (row.claims_sealed, row.portrait_key, row.portrait_sealed) == (None, None, None)
    with pytest.raises(Refused, match="proofing_result_gone"):
        journey.take(attempt_id)


def test_a_decision_is_charged_once_whether_it_passes_or_fails(journey, connection):
    passed, failed = uuid7(), uuid7()
    journey.prove(connection, reference=passed)
    journey.provider.answers.level = "FAILED"
    journey.prove(connection, reference=failed)
    for reference in (passed, failed):
        (entry,) = usage_of(journey, reference)
        assert (entry.billable, entry.why, entry.quantity) == (True, "own_contract", 1)


def test_a_refusal_carries_its_reasons_and_no_claims(journey, connection):
    journey.provider.answers.level = "FAILED"
    journey.provider.answers.reasons = ["doc_expired", "a_word_from_next_year"]
    attempt_id = journey.prove(connection)
    state = journey.state(attempt_id)
    assert (state.phase, state.outcome) == ("done", "not_verified")
    assert state.reasons == ("doc_expired", "other")
    assert journey.row(attempt_id).claims_sealed is None
    with pytest.raises(Refused, match="proofing_not_verified"):
        journey.take(attempt_id)


def test_giving_up_at_the_partner_costs_nothing(journey, connection):
    reference = uuid7()
    attempt_id = journey.begin(connection, reference=reference)
    query = journey.go(attempt_id)
    del query["code"]
    journey.come_back({**query, "error": ["access_denied"]})
    work(journey.tenant)
    assert journey.state(attempt_id).outcome == "user_aborted"
    (entry,) = usage_of(journey, reference)
    assert (entry.billable, entry.amount, entry.why) == (False, 0, "given_up")


def test_the_return_itself_changes_no_outcome_and_asks_nobody(journey, connection):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    journey.provider.calls.clear()
    journey.come_back(query)
    assert journey.state(attempt_id).phase == "processing"
    assert journey.provider.calls == []


def test_another_browser_reads_a_neutral_refusal_and_nothing_happens(journey, connection):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    with pytest.raises(Refused, match="return_not_matched"):
        journey.come_back(query, OTHER_BROWSER)
    assert journey.state(attempt_id).phase == "waiting_for_user"
    with tenant_scope(journey.tenant.id):
        assert not ProofingReturn.objects.filter(attempt_id=attempt_id).exists()


def test_another_case_of_the_same_browser_cannot_use_the_state(journey, connection):
    mine, theirs = journey.begin(connection), journey.begin(connection, browser_digest=OTHER_BROWSER)
    query = {**journey.go(mine), "state": journey.go(theirs)["state"]}
    with pytest.raises(Refused, match="return_not_matched"):
        journey.come_back(query)


@pytest.mark.parametrize("state", [[], ["short"], ["x" * 43], ["a" * 43, "b" * 43]])
def test_a_return_without_our_word_is_refused(journey, connection, state):
    journey.begin(connection)
    with pytest.raises(Refused, match="return_not_matched"):
        journey.come_back({"code": ["c"], "state": state})


def test_another_tenant_cannot_return_read_or_take(journey, connection, other_tenant):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    stranger = Journey(other_tenant, journey.provider)
    with pytest.raises(Refused, match="return_not_matched"):
        stranger.come_back(query)
    with pytest.raises(NotHere):
        stranger.state(attempt_id)
    with pytest.raises(NotHere):
        stranger.take(attempt_id)
    with pytest.raises(Unavailable):
        stranger.begin(connection)


def test_fifty_returns_at_once_all_end_well_and_one_is_exchanged(journey, connection):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    journey.provider.calls.clear()

    def come_back(_number: int) -> None:
        journey.come_back(query)
        connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(come_back, range(50)))
    work(journey.tenant)
    assert journey.state(attempt_id).outcome == "verified"
    assert journey.provider.calls.count("/token") == 1
    journey.come_back(query)
    work(journey.tenant)
    assert journey.provider.calls.count("/token") == 1
    assert len(completed) == 1


def test_a_second_different_answer_is_an_alarm_and_blocks(journey, connection):
    attempt_id = journey.begin(connection)
    url = journey.state(attempt_id).continue_url
    first, second = journey.provider.visit(url), journey.provider.visit(url)
    journey.come_back(first)
    work(journey.tenant)
    journey.provider.answers.claims["family_name"] = "Byron"
    journey.come_back(second)
    work(journey.tenant)
    assert journey.state(attempt_id).contradicted
    assert journey.row(attempt_id).claims_sealed is None
    with pytest.raises(Refused, match="proofing_contradicted"):
        journey.take(attempt_id)
    (event,) = journey.events("partner:proofing:contradict")
    assert event["outcome"] == "verified"
    assert len(completed) == 1


def test_a_second_equal_answer_is_quiet(journey, connection):
    attempt_id = journey.begin(connection)
    url = journey.state(attempt_id).continue_url
    first, second = journey.provider.visit(url), journey.provider.visit(url)
    for query in (first, second):
        journey.come_back(query)
        work(journey.tenant)
    assert not journey.state(attempt_id).contradicted
    assert journey.take(attempt_id).claims["family_name"] == "Lovelace"


def test_a_link_that_ran_out_is_hidden_and_renewed(journey, connection):
    attempt_id = journey.begin(connection)
    old = journey.state(attempt_id).continue_url
    with tenant_scope(journey.tenant.id):
        services.renew_link(attempt_id)
    assert journey.state(attempt_id).continue_url == old
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert journey.state(attempt_id).continue_url is None
        with tenant_scope(journey.tenant.id):
            services.renew_link(attempt_id)
        work(journey.tenant)
        assert journey.state(attempt_id).continue_url not in (None, old)


def test_an_attempt_nobody_finished_expires_and_costs_nothing(journey, connection):
    reference = uuid7()
    attempt_id = journey.begin(connection, reference=reference)
    query = journey.go(attempt_id)
    with clock.frozen(clock.now() + timedelta(minutes=36)):
        work(journey.tenant)
        assert journey.state(attempt_id).outcome == "expired"
        assert completed == [(reference, attempt_id)]
        journey.come_back(query)
        work(journey.tenant)
        assert journey.state(attempt_id).outcome == "expired"
    (entry,) = usage_of(journey, reference)
    assert (entry.billable, entry.why) == (False, "timed_out")


def test_a_result_nobody_takes_is_destroyed_within_half_an_hour(journey, connection):
    journey.provider.answers.portrait = make_jpeg()
    attempt_id = journey.prove(connection)
    assert journey.row(attempt_id).portrait_sealed is not None
    with clock.frozen(clock.now() + timedelta(minutes=30)):
        work(journey.tenant)
    row = journey.row(attempt_id)
    assert (row.claims_sealed, row.portrait_key, row.portrait_sealed) == (None, None, None)


def test_nothing_of_the_person_rests_readable_in_the_row(journey, connection):
    journey.provider.answers.portrait = make_jpeg()
    attempt_id = journey.prove(connection)
    row = journey.row(attempt_id)
    for field in row._meta.fields:
        value = getattr(row, field.attname)
        seen = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert b"Lovelace" not in seen and b"P1234567" not in seen and make_jpeg() not in seen


def test_a_rehearsal_answer_never_counts_for_a_real_attempt(journey, connection):
    journey.provider.answers.sandbox = True
    real = journey.prove(connection)
    assert (journey.state(real).phase, journey.row(real).failure_code) == ("failed", "sandbox_answer")
    rehearsed = journey.prove(connection, demonstration=True)
    assert journey.state(rehearsed).outcome == "verified"


def test_what_answers_at_a_simulators_address_never_counts_for_a_real_attempt_whatever_it_says(
    journey, connection, monkeypatch
):
    monkeypatch.setattr(leases, "is_played", lambda asked: asked.id == connection.id)
    real = journey.prove(connection)
    assert (journey.state(real).phase, journey.row(real).failure_code) == ("failed", "sandbox_answer")
    assert journey.state(journey.prove(connection, mode="evaluation")).outcome == "verified"


def test_two_workers_never_exchange_the_same_attempt_at_once(journey, connection):
    attempt_id = journey.begin(connection)
    journey.come_back(journey.go(attempt_id))
    with tenant_scope(journey.tenant.id):
        row = journey.row(attempt_id)
        row.leased_until = clock.now() + timedelta(seconds=60)
        row.save(update_fields=["leased_until"])
    journey.provider.calls.clear()
    work(journey.tenant, rounds=1)
    assert journey.provider.calls == []
    assert journey.state(attempt_id).phase == "processing"


def test_removing_a_partner_ends_its_open_attempts(journey, connection):
    attempt_id = journey.begin(connection)
    from portal.kit.actors import SYSTEM

    with tenant_scope(journey.tenant.id):
        services.remove_partner(connection.id, actor=SYSTEM)
        kept = Connection.objects.get(id=connection.id)
        assert (kept.secrets_sealed, kept.config) == (None, {})
        assert selectors.connections() == []
    assert journey.state(attempt_id).phase == "failed"
    with pytest.raises(Unavailable, match="partner_not_ready"):
        journey.begin(connection)


assert BROWSER != OTHER_BROWSER
