"""A partner that is removed while sessions of people lie there: its keys stay for erasing them, and no longer than that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.vendors.conftest import work
from tests.vendors.rest_journey import RestJourney
from tests.vendors.test_erasing import later, prove, words
from vendors.erasing import ask_to_erase_sessions
from vendors.models import Connection


@pytest.fixture
def journey(tenant, simulators):
    return RestJourney(tenant, simulators["stripe_identity"])


def address(journey, tail=""):
    return f"/o/{journey.tenant.slug}/partners/{tail}"


def connection_of(journey, made):
    with tenant_scope(journey.tenant.id):
        return Connection.objects.get(id=made.id)


def remove(journey, client, **given):
    answer = client.post(address(journey, "stripe_identity/remove"), {"word": "remove", **given})
    assert answer.status_code == 302, words(answer)
    work(journey.tenant)


def test_keys_of_a_removed_partner_open_its_sessions_for_erasing_and_go_with_the_last(journey, staff_client):
    made, client = journey.connect(), staff_client(Role.ADMINISTRATOR)
    proven, under_way = prove(journey, made), journey.begin(made)
    page = words(client.get(address(journey, "stripe_identity/remove")))
    assert "2 sessions of your people" in page and "at most 14 days" in page
    remove(journey, client, erases="on")
    row = connection_of(journey, made)
    assert row.status == "removed" and row.secrets_sealed is not None
    assert journey.state(under_way).outcome == "partner_failed"
    # They open nothing but that: no hook, no page of settings, and the next connection is its own.
    assert journey.hook(made, journey.event(proven, "evt_late"))[0] == 400
    assert client.get(address(journey, "stripe_identity/keys")).status_code == 404
    listed = words(client.get(address(journey, "yours")))
    assert "0 of 2 confirmed" in listed and "Kept until" in listed
    journey.simulator.misbehave("erases_slowly")
    later(journey, minutes=40)
    session = journey.simulator.control()["sessions"]
    assert connection_of(journey, made).secrets_sealed is not None
    for each in session:
        journey.simulator.settle_session(each)
    later(journey, days=1, hours=2)
    row = connection_of(journey, made)
    assert (row.secrets_sealed, row.config, row.keys_kept_until) == (None, {}, None)
    assert len(journey.events("partner:keys:destroy")) == 1
    assert "2 of 2 confirmed" in words(client.get(address(journey, "yours")))
    requests = client.get(address(journey, f"stripe_identity/erasing?of={made.public_id}"))
    assert "You removed this partner" in words(requests) and words(requests).count("Erased") >= 2
    assert client.get(address(journey, "stripe_identity/erasing")).status_code == 404


def test_keys_of_a_removed_partner_that_confirms_nothing_are_kept_for_two_weeks(
    journey, staff_client, other_tenant
):
    made, client = journey.connect(), staff_client(Role.ADMINISTRATOR)
    attempt_id = prove(journey, made)
    journey.simulator.misbehave("erases_slowly")
    remove(journey, client, erases="on")
    for days in range(1, 14):
        later(journey, days=days)
    assert connection_of(journey, made).secrets_sealed is not None
    later(journey, days=14, minutes=1)
    assert connection_of(journey, made).secrets_sealed is None
    assert journey.row(attempt_id).erase_error == "keys_destroyed"
    of = f"stripe_identity/erasing?of={made.public_id}"
    told = words(client.get(address(journey, of)))
    assert "its keys were destroyed before it confirmed" in told and "Ask again" not in told
    stranger = staff_client(Role.ADMINISTRATOR, other_tenant)
    assert stranger.get(f"/o/{other_tenant.slug}/partners/{of}").status_code == 404
    assert client.get(address(journey, "stripe_identity/erasing?of=partner_x")).status_code == 404
    with tenant_scope(journey.tenant.id):
        assert ask_to_erase_sessions([journey.row(attempt_id).reference], actor=SYSTEM) == 0


def test_who_does_not_ask_has_the_keys_destroyed_at_once_and_a_planned_request_says_so(journey, staff_client):
    made, client = journey.connect(), staff_client(Role.ADMINISTRATOR)
    with tenant_scope(journey.tenant.id):
        Connection.objects.filter(id=made.id).update(config={**made.config, "after_answer": "erase"})
    attempt_id = prove(journey, made)
    remove(journey, client)
    assert connection_of(journey, made).secrets_sealed is None
    with clock.frozen(clock.now() + timedelta(hours=1)):
        work(journey.tenant)
    assert journey.row(attempt_id).erase_error == "keys_destroyed"
    assert not any(call.endswith("/redact") for call in journey.simulator.calls)
