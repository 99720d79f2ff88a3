"""Every hosted page, reloaded, left by the back button, opened twice, sent twice and come back to late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.expiring import expire_cases_of
from recovery.models import Case
from recovery.stages import Stage
from recovery.statuses import CaseStatus
from recovery.views.common import ADDRESS
from tests.conftest import client_of
from tests.recovery.attesters import Attester, ask_for_attestation, code_shown, name_manager
from tests.recovery.journey import Journey, Place
from vendors.facecheck.selectors import tries_of
from vendors.models import ProofingAttempt

PAGES: dict[Stage, str] = {
    Stage.CODE: "/recover/code",
    Stage.COUNTRY: "/recover/country",
    Stage.CHOOSE: "/recover/choose",
    Stage.CONSENT: "/recover/consent",
    Stage.PROVE: "/recover/prove",
    Stage.PARTNER: "/recover/partner",
    Stage.CREDENTIAL: "/recover/credential",
    Stage.PRESENT: "/recover/present",
    Stage.FACE: "/recover/face",
    Stage.DECIDING: "/recover/checking",
    Stage.ATTEST: "/recover/attest",
    Stage.WAITING: "/recover/waiting",
    Stage.PASS: "/recover/pass",
    Stage.PASSKEY: "/recover/passkey",
    Stage.DONE: "/recover/done",
    Stage.ENROLLED: "/recover/enrolled",
    Stage.ENDED: "/recover/ended",
}


def look(browser: Journey) -> None:
    """At the stage it is at: reload, every other page, another tab, the beginning, the code to continue."""
    stage, before = browser.stage, (browser.outcome(), browser.done())
    page = PAGES[stage]
    for _reload in range(2):
        answer = browser.get(page)
        assert answer.status_code == 200, (stage, answer.status_code)
        assert browser.case.reference.encode() in answer.content, stage
    tab = client_of(browser.place.tenant)
    tab.cookies = browser.client.cookies
    assert tab.get(page).status_code == 200
    for other in PAGES.values():
        if other != page:
            answer = browser.get(other)
            assert (answer.status_code, answer.url) == (303, page), (stage, other, answer)
    assert browser.get("/recover/").status_code == 200
    assert (browser.stage, (browser.outcome(), browser.done())) == (stage, before)


def test_every_page_has_an_address_here():
    assert set(PAGES) == set(ADDRESS) == set(Stage)


def test_reload_back_and_second_tab_agree_at_every_page(place: Place, browser: Journey, ada):
    browser.who("ada")
    look(browser)
    browser.confirm()
    look(browser)
    browser.post("/recover/consent", {"agree": "on"})
    look(browser)
    browser.work().come_back(browser.at_partner())
    look(browser)
    browser.keep()
    look(browser)
    browser.show()
    look(browser)
    browser.get("/recover/face")
    browser.clip()
    look(browser)
    browser.work()
    look(browser)
    browser.use_pass()
    look(browser)
    browser.passkey()
    look(browser)
    stopped = place.browser().begin("ada")
    stopped.post("/recover/cancel")
    look(stopped)


def test_reload_back_and_second_tab_agree_while_somebody_is_asked_about_them(
    place: Place, browser: Journey, ada
):
    browser.to_face("ada")
    knows = Attester.of(place, "charles")
    name_manager(place, ada, "charles")
    ask_for_attestation(place)
    browser.face()
    look(browser)
    browser.post("/recover/attest")
    browser.work()
    look(browser)
    twice(lambda: browser.post("/recover/attest"), browser)
    knows.attest(code_shown(browser))
    browser.work()
    look(browser)


def test_the_cookie_outlives_the_browser_s_closing_and_the_case(browser: Journey):
    browser.who("ada")
    morsel = browser.client.cookies[settings.JOURNEY_COOKIE_NAME]
    assert int(morsel["max-age"]) >= 48 * 3600 and morsel["httponly"] and morsel["samesite"] == "Lax"


def twice(send: Callable[[], object], browser: Journey) -> None:
    """The answer was lost, so the browser sends the same once more: the person stands where they stood."""
    send()
    stage, done = browser.stage, browser.done()
    send()
    assert (browser.stage, browser.done()) == (stage, done)


def test_what_was_sent_twice_because_the_network_was_lost_is_done_once(place: Place, browser: Journey, ada):
    browser.who("ada")
    code = browser.code_mailed()
    twice(lambda: browser.post("/recover/code", {"code": code}), browser)
    twice(lambda: browser.post("/recover/consent", {"agree": "on"}), browser)
    browser.work()
    query = browser.at_partner()
    twice(lambda: browser.come_back(query), browser)
    browser.keep().show()
    browser.get("/recover/face")
    twice(lambda: browser.post("/recover/face/clip", b"x", content_type="a/b"), browser)
    browser.work()
    twice(lambda: browser.post("/recover/pass/use"), browser)
    browser.passkey()
    assert browser.case.status == "recovered"
    assert len(browser.done()) == len(set(browser.done())) == 10


LIVE = [CaseStatus.OPENED, CaseStatus.PROVING, CaseStatus.DECIDING, CaseStatus.HELD, CaseStatus.GRANTED]


@pytest.mark.parametrize("is_swept", [True, False], ids=["after the worker", "before the worker"])
@pytest.mark.parametrize("status", LIVE, ids=lambda status: status.value)
def test_a_case_whose_time_is_over_says_so_on_every_page(
    place: Place, browser: Journey, status: CaseStatus, is_swept: bool
):
    browser.who("ada")
    with tenant_scope(place.tenant.id):
        Case.objects.filter(id=browser.case.id).update(
            status=status.value, expires_at=clock.now() - timedelta(seconds=1)
        )
        if is_swept:
            assert expire_cases_of(place.tenant) == 1
    for page in PAGES.values():
        if page != "/recover/ended":
            assert browser.get(page).url == "/recover/ended"
    ended = browser.get("/recover/ended").content
    assert b"The time is over" in ended and b"Start again" in ended
    assert b"data-case-minutes" not in ended
    assert browser.outcome() == ("expired", ["time_over"])


def test_what_a_post_showed_leads_on_where_nothing_is_posted(place: Place, browser: Journey, ada):
    """Its address in a second tab, or out of the history."""
    browser.begin("ada")
    assert browser.get("/recover/hand-over").url == "/recover/consent"
    browser.consent()
    assert browser.get("/recover/continuation-code").url == "/recover/partner"
    browser.work().come_back(browser.at_partner())
    assert browser.get("/recover/credential/offer").url == "/recover/credential"
    place.browser().get("/recover/pass/show")
    assert browser.get("/recover/pass/show").url == "/recover/credential"


def test_a_page_knows_how_long_its_case_has_so_that_it_leads_on_by_itself(browser: Journey):
    browser.who("ada")
    with clock.frozen(browser.case.expires_at - timedelta(seconds=61)):
        assert (
            b'data-case-minutes="2" data-case-ended="/recover/ended"' in browser.get("/recover/code").content
        )


def test_a_pass_whose_time_is_over_opens_nothing_before_the_worker_looks(browser: Journey):
    browser.to_pass()
    with clock.frozen(browser.case.expires_at + timedelta(seconds=1)):
        assert browser.post("/recover/pass/use").url == "/recover/ended"
    assert browser.outcome() == ("expired", ["time_over"])


def test_what_is_short_lived_on_a_page_is_made_anew_or_explained(place: Place, browser: Journey, ada):
    browser.begin("ada").consent()
    with tenant_scope(place.tenant.id):
        ProofingAttempt.objects.update(url_expires_at=clock.now() - timedelta(seconds=1))
    assert browser.get("/recover/partner").status_code == 200
    browser.work().come_back(browser.at_partner())
    browser.post("/recover/credential/offer", {"wallet": "here"})
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        waiting = browser.get("/recover/credential/progress", headers={"HX-Request": "true"})
        assert waiting.headers["HX-Redirect"] == "/recover/credential"
    browser.keep()
    old = browser.get("/recover/present").context["deep_link"]
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        assert browser.get("/recover/present").context["deep_link"] != old
    browser.show().face()
    browser.use_pass()
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        page = browser.get("/recover/passkey").content
    assert b"The ten minutes are over" in page and b"Start again" in page


def test_whoever_missed_the_ten_minutes_proves_nothing_twice(place: Place, browser: Journey, ada):
    browser.to_pass().use_pass()
    browser.post("/recover/cancel")
    browser.work().begin("ada")
    browser.post("/recover/consent", {"agree": "on"})
    browser.post("/recover/prove", {"use": "earlier"})
    browser.face()
    assert browser.stage is Stage.CREDENTIAL
    browser.keep().show().face()
    assert browser.stage is Stage.PASS
    assert [paid for meter, paid, _why in browser.usage() if meter == "decision"] == [False]


def shown(browser: Journey) -> tuple[str, dict[str, object]]:
    """The address the recording goes to, and the challenge."""
    context = browser.get("/recover/face").context
    return f"/recover/face/clip?check={context['check']}", context["challenge"]


def test_a_reload_or_a_second_tab_before_a_recording_was_sent_costs_no_try(place: Place, browser: Journey):
    browser.to_face()
    first, challenge = shown(browser)
    assert shown(browser) == (first, challenge), "a reload shows the same, and nobody draws until one suits"
    with clock.frozen(clock.now() + timedelta(seconds=100)):
        second, newer = shown(browser)
        assert newer["nonce"] != challenge["nonce"]
        late = browser.post(first, b"of the first tab", content_type="a/b").json()
        assert late["state"] == "again" and place.vision.judged == []
        assert tries(browser) == 0
        assert browser.post(second, b"of the second", content_type="a/b").json()["state"] == "done"
        browser.work()
    assert browser.stage is Stage.PASS and tries(browser) == 1


def tries(browser: Journey) -> int:
    with tenant_scope(browser.place.tenant.id):
        return tries_of(browser.case.id)


def test_a_challenge_that_was_answered_or_waits_to_be_judged_is_not_shown_again(
    place: Place, browser: Journey
):
    browser.to_face()
    place.vision.busy_at_ticket = True
    address, challenge = shown(browser)
    assert browser.post(address, b"x", content_type="a/b").json()["state"] == "one_moment"
    place.vision.busy_at_ticket = False
    _address, newer = shown(browser)
    assert newer["nonce"] != challenge["nonce"]
    place.vision.confidence = 10
    browser.clip()
    assert shown(browser)[1]["nonce"] != newer["nonce"] and tries(browser) == 1


def test_whoever_cannot_bear_flashes_says_so_at_the_face_check_and_goes_on_with_another_challenge(
    place: Place, browser: Journey
):
    browser.to_face()
    address, coloured = shown(browser)
    assert coloured["flashing"] and b"Go on without colours" in browser.last.content
    assert browser.post("/recover/face/without-colours").url == "/recover/face"
    fresh, turned = shown(browser)
    sides = [phase for phase in turned["phases"] if phase["kind"] == "turn"]  # type: ignore[attr-defined]
    assert not turned["flashing"] and len(sides) == 5 and b"without colours" not in browser.last.content
    assert browser.post(address, b"x", content_type="a/b").json()["state"] == "again"
    assert tries(browser) == 0 and shown(browser) == (fresh, turned)
    assert browser.post(fresh, b"x", content_type="a/b").json()["state"] == "done"
    # A photograph that a program bends turns its head as well: this waits.
    assert browser.work().stage is Stage.WAITING


def test_a_link_that_was_used_says_so_and_offers_no_new_recovery(place: Place, browser: Journey, ada):
    browser.who("ada")
    link = browser.links_mailed()[-1]
    assert "It is stopped" in browser.post(link).content.decode()
    for answer in (browser.get(link), browser.post(link)):
        said = answer.content.decode()
        assert "This link does not work any more" in said and "Start a recovery" not in said
