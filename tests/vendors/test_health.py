"""A partner that does not answer is offered last, is tried again after a while, and one answer makes it well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.vendors.conftest import Journey, work
from vendors import health
from vendors.contract import ContractBroken, PartnerAuthFailed, PartnerDown, SessionOver, SignatureInvalid
from vendors.models import Connection, PartnerHealth

DOWN = PartnerDown("silent")


def faults(journey: Journey, connection: Connection, number: int, error=DOWN) -> None:
    for _ in range(number):
        with tenant_scope(journey.tenant.id):
            health.note_fault(connection, error)


def rests(journey: Journey, connection: Connection, after: timedelta = timedelta()) -> bool:
    with tenant_scope(journey.tenant.id):
        return connection.id in health.resting([connection.id], moment=clock.now() + after)


def told(journey: Journey) -> list[str]:
    with tenant_scope(journey.tenant.id):
        names = AuditEvent.objects.filter(name__in=["partner:connection:rest", "partner:connection:recover"])
        return list(names.order_by("created_at", "id").values_list("name", flat=True))


def test_the_third_fault_in_a_row_makes_a_partner_rest_for_a_minute(journey, connection):
    faults(journey, connection, 2)
    assert not rests(journey, connection)
    faults(journey, connection, 1)
    assert rests(journey, connection) and rests(journey, connection, timedelta(seconds=59))
    assert not rests(journey, connection, timedelta(seconds=61))
    assert told(journey) == ["partner:connection:rest"]


def test_an_answer_makes_it_well_and_the_count_begins_anew(journey, connection):
    faults(journey, connection, 4)
    with tenant_scope(journey.tenant.id):
        health.note_answer(connection)
    assert not rests(journey, connection)
    faults(journey, connection, 2)
    assert not rests(journey, connection)
    assert told(journey) == ["partner:connection:rest", "partner:connection:recover"]


def test_each_fault_after_a_rest_doubles_it_up_to_a_quarter_of_an_hour():
    minutes = [rest and rest.total_seconds() / 60 for rest in map(health.rest_after, range(9))]
    assert minutes == [None, None, None, 1, 2, 4, 8, 15, 15]
    assert health.rest_after(10_000) == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (DOWN, True),
        (ContractBroken("word"), True),
        (PartnerAuthFailed("secret"), True),
        (SessionOver("late"), False),
        (SignatureInvalid("forged"), False),
    ],
    ids=["down", "broken", "credentials", "session_over", "forged"],
)
def test_only_what_is_the_partners_or_its_settings_counts(journey, connection, error, counts):
    """Otherwise whoever forges answers could close a partner for everybody."""
    faults(journey, connection, 3, error)
    assert rests(journey, connection) is counts


def test_calls_under_way_when_the_rest_began_do_not_prolong_it(journey, connection):
    faults(journey, connection, 3)
    with tenant_scope(journey.tenant.id):
        until = PartnerHealth.objects.get(connection=connection).rests_until
    faults(journey, connection, 5)
    with tenant_scope(journey.tenant.id):
        assert PartnerHealth.objects.get(connection=connection).rests_until == until


def test_faults_that_come_together_are_counted_each(journey, connection):
    def one(_number: int) -> None:
        try:
            faults(journey, connection, 1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    with tenant_scope(journey.tenant.id):
        assert PartnerHealth.objects.get(connection=connection).faults_in_row == 24
    assert told(journey) == ["partner:connection:rest"]


def test_a_partner_that_hands_out_links_and_then_fails_comes_to_rest(journey, connection):
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    journey.provider.answers.level = "a word nobody knows"
    for number in range(3):
        if number:
            attempt_id = journey.begin(connection)
            query = journey.go(attempt_id)
        journey.come_back(query)
        work(journey.tenant)
    assert rests(journey, connection)


def test_a_real_answer_ends_the_count(journey, connection):
    faults(journey, connection, 2)
    journey.prove(connection)
    with tenant_scope(journey.tenant.id):
        assert PartnerHealth.objects.get(connection=connection).faults_in_row == 0


def test_one_organisations_trouble_is_not_anothers(journey, connection, other_tenant):
    faults(journey, connection, 3)
    with tenant_scope(other_tenant.id):
        assert not health.resting([connection.id])
