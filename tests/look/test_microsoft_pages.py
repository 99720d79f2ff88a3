"""The pages of a recovery whose card lives in Microsoft Authenticator, in a real browser: accessible, at both widths and in
both schemes; and the app's part of it by hand, on the simulator's own pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from portal.kit.ids import public_id
from recovery.stages import Stage
from tests.conftest import make_member
from tests.console.conftest import client_of_member
from tests.facecheck.conftest import vision
from tests.look.drawing import answer_by
from tests.look.looking import examined
from tests.recovery.conftest import ada, place
from tests.recovery.microsoft.conftest import AppJourney, phone, there
from tests.vendors.conftest import provider
from tests.verified_id.entra.conftest import relay

__all__ = ["ada", "phone", "place", "provider", "relay", "there", "vision"]
pytestmark = pytest.mark.browser


def test_a_recovery_at_microsoft_by_hand_in_a_browser(phone: AppJourney, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    answer_by(context, phone.client)
    page, app, found = context.new_page(), browser.new_context().new_page(), []

    def look(name: str, path: str) -> None:
        found.extend(examined(page, f"http://localhost:8000{path}", name))

    def in_the_app(kind: str, *presses: str, **typed: str) -> None:
        """The person follows the link to the app and does what it asks."""
        app.goto(f"{phone.entra.origin}/authenticator/{phone.request(kind).service_id}")
        for press in presses:
            app.get_by_role("button", name=press).click()
            for label, value in typed.items():
                if app.get_by_label(label).count():
                    app.get_by_label(label).fill(value)

    phone.begin("ada")
    look("microsoft-consent", "/recover/consent")
    phone.prove()
    look("microsoft-keep", "/recover/credential")
    phone.offer()
    look("microsoft-offer", "/recover/credential")
    in_the_app("issuance", "Open in the app", "Take the card", Pin=phone.pin())
    assert "issuance_successful" in app.content()
    phone.told(2)
    look("microsoft-show", "/recover/present")
    phone.ask()
    look("microsoft-asked", "/recover/present")
    in_the_app("presentation", "Open in the app", "Refuse")
    phone.told(2)
    look("microsoft-declined", "/recover/present")
    phone.ask()
    in_the_app("presentation", "Open in the app", "Show the card")
    phone.told(2)
    assert phone.stage is Stage.PASS
    look("microsoft-pass", "/recover/pass")
    context.close()
    app.context.close()
    found += _staff_pages(phone, browser)
    assert found == []


def _staff_pages(phone: AppJourney, browser: Browser) -> list[str]:
    own = f"/o/{phone.place.tenant.slug}"
    pages = {
        "microsoft-connection": f"{own}/verified-id/entra",
        "microsoft-stop": f"{own}/verified-id/entra/use",
        "microsoft-case": f"{own}/recovery/cases/{phone.case.public_id}",
        "microsoft-card": f"{own}/verified-id/issued/{public_id('credential', phone.card().id)}",
        "microsoft-mistyped": f"{own}/verified-id/issued/revoke?from=2026-13-40",
    }
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    answer_by(context, client_of_member(make_member(phone.place.tenant)))
    page, found = context.new_page(), []
    for name, path in pages.items():
        found += examined(page, f"http://localhost:8000{path}", name)
    context.close()
    return found
