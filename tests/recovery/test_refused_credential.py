"""A credential opens a case only if it is the case's own, valid, held by its wallet, and shown in the case's browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.proofing import offer_for
from recovery.stages import Stage
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential, Presentation
from tenants.verified_id.protocol import holder
from tests.holder import FORM, Wallet, path_of
from tests.recovery.journey import Journey, Place, make_place


def assert_not_accepted(browser: Journey, *, state: str = "valid") -> None:
    """The wallet reads a refusal, and the case is where it was: nothing shown, charged, told or lost."""
    assert (browser.case.status, browser.stage) == ("proving", Stage.PRESENT)
    assert "presented" not in browser.done() and browser.credential() == state
    refused = [event.data for event in browser.audit() if event.name == "verified_id:presentation:refuse"]
    assert len(refused) == 1 and refused[0]["reason"], refused
    assert browser.notices() == ["confirmation_code"]
    assert browser.usage() == [("decision", True, "own_contract")]


def test_a_credential_of_another_tenant_is_not_accepted(provider, vision, browser: Journey):
    there = make_place(provider, vision)
    there.person("ada")
    stranger = there.browser().begin("ada").prove().keep()
    browser.begin("ada").prove().keep()
    link = browser.get("/recover/present").context["deep_link"]
    answer = browser.wallet.respond(browser.wallet.request(link), stranger.wallet.credentials[0])
    assert answer.status_code == 400
    assert_not_accepted(browser)


def test_a_copied_credential_without_its_key_is_not_accepted(place: Place, browser: Journey):
    browser.begin("ada").prove().keep()
    thief = Wallet(place.tenant)
    link = browser.get("/recover/present").context["deep_link"]
    assert thief.respond(thief.request(link), browser.wallet.credentials[0]).status_code == 400
    assert_not_accepted(browser)


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_a_credential_that_is_revoked_or_expired_is_not_accepted(place: Place, browser: Journey, state: str):
    browser.begin("ada").prove().keep()
    with tenant_scope(place.tenant.id):
        if state == "revoked":
            revoke_credential(browser.case.credential_id, reason="test", actor=SYSTEM)
        else:
            Credential.objects.update(expires_at=clock.now() - timedelta(1))
    link = browser.get("/recover/present").context["deep_link"]
    assert browser.wallet.respond(browser.wallet.request(link)).status_code == 400
    assert_not_accepted(browser, state=state)
    browser.post("/recover/credential/again")
    browser.keep().show().face()
    assert browser.stage is Stage.PASS


def test_a_request_that_was_answered_wrongly_too_often_gives_way_to_a_new_one(place: Place, browser: Journey):
    """Whoever saw it does not hold up the person for the rest of its five minutes."""
    browser.begin("ada").prove().keep()
    link = browser.get("/recover/present").context["deep_link"]
    thief = Wallet(place.tenant)
    request = thief.request(link)
    for number in range(5):
        assert browser.get("/recover/present").context["deep_link"] == link, number
        thief.respond(request, browser.wallet.credentials[0])
    assert progress(browser) == "/recover/present"
    page = browser.get("/recover/present")
    assert page.context["deep_link"] != link and b"could not be accepted" in page.content
    assert browser.wallet.respond(browser.wallet.request(link)).status_code == 400
    browser.show()
    assert browser.stage is Stage.FACE


def test_an_answer_shown_twice_counts_once(place: Place, browser: Journey):
    browser.begin("ada").prove().keep()
    wallet, link = browser.wallet, browser.get("/recover/present").context["deep_link"]
    request = wallet.request(link)
    back = wallet.respond(request).json()["redirect_uri"]
    replayed = wallet.respond(request)
    assert replayed.status_code == 400
    browser.get(path_of(back))
    assert browser.stage is Stage.FACE
    browser.get(path_of(back))
    assert browser.done().count("presented") == 1


def test_the_response_code_is_worth_nothing_in_another_browser(place: Place, browser: Journey):
    """A QR relayed to the victim's wallet: the answer comes back in the victim's browser, not in the phisher's."""
    browser.begin("ada").prove().keep()
    link = browser.get("/recover/present").context["deep_link"]
    back = browser.wallet.present(link)
    victim = place.browser()
    assert victim.get(path_of(back)).status_code == 303
    elsewhere = place.browser().begin("ada").prove().keep()
    elsewhere.get("/recover/present")
    elsewhere.get(path_of(back))
    assert elsewhere.stage is Stage.PRESENT and browser.stage is Stage.PRESENT


def test_a_second_tab_that_asks_to_present_late_replaces_nothing(place: Place, browser: Journey):
    browser.to_face()
    before = browser.case.presentation_id
    assert browser.get("/recover/present").status_code == 303
    assert browser.case.presentation_id == before
    browser.face()
    assert browser.stage is Stage.PASS


def test_what_was_shown_is_asked_for_again_once_it_is_no_longer_kept(place: Place, browser: Journey):
    browser.to_face()
    with tenant_scope(place.tenant.id):
        Presentation.objects.update(sealed=None, data_key=None)
    assert browser.stage is Stage.PRESENT
    assert browser.get("/recover/face").url == "/recover/present"
    browser.show().face()
    assert browser.stage is Stage.PASS


def test_a_worker_that_comes_too_late_asks_for_the_card_again(place: Place, browser: Journey):
    browser.to_face()
    browser.get("/recover/face")
    browser.clip()
    assert browser.stage is Stage.DECIDING
    with tenant_scope(place.tenant.id):
        Presentation.objects.update(sealed=None, data_key=None)
    browser.work()
    assert browser.stage is Stage.PRESENT
    browser.show().face()
    assert browser.stage is Stage.PASS


def test_a_face_judged_before_a_case_was_carried_away_decides_nothing_there(place: Place, browser: Journey):
    """The worker is slow; whoever has the continuation code and the mailbox moves the case; the wallet answers there too.
    No pass without a face."""
    browser.to_face()
    thief = place.ask_to_continue(browser.continuation())
    browser.get("/recover/face")
    browser.clip()
    thief.post("/recover/continue/code", {"code": browser.code_mailed()})
    thief.wallet = browser.wallet
    thief.show()
    thief.work()
    assert thief.stage is Stage.FACE and thief.case.status == "proving"
    assert "recovery:case:decide" not in thief.events()


def test_what_a_wallet_fetches_as_the_case_ends_is_revoked(place: Place, browser: Journey):
    browser.begin("ada").prove()
    answer = browser.post("/recover/credential/offer", {"wallet": "other"})
    browser.wallet.accept(answer.context["link"], answer.context["tx_code"])
    browser.post("/recover/cancel")
    with tenant_scope(place.tenant.id):
        (made,) = Credential.objects.filter(reference=browser.case.id)
    browser.work()
    assert browser.case.status == "canceled"
    with tenant_scope(place.tenant.id):
        assert Credential.objects.get(id=made.id).state == "revoked"


def test_a_card_fetched_again_after_it_was_shown_is_void_and_so_is_the_case(place: Place, browser: Journey):
    browser.begin("ada").prove()
    with tenant_scope(place.tenant.id):
        first = offer_for(browser.case.id, other_wallet=False)
    wallet = browser.wallet
    offer = wallet.offer(first.deep_link)
    token = wallet.token(offer).json()["access_token"]
    browser.keep().show()
    late = wallet.credential(token, wallet.proof(offer.credential_issuer))
    assert late.status_code == 200
    browser.work()
    browser.face()
    assert browser.case.status == "refused"
    with tenant_scope(place.tenant.id):
        states = set(Credential.objects.filter(reference=browser.case.id).values_list("state", flat=True))
    assert states == {"revoked"}


# ------------------------------------------------------------------ a wallet on another device


def scanned(browser: Journey) -> str:
    return str(browser.post("/recover/present/elsewhere").context["link"])


def progress(browser: Journey) -> str:
    answer = browser.get("/recover/present/progress", headers={"HX-Request": "true"})
    return str(answer.headers.get("HX-Redirect", answer.status_code))


def test_a_wallet_on_another_device_answers_and_the_page_goes_on(place: Place, browser: Journey):
    browser.begin("ada").prove().keep()
    link = scanned(browser)
    assert b"<svg" in browser.last.content and progress(browser) == "204"
    answer = browser.wallet.respond(browser.wallet.request(link))
    assert (answer.status_code, answer.json()) == (200, {}), "nobody is sent anywhere"
    assert browser.stage is Stage.PRESENT
    assert progress(browser) == "/recover/face"
    browser.face()
    assert browser.stage is Stage.PASS and browser.done().count("presented") == 1
    asked = [event.data for event in browser.audit() if event.name == "verified_id:presentation:request"]
    assert asked == [{"cross_device": True}]


def test_only_the_browser_that_began_takes_what_was_shown_on_another_device(place: Place, browser: Journey):
    """A code relayed to the victim: whoever else holds a case gets nothing of it, and the face is still asked for."""
    browser.begin("ada").prove().keep()
    other = place.browser().begin("ada").prove().keep()
    link = scanned(browser)
    scanned(other)
    browser.wallet.respond(browser.wallet.request(link))
    assert progress(other) == "204" and other.stage is Stage.PRESENT
    assert progress(place.browser()) == "/recover/"
    place.vision.confidence = 10
    assert progress(browser) == "/recover/face"
    for _number in range(5):
        browser.face()
    assert browser.outcome() == ("refused", ["face_check_failed"])


def test_a_request_for_this_device_is_never_completed_without_its_response_code(
    place: Place, browser: Journey
):
    browser.begin("ada").prove().keep()
    link = browser.get("/recover/present").context["deep_link"]
    back = browser.wallet.present(link)
    assert progress(browser) == "/recover/present" and browser.stage is Stage.PRESENT
    browser.get(path_of(back))
    assert browser.stage is Stage.FACE


def test_a_wallet_on_another_device_that_shows_another_case_s_card_ends_the_case(
    place: Place, browser: Journey
):
    other = place.browser().begin("ada").prove().keep()
    browser.begin("ada").prove().keep()
    other.wallet.respond(other.wallet.request(scanned(browser)))
    assert progress(browser) == "/recover/ended"
    assert browser.outcome() == ("refused", ["credential_of_another_case"])


def test_a_wallet_that_says_no_is_told_as_one_and_the_card_can_still_be_shown(browser: Journey):
    browser.begin("ada").prove().keep()
    request = browser.wallet.request(browser.get("/recover/present").context["deep_link"])
    answer = browser.wallet.client.post(
        path_of(request.response_uri), holder.error_response(request), content_type=FORM
    )
    browser.get(path_of(answer.json()["redirect_uri"]))
    page = browser.get("/recover/present").content.decode()
    assert "Nothing was shared" in page and "could not be accepted" not in page
    assert "Nothing was shared" not in browser.get("/recover/present").content.decode()
    browser.show()
    assert browser.stage is Stage.FACE
