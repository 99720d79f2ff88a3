"""OpenID4VP 1.0 in a real browser: the answer is opened and verified by the peer's own libraries."""

import base64
import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.wallet.conftest import come_from_organisation, take_card
from tests.wallet.peer import Peer

pytestmark = pytest.mark.browser


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def share(page: Page) -> None:
    page.get_by_role("button", name="Share", exact=True).click()


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_what_was_asked_leaves_and_the_person_goes_on(
    page: Page, peer: Peer, mode: str, method: str
) -> None:
    take_card(page, peer)
    page.goto(peer.new_request(mode=mode, method=method))
    expect(page.get_by_role("heading", name=f"{peer.host} asks to see a card")).to_be_focused()
    expect(page.get_by_text("It calls itself “Acme recovery”.")).to_be_visible()
    shared = page.locator(".wallet-shared")
    expect(shared.locator("dt")).to_have_text(["Given name", "Family name", "Portrait"])
    share(page)
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
    [answer] = peer.answers
    claims = answer["identity"]
    assert (claims["given_name"], claims["family_name"]) == ("Anna", "Novak")
    assert claims["portrait"].startswith("data:image/jpeg")
    assert "birthdate" not in claims
    assert "evidence" not in claims


def test_a_step_back_does_not_answer_twice(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    link = peer.new_request()
    come_from_organisation(page, peer)
    page.goto(link)
    share(page)
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
    page.go_back()
    page.wait_for_url(f"{peer.origin}/start")
    page.goto(link)
    expect(page.get_by_role("heading", name="You already answered this request")).to_be_visible()
    assert len(peer.answers) == 1


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        ({"aud": "https://elsewhere.example"}, "This request cannot be trusted"),
        ({"client_id": "decentralized_identifier:did:web:other.localhost"}, "This request cannot be trusted"),
        ({"nonce": None}, "This request cannot be trusted"),
        ({"response_uri": "javascript:alert(1)"}, "This request cannot be trusted"),
        ({"response_uri": "http://example.com/answer"}, "This request cannot be trusted"),
        ({"response_mode": "fragment"}, "This request cannot be trusted"),
        ({"exp": int(time.time()) - 5}, "This request has run out"),
        ({"exp": None, "iat": None}, "This request has run out"),
        ({"dcql_query": {"credentials": []}}, "This request cannot be read"),
        ({"transaction_data": ["bm90IGpzb24"]}, "This request needs another wallet"),
    ],
)
def test_a_request_with_a_wrong_part_is_refused(
    same_page: Page, peer: Peer, changes: dict[str, Any], heading: str
) -> None:
    same_page.goto(peer.new_request(**changes))
    expect(same_page.get_by_role("heading", name=heading)).to_be_visible()
    expect(same_page.get_by_role("button", name="Share", exact=True)).to_be_hidden()
    assert peer.answers == []


@pytest.mark.parametrize("flaw", ["forged_request", "plain_typ", "no_wallet_nonce"])
def test_a_request_that_is_not_from_whom_it_names_is_refused(same_page: Page, peer: Peer, flaw: str) -> None:
    peer.flaws.add(flaw)
    same_page.goto(peer.new_request())
    expect(same_page.get_by_role("heading", name="This request cannot be trusted")).to_be_visible()
    assert peer.answers == []


@pytest.mark.parametrize(
    "client", ["x509_san_dns:acme.localhost", "x509_hash:abc", "redirect_uri:https://a.example", "plain"]
)
def test_senders_this_wallet_cannot_check_are_refused(same_page: Page, peer: Peer, client: str) -> None:
    same_page.goto(f"{peer.wallet}/present?client_id={client}&request_uri={peer.origin}/requests/x")
    expect(same_page.get_by_role("heading", name="This request needs another wallet")).to_be_visible()


def test_saying_no_is_told_and_nothing_leaves(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.goto(peer.new_request(mode="direct_post.jwt"))
    page.get_by_role("button", name="Do not share").click()
    page.wait_for_url(f"{peer.origin}/refused")
    [answer] = peer.answers
    assert set(answer) == {"error", "state"}
    assert answer["error"] == "access_denied"


def test_without_a_card_that_fits_the_way_back_is_shown(page: Page, peer: Peer) -> None:
    page.goto(peer.new_request())
    expect(page.get_by_role("heading", name="No card here fits")).to_be_focused()
    page.get_by_role("button", name="Go back").click()
    page.wait_for_url(f"{peer.origin}/refused")
    assert peer.answers[0]["error"] == "access_denied"


def test_an_expired_card_is_not_offered(page: Page, peer: Peer) -> None:
    peer.lifetime = 60
    take_card(page, peer)
    page.clock.install(time=time.time() + 120)
    page.goto(peer.new_request(exp=int(time.time()) + 600, iat=int(time.time())))
    expect(page.get_by_role("heading", name="Your card has expired")).to_be_visible()


def test_among_several_cards_the_person_chooses(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    peer.person = {**peer.person, "given_name": "Ana", "birthdate": "1985-04-12"}
    take_card(page, peer)
    page.goto(peer.new_request())
    options = page.get_by_role("radio")
    expect(options).to_have_count(2)
    expect(page.locator(".wallet-shared dd").first).to_have_text("Ana")
    options.nth(1).check()
    expect(page.locator(".wallet-shared dd").first).to_have_text("Anna")
    share(page)
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
    assert peer.answers[0]["identity"]["given_name"] == "Anna"


def test_what_it_is_for_is_shown_and_bound(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    data = {
        "type": "recovery",
        "credential_ids": ["identity"],
        "purpose": "Recover your account",
        "case_reference": "K7-QX",
    }
    page.goto(peer.new_request(transaction_data=[encoded(data)]))
    expect(page.get_by_text("Recover your account")).to_be_visible()
    expect(page.get_by_text("K7-QX")).to_be_visible()
    share(page)
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
    assert "identity" in peer.answers[0]


def test_the_first_claim_set_that_can_be_met_is_used(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    query = {
        "credentials": [
            {
                "id": "identity",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [peer.vct]},
                "claims": [
                    {"id": "a", "path": ["national_number"]},
                    {"id": "b", "path": ["evidence", "document_type"]},
                    {"id": "c", "path": ["birthdate"]},
                ],
                "claim_sets": [["a"], ["b"], ["c"]],
            }
        ]
    }
    page.goto(peer.new_request(dcql_query=query))
    # The issuer put the evidence into one disclosure: all of it leaves, so all of it is shown.
    expect(page.locator(".wallet-shared dt")).to_have_text(["Evidence", "Type", "Kind of document", "Chip"])
    share(page)
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
    assert "evidence" in peer.answers[0]["identity"]
    assert "birthdate" not in peer.answers[0]["identity"]


def test_an_answer_that_was_not_accepted_is_said(page: Page, peer: Peer) -> None:
    peer.flaws.add("refuses_answer")
    take_card(page, peer)
    page.goto(peer.new_request())
    share(page)
    expect(page.get_by_role("heading", name="The answer was not accepted")).to_be_visible()


def test_the_way_on_is_never_a_script(page: Page, peer: Peer) -> None:
    peer.flaws.add("script_redirect")
    take_card(page, peer)
    page.goto(peer.new_request())
    share(page)
    expect(page.get_by_role("heading", name="Your answer was sent")).to_be_visible()


def test_a_second_tab_waits_for_the_first(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    link = peer.new_request()
    page.goto(link)
    page.get_by_role("button", name="Share", exact=True).wait_for()
    second = page.context.new_page()
    second.goto(link)
    expect(second.get_by_role("heading", name="This is open in another tab")).to_be_visible()


def test_a_reload_before_the_answer_asks_again(page: Page, peer: Peer) -> None:
    take_card(page, peer)
    page.goto(peer.new_request())
    page.get_by_role("button", name="Share", exact=True).wait_for()
    page.reload()
    share(page)
    page.wait_for_url(f"{peer.origin}/back?response_code=c1")
