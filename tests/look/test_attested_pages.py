"""The pages of somebody's word, in a browser: what the claimant reads, and what the one who is asked reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client
from playwright.sync_api import Browser, Page

from portal.kit.origins import tenant_origin
from portal.kit.scope import tenant_scope
from recovery.models import Case
from tests.facecheck.conftest import PaperVision, vision
from tests.look.drawing import answer_by
from tests.look.looking import examined
from tests.recovery.attesters import Attester, ask_for_attestation, code_shown, name_manager
from tests.recovery.journey import make_place
from tests.vendors.conftest import provider
from tests.vendors.hostile import HostileProvider

__all__ = ["provider", "vision"]


@contextmanager
def page_of(browser: Browser, client: Client) -> Iterator[Page]:
    context = browser.new_context()
    answer_by(context, client)
    yield context.new_page()
    context.close()


def test_its_pages_are_sound_wide_and_narrow_in_light_and_dark(
    browser: Browser, provider: HostileProvider, vision: PaperVision
) -> None:
    place = make_place(provider, vision)
    ada = place.person("ada", department="Finance")
    boss, other = Attester.of(place, "boss"), Attester.of(place, "other")
    name_manager(place, ada, "boss")
    ask_for_attestation(place)
    journey, found, origin = place.browser().begin("ada"), list[str](), tenant_origin(place.tenant.slug)
    with tenant_scope(place.tenant.id):
        Case.objects.filter(id=journey.case.id).update(attestation_due=True)
    with page_of(browser, journey.client) as page:
        found += examined(page, f"{origin}/recover/attest", "attest-ask")
        journey.post("/recover/attest")
        found += examined(page, f"{origin}/recover/attest", "attest-code")
    link = boss.link() if journey.work() else ""
    with page_of(browser, boss.client) as page:
        found += examined(page, f"{origin}{link}", "attester-sign-in")
        boss.sign_in(link)
        found += examined(page, f"{origin}{link}", "attester")
        boss.attest(code_shown(journey), link)
        found += examined(page, f"{origin}{link}", "attester-over")
    assert "attested" in journey.work().done()
    other.sign_in(link)
    with page_of(browser, other.client) as page:
        found += examined(page, f"{origin}{link}", "attester-another")
    assert found == []
