"""A recovery that was taken into another browser, as the browser that is left sees it."""

from __future__ import annotations

import pytest
from django.core import mail

from portal.kit.scope import tenant_scope
from recovery.carrying import make_hand_over
from recovery.stages import Stage
from tests.holder import path_of
from tests.recovery.journey import Journey, Place

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def ada(place: Place) -> None:
    place.person("ada")


def photographed(computer: Journey) -> Journey:
    """Somebody else's phone, which saw the QR."""
    computer.post("/recover/hand-over")
    with tenant_scope(computer.place.tenant.id):
        link = path_of(make_hand_over(computer.place.tenant, computer.case))
    phone = computer.place.browser()
    phone.post(link)
    return phone


def test_a_computer_whose_code_was_photographed_says_so_at_once_and_stops_it(place: Place) -> None:
    computer = place.browser().begin("ada")
    phone = photographed(computer)
    assert phone.stage is Stage.CONSENT
    told = computer.get("/recover/hand-over/state", headers=HTMX)
    assert told.headers["HX-Redirect"] == "/recover/code"
    assert "Stop this recovery" in computer.get("/recover/code").content.decode()
    assert computer.post("/recover/moved/stop").url == "/recover/code"
    assert phone.outcome() == ("canceled", ["stopped_where_it_began"])
    page = computer.get("/recover/code").content.decode()
    assert "This recovery is over" in page and "Stop this recovery" not in page
    assert phone.get("/recover/consent").url == "/recover/ended"


def test_what_a_continued_recovery_was_given_goes_when_it_is_stopped_where_it_began(place: Place) -> None:
    mail.outbox.clear()
    began = place.browser().begin("ada").prove().keep()
    thief = place.carry(began.continuation())
    assert "Stop this recovery" in began.get("/recover/checking").content.decode()
    began.post("/recover/moved/stop")
    assert thief.outcome() == ("canceled", ["stopped_where_it_began"])
    assert thief.credential() == "revoked"


def test_a_browser_that_was_left_stops_neither_a_recovered_account_nor_another_recovery(place: Place) -> None:
    computer = place.browser().begin("ada")
    phone = photographed(computer)
    phone.prove().keep().show().face()
    phone.use_pass().passkey()
    computer.post("/recover/moved/stop")
    assert phone.case.status == "recovered"
    stranger = place.browser().begin("ada")
    assert stranger.post("/recover/moved/stop").url == "/recover/"
    assert stranger.case.status == "proving"


def test_only_the_browser_that_was_left_may_stop_it(place: Place) -> None:
    phone = photographed(place.browser().begin("ada"))
    place.browser().post("/recover/moved/stop")
    phone.post("/recover/moved/stop")
    assert phone.case.status == "proving"


def test_a_page_that_waits_without_a_case_leads_to_the_beginning(place: Place) -> None:
    nobody = place.browser()
    for path in ("/recover/credential/progress", "/recover/hand-over/state", "/recover/present/progress"):
        plain = nobody.get(path)
        assert plain.status_code == 303 and plain.url in ("/recover/", "/recover/code"), path
        assert nobody.get(path, headers=HTMX).headers["HX-Redirect"] == plain.url


def test_who_could_not_go_on_elsewhere_reads_that_beside_the_code(place: Place) -> None:
    said = "This code works in this browser only"
    reached = place.browser().begin("ada").consent()
    assert said not in reached.post("/recover/continuation-code").content.decode()
