"""A Verified ID before the loss, and the recovery that begins with it, in a real browser with the web wallet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from portal.demo.walk.browsers import Authenticator
from portal.demo.walk.claimant import Claimant
from portal.demo.walk.journal import Journal
from portal.demo.walk.stand import Stand
from portal.demo.walk.walking import finish_recovery, new_claimant
from tests.browser.conftest import Examiner, Rows

pytestmark = [
    pytest.mark.browser,
    pytest.mark.whole,
    pytest.mark.vision,
    pytest.mark.timeout(600),
]
OWN = "/security/verified-id/"
Enrolled = tuple[Journal, Claimant, Authenticator]


@pytest.fixture(scope="module")
def enrolled(browser: Browser, stand: Stand, examiner: Examiner) -> Iterator[Enrolled]:
    """The person, signed in, with a card of this morning in the wallet of their browser."""
    journal = Journal(examine=examiner)
    with ExitStack() as browsers:
        claimant = new_claimant(browser, stand, journal, browsers, who="owner")
        device = claimant.visitor.authenticator()
        device.add(stand.passkey())
        claimant.sign_in()
        _enrol(claimant)
        # Its counter went on: whoever uses it next would look like a copy of it.
        stand.keep_passkey(device.passkeys()[0])
        yield journal, claimant, device


def _enrol(claimant: Claimant) -> None:
    visitor, page = claimant.visitor, claimant.page
    page.goto(claimant.stand.address("hosted", OWN))
    visitor.tap("Get my Verified ID")
    visitor.arrive("**/recover/consent")
    claimant.reference = page.locator(".hosted-reference b").inner_text()
    claimant.agree()
    claimant.prove_with_camera()
    claimant.show_face_to_partner()
    claimant.come_back()
    claimant.keep_credential()
    claimant.show_credential()
    visitor.tap("Start")
    visitor.arrive("**/recover/enrolled")


def test_whoever_is_signed_in_gets_a_card_into_the_wallet_and_keeps_their_passkey(enrolled: Enrolled) -> None:
    journal, claimant, _device = enrolled
    with claimant.visitor.step("Read that the Verified ID is ready"):
        claimant.page.get_by_text("is ready").first.wait_for()
    claimant.page.goto(claimant.stand.address("hosted", OWN))
    with claimant.visitor.step("See what is held"):
        claimant.page.get_by_role("button", name="Renew my Verified ID").wait_for()
    expect(claimant.page.get_by_text("Good for a recovery")).to_have_count(1)
    assert "/not-me/" in claimant.read_mail("is in a wallet")
    assert journal.troubles == []


def test_four_days_later_the_card_and_a_live_face_recover_without_a_document(
    enrolled: Enrolled, stand: Stand, rows: Rows
) -> None:
    journal, claimant, device = enrolled
    visitor, page = claimant.visitor, claimant.page
    rows("UPDATE recovery_credentialbinding SET created_at = created_at - interval '4 days' RETURNING id")
    # The device is lost; what stays is a browser in which the wallet keeps its card.
    device.remove()
    visitor.context.clear_cookies()
    claimant.say_who()
    claimant.type_code()
    page.get_by_label("I agree that my document and my face").check()
    visitor.tap("Agree and continue")
    visitor.arrive("**/recover/prove")
    with visitor.step("Be offered to show the Verified ID from before"):
        page.get_by_text("You have a Verified ID from before").wait_for()
    visitor.tap("Show my Verified ID")
    visitor.arrive("**/recover/present")
    visitor.tap("Show it from this browser", role="link")
    claimant.be_asked()
    claimant.share()
    claimant.show_face()
    new = finish_recovery(claimant)
    case = rows(
        "SELECT shows_held, status FROM recovery_case WHERE purpose = 'recovery' ORDER BY created_at DESC LIMIT 1"
    )
    assert case == [(True, "recovered")]
    claimant.sign_in()
    stand.keep_passkey(new.passkeys()[0])
    # Put back as it was: the next walk begins with a document.
    page.goto(stand.address("hosted", OWN))
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("You have none").wait_for()
    assert journal.troubles == []
