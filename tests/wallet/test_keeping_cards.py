"""The cards of a browser: looking, asking the issuer, removing, forgetting; and what the pages promise."""

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.look.looking import EVERYTHING, LOOK, Rules, violations
from tests.wallet.conftest import take_card
from tests.wallet.peer import Peer

pytestmark = pytest.mark.browser


def narrow_enough(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_wallet_without_cards_says_where_cards_come_from(page: Page, peer: Peer) -> None:
    page.goto(peer.wallet)
    expect(page.get_by_text("No cards yet")).to_be_visible()
    expect(page.get_by_text("This is not my device")).to_be_hidden()


def test_a_card_opens_to_every_claim_in_words(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.goto(peer.wallet)
    page.get_by_role("link", name="Open Verified ID").click()
    expect(page.get_by_text("12 April 1985")).to_be_visible()
    expect(page.get_by_text("passport")).to_be_visible()
    expect(page.get_by_text(peer.host)).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("{")


@pytest.mark.parametrize(("revoked", "said"), [(False, "In force"), (True, "Revoked")])
def test_the_issuer_can_be_asked_whether_it_stands_by_a_card(
    page: Page, peer: Peer, revoked: bool, said: str
) -> None:
    take_card(page, peer)
    peer.revoked = revoked
    page.goto(peer.wallet)
    page.get_by_role("link", name="Open Verified ID").click()
    page.get_by_role("button", name="Ask the issuer").click()
    expect(page.locator('[data-slot="status"]')).to_contain_text(said)


def test_a_removed_card_is_gone_and_the_issuer_told(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.goto(peer.wallet)
    page.get_by_role("link", name="Open Verified ID").click()
    page.get_by_role("button", name="Remove this card").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("heading", name="The card was removed")).to_be_focused()
    assert peer.events[-1] == {"notification_id": "n1", "event": "credential_deleted"}
    page.goto(peer.wallet)
    expect(page.get_by_text("No cards yet")).to_be_visible()


def test_keeping_a_card_after_all_removes_nothing(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.goto(peer.wallet)
    page.get_by_role("link", name="Open Verified ID").click()
    page.get_by_role("button", name="Remove this card").click()
    page.get_by_role("button", name="Keep it").click()
    page.goto(peer.wallet)
    expect(page.get_by_role("link", name="Open Verified ID")).to_be_visible()


def test_forgetting_everything_empties_this_tab_and_the_other(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    other = page.context.new_page()
    other.goto(peer.wallet)
    page.goto(peer.wallet)
    page.get_by_text("This is not my device").click()
    page.get_by_role("button", name="Forget everything").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget everything").click()
    expect(page.get_by_text("No cards yet")).to_be_visible()
    expect(other.get_by_text("No cards yet")).to_be_visible()


def test_a_card_from_another_browser_is_said_plainly(page: Page, peer: Peer) -> None:
    page.goto(f"{peer.wallet}/card#unknown")
    expect(page.get_by_role("heading", name="This card is not in this browser")).to_be_visible()


def test_markup_from_an_issuer_stays_text(page: Page, peer: Peer) -> None:
    peer.person["given_name"] = "<img src=x onerror=alert(1)>"
    take_card(page, peer)
    page.goto(peer.wallet)
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()


def test_a_portrait_that_is_no_picture_is_left_out(page: Page, peer: Peer) -> None:
    peer.person["portrait"] = "data:image/jpeg;base64," + base64.b64encode(b"<svg/>" * 20).decode()
    take_card(page, peer)
    expect(page.get_by_role("img", name="Portrait on this card")).to_have_count(0)


def test_the_host_keeps_nothing_and_its_policy_is_strict(page: Page, peer: Peer) -> None:
    answer = page.goto(peer.wallet)
    assert answer is not None
    headers = answer.all_headers()
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers
    assert "unsafe" not in headers["content-security-policy"]
    assert "script-src 'self';" in headers["content-security-policy"]
    assert page.context.cookies() == []


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_every_page_is_accessible_and_fits(page: Page, peer: Peer, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    rules = EVERYTHING if scheme == "light" else LOOK
    page.goto(peer.wallet)
    page.get_by_text("No cards yet").wait_for()
    look(page, rules)
    page.goto(peer.new_offer())
    page.get_by_role("button", name="Take this card").wait_for()
    page.get_by_label("Code").fill("1")
    page.get_by_role("button", name="Take this card").click()
    look(page, rules)
    page.get_by_label("Code").fill("482913")
    page.get_by_role("button", name="Take this card").click()
    page.get_by_role("heading", name="Your card is in this browser").wait_for()
    look(page, rules)
    page.goto(peer.new_request())
    page.get_by_role("button", name="Share", exact=True).wait_for()
    look(page, rules)
    page.goto(peer.wallet)
    page.get_by_role("link", name="Open Verified ID").click()
    page.get_by_role("button", name="Remove this card").wait_for()
    look(page, rules)
    page.goto(f"{peer.wallet}/card#unknown")
    page.get_by_role("heading", name="This card is not in this browser").wait_for()
    look(page, rules)


def look(page: Page, rules: Rules) -> None:
    assert violations(page, rules) == []
    narrow_enough(page)


def test_what_was_shown_to_whom_is_noted_by_names_and_can_be_cleared(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.goto(peer.new_request())
    page.get_by_role("button", name="Share", exact=True).click()
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
    page.goto(peer.new_request())
    page.get_by_role("button", name="Do not share").click()
    page.wait_for_url(f"{peer.origin}/refused")
    page.goto(f"{peer.wallet}/history")
    lines = page.locator(".wallet-history > li")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text(f"Not shared with {peer.host}")
    expect(lines.nth(1)).to_contain_text(f"Shown to {peer.host}: Verified ID")
    expect(lines.nth(1)).to_contain_text("Shared: Given name, Family name, Portrait")
    assert "Anna" not in page.locator("main").inner_text()
    look(page, EVERYTHING)
    page.goto(peer.wallet)
    page.get_by_role("link", name="Open Verified ID").click()
    expect(page.locator('[data-view="card"] .wallet-history > li')).to_have_count(1)
    page.goto(f"{peer.wallet}/history")
    page.get_by_role("button", name="Clear the history").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Nothing yet")).to_be_visible()


def test_on_somebody_elses_device_nothing_is_kept_once_it_was_shown(page: Page, peer: Peer) -> None:
    page.goto(peer.new_offer())
    page.get_by_label("Code").fill("482913")
    page.get_by_label("This is not my device").check()
    page.get_by_role("button", name="Take this card").click()
    page.get_by_role("heading", name="Your card is in this browser").wait_for()
    expect(page.get_by_text("It is forgotten as soon as you have shown it")).to_be_visible()
    page.goto(peer.new_request())
    page.get_by_role("button", name="Share", exact=True).click()
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
    page.goto(peer.wallet)
    expect(page.get_by_text("No cards yet")).to_be_visible()
    kept = """() => new Promise((resolve) => {
      const opening = indexedDB.open("wallet");
      opening.onsuccess = () => {
        const names = [...opening.result.objectStoreNames];
        const reading = opening.result.transaction(names);
        const counts = names.map((name) => reading.objectStore(name).count());
        reading.oncomplete = () => resolve(counts.reduce((sum, count) => sum + count.result, 0));
      };
    })"""
    assert page.evaluate(kept) == 0


def test_a_browser_that_promised_nothing_is_said_to_be_one(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.goto(peer.wallet)
    expect(page.get_by_text("This browser may delete your cards")).to_be_visible()
