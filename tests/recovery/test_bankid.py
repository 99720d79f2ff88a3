"""Recovering with BankID: the app on this device or a code for another, in the browser that began, from consent to passkey."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.stages import Stage
from recovery.statuses import StepKind
from tenants.directory.models import HeldEvidence
from tenants.directory.selectors import national_id_digest
from tests.conftest import client_of
from tests.facecheck.conftest import PaperVision
from tests.kit.test_qr import _pixels
from tests.recovery.eids import make_eid_place
from tests.recovery.journey import Journey, Place
from tests.vendors.simulated import Simulator, Simulators
from vendors.models import ProofingAttempt
from vendors.planning import plan_fetch

NUMBER = "198512101232"
ADA = {"given": "Ada", "family": "Lovelace", "personal_number": NUMBER}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bankid(simulators: Simulators) -> Simulator:
    return simulators["bankid_se"]


@pytest.fixture
def eid(bankid: Simulator, vision: PaperVision) -> Place:
    return make_eid_place(bankid, vision, vendor="bankid_se")


def began(place: Place, user_name: str = "ada") -> Journey:
    place.person(user_name)
    browser = place.browser()
    browser.who(user_name).confirm()
    named = browser.get("/recover/consent").context["form"]["partner"].value()
    browser.post("/recover/consent", {"agree": "on", "partner": named})
    return browser.work()


def order_of(browser: Journey) -> ProofingAttempt:
    with tenant_scope(browser.place.tenant.id):
        return ProofingAttempt.objects.get(id=browser.case.attempt_id)


def ask_now(browser: Journey) -> None:
    """The plan's next question, without waiting for it."""
    with tenant_scope(browser.place.tenant.id):
        row = ProofingAttempt.objects.select_for_update().get(id=browser.case.attempt_id)
        row.fetched_at, row.fetch_due_at = None, None
        row.save()
        plan_fetch(row, clock.now())
    browser.work()


def shown_code(browser: Journey) -> str:
    """What a camera reads off the page."""
    page = browser.get("/recover/eid?app=elsewhere").content.decode()
    (svg,) = re.findall(r"<svg[^>]*class=\"segno\".*?</svg>", page, re.S)
    (code,) = zxingcpp.read_barcodes(_pixels(svg))
    return str(code.text)


def confirm(browser: Journey, bankid: Simulator, scenario: str = "verified", **person: str) -> Journey:
    bankid.finish_session(order_of(browser).partner_ref, scenario, **{**ADA, **person})
    ask_now(browser)
    return browser.work()


def test_somebody_recovers_by_the_code_on_the_page_and_is_known_by_their_number_the_next_time(
    eid: Place, bankid: Simulator
):
    browser = began(eid)
    answer = browser.get("/recover/partner")
    assert (answer.status_code, answer.url) == (303, "/recover/eid")
    assert bankid.scan(shown_code(browser)) == order_of(browser).partner_ref
    confirm(browser, bankid)
    assert browser.get("/recover/eid/state", headers=HTMX).headers["HX-Redirect"] == "/recover/credential"
    browser.keep().show().work()
    assert browser.stage is Stage.PASS, (browser.stage, browser.outcome(), browser.decided())
    browser.use_pass().passkey()
    assert browser.outcome()[0] == "recovered" and StepKind.FACE_CHECKED not in browser.done()
    with tenant_scope(eid.tenant.id):
        held = HeldEvidence.objects.get(kind="national_id")
        assert held.digest == national_id_digest(NUMBER, "SWE") and NUMBER not in held.digest
    again = eid.browser()
    again.who("ada").confirm()
    named = again.get("/recover/consent").context["form"]["partner"].value()
    again.post("/recover/consent", {"agree": "on", "partner": named})
    confirm(again.work(), bankid).keep().show().work()
    assert again.stage is Stage.PASS
    assert "document_held_before" in again.decided()["reasons"]


def test_the_link_is_the_first_thing_and_the_code_is_shown_to_whoever_asks(eid: Place, bankid: Simulator):
    browser = began(eid)
    page = browser.get("/recover/eid").content.decode()
    (link,) = re.findall(r'href="(http[^"]*/app\?autostarttoken[^"]*)"', page)
    back = parse_qs(urlsplit(unescape(link)).query)["redirect"][0]
    assert urlsplit(back).path == "/recover/return"
    assert "segno" not in page and "Only from your own screen" not in page
    other = browser.get("/recover/eid?app=elsewhere").content.decode()
    assert "segno" in other and "Only from your own screen" in other and "autostarttoken" not in other
    for text in (page, other, browser.get("/recover/eid/state?app=elsewhere").content.decode()):
        with tenant_scope(eid.tenant.id):
            assert "qr_secret" not in text and order_of(browser).partner_ref not in text
    bankid.finish_session(order_of(browser).partner_ref, "verified", **ADA)
    parts = urlsplit(back)
    assert browser.client.get(f"{parts.path}?{parts.query}").url == "/recover/checking"
    assert browser.work().stage is Stage.CREDENTIAL


def test_another_browser_sees_no_code_and_cannot_bring_the_answer_back(eid: Place, bankid: Simulator):
    browser = began(eid)
    link = browser.get("/recover/eid").context["link"]
    back = urlsplit(parse_qs(urlsplit(link).query)["redirect"][0])
    stranger = client_of(eid.tenant)
    for path in ("/recover/eid", "/recover/eid?app=elsewhere", "/recover/eid/state"):
        answer = stranger.get(path)
        assert answer.status_code == 303 and b"segno" not in answer.content
    for path in ("/recover/eid/again", "/recover/eid/stop"):
        assert stranger.post(path).status_code == 303
    assert stranger.get(f"{back.path}?{back.query}").status_code == 200, "the neutral page"
    assert order_of(browser).phase == "waiting_for_user"


def test_the_page_says_what_to_do_and_says_it_once(eid: Place, bankid: Simulator):
    browser = began(eid)
    bankid.scan(shown_code(browser))
    for _look in range(3):
        ask_now(browser)
    first = browser.get("/recover/eid/state?app=elsewhere&said=open_app", headers=HTMX).content.decode()
    assert "Confirm in the app" in first and "segno" not in first, "whoever opened it needs no code"
    assert "Confirm" not in browser.get("/recover/eid/state?said=confirm", headers=HTMX).content.decode()


def test_nobody_came_and_a_press_begins_again(eid: Place, bankid: Simulator):
    browser = began(eid)
    before = order_of(browser).partner_ref
    bankid.grow_older(before, 31)
    ask_now(browser)
    assert "/recover/eid" in browser.get("/recover/eid/state", headers=HTMX).headers["HX-Redirect"]
    page = browser.get("/recover/eid").content.decode()
    assert "ran out" in page and "autostarttoken" not in page
    browser.post("/recover/eid/again")
    browser.work()
    assert order_of(browser).partner_ref != before
    assert bankid.scan(shown_code(browser)) == order_of(browser).partner_ref


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("user_cancel", "was stopped"),
        ("expired", "not confirmed in time"),
        ("used_elsewhere", "Another sign-in"),
    ],
)
def test_what_decided_nothing_leads_back_with_a_sentence(
    eid: Place, bankid: Simulator, scenario: str, said: str
):
    browser = confirm(began(eid), bankid, scenario)
    assert browser.stage is Stage.PROVE
    assert said in browser.get("/recover/prove").content.decode()


def test_whoever_would_rather_not_goes_back_and_the_order_is_canceled(eid: Place, bankid: Simulator):
    browser = began(eid)
    assert browser.post("/recover/eid/stop").url == "/recover/checking"
    browser.work()
    assert browser.stage is Stage.PROVE and "POST /rp/v6.0/cancel" in bankid.calls


def test_the_bankid_of_somebody_else_is_nobody_here(eid: Place, bankid: Simulator):
    browser = confirm(began(eid), bankid, family="Byron", personal_number="199002012384")
    browser.keep().show().work()
    assert browser.stage is not Stage.PASS
