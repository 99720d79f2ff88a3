"""The page of a partner's keys in a real browser, in each state it has."""

from __future__ import annotations

import pytest
from django.conf import settings

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.look.looking import examined
from tests.recovery.console.serving import serve_site
from vendors.context import seal_secrets
from vendors.contract import ConfigProblem
from vendors.models import Connection
from vendors.rotating import enter_keys, note_test, use_keys

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def origin():
    server = serve_site()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser, origin, staff_client):
    client = staff_client(Role.OWNER)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": origin}])
    yield context.new_page()
    context.close()


def test_the_page_of_keys_is_accessible_in_every_state_and_one_press_changes_them(page, origin, tenant):
    path = f"{origin}/o/{tenant.slug}/partners/stripe_identity/keys"
    with tenant_scope(tenant.id):
        connection = Connection(vendor="stripe_identity", kind="own_contract", status="ready")
        connection.tested_at = clock.now()
        connection.secrets_sealed = seal_secrets(connection, {"api_key": "rk_1", "webhook_secret": "whsec_1"})
        connection.save(force_insert=True)
    found = examined(page, path, "keys")

    def enter(key, *problems):
        with tenant_scope(tenant.id):
            row = enter_keys(connection.id, secrets={"api_key": key}, actor=SYSTEM)
            note_test(row.id, problems)

    enter("rk_2", ConfigProblem("api_key", "key_refused", "invalid_request_error"))
    found += examined(page, path, "keys-refused")
    enter("rk_3")
    page.goto(path)
    page.get_by_role("button", name="Put into use").click()
    page.get_by_role("button", name="Switch back to them").wait_for()
    enter("rk_4")
    found += examined(page, path, "keys-former")
    page.goto(path)
    page.get_by_role("button", name="Switch back to them").click()
    page.get_by_text("In use. The former keys").wait_for()
    assert found == []
    with tenant_scope(tenant.id):
        present = Connection.objects.get(id=connection.id)
        assert present.keys_in_use == connection.id
        use_keys(connection.id, connection.id, actor=SYSTEM)
