"""Somebody who knows the person says that it is them, and it is one kind of evidence among others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.attesting.models import Attestation
from recovery.models import Case
from recovery.passkeys.models import Passkey
from recovery.stages import Stage
from tenants.directory.details import everything_held
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.rights import Role
from tenants.verified_id.tasks import let_go
from tests.conftest import client_of, make_member
from tests.recovery.attesters import (
    Attester,
    ask_for_attestation,
    code_shown,
    name_manager,
    newest,
    to_attester,
    wrong,
)
from tests.recovery.journey import Journey, Place


@pytest.fixture
def boss(place: Place, ada: DirectoryPerson, browser: Journey) -> Attester:
    """Ada's manager, in a place whose profile asks for their word."""
    # What was walked before the profile was changed is walked once for all of these.
    browser.to_face()
    made = Attester.of(place, "boss")
    name_manager(place, ada, "boss")
    ask_for_attestation(place)
    return made


def test_the_manager_hears_the_code_and_the_recovery_goes_on_at_once(place: Place, browser: Journey, boss):
    browser.face()
    assert browser.stage is Stage.ATTEST and browser.case.reasons == ["attestation_due"]
    assert b"Ask them now" in browser.get("/recover/attest").content
    mail.outbox.clear()
    browser.post("/recover/attest")
    browser.work()
    code = code_shown(browser)
    asked = [entry for entry in mail.outbox if "/attest/" in entry.body]
    assert [entry.to for entry in asked] == [["boss@people.example"]]
    assert "Lovelace" not in asked[0].body + asked[0].subject and code not in asked[0].body
    told = [entry for entry in mail.outbox if "one more word" in entry.subject]
    assert {entry.to[0] for entry in told} == {"ada@people.example", "ada@home.example"}
    assert all("/not-me/" in entry.body for entry in told)
    link = boss.opened()
    page = boss.client.get(link).content.decode()
    assert "Ada Lovelace" in page and browser.case.reference in page and code not in page
    assert b"Your answer counts" in boss.attest(code, link).content
    browser.work()
    assert browser.stage is Stage.PASS, browser.outcome()
    assert browser.decided()["outcome"] == "approved" and "attested" in browser.done()
    # One proof and one face, however long the manager took.
    assert [meter for meter, *_rest in browser.usage()] == ["decision", "face_check"]
    browser.use_pass().passkey()
    assert browser.case.status == "recovered"


def test_whoever_was_attested_after_half_an_hour_shows_the_card_and_the_face_once_more(place, browser, boss):
    to_attester(browser)
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        let_go()
    boss.attest(code_shown(browser))
    browser.work()
    assert browser.stage is Stage.PRESENT, (browser.stage, browser.outcome())
    browser.show().face()
    assert browser.stage is Stage.PASS, browser.outcome()
    assert [(meter, paid) for meter, paid, _why in browser.usage()] == [
        ("decision", True),
        ("face_check", True),
        ("face_check", False),
    ]


def test_nobody_is_asked_before_everything_else_passed(place: Place, browser: Journey, boss):
    mail.outbox.clear()
    assert browser.post("/recover/attest").url == "/recover/face"
    place.vision.confidence = 10
    browser.face()
    browser.work()
    assert not [entry for entry in mail.outbox if "/attest/" in entry.body]
    with tenant_scope(place.tenant.id):
        assert not Attestation.objects.exists()


def test_a_wrong_code_counts_and_five_end_it(place: Place, browser: Journey, boss):
    to_attester(browser)
    code, link = code_shown(browser), boss.opened()
    for _number in range(4):
        answer = boss.attest(wrong(code), link)
        assert b"not the code on their page" in answer.content and browser.stage is Stage.ATTEST
    assert b"nothing to answer" in boss.attest(wrong(code), link).content.lower()
    assert browser.work().outcome() == ("refused", ["attestation_due", "attestation_tries_used_up"])
    assert browser.credential() == "revoked"
    assert b"nothing to answer" in boss.attest(code, link).content.lower()
    assert browser.case.status == "refused"


def test_it_is_not_them_stops_everything_and_the_next_recovery_waits(place, browser, boss, owner_of_place):
    to_attester(browser)
    link = boss.opened()
    assert b"Say why" in boss.say(link, "not_them").content and browser.stage is Stage.ATTEST
    assert b"is stopped" in boss.say(link, "not_them", reason="She sits beside me.").content
    browser.work()
    assert browser.outcome() == ("refused", ["attestation_due", "attested_not_them"])
    assert browser.credential() == "revoked" and browser.alerts() == [owner_of_place]
    assert browser.notices()[-2:] == ["recovery_refused"] * 2
    again = to_attester(place.browser())
    boss.attest(code_shown(again))
    assert again.work().outcome()[0] == "held" and "repudiated_recently" in again.outcome()[1]


@pytest.fixture
def owner_of_place(place: Place) -> str:
    return str(make_member(place.tenant, Role.OWNER).user.email)


def test_i_cannot_say_refuses_and_says_nothing_to_the_claimant(place: Place, browser: Journey, boss):
    to_attester(browser)
    boss.say(boss.opened(), "cannot_say", reason="On leave.")
    browser.work()
    assert browser.outcome() == ("refused", ["attestation_due", "attestation_refused"])
    said = browser.get("/recover/ended").content.decode()
    assert "manager" not in said.lower() and "leave" not in said


def test_two_voices_are_two_people(place: Place, browser: Journey, ada, boss):
    peer, third = Attester.of(place, "peer"), Attester.of(place, "third")
    ask_for_attestation(place, voices=2, named=[str(peer.person.id), str(third.person.id)])
    to_attester(browser)
    code = code_shown(browser)
    boss.attest(code)
    assert browser.work().stage is Stage.ATTEST
    link = boss.link()
    boss.attest(code, link)
    assert browser.work().stage is Stage.ATTEST
    assert b"A second person is asked" in peer.client.get(peer.opened()).content
    peer.attest(code)
    assert browser.work().stage is Stage.PASS


def test_where_there_is_no_manager_those_are_asked_whom_the_profile_names(place, browser, ada):
    peer = Attester.of(place, "peer")
    ask_for_attestation(place, named=[str(peer.person.id)])
    to_attester(browser)
    peer.attest(code_shown(browser))
    assert browser.work().stage is Stage.PASS
    step = next(event for event in browser.audit() if event.name == "recovery:attestation:answer")
    assert step.data == {"word": "attest", "asked_as": "named", "contact": "phone"}


def test_in_evaluation_the_whole_way_is_walked_and_nobody_gets_a_pass(place, browser, boss):
    with tenant_scope(place.tenant.id):
        Case.objects.update(mode="evaluation")
    to_attester(browser)
    boss.attest(code_shown(browser))
    assert browser.work().case.status == "evaluated"


def test_a_question_that_nobody_answered_may_be_asked_again_with_another_code(place, browser, boss):
    to_attester(browser)
    old, link, begun = code_shown(browser), boss.opened(), clock.now()
    with clock.frozen(begun + timedelta(hours=25)):
        assert browser.get("/recover/attest").context["code"] == ""
        assert b"nothing to answer" in boss.client.get(link).content.lower()
        let_go()
        browser.post("/recover/attest")
        browser.work()
        assert code_shown(browser) != old and boss.link() != link
        boss.attest(code_shown(browser))
        assert browser.work().stage is Stage.PRESENT


def test_what_the_attester_sees_of_where_is_forgotten_with_the_question(place, browser, boss):
    browser.client.defaults["REMOTE_ADDR"] = "198.51.100.77"
    browser.client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"
    to_attester(browser)
    page = boss.client.get(boss.opened()).content.decode()
    assert "An iPhone" in page and "198.51.100.*" in page and "198.51.100.77" not in page
    boss.attest(code_shown(browser))
    asked, _asks, _code = newest(place)
    assert (asked.device, asked.network, asked.end) == ("", "", "attested")


@pytest.mark.parametrize(
    "spoil",
    [
        "suspended",
        "young_passkey",
        "frozen",
        "recovered",
        "no_address",
        "changed",
        "nobody",
        "oneself",
        "below",
    ],
)
def test_who_may_not_attest_is_not_asked_and_nobody_is_charged(place, browser, ada, boss, spoil):
    moment = clock.now()
    with tenant_scope(place.tenant.id):
        keys = Passkey.objects.filter(person_id=boss.person.id)
        match spoil:
            case "suspended":
                DirectoryPerson.objects.filter(id=boss.person.id).update(status="suspended")
            case "young_passkey":
                keys.update(created_at=moment - timedelta(hours=71))
            case "frozen":
                keys.update(frozen_at=moment)
            case "recovered":
                Case.objects.create(
                    profile=place.profile,
                    profile_version=1,
                    mode="production",
                    person=boss.person,
                    browser_digest=b"x",
                    status="recovered",
                    expires_at=moment,
                    ended_at=moment - timedelta(days=6),
                )
            case "no_address":
                NoticeAddress.objects.filter(person=boss.person).update(held_since=moment)
    match spoil:
        case "changed":
            name_manager(place, ada, "boss", days=2.9)
        case "nobody":
            name_manager(place, ada, "Boss Byron")
        case "oneself":
            name_manager(place, ada, "ada")
        case "below":
            name_manager(place, boss.person, "ada")
    other = place.browser().begin("ada").consent()
    assert other.outcome() == ("refused", ["missing_attestation"]) and other.usage() == []


def test_what_an_attester_said_is_in_the_export_of_the_person_and_who_said_it_is_not(
    place, browser, ada, boss
):
    to_attester(browser)
    boss.say(boss.opened(), "not_them", code=code_shown(browser), contact="phone", reason="Another voice.")
    with tenant_scope(place.tenant.id):
        told = everything_held(ada)["recoveries"][0]
        assert everything_held(boss.person)["recoveries"] == []
    assert told["reference"] == browser.case.reference
    said = told["said_about_the_person"]
    assert [(one["word"], one["reason"], one["asked_as"]) for one in said] == [
        ("not_them", "Another voice.", "manager")
    ]
    assert "boss" not in str(told).lower()


def test_a_stranger_reads_the_same_pages_with_the_link_or_without(place, browser, boss):
    to_attester(browser)
    for path in ("/attest/none", "/attest/" + "x" * 400):
        assert b"There is nothing to answer" in client_of(place.tenant).get(path).content
    page = client_of(place.tenant).get(boss.link()).content.decode()
    assert "Sign in with a passkey" in page and "Ada" not in page and browser.case.reference not in page


@pytest.mark.parametrize("days", [30, 2])
def test_the_manager_hears_of_a_recovery_if_the_profile_says_so_and_they_were_one_before(
    place: Place, browser: Journey, ada, days: float
):
    browser.to_pass("ada").use_pass()
    place.person("chief", given_names="Grace", family_name="Hopper")
    name_manager(place, ada, "chief@people.example", days=days)
    place.set_profile(told=["manager"])
    mail.outbox.clear()
    browser.passkey()
    told = [entry for entry in mail.outbox if "in your team" in entry.subject]
    assert [entry.to for entry in told] == ([["chief@people.example"]] if days > 3 else [])
    assert all("Ada Lovelace" in entry.body and "/not-me/" not in entry.body for entry in told)
