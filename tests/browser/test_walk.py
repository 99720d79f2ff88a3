"""The whole product through a real browser: what the walk does, and what must be refused on the same pages."""

from __future__ import annotations

import re
from contextlib import ExitStack

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import Browser, expect

from portal.demo.puppet import Puppet
from portal.demo.walk.browsers import visitor
from portal.demo.walk.claimant import Claimant, Visiting
from portal.demo.walk.journal import Journal
from portal.demo.walk.stand import Stand
from portal.demo.walk.walking import finish_recovery, new_claimant, show_and_keep
from portal.kit.ids import short_reference
from tests.browser.conftest import Rows

pytestmark = [
    pytest.mark.browser,
    pytest.mark.whole,
    pytest.mark.vision,
    pytest.mark.timeout(1200),
]


def test_a_lost_passkey_is_recovered_with_a_document_and_a_face(
    walked: tuple[Journal, Claimant], rows: Rows
) -> None:
    journal, claimant = walked
    assert journal.troubles == []
    case = _case(rows, claimant.reference)
    assert case["status"] == "recovered"
    kinds = [
        kind
        for (kind,) in rows(
            "SELECT kind FROM recovery_casestep WHERE case_id = %s AND state = 'done'", case["id"]
        )
    ]
    assert {"confirmed", "consented", "proofed", "presented", "face_checked", "passkey_registered"} <= set(
        kinds
    )


def test_a_visitor_recovers_with_twelve_taps_and_only_in_their_own_browser(
    browser: Browser, stand: Stand, journal: Journal
) -> None:
    puppet = Puppet("franck")
    with visitor(browser, journal, "visitor", puppet=puppet) as arrived:
        visiting = Visiting(stand, arrived, puppet, {})
        visiting.begin()
        visiting.recover()
        visiting.type_code_shown()
        visiting.agree()
        visiting.prove_with_specimen()
        show_and_keep(visiting)
        arrived.arrive("**/recover/pass")
        with visitor(browser, journal, "other") as other:
            other.page.goto(stand.address("hosted", "/recover/pass"))
            expect(other.page).to_have_url(re.compile(r"/recover/$"))
        finish_recovery(visiting)
        assert arrived.taps <= 12
    assert journal.troubles == []


def test_a_case_moves_to_the_phone_where_a_photograph_and_then_another_face_end_it(
    browser: Browser, stand: Stand, journal: Journal, rows: Rows
) -> None:
    with ExitStack() as browsers:
        claimant = new_claimant(browser, stand, journal, browsers, who="phone")
        computer = browsers.enter_context(visitor(browser, journal, "computer", desk=True))
        begun = Claimant(stand, computer, claimant.puppet, claimant.person)
        begun.say_who()
        _reload_leads_back(begun)
        begun.type_code()
        _reload_leads_back(begun)
        claimant.reference = begun.reference
        _move(begun, claimant)
        claimant.agree()
        claimant.prove_with_camera()
        claimant.show_face_to_partner()
        claimant.come_back()
        _reload_leads_back(claimant)
        claimant.keep_credential()
        claimant.show_credential()
        _reload_leads_back(claimant)
        _sit_down(claimant, "still_photo", "franck")
        _answer_challenge(claimant)
        expect(claimant.page.get_by_text("One more time")).to_be_visible()
        _sit_down(claimant, "live", "cap12")
        while claimant.page.url.endswith("/recover/face"):
            _answer_challenge(claimant)
        expect(claimant.page).to_have_url(re.compile(r"/recover/ended$"))
        expect(claimant.page.get_by_role("heading", name="We could not recover your account")).to_be_visible()
        _reload_leads_back(claimant)
        case = _case(rows, claimant.reference)
        assert case["status"] == "refused"
        _wait_until_revoked(claimant, rows, case["credential_id"])
        charged = rows(
            "SELECT billable FROM billing_entry WHERE case_id = %s AND meter = 'face_check'", case["id"]
        )
        assert charged
        claimant.page.goto(stand.address("hosted", "/recover/pass"))
        expect(claimant.page).to_have_url(re.compile(r"/recover/ended$"))
    assert journal.troubles == []


def test_saying_that_it_was_not_me_freezes_the_new_passkey_and_ends_its_sessions(
    browser: Browser, stand: Stand, journal: Journal, walked: tuple[Journal, Claimant]
) -> None:
    with ExitStack() as browsers:
        thief = new_claimant(browser, stand, journal, browsers, who="thief")
        thief.visitor.authenticator().add(stand.passkey())
        thief.sign_in()
        owner = new_claimant(browser, stand, journal, browsers, who="owner")
        owner.reference = walked[1].reference
        link = re.search(r"http\S+/not-me/\S+", owner.read_mail("was recovered"))
        assert link
        with owner.visitor.step("Say that it was not me"):
            owner.page.goto(link[0])
            owner.visitor.tap("This was not me: stop it")
            owner.page.get_by_role("heading", name="It is stopped").wait_for()
        thief.page.reload()
        expect(thief.page).to_have_url(re.compile(r"/sign-in"))
        assert thief.is_refused()
    assert journal.troubles == []


# ------------------------------------------------------------------------------------------------------------


def _sit_down(claimant: Claimant, act: str, identity: str) -> None:
    """Somebody else, or something else, before the camera from its next opening on."""
    claimant.puppet.act, claimant.puppet.identity = act, identity  # type: ignore[assignment]
    claimant.page.reload()


def _answer_challenge(claimant: Claimant) -> None:
    """The page comes back with a new challenge, or leads to the end. A case allows five answers."""
    before = claimant.page.locator("#challenge").inner_text()
    claimant.visitor.tap("Start")
    claimant.page.wait_for_function(
        "before => location.pathname !== '/recover/face' || "
        "(document.getElementById('challenge') && document.getElementById('challenge').textContent !== before)",
        arg=before,
    )
    claimant.page.wait_for_url(re.compile(r"/recover/(face|ended)$"))


def _move(begun: Claimant, phone: Claimant) -> None:
    """The QR holds an address; the phone opens it and takes the case over."""
    page = begun.page
    page.get_by_text("Go on with your phone instead").click()
    with page.expect_response(lambda answer: answer.url.endswith("/hand-over")) as made:
        page.get_by_role("button", name="Show a QR code").click()
    assert made.value.status == 200
    page.get_by_role("heading", name="Go on with your phone").wait_for()
    address = _read_qr(begun)
    phone.page.goto(address)
    phone.page.get_by_text(begun.reference).first.wait_for()
    phone.visitor.tap("Go on here")
    phone.visitor.arrive("**/recover/consent")
    page.get_by_text("This recovery was moved to a phone").wait_for()


def _read_qr(begun: Claimant) -> str:
    """As a phone's camera reads it."""
    picture = begun.page.locator(".qr-code").screenshot()
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    (code,) = zxingcpp.read_barcodes(pixels)
    assert code.text.startswith(begun.stand.address("hosted"))
    return code.text


def _reload_leads_back(claimant: Claimant) -> None:
    """A second tab leads to the page where the case is, and a reload of the first shows it again."""
    at = claimant.page.url
    second = claimant.visitor.context.new_page()
    second.goto(claimant.stand.address("hosted", "/recover/checking"))
    expect(second).to_have_url(at)
    second.close()
    claimant.page.reload()
    expect(claimant.page).to_have_url(at)


def _case(rows: Rows, reference: str) -> dict[str, object]:
    found = rows("SELECT id, status, credential_id FROM recovery_case")
    row = next(entry for entry in found if short_reference(entry[0]) == reference)
    return dict(zip(("id", "status", "credential_id"), row, strict=True))


def _wait_until_revoked(claimant: Claimant, rows: Rows, credential_id: object) -> None:
    for _ in range(60):
        state = rows("SELECT state FROM verified_id_credential WHERE id = %s", credential_id)
        if state and state[0][0] == "revoked":
            return
        claimant.page.reload()
    raise AssertionError("the credential is still valid")
