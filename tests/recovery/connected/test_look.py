"""The pages of a recovery at Microsoft in a real browser: accessible, at both widths and in both schemes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import browser as chromium
from tests.conftest import make_member
from tests.console.conftest import client_of_member
from tests.look.drawing import answer_by
from tests.look.looking import examined
from tests.recovery.connected.conftest import There, shown_characters
from tests.recovery.journey import Journey

__all__ = ["chromium"]
pytestmark = pytest.mark.browser


def _examined(chromium: Browser, client: Any, pages: dict[str, str], *, posted: bytes = b"") -> list[str]:
    """`posted` is what a form was answered with, which is looked at under the address `/posted`."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    answer_by(context, client)
    kind = "text/html; charset=utf-8"
    context.route("**/posted", lambda route: route.fulfill(status=200, content_type=kind, body=posted))
    page, found = context.new_page(), []
    for name, path in pages.items():
        found += examined(page, f"http://localhost:8000{path}", name)
    context.close()
    return found


def test_pages_at_microsoft_are_accessible(there: There, chromium: Browser) -> None:
    journey = Journey(there.place)
    journey.to_pass()
    found = _examined(chromium, journey.client, {"there-ready": "/recover/pass"})
    shown_characters(journey)
    body = journey.last.content
    found += _examined(chromium, journey.client, {"there-characters": "/posted"}, posted=body)
    found += _examined(chromium, journey.client, {"there-shown": "/recover/pass"})
    assert found == []


@pytest.fixture
def journey(there: There) -> Journey:
    return Journey(there.place)


def _staff(there: There, journey: Journey) -> dict[str, str]:
    own = f"/o/{there.place.tenant.slug}"
    return {
        "there-case": f"{own}/recovery/cases/{journey.case.public_id}",
        "there-accounts": f"{own}/people/entra/accounts",
        "tell": f"{own}/recovery/tell/",
        "there-connection": f"{own}/people/entra/",
    }


def test_what_staff_see_of_it_is_accessible(there: There, journey: Journey, chromium: Browser) -> None:
    journey.to_pass()
    there.register(shown_characters(journey))
    there.look()
    found = _examined(chromium, journey.client, {"there-done": "/recover/done"})
    client = client_of_member(make_member(there.place.tenant))
    found += _examined(chromium, client, _staff(there, journey))
    assert found == []


def test_refusals_are_accessible(there: There, journey: Journey, chromium: Browser) -> None:
    there.connect("May not read the policy")
    journey.to_pass()
    found = _examined(chromium, journey.client, {"there-delayed": "/recover/pass"})
    there.connect()
    there.graph.tell("/control", {"policy": {"state": "disabled"}})
    there.run()
    found += _examined(chromium, journey.client, {"there-refused": "/recover/ended"})
    assert found == []
