"""The hosted pages of the bridge, in a real browser: accessible, under the strict policy, at both widths, in both schemes."""

from __future__ import annotations

import pytest

from portal.kit.origins import tenant_url
from portal.kit.scope import tenant_scope
from tests.bridge.conftest import OKTA, Asking, claims_of, make_bridge
from tests.look.drawing import answer_by, examined_pages
from tests.look.looking import examined
from vendors.bridge.asked import read_claims
from vendors.bridge.pushing import begin_trial

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


def test_the_pages_a_person_walks_through(provider, vision, draw, browser):
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
    # As it stands before it goes on by itself, to a client that is not there.
    leaving = person.http.get("/bridge/leave").content.replace(b'hx-trigger="load', b'hx-trigger="never')
    wrong += examined_pages(browser, person.http, {"bridge_leave": "/posted"}, posted=leaving)
    bridge.change(face_check=False)
    with tenant_scope(bridge.tenant.id):
        link = begin_trial(bridge.client, read_claims(claims_of(OKTA), allowed=(), has_to_compare=True))
    tried = bridge.browser()
    tried.open(link)
    tried.prove()
    wrong += draw(bridge, tried, "/bridge/leave", "bridge_tried")
    bridge.change(daily_runs=1)
    late = bridge.browser()
    late.open(bridge.push(Asking()))
    held_up = late.agree()
    assert held_up.status_code == 200
    wrong += examined_pages(browser, late.http, {"bridge_held_up": "/posted"}, posted=held_up.content)
    assert wrong == []
