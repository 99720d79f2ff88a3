"""Microsoft is busy, or away: what a person reads, when it is asked again, and what is left of it when it stays away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.stages import Stage
from tests.recovery.journey import Place
from tests.recovery.microsoft.conftest import AppJourney, at
from tests.vendors.conftest import work
from vendors.billing.models import UsageEntry


def trouble(phone: AppJourney, kind: str, times: int, seconds: int = 7) -> None:
    status, _page = phone.entra.press("/trouble", kind=kind, times=str(times), seconds=str(seconds))
    assert status == 200


@pytest.fixture
def proven(phone: AppJourney) -> Iterator[AppJourney]:
    phone.begin("ada").prove()
    yield phone
    trouble(phone, "outage", 0)


def asks(phone: AppJourney) -> list[float]:
    """In how many seconds the worker asks again."""
    rows = apps.get_model("tenants", "Outbox").objects.filter(
        tenant_id=phone.place.tenant.id, topic="verified_id.entra_ask"
    )
    return [(row.available_at - clock.now()).total_seconds() for row in rows]


@pytest.mark.parametrize(("kind", "pause"), [("throttled", 7), ("outage", 10)])
def test_a_busy_service_is_asked_again_when_it_said(proven: AppJourney, kind: str, pause: int) -> None:
    trouble(proven, kind, 1)
    assert proven.post("/recover/credential/offer").status_code == 303
    work(proven.place.tenant, rounds=1)
    assert proven.request("issuance").state == "asking"
    page = proven.get("/recover/credential").content.decode()
    assert "Microsoft is busy and asked for a moment" in page and "did not work" not in page
    (wait,) = asks(proven)
    assert pause - 4 < wait <= pause
    proven.work()
    row = proven.request("issuance")
    assert (row.state, row.problem) == ("waiting", "") and proven.pin()
    assert "Open it in the simulator" in proven.get("/recover/credential").content.decode()
    assert "issuance_successful" in proven.entra.take_card(row.service_id, proven.pin())
    proven.told(2)
    at(proven, Stage.PRESENT)


def test_one_that_stays_away_is_said_in_words_and_costs_nothing(there: Place, proven: AppJourney) -> None:
    proven.take()
    trouble(proven, "throttled", 50, seconds=600)
    proven.ask()
    row = proven.request("presentation")
    assert (row.state, row.problem) == ("failed", "service_busy")
    page = proven.get("/recover/present").content.decode()
    assert "Microsoft is busy or has an outage" in page and "Get a new code" in page
    with tenant_scope(there.tenant.id):
        assert not UsageEntry.objects.filter(
            case_id=proven.case.id, meter="face_check", billable=True
        ).exists()
    trouble(proven, "outage", 0)
    proven.present()
    at(proven, Stage.PASS)


def test_what_nobody_could_answer_any_more_is_not_asked_again(proven: AppJourney) -> None:
    # One for the records, which are asked by then, too.
    trouble(proven, "throttled", 2, seconds=3)
    assert proven.post("/recover/credential/offer").status_code == 303
    with clock.frozen(clock.now() + timedelta(minutes=4, seconds=30)):
        work(proven.place.tenant, rounds=1)
    assert proven.request("issuance").state == "failed" and not asks(proven)
    with tenant_scope(proven.place.tenant.id):
        assert proven.card().void_at is not None


def test_records_that_are_away_for_a_while_are_asked_until_they_answer(proven: AppJourney) -> None:
    """The card was taken; whether there is one is for the records to say, and they are busy."""
    proven.offer()
    trouble(proven, "throttled", 2)
    assert "issuance_successful" in proven.entra.take_card(
        proven.request("issuance").service_id, proven.pin()
    )
    proven.told(2)
    for _look in range(4):
        proven.work()
    at(proven, Stage.PRESENT)
