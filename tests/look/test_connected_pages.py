"""The pages of a recovery at Microsoft in a real browser: accessible, at both widths and in both schemes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.conftest import make_member
from tests.console.conftest import client_of_member
from tests.facecheck.conftest import vision
from tests.look.drawing import examined_pages
from tests.recovery.conftest import ada, place
from tests.recovery.connected.conftest import There, shown_characters, there
from tests.recovery.journey import Journey
from tests.vendors.conftest import provider

__all__ = ["ada", "place", "provider", "there", "vision"]
pytestmark = pytest.mark.browser


def test_pages_at_microsoft_are_accessible(there: There, browser: Browser) -> None:
    journey = Journey(there.place)
    journey.to_pass()
    found = examined_pages(browser, journey.client, {"there-ready": "/recover/pass"})
    shown_characters(journey)
    body = journey.last.content
    found += examined_pages(browser, journey.client, {"there-characters": "/posted"}, posted=body)
    found += examined_pages(browser, journey.client, {"there-shown": "/recover/pass"})
    assert found == []


@pytest.fixture
def journey(there: There) -> Journey:
    return Journey(there.place)


def _staff(there: There, journey: Journey) -> dict[str, str]:
    own = f"/o/{there.place.tenant.slug}"
    return {
        "there-case": f"{own}/recovery/cases/{journey.case.public_id}",
        "there-accounts": f"{own}/people/directory/accounts",
        "tell": f"{own}/recovery/tell/",
        "there-connection": f"{own}/people/directory/",
    }


def test_what_staff_see_of_it_is_accessible(there: There, journey: Journey, browser: Browser) -> None:
    journey.to_pass()
    there.register(shown_characters(journey))
    there.look()
    found = examined_pages(browser, journey.client, {"there-done": "/recover/done"})
    client = client_of_member(make_member(there.place.tenant))
    found += examined_pages(browser, client, _staff(there, journey))
    assert found == []


def test_refusals_are_accessible(there: There, journey: Journey, browser: Browser) -> None:
    there.connect("May not read the policy")
    journey.to_pass()
    found = examined_pages(browser, journey.client, {"there-delayed": "/recover/pass"})
    there.connect()
    there.graph.tell("/control", {"policy": {"state": "disabled"}})
    there.run()
    found += examined_pages(browser, journey.client, {"there-refused": "/recover/ended"})
    assert found == []
