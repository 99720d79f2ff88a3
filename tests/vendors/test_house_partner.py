"""The adapter against the house partner as it is served: two engineers' code on the two ends of the contract."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.embedded import broker, databases
from portal.embedded.testing import create_database, drop_database, ensure_test_services
from portal.kit.actors import SYSTEM
from portal.kit.ids import short_reference, uuid7
from portal.kit.scope import tenant_scope
from tests.conftest import make_tenant
from tests.house.conftest import House, house_environment, serve
from tests.house.person import Person
from tests.vendors.conftest import Journey, work
from vendors import services as partners
from vendors.addresses import return_url_of
from vendors.billing.models import UsageEntry
from vendors.models import Connection


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    running, name = ensure_test_services(), f"house_{uuid.uuid4().hex[:12]}"
    port = broker.free_port()
    whole = create_database(running, name, owner=databases.HOUSE)
    env = house_environment(whole, port, "tests.vendors.house_settings")
    with tempfile.TemporaryDirectory(prefix="readmit-house-") as folder:
        try:
            yield from serve(env | {"READMIT_STATIC_ROOT": folder}, port, Path(folder) / "house.log")
        finally:
            drop_database(running, name)


@pytest.fixture
def connected(house: House, settings, tenant) -> Iterator[tuple[Journey, Connection]]:
    settings.HOUSE_ORIGIN = house.origin
    settings.HOUSE_REGISTRATION_TOKEN = house.token
    yield connect(tenant)


def connect(tenant):
    with tenant_scope(tenant.id):
        made = partners.choose_partner("house", actor=SYSTEM)
    work(tenant)
    with tenant_scope(tenant.id):
        return Journey(tenant, None), Connection.objects.get(id=made.id)


def query_of(link, tenant):
    assert link.startswith(return_url_of(tenant.slug, "oidc"))
    return parse_qs(urlsplit(link).query)


def test_registration_makes_the_connection_ready(connected):
    _journey, connection = connected
    assert (connection.status, connection.kind, connection.problems) == ("ready", "free", [])


def test_a_person_proves_who_they_are_and_the_result_arrives(connected, house):
    journey, connection = connected
    reference = uuid7()
    attempt_id = journey.begin(connection, reference=reference)
    link = Person(house.origin).prove(journey.state(attempt_id).continue_url)
    journey.come_back(query_of(link, journey.tenant))
    work(journey.tenant)
    assert journey.state(attempt_id).outcome == "verified", journey.row(attempt_id).failure_code
    result = journey.take(attempt_id)
    assert set(result.claims) == {
        "given_names",
        "family_name",
        "birthdate",
        "document_number",
        "document_type",
        "document_country",
        "document_expiry",
    }
    assert result.portrait is not None and result.portrait.startswith(b"\xff\xd8\xff")
    assert result.checks and all(check.passed for check in result.checks)
    with tenant_scope(journey.tenant.id):
        (entry,) = UsageEntry.objects.filter(case_id=reference)
    assert (entry.billable, entry.amount, entry.vendor) == (True, 0, "house")


def test_a_person_who_leaves_has_given_up(connected, house):
    journey, connection = connected
    reference = uuid7()
    attempt_id = journey.begin(connection, reference=reference)
    person = Person(house.origin)
    person.arrive(journey.state(attempt_id).continue_url)
    assert short_reference(reference) in person.page
    person.post(f"{person.check}/leave")
    journey.come_back(query_of(person.link(), journey.tenant))
    work(journey.tenant)
    assert journey.state(attempt_id).outcome == "user_aborted"


def test_a_face_that_is_not_the_document_s_is_a_no_with_reasons(connected, house):
    journey, connection = connected
    attempt_id = journey.begin(connection)
    person = Person(house.origin)
    person.walk_to_face(journey.state(attempt_id).continue_url)
    for _ in range(3):
        if not person.page or 'id="way-back"' in person.page or "/face" not in person.at:
            break
        person.show_face(confidence=10)
    journey.come_back(query_of(person.go_on(), journey.tenant))
    work(journey.tenant)
    state = journey.state(attempt_id)
    assert state.outcome == "not_verified"
    assert state.reasons == ("not_confirmed",)
    assert journey.row(attempt_id).claims_sealed is None


def test_a_demonstration_s_answer_is_for_demonstrations(house, settings):
    settings.HOUSE_ORIGIN, settings.HOUSE_REGISTRATION_TOKEN = house.origin, house.token
    journey, connection = connect(make_tenant(is_demonstration=True))
    for demonstration, outcome in ((True, "verified"), (False, "partner_failed")):
        attempt_id = journey.begin(connection, demonstration=demonstration)
        link = Person(house.origin).prove(journey.state(attempt_id).continue_url)
        journey.come_back(query_of(link, journey.tenant))
        work(journey.tenant)
        assert journey.state(attempt_id).outcome == outcome


def test_testing_the_connection_finds_nothing_wrong(connected):
    journey, connection = connected
    with tenant_scope(journey.tenant.id):
        partners.ask_for_test(connection.id, actor=SYSTEM)
    work(journey.tenant)
    with tenant_scope(journey.tenant.id):
        tested = Connection.objects.get(id=connection.id)
    assert (tested.status, tested.problems) == ("ready", [])
    assert tested.tested_at is not None
