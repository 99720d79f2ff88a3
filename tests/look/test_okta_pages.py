"""The pages of a connection to Okta, and of a recovery there, in a real browser: accessible, at both widths and in both
schemes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.connections import services
from tenants.models import Tenant
from tests.conftest import make_member
from tests.console.conftest import client_of_member
from tests.facecheck.conftest import vision
from tests.look.drawing import examined_pages
from tests.recovery.conftest import ada, place
from tests.recovery.connected.okta.conftest import There, connect, shown_characters, there
from tests.recovery.journey import Journey
from tests.sandboxes.okta_served import OktaSimulator
from tests.vendors.conftest import provider, work

__all__ = ["ada", "place", "provider", "there", "vision"]
pytestmark = pytest.mark.browser


def test_a_recovery_at_okta_is_accessible_for_people_and_for_staff(there: There, browser: Browser) -> None:
    journey = Journey(there.place)
    journey.to_pass()

    def look(name: str, path: str = "/recover/pass", **more: Any) -> list[str]:
        return examined_pages(browser, journey.client, {f"okta-{name}": path}, **more)

    found = look("ready")
    characters = shown_characters(journey)
    found += look("characters", "/posted", posted=journey.last.content)
    found += look("shown")
    there.register(characters)
    there.look()
    found += look("done", "/recover/done")
    own = f"/o/{there.place.tenant.slug}"
    staff = {
        "okta-case": f"{own}/recovery/cases/{journey.case.public_id}",
        "okta-accounts": f"{own}/people/directory/accounts",
        "okta-tell": f"{own}/recovery/tell/",
        "okta-connection": f"{own}/people/directory/",
        "okta-remove": f"{own}/people/directory/remove",
    }
    found += examined_pages(browser, client_of_member(make_member(there.place.tenant)), staff)
    assert found == []


def test_connecting_okta_is_accessible_at_each_step(
    tenant: Tenant, okta: OktaSimulator, browser: Browser, settings: Any
) -> None:
    settings.OKTA_SIMULATOR_ORIGIN = okta.origin
    okta.seed(3, groups=1)
    client, page = client_of_member(make_member(tenant)), f"/o/{tenant.slug}/people/directory/"
    found = examined_pages(browser, client, {"okta-choice": page, "okta-new": f"{page}new/okta"})
    # Entered, and nobody registered the key there yet.
    given = {"host": "example.okta.com", "client_id": okta.applications["May only read people"]}
    with tenant_scope(tenant.id):
        services.connect(kind="okta", given=given, secret="", actor=SYSTEM)
    work(tenant)
    assert b"does not know the application" in client.get(page).content
    found += examined_pages(browser, client, {"okta-key-unknown": page})
    connect(tenant, okta, "May only read people")
    assert b"Grant okta.groups.read" in client.get(page).content
    found += examined_pages(
        browser, client, {"okta-scopes-missing": page, "okta-accounts-missing": f"{page}accounts"}
    )
    assert found == []
