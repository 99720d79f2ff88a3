"""Where an organisation wants it, a partner is asked to erase a session after its answer, until nothing is left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.vendors.conftest import work
from tests.vendors.rest_journey import RestJourney
from vendors.models import Connection


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
    assert "Not in two weeks" in before and "0 confirmed, 0 under way" in before
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
