"""A provider that is down, hangs, never ends or answers with something else. Never the person's fault."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tests.vendors.conftest import work
from tests.vendors.refusing import assert_refused
from vendors.models import Connection


def fail_until_it_ends(journey, attempt_id):
    for minute in range(1, 8):
        with clock.frozen(clock.now() + timedelta(minutes=minute)):
            work(journey.tenant)
    return journey.row(attempt_id)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_provider_that_is_down_at_the_token_is_asked_again_and_then_given_up(journey, connection, status):
    journey.provider.answers.broken["/token"] = (status, b"oops")
    attempt_id = journey.prove(connection)
    assert journey.state(attempt_id).phase == "processing"
    row = fail_until_it_ends(journey, attempt_id)
    assert (row.phase, row.outcome) == ("failed", "partner_failed")
    assert journey.provider.calls.count("/token") == 3


def test_a_provider_that_comes_back_in_time_is_heard(journey, connection):
    journey.provider.answers.broken["/token"] = (503, b"")
    attempt_id = journey.begin(connection)
    journey.come_back(journey.go(attempt_id))
    work(journey.tenant, rounds=1)
    journey.provider.answers.broken.clear()
    work(journey.tenant)
    assert journey.state(attempt_id).outcome == "verified"


def test_a_provider_that_hangs_is_left_after_the_time_out(journey, connection, impatient):
    impatient(0.3)
    journey.provider.answers.hang["/token"] = 30
    attempt_id = journey.begin(connection)
    journey.come_back(journey.go(attempt_id))
    work(journey.tenant, rounds=1)
    # Had it been waited for, its answer would have come and the phase be another.
    assert journey.state(attempt_id).phase == "processing"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "answer_not_an_object"),
        (b"<html>", "answer_not_json"),
        (b'{"id_token":"a","id_token":"b"}', "answer_not_json"),
        (b"[" * 100_000, "answer_not_json"),
        (b"{}", "id_token_missing"),
    ],
)
def test_an_answer_that_is_no_object_is_a_broken_contract(journey, connection, body, code):
    journey.provider.answers.broken["/token"] = (200, body)
    assert_refused(journey, journey.prove(connection), code, "partner")


def test_a_huge_answer_is_not_read_to_its_end(journey, connection):
    journey.provider.answers.broken["/token"] = (200, b'{"id_token":"' + b"x" * 2_000_000 + b'"}')
    attempt_id = journey.prove(connection)
    assert fail_until_it_ends(journey, attempt_id).outcome == "partner_failed"


def test_a_refused_secret_marks_the_connection_and_says_which_setting(journey, connection):
    journey.provider.answers.broken["/par"] = (401, b'{"error":"invalid_client"}')
    attempt_id = journey.begin(connection)
    assert journey.state(attempt_id).phase == "failed"
    with tenant_scope(journey.tenant.id):
        marked = Connection.objects.get(id=connection.id)
    assert marked.status == "failing"
    assert marked.problems == [
        {"setting": "client_secret", "code": "client_refused", "answered": "invalid_client"}
    ]
    journey.provider.answers.broken.clear()
    journey.begin(connection)
    with tenant_scope(journey.tenant.id):
        assert Connection.objects.get(id=connection.id).status == "ready"


def test_the_provider_s_prose_is_never_kept(journey, connection):
    prose = "Ada Lovelace is not allowed"
    journey.provider.answers.broken["/token"] = (400, json.dumps({"error": prose}).encode())
    attempt_id = journey.prove(connection, reference=uuid7())
    assert journey.row(attempt_id).failure_code == "request_refused"
    assert "Lovelace" not in str(journey.events("partner:proofing:refuse"))
