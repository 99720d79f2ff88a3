"""Somebody for whom no e-mail address is held recovers with a code they saved, and nobody can tell from outside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery import opening
from recovery.passkeys.models import SavedRecoveryCode
from recovery.passkeys.saved_codes import make_saved_codes
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson
from tests.recovery.journey import Journey, Place


@pytest.fixture
def nomail(place: Place) -> DirectoryPerson:
    return place.person("nomail", emails=[])


def saved(place: Place, person: DirectoryPerson, *, days: int = 10) -> list[str]:
    with tenant_scope(place.tenant.id):
        codes = make_saved_codes(person.id, actor=SYSTEM)
        SavedRecoveryCode.objects.filter(person_id=person.id).update(
            created_at=clock.now() - timedelta(days=days)
        )
    return codes


def test_a_saved_code_confirms_somebody_without_an_address_and_they_recover(place: Place, nomail):
    mail.outbox.clear()
    codes = saved(place, nomail)
    browser = place.browser().who("nomail")
    browser.post("/recover/code/saved", {"code": codes[0]})
    assert browser.stage is Stage.CONSENT and mail.outbox == []
    browser.prove().keep().show().face()
    browser.use_pass().passkey()
    assert browser.case.status == "recovered" and browser.case.assurance == "ial2"
    assert browser.usable_passkeys(nomail) == 1
    assert browser.notices() == ["confirmation_code"]
    told = [event.data for event in browser.audit() if event.name == "notice:notice:find_no_address"]
    assert told == [{"template": "account_recovered"}]
    for page in ("/recover/done", "/recover/receipt"):
        said = browser.get(page).content.decode()
        assert "has no address for you" in said and "went to" not in said, page


def test_a_code_saved_this_week_is_refused_before_anybody_is_charged(place: Place, nomail):
    codes = saved(place, nomail, days=1)
    browser = place.browser().who("nomail")
    browser.post("/recover/code/saved", {"code": codes[0]})
    browser.consent()
    assert browser.outcome() == ("refused", ["missing_held_address"]) and browser.usage() == []


def test_no_mailed_code_can_be_guessed_for_them(place: Place, nomail, monkeypatch):
    monkeypatch.setattr(opening, "numeric_code", lambda: "314159")
    browser = place.browser().who("nomail")
    browser.post("/recover/code", {"code": "314159"})
    browser.post("/recover/code/again")
    browser.post("/recover/code", {"code": "314159"})
    assert browser.stage is Stage.CODE and browser.case.code_tries == 2


def test_in_another_browser_they_confirm_with_another_of_their_codes(place: Place, nomail):
    codes = saved(place, nomail)
    browser = place.browser().who("nomail")
    browser.post("/recover/code/saved", {"code": codes[0]})
    browser.consent()
    there: Journey = place.ask_to_continue(browser.continuation())
    there.post("/recover/continue/code/saved", {"code": codes[0]})
    assert there.get("/recover/checking").url == "/recover/continue/code" and browser.stage is Stage.PARTNER
    there.post("/recover/continue/code/saved", {"code": codes[1]})
    assert there.stage is Stage.PROVE


def test_without_another_saved_code_the_page_says_that_the_case_stays_in_this_browser(place: Place, nomail):
    codes = saved(place, nomail)
    browser = place.browser().who("nomail")
    browser.post("/recover/code/saved", {"code": codes[0]})
    browser.consent()
    said = "This code works in this browser only"
    assert said not in browser.post("/recover/continuation-code").content.decode()
    with tenant_scope(place.tenant.id):
        SavedRecoveryCode.objects.filter(person_id=nomail.id, used_at=None).update(used_at=clock.now())
    assert said in browser.post("/recover/continuation-code").content.decode()
