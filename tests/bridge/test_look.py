"""The hosted pages of the bridge, in a real browser: accessible, under the strict policy, at both widths, in both schemes."""

from __future__ import annotations

import pytest

from portal.kit.origins import tenant_url
from tests.bridge.conftest import Asking, make_bridge
from tests.look.drawing import answer_by
from tests.look.looking import examined

pytestmark = pytest.mark.browser


@pytest.fixture
def draw(browser):
    def drawn(bridge, person, path, name, *, status=200):
        context = browser.new_context(reduced_motion="reduce")
        answer_by(context, person.http)
        try:
            return examined(context.new_page(), tenant_url(bridge.tenant.slug, path), name, status=status)
        finally:
            context.close()

    return drawn


def test_the_pages_a_person_walks_through(provider, vision, draw):
    bridge = make_bridge(provider, face_check=True, name="Nordlicht Okta")
    person = bridge.browser()
    wrong = draw(bridge, person, "/bridge/consent", "bridge_stray", status=400)
    person.open(bridge.push(Asking()))
    wrong += draw(bridge, person, "/bridge/consent", "bridge_consent")
    person.agree()
    wrong += draw(bridge, person, "/bridge/partner", "bridge_partner")
    bridge.work()
    person.http.get("/recover/return", provider.visit(person.link()))
    wrong += draw(bridge, person, "/bridge/checking", "bridge_checking")
    bridge.work()
    wrong += draw(bridge, person, "/bridge/face", "bridge_face")
    person.http.post("/bridge/stop")
    person.http.get("/bridge/leave")
    assert wrong == []
