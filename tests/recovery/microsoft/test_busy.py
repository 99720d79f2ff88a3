"""Microsoft is busy, or away: what a person reads, when it is asked again, and what is left of it when it stays away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.stages import Stage
from tenants.verified_id.entra import client
from tenants.verified_id.entra.models import EntraConnection
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


@pytest.mark.parametrize(
    ("kind", "pause"),
    [("throttled", 7), ("outage", 10), ("sign_in_busy", 7), ("sign_in_away", 10), ("sign_in_slow", 10)],
)
def test_a_busy_service_is_asked_again_when_it_said(
    proven: AppJourney, kind: str, pause: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever signs in too slowly is asked once more at once.
    slow = kind == "sign_in_slow"
    monkeypatch.setattr(client, "TIMEOUT", 0.5 if slow else client.TIMEOUT)
    trouble(proven, kind, 2 if slow else 1, seconds=2 if slow else 7)
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


def test_an_expired_secret_is_said_to_whom_it_concerns(there: Place, proven: AppJourney) -> None:
    """The person reads that it is not their fault; the administrator what to mend, without testing anything."""
    trouble(proven, "secret_old", 50)
    assert proven.post("/recover/credential/offer").status_code == 303
    proven.work()
    assert proven.request("issuance").problem == "secret_expired"
    page = proven.get("/recover/credential").content.decode()
    assert "Microsoft does not let your organisation in" in page and "secret" not in page
    with tenant_scope(there.tenant.id):
        found = EntraConnection.objects.get().found
    assert [(one["step"], one["ok"], one["problem"]) for one in found] == [("token", False, "secret_expired")]
    trouble(proven, "outage", 0)
    proven.take()
    with tenant_scope(there.tenant.id):
        assert EntraConnection.objects.get().found == []
    at(proven, Stage.PRESENT)


def test_a_request_whose_answer_is_lost_is_not_made_twice(
    proven: AppJourney, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven.take()
    trouble(proven, "hanging", 1, seconds=2)
    with monkeypatch.context() as impatient:
        impatient.setattr(client, "TIMEOUT", 0.5)
        proven.ask()
    row = proven.request("presentation")
    assert (row.state, row.problem) == ("failed", "no_answer") and not asks(proven)
    assert "did not do it" in proven.get("/recover/present").content.decode()
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
