"""OpenID4VCI 1.0 in a real browser against a peer that shares no code with the product."""

import pytest
from playwright.sync_api import Page, expect

from tests.wallet.conftest import come_from_organisation, take_card
from tests.wallet.peer import Peer

pytestmark = pytest.mark.browser

READ_STORE = """async () => {
  const database = await new Promise((resolve) => {
    const opening = indexedDB.open("wallet"); opening.onsuccess = () => resolve(opening.result); });
  const all = (name) => new Promise((resolve) => {
    const asking = database.transaction(name).objectStore(name).getAll(); asking.onsuccess = () => resolve(asking.result); });
  const cards = await all("cards");
  const found = { cards: cards.length, attempts: (await all("attempts")).length,
    extractable: cards.map((card) => card.holderKey.privateKey.extractable) };
  database.close();
  return found;
}"""


def begin(page: Page, peer: Peer) -> None:
    page.goto(peer.new_offer())
    page.get_by_role("button", name="Take this card").wait_for()


def accept(page: Page, code: str | None = "482913") -> None:
    if code:
        page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Take this card").click()


def test_a_card_is_taken_with_its_code_and_the_issuer_is_told(page: Page, peer: Peer) -> None:
    begin(page, peer)
    expect(page.get_by_role("heading", name="Acme Ltd offers you this card")).to_be_focused()
    expect(page.get_by_text(peer.host)).to_be_visible()
    expect(page.get_by_text("Shown on the page you came from.")).to_be_visible()
    accept(page, "482 913")
    expect(page.get_by_role("heading", name="Your card is in this browser")).to_be_focused()
    expect(page.get_by_text("Anna Novak").first).to_be_visible()
    expect(page.get_by_role("img", name="Portrait on this card").first).to_be_visible()
    assert peer.events == [{"notification_id": "n1", "event": "credential_accepted"}]


@pytest.mark.parametrize("days", [-400, 3])
def test_a_device_whose_clock_is_wrong_takes_the_card_all_the_same(page: Page, peer: Peer, days: int) -> None:
    """Issuers refuse a proof that is dated elsewhere, and nobody who is locked out sets a clock first."""
    page.add_init_script(
        f"const now = Date.now.bind(Date); Date.now = () => now() + {days} * 86_400_000;"  # all that the wallet asks
    )
    begin(page, peer)
    accept(page)
    expect(page.get_by_role("heading", name="Your card is in this browser")).to_be_focused()


def test_the_private_key_cannot_leave_and_nothing_of_the_attempt_stays(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    assert page.evaluate(READ_STORE) == {"cards": 1, "attempts": 0, "extractable": [False]}


def test_the_offer_does_not_stay_in_the_address(page: Page, peer: Peer) -> None:
    begin(page, peer)
    assert page.url == f"{peer.wallet}/offer"


def test_go_back_returns_to_the_page_the_person_came_from(page: Page, peer: Peer) -> None:
    come_from_organisation(page, peer)
    take_card(page, peer)
    page.get_by_role("button", name="Go back").click()
    page.wait_for_url(f"{peer.origin}/start")


def test_a_wallet_opened_on_its_own_says_to_close_the_tab(page: Page, peer: Peer) -> None:
    page.goto(f"{peer.wallet}/offer")
    expect(page.get_by_role("heading", name="Nothing to do here")).to_be_visible()
    page.evaluate("Object.defineProperty(history, 'length', { value: 1 })")
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_role("heading", name="Close this tab")).to_be_focused()


def test_a_wrong_code_is_said_beside_the_field_and_stays_typed(page: Page, peer: Peer) -> None:
    begin(page, peer)
    accept(page, "111111")
    expect(page.get_by_text("That code was not accepted.")).to_be_visible()
    expect(page.get_by_label("Code")).to_have_value("111111")
    expect(page.get_by_label("Code")).to_be_focused()
    accept(page)
    expect(page.get_by_role("heading", name="Your card is in this browser")).to_be_visible()


def test_a_code_of_the_wrong_length_is_not_sent(page: Page, peer: Peer) -> None:
    begin(page, peer)
    accept(page, "12")
    expect(page.get_by_text("The code has 6 characters")).to_be_visible()
    accept(page)
    expect(page.get_by_role("heading", name="Your card is in this browser")).to_be_visible()


def test_an_offer_without_a_code_asks_for_none(page: Page, peer: Peer) -> None:
    peer.tx_code = None
    begin(page, peer)
    expect(page.get_by_label("Code")).to_be_hidden()
    accept(page, None)
    expect(page.get_by_role("heading", name="Your card is in this browser")).to_be_visible()


def test_parameters_after_the_hash_work_too(page: Page, peer: Peer) -> None:
    page.goto(peer.new_offer().replace("/offer?", "/offer#", 1))
    expect(page.get_by_role("button", name="Take this card")).to_be_visible()


def test_an_expired_offer_is_said_plainly(same_page: Page, peer: Peer) -> None:
    link = peer.new_offer()
    for offer in peer.offers.values():
        offer["expired"] = True
    same_page.goto(link)
    expect(same_page.get_by_role("heading", name="This offer has run out")).to_be_focused()


def test_an_offer_used_elsewhere_is_said_plainly(page: Page, peer: Peer) -> None:
    peer.tx_code = None
    begin(page, peer)
    for offer in peer.offers.values():
        offer["used"] = True
    accept(page, None)
    expect(page.get_by_role("heading", name="This offer has run out")).to_be_visible()


@pytest.mark.parametrize(
    ("flaw", "heading"),
    [
        ("forged", "This card is not genuine"),
        ("other_holder", "This card was made for another wallet"),
        ("other_type", "This is not the card that was offered"),
        ("other_issuer", "This card is not from the issuer you agreed to"),
        ("expired", "This card has already expired"),
        ("foreign_disclosure", "This card is damaged"),
    ],
)
def test_a_bad_card_is_refused_and_the_issuer_told(
    same_page: Page, peer: Peer, flaw: str, heading: str
) -> None:
    peer.flaws.add(flaw)
    begin(same_page, peer)
    accept(same_page)
    expect(same_page.get_by_role("heading", name=heading)).to_be_visible()
    assert peer.events == [{"notification_id": "n1", "event": "credential_failure"}]
    assert same_page.evaluate(READ_STORE) == {"cards": 0, "attempts": 0, "extractable": []}


def test_metadata_of_another_issuer_is_refused(same_page: Page, peer: Peer) -> None:
    peer.flaws.add("other_metadata")
    same_page.goto(peer.new_offer())
    expect(same_page.get_by_role("heading", name="The issuer’s details do not fit the offer")).to_be_visible()


def test_an_offer_over_plain_http_is_never_fetched(same_page: Page, peer: Peer) -> None:
    same_page.goto(f"{peer.wallet}/offer?credential_offer_uri=http%3A%2F%2Fexample.com%2Fo")
    expect(same_page.get_by_role("heading", name="This link is not safe")).to_be_visible()


def test_a_nonce_that_ran_out_is_fetched_again(page: Page, peer: Peer) -> None:
    peer.flaws.add("stale_nonce_once")
    take_card(page, peer)
    assert len(peer.proofs) == 2


def test_an_outage_after_the_code_was_spent_loses_nothing(page: Page, peer: Peer) -> None:
    peer.flaws.add("outage")
    begin(page, peer)
    accept(page)
    expect(page.get_by_role("heading", name="The other side is busy")).to_be_visible()
    peer.flaws.clear()
    page.reload()
    expect(page.get_by_role("heading", name="Your card is in this browser")).to_be_visible()


def test_a_reload_before_consent_shows_the_offer_again(page: Page, peer: Peer) -> None:
    begin(page, peer)
    page.reload()
    expect(page.get_by_role("button", name="Take this card")).to_be_visible()


def test_a_reload_after_the_end_shows_the_card_and_asks_nothing(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.reload()
    expect(page.get_by_role("heading", name="You already took this card")).to_be_visible()
    assert len(peer.proofs) == 1


def test_a_second_tab_waits_for_the_first(page: Page, peer: Peer) -> None:
    link = peer.new_offer()
    page.goto(link)
    page.get_by_role("button", name="Take this card").wait_for()
    second = page.context.new_page()
    second.goto(link)
    expect(second.get_by_role("heading", name="This is open in another tab")).to_be_visible()
    page.close()
    second.get_by_role("button", name="Try again").click()
    expect(second.get_by_role("button", name="Take this card")).to_be_visible()


def test_a_browser_that_keeps_nothing_is_told_before_any_code_is_spent(page: Page, peer: Peer) -> None:
    page.add_init_script("Object.defineProperty(globalThis, 'indexedDB', { value: undefined })")
    page.goto(peer.new_offer())
    expect(page.get_by_role("heading", name="This browser cannot keep a card")).to_be_visible()


def test_a_lost_network_can_be_tried_again(page: Page, peer: Peer) -> None:
    begin(page, peer)
    page.context.set_offline(True)
    accept(page)
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Code")).to_have_value("482913")
    accept(page)
    expect(page.get_by_role("heading", name="Your card is in this browser")).to_be_visible()
