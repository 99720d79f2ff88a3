"""The hosted pages of getting in, in a real browser: accessible, under the strict policy, at both widths, in both schemes."""

from __future__ import annotations

import pytest

from portal.kit.origins import tenant_url
from portal.kit.scope import tenant_scope
from recovery.entry.models import Kind
from tenants.directory.models import DirectoryPerson
from tests.entry.test_inviting import Visitor, invite, link
from tests.entry.test_provider import says
from tests.entry.walking import back, begin, enter_settings, tried
from tests.look.drawing import answer_by
from tests.look.looking import examined
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider

pytestmark = pytest.mark.browser


@pytest.fixture
def draw(browser, place):
    def drawn(visitor, path, name, *, status=200):
        context = browser.new_context(reduced_motion="reduce")
        answer_by(context, visitor.client)
        try:
            return examined(context.new_page(), tenant_url(place.tenant.slug, path), name, status=status)
        finally:
            context.close()

    return drawn


@pytest.fixture
def idp():
    made = HostileProvider()
    says(made)
    yield made
    made.close()


def test_the_pages_behind_a_link_from_a_mail(place, ada, draw):
    invite(place, Kind.REMINDER)
    path = link()
    here = Visitor(place)
    wrong = draw(here, path, "invited")
    wrong += draw(here, f"{path}/no-reminders", "no_reminders")
    wrong += draw(here, "/enter/nothing", "invited_dead", status=404)
    here.open(path)
    wrong += draw(here, "/enter/passkey", "first_passkey")
    wrong += draw(here, "/enter/done", "first_passkey_done")
    assert wrong == []


def test_the_pages_around_the_provider(place, ada, idp, draw):
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=ada.id).update(external_id="0001")
    enter_settings(place, idp.issuer, client_id=CLIENT_ID, secret=CLIENT_SECRET, match="external_id")
    tried(place, idp.visit)
    here = Visitor(place)
    wrong = draw(here, "/sign-in", "sign_in_offered")
    wrong += draw(here, "/sign-in/try/nothing", "provider_trial")
    query = idp.visit(begin(here))
    wrong += draw(here, "/sign-in/provider/go", "provider_go")
    wrong += draw(here, "/sign-in/returned", "provider_stray", status=400)
    back(here, query)
    wrong += draw(here, "/sign-in/checking", "provider_checking")
    says(idp, sub="0002")
    other = Visitor(place)
    back(other, idp.visit(begin(other)))
    wrong += draw(other, "/sign-in/checking", "provider_refused")
    assert wrong == []
