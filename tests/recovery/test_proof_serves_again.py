"""What was proven once serves again: in another browser, for another wallet, in a later case. Only for its own person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.expiring import expire_cases_of
from recovery.models import Case
from recovery.stages import Stage
from tenants.verified_id.issuance import destroy_old_issuances
from tenants.verified_id.models import Credential, Issuance
from tests.holder import Wallet
from tests.recovery.journey import Journey, Place
from vendors.models import ProofingAttempt


def states(place: Place) -> list[str]:
    with tenant_scope(place.tenant.id):
        return list(Credential.objects.order_by("created_at").values_list("state", flat=True))


def kept(browser: Journey) -> bool:
    case = browser.case
    with tenant_scope(browser.place.tenant.id):
        return Issuance.objects.filter(reference=case.id).exclude(sealed=None).exists()


def attempts(place: Place) -> int:
    with tenant_scope(place.tenant.id):
        return ProofingAttempt.objects.count()


def accept_and_say_so(browser: Journey) -> None:
    """The wallet has the card and tells us, as ours does."""
    browser.keep()
    assert browser.wallet.notify().status_code == 204
    browser.work()


# ------------------------------------------------------------------ another browser


def test_with_the_card_out_of_reach_another_browser_gets_a_new_one_after_a_live_face(
    place: Place, browser: Journey, ada
):
    accept_and_say_so(browser.begin("ada").prove())
    there = place.carry(browser.continuation())
    assert there.stage is Stage.PRESENT
    page = there.get("/recover/present")
    assert b"Get a new Verified ID here" in page.content and b"data-unasked" not in page.content
    there.post("/recover/credential/again")
    assert there.stage is Stage.FACE and states(place) == ["revoked"]
    assert there.post("/recover/credential/offer", {"wallet": "other"}).url == "/recover/face"
    there.face()
    assert there.stage is Stage.CREDENTIAL
    accept_and_say_so(there)
    there.show()
    assert there.stage is Stage.FACE
    there.face()
    assert there.stage is Stage.PASS
    there.use_pass().passkey()
    assert there.case.status == "recovered" and states(place) == ["revoked", "valid"]
    assert there.usage() == [
        ("decision", True, "own_contract"),
        ("face_check", False, "moved_browsers"),
        ("face_check", True, "decided"),
    ]
    assert attempts(place) == 1 and not kept(there)


def test_a_thief_with_the_continuation_code_and_the_mailbox_gets_neither_card_nor_portrait(
    place: Place, browser: Journey, ada
):
    """Before a wallet had it: nothing is offered to a browser in which the proven face was not live."""
    browser.begin("ada").prove()
    thief = place.carry(browser.continuation())
    assert thief.stage is Stage.FACE
    for path in ("/recover/credential", "/recover/present"):
        assert thief.get(path).url == "/recover/face"
    assert thief.post("/recover/credential/offer", {"wallet": "here"}).url == "/recover/face"
    place.vision.confidence = 10
    for number in range(5):
        assert thief.face()["state"] == ("again" if number < 4 else "done")
    assert thief.outcome() == ("refused", ["face_check_failed"])
    assert states(place) == [] and not kept(thief)
    assert thief.notices()[1:] == ["continuation_code", *["recovery_refused"] * 2]
    assert [why for meter, _paid, why in thief.usage() if meter == "face_check"] == ["moved_browsers"] * 5
    assert not any(paid for meter, paid, _why in thief.usage() if meter == "face_check")


def test_the_face_before_the_card_opens_no_pass(place: Place, browser: Journey):
    """It says who sits there, not that the card was shown: the decision wants a face of its own."""
    accept_and_say_so(browser.begin("ada").prove())
    there = place.carry(browser.continuation())
    there.post("/recover/credential/again")
    there.face()
    assert "recovery:case:decide" not in there.events()
    accept_and_say_so(there)
    there.show()
    there.work()
    assert there.stage is Stage.FACE and there.case.status == "proving"


def test_the_wallet_of_the_first_browser_may_still_show_its_card_in_the_second(
    place: Place, browser: Journey
):
    accept_and_say_so(browser.begin("ada").prove())
    there = place.carry(browser.continuation())
    there.wallet = browser.wallet
    there.show()
    there.face()
    assert there.stage is Stage.PASS and states(place) == ["valid"]


def test_a_card_that_was_replaced_is_not_accepted_any_more(place: Place, browser: Journey):
    accept_and_say_so(browser.begin("ada").prove())
    old = browser.wallet
    there = place.carry(browser.continuation())
    there.post("/recover/credential/again")
    there.face()
    accept_and_say_so(there)
    link = there.get("/recover/present").context["deep_link"]
    assert old.respond(old.request(link), old.credentials[0]).status_code == 400
    assert there.stage is Stage.PRESENT


def test_a_wallet_that_was_lost_in_the_same_browser_is_replaced_at_once(place: Place, browser: Journey):
    accept_and_say_so(browser.begin("ada").prove())
    browser.post("/recover/credential/again")
    assert browser.stage is Stage.CREDENTIAL
    browser.wallet = Wallet(place.tenant)
    accept_and_say_so(browser)
    browser.show()
    browser.face()
    assert browser.stage is Stage.PASS and states(place) == ["revoked", "valid"]


def test_no_new_card_is_given_for_one_that_was_shown(place: Place, browser: Journey):
    browser.to_face()
    assert browser.post("/recover/credential/again").url == "/recover/face"
    assert states(place) == ["valid"]


def test_before_proofing_only_the_confirmed_address_comes_along(place: Place, browser: Journey):
    browser.begin("ada").consent()
    there = place.carry(browser.continuation())
    assert there.stage is Stage.PROVE
    there.post("/recover/prove")
    there.work().come_back(there.at_partner())
    there.keep().show().face()
    assert there.stage is Stage.PASS
    assert there.done().count("confirmed") == 2


# ------------------------------------------------------------------ a later case


def stop(browser: Journey, how: str) -> None:
    if how == "expired":
        with tenant_scope(browser.place.tenant.id):
            Case.objects.filter(id=browser.case.id).update(expires_at=clock.now() - timedelta(1))
            expire_cases_of(browser.place.tenant)
    elif how == "closed":
        return
    else:
        browser.post("/recover/cancel")
    browser.work()


@pytest.mark.parametrize("how", ["canceled", "expired", "closed"])
def test_within_the_window_the_same_proof_serves_a_later_case_and_is_charged_once(
    place: Place, browser: Journey, ada, how: str
):
    accept_and_say_so(browser.begin("ada").prove())
    first = browser.case
    stop(browser, how)
    again = place.browser().begin("ada")
    again.post("/recover/consent", {"agree": "on"})
    assert again.stage is Stage.PROVE
    assert b"Go on with what I proved" in again.get("/recover/prove").content
    again.post("/recover/prove", {"use": "earlier"})
    assert again.stage is Stage.FACE and "proofed" not in again.done()
    again.face()
    assert again.stage is Stage.CREDENTIAL
    accept_and_say_so(again)
    again.show().face()
    again.use_pass().passkey()
    assert again.case.status == "recovered" and again.held(ada) == ["credential", "document_number"]
    assert attempts(place) == 1
    assert again.usage() == [
        ("face_check", False, "moved_browsers"),
        ("decision", False, "reused"),
        ("face_check", True, "decided"),
    ] or again.usage()[0] == ("decision", False, "reused")
    assert [paid for meter, paid, _why in again.usage() if meter == "decision"] == [False]
    assert "recovery:proof:reuse" in again.events()
    assert states(place) == ["revoked", "valid"]
    with tenant_scope(place.tenant.id):
        ended = Case.objects.get(id=first.id)
    assert ended.status == {"canceled": "canceled", "expired": "expired", "closed": "superseded"}[how]


def test_in_a_later_case_a_face_comes_before_the_card_in_the_same_browser_too(place: Place, browser: Journey):
    browser.begin("ada").prove()
    browser.post("/recover/cancel")
    browser.work().begin("ada")
    browser.post("/recover/consent", {"agree": "on"})
    browser.post("/recover/prove", {"use": "earlier"})
    assert browser.stage is Stage.FACE
    browser.face()
    assert browser.stage is Stage.CREDENTIAL
    browser.keep().show().face()
    assert browser.stage is Stage.PASS


def test_another_face_does_not_get_at_an_earlier_proof_and_leaves_it_to_its_person(
    place: Place, browser: Journey
):
    """Whoever reads the mailbox may open a case; the proof moves only for the face it was made with."""
    browser.begin("ada").prove()
    stop(browser, "canceled")
    thief = place.browser().begin("ada")
    thief.post("/recover/consent", {"agree": "on"})
    thief.post("/recover/prove", {"use": "earlier"})
    place.vision.confidence = 10
    for _number in range(5):
        thief.face()
    assert thief.outcome() == ("refused", ["face_check_failed"])
    assert thief.done() == ["confirmed", "consented"] and states(place) == []
    assert kept(browser)


def test_whoever_chose_an_earlier_proof_may_prove_it_again_instead(place: Place, browser: Journey):
    browser.begin("ada").prove()
    stop(browser, "canceled")
    again = place.browser().begin("ada")
    again.post("/recover/consent", {"agree": "on"})
    again.post("/recover/prove", {"use": "earlier"})
    assert b"with a document instead" in again.get("/recover/face").content
    again.post("/recover/prove")
    again.work().come_back(again.at_partner())
    assert again.stage is Stage.CREDENTIAL and attempts(place) == 2


@pytest.mark.parametrize(
    "end", ["refused", "not_me", "not_me_after_all", "not_their_device", "recovered", "turned_off"]
)
def test_every_other_end_destroys_the_proof(place: Place, browser: Journey, ada, end: str):
    browser.begin("ada").prove()
    if end == "refused":
        browser.keep().show()
        place.vision.confidence = 1
        for _number in range(5):
            browser.face()
    elif end == "not_me_after_all":
        stop(browser, "canceled")
        assert kept(browser)
        browser.post(browser.links_mailed()[-1])
    elif end == "not_me":
        browser.post(browser.links_mailed()[-1])
    elif end == "not_their_device":
        case = browser.case
        browser.post("/recover/forget")
        with tenant_scope(place.tenant.id):
            browser.client.cookies.clear()
            assert Case.objects.get(id=case.id).status == "canceled"
        browser.work()
        with tenant_scope(place.tenant.id):
            assert not Issuance.objects.exclude(sealed=None).exists()
        return
    elif end == "recovered":
        browser.keep().show().face()
        browser.use_pass().passkey()
    else:
        place.set_profile(reuse_hours=0)
        browser.post("/recover/cancel")
    browser.work()
    assert not kept(browser)
    again = place.browser().begin("ada")
    again.post("/recover/consent", {"agree": "on"})
    assert b"Go on with what I proved" not in again.get("/recover/prove").content


def test_after_the_window_the_portrait_is_gone_and_nothing_is_offered(place: Place, browser: Journey):
    place.set_profile(reuse_hours=3)
    browser.begin("ada").prove()
    stop(browser, "canceled")
    with clock.frozen(clock.now() + timedelta(hours=3, seconds=1)):
        with tenant_scope(place.tenant.id):
            destroy_old_issuances()
        assert not kept(browser)
        again = place.browser().begin("ada")
        again.consent()
        assert again.stage is Stage.PARTNER


def test_a_proof_of_one_person_serves_nobody_else(place: Place, browser: Journey):
    place.person("grace", given_names="Grace", family_name="Hopper")
    browser.begin("ada").prove()
    stop(browser, "canceled")
    other = browser.begin("grace")
    other.post("/recover/consent", {"agree": "on"})
    assert other.stage is Stage.PARTNER
    assert other.post("/recover/prove", {"use": "earlier"}).url == "/recover/partner"


def test_a_contradiction_of_the_earlier_check_stops_the_case_that_lives_on_it(place: Place, browser: Journey):
    browser.begin("ada").consent()
    link = browser.get("/recover/partner", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    first, second = place.provider.visit(link), place.provider.visit(link)
    browser.come_back(first)
    earlier = browser.case
    stop(browser, "canceled")
    again = place.browser().begin("ada")
    again.post("/recover/consent", {"agree": "on"})
    again.post("/recover/prove", {"use": "earlier"})
    again.face()
    again.keep().show()
    place.provider.answers.claims["family_name"] = "Byron"
    browser.come_back(second)
    assert again.outcome() == ("refused", ["partner_contradicted_itself"])
    assert states(place) == ["revoked"]
    with tenant_scope(place.tenant.id):
        assert "partner_contradicted_itself" in Case.objects.get(id=earlier.id).reasons
