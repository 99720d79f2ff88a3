"""What is tried with the word of somebody who knows the person: forwarded, replayed, raced, prepared, and by the thousand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.attesting.answering import Answer, answer_ask
from recovery.attesting.asking import MAILS, OF_CASE, ask_attesters
from recovery.attesting.models import Attestation, AttestationAsk
from recovery.decision import has_two_independent_kinds
from recovery.models import Case
from recovery.passkeys.models import Passkey, PersonSession
from recovery.stages import Stage
from recovery.statuses import EvidenceKind as Kind
from tenants.directory.models import DirectoryPerson
from tests.conftest import client_of, make_tenant
from tests.recovery.attesters import (
    ASKED,
    Attester,
    ask_for_attestation,
    code_shown,
    name_manager,
    newest,
    to_attester,
)
from tests.recovery.journey import Journey, Place
from tests.recovery.racing import race


@pytest.fixture
def boss(place: Place, ada: DirectoryPerson, browser: Journey) -> Attester:
    # What was walked before the profile was changed is walked once for all of these.
    browser.to_face()
    made = Attester.of(place, "boss")
    name_manager(place, ada, "boss")
    ask_for_attestation(place)
    return made


@pytest.fixture
def asked(browser: Journey, boss: Attester) -> Journey:
    return to_attester(browser)


def test_a_colleague_to_whom_the_link_was_forwarded_reads_nothing_and_says_nothing(place, asked, boss):
    link, colleague = boss.link(), Attester.of(place, "colleague")
    colleague.sign_in(link)
    page = colleague.client.get(link)
    assert page.status_code == 403 and b"Ada" not in page.content and b"for somebody else" in page.content
    answer = colleague.attest(code_shown(asked), link)
    assert answer.status_code == 403 and asked.work().stage is Stage.ATTEST
    refused = [event for event in asked.audit() if event.name == "recovery:attester:refuse"]
    assert [event.data["reasons"] for event in refused] == [["attester_another_person"]]


def test_the_same_word_said_again_changes_nothing(asked, boss):
    link, code = boss.opened(), code_shown(asked)
    boss.attest(code, link)
    for word in ("attest", "not_them", "cannot_say"):
        answer = boss.say(link, word, code=code, contact="phone", reason="Again.")
        assert b"nothing to answer" in answer.content.lower()
    asked.work()
    assert asked.stage is Stage.PASS and asked.done().count("attested") == 1


def test_a_word_after_the_case_ended_is_worth_nothing(asked, boss):
    link, code = boss.opened(), code_shown(asked)
    asked.post("/recover/cancel")
    asked.work()
    assert b"nothing to answer" in boss.attest(code, link).content.lower()
    assert asked.case.status == "canceled"


def test_at_another_tenant_the_link_is_none(asked, boss):
    elsewhere = client_of(make_tenant())
    assert b"nothing to answer" in elsewhere.get(boss.link()).content.lower()


def test_an_open_browser_is_not_enough(place, asked, boss):
    link, code = boss.opened(), code_shown(asked)
    with tenant_scope(place.tenant.id):
        PersonSession.objects.update(created_at=clock.now() - timedelta(minutes=16))
    page = boss.client.get(link).content
    assert b"Sign in once more" in page and b"Ada" not in page
    boss.attest(code, link)
    assert asked.work().stage is Stage.ATTEST
    with tenant_scope(place.tenant.id):
        PersonSession.objects.update(created_at=clock.now(), passkey=None)
    assert b"Ada" not in boss.client.get(link).content


def test_a_passkey_made_a_moment_ago_speaks_for_nobody(place, asked, boss):
    """Whoever sat at the manager's open browser added one of their own."""
    link, code = boss.opened(), code_shown(asked)
    thief = Attester.of(place, "thief", days=0)
    with tenant_scope(place.tenant.id):
        Passkey.objects.filter(person_id=thief.person.id).update(person_id=boss.person.id)
        session = PersonSession.objects.get(person_id=boss.person.id)
        PersonSession.objects.filter(id=session.id).update(
            passkey=Passkey.objects.order_by("-created_at").first()
        )
    boss.attest(code, link)
    assert asked.work().stage is Stage.ATTEST


@pytest.mark.parametrize("since", ["recovered", "under_way", "frozen", "boss_of_boss"])
def test_whoever_is_not_fit_any_more_when_they_answer_may_not(place, ada, asked, boss, since):
    link, code = boss.opened(), code_shown(asked)
    with tenant_scope(place.tenant.id):
        made = {"status": "recovered", "ended_at": clock.now()} if since == "recovered" else {}
        if since in ("recovered", "under_way"):
            Case.objects.create(
                profile=place.profile,
                profile_version=1,
                mode="production",
                person=boss.person,
                browser_digest=b"x",
                expires_at=clock.now() + timedelta(hours=1),
                **{"status": "proving", **made},
            )
        if since == "frozen":
            Passkey.objects.create(
                person_id=boss.person.id, credential_id="f", public_key=b"f", frozen_at=clock.now()
            )
    if since == "boss_of_boss":
        name_manager(place, boss.person, "ada", days=0)
    assert boss.attest(code, link).status_code == 403
    assert asked.work().stage is Stage.ATTEST


def test_what_a_stranger_opens_by_a_name_keeps_no_attester_out(place, asked, boss):
    place.browser().who("boss")
    boss.attest(code_shown(asked))
    assert asked.work().stage is Stage.PASS


def test_a_word_for_one_browser_is_none_for_another(place, browser, boss):
    to_attester(browser)
    link, code = boss.opened(), code_shown(browser)
    there = place.carry(browser.continuation())
    assert there.stage is Stage.ATTEST and there.get("/recover/attest").context["code"] == ""
    assert b"nothing to answer" in boss.attest(code, link).content.lower()
    there.post("/recover/attest")
    there.work()
    assert code_shown(there) != code


def test_a_hundred_words_at_once_are_one(place, asked, boss):
    link = boss.opened()
    _asked, _asks, code = newest(place)
    token = link.rsplit("/", 1)[1]
    with tenant_scope(place.tenant.id):
        session = PersonSession.objects.select_related("passkey").get(person_id=boss.person.id)
    answer = Answer(word=AttestationAsk.Word.NOT_THEM, reason="Raced.")

    def say(number: int) -> str:
        word = answer if number % 2 else Answer(AttestationAsk.Word.ATTEST, code, "phone")
        answer_ask(place.tenant, token, session=session, answer=word)
        return "said"

    found = race(say, times=100)
    assert found["said"] == 1 and found["attestation_over"] == 99, found
    assert asked.events().count("recovery:attestation:answer") == 1


def test_guesses_at_once_are_five(place, asked, boss):
    boss.opened()
    _asked, _asks, code = newest(place)
    token = boss.link().rsplit("/", 1)[1]
    with tenant_scope(place.tenant.id):
        session = PersonSession.objects.select_related("passkey").get(person_id=boss.person.id)

    def guess(number: int) -> str:
        typed = f"{(int(code) + 1 + number) % 10**6:06d}"
        answer_ask(
            place.tenant, token, session=session, answer=Answer(AttestationAsk.Word.ATTEST, typed, "phone")
        )
        return "said"

    found = race(guess, times=60)
    assert 1 <= found["code_wrong"] <= 5 and found["code_wrong"] + found["attestation_over"] == 60, found
    assert asked.work().case.status == "refused"


def test_nobodys_mailbox_is_filled(place, ada, browser, boss):
    """The button pressed a hundred times, and then by one recovery after another, for everybody in the team."""
    to_attester(browser)
    for _number in range(20):
        browser.post("/recover/attest")
    assert len([entry for entry in mail.outbox if "/attest/" in entry.body]) == 1
    for _number in range(OF_CASE.count + 3):
        with tenant_scope(place.tenant.id):
            Attestation.objects.update(closed_at=clock.now())
        answer = browser.post("/recover/attest")
    browser.work()
    assert b"Nobody more can be asked now" in answer.content
    assert len([entry for entry in mail.outbox if "/attest/" in entry.body]) == OF_CASE.count
    for name in ("bert", "carl", "dora"):
        name_manager(place, place.person(name, given_names=name.title(), family_name="Team"), "boss")
        case = place.browser().begin(name).case
        with tenant_scope(place.tenant.id):
            Case.objects.filter(id=case.id).update(attestation_due=True)
        ask_attesters(place.tenant, case.id, address="198.51.100.8", device="")
    browser.work()
    assert len([entry for entry in mail.outbox if "/attest/" in entry.body]) == MAILS.count
    assert [one.is_mailed for one in newest(place)[1]] == [False]


def test_a_word_and_codes_alone_open_nothing(place, ada, boss):
    """No profile says so, and the rule refuses whatever a profile says."""
    for kinds in (
        {Kind.ATTESTATION},
        {Kind.ATTESTATION, Kind.HELD_ADDRESS},
        {Kind.ATTESTATION, Kind.SAVED_CODE, Kind.HELD_ADDRESS},
    ):
        assert not has_two_independent_kinds(frozenset(kinds))
    assert has_two_independent_kinds(frozenset({Kind.ATTESTATION, Kind.DOCUMENT_PHOTOGRAPH}))
    assert ASKED[-1] == Kind.ATTESTATION.value


def test_what_is_sent_to_the_page_is_read_as_words(asked, boss):
    link = boss.opened()
    for data in (
        {"word": "grant"},
        {"word": "attest", "code": "\x00" * 6, "contact": "phone"},
        {"word": "attest", "code": "1" * 5000, "contact": "phone"},
        {"word": "attest", "code": "123456", "contact": "telepathy"},
        {"word": "cannot_say", "reason": "x" * 5000},
        {},
    ):
        assert boss.client.post(link, data).status_code == 200, data
    assert asked.work().stage is Stage.ATTEST
    for body in (b"[]", b"{", b"x" * 100_000):
        answer = boss.client.post(f"{link}/sign-in", body, content_type="application/json")
        assert 400 <= answer.status_code < 500
