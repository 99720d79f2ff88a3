"""A Verified ID before the loss: for somebody who is signed in, tied to their account, and worth nothing to a thief."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.scope import tenant_scope
from recovery.models import Case, CaseStep, CredentialBinding
from recovery.passkeys.models import Passkey, PersonSession
from recovery.passkeys.saved_codes import make_saved_codes
from recovery.passkeys.selectors import saved_codes_left
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson
from tenants.verified_id.credentials import status_of
from tenants.verified_id.models import Credential
from tests.conftest import client_of
from tests.recovery.journey import Journey, Place

PAGE, GET = "/security/verified-id/", "/security/verified-id/get"


def a_session(
    place: Place, person: DirectoryPerson, settings: Any, *, ago: timedelta = timedelta()
) -> Journey:
    """A browser that is signed in as this person, since a while ago."""
    browser, token = place.browser(), f"session of {person.user_name}"
    with tenant_scope(place.tenant.id):
        passkey = Passkey.objects.create(
            person_id=person.id, credential_id=f"key-{person.id.hex}", public_key=b"key"
        )
        row = PersonSession.objects.create(
            person_id=person.id,
            passkey=passkey,
            token_digest=digest(token),
            expires_at=clock.now() + timedelta(hours=2),
            last_seen_at=clock.now(),
        )
        PersonSession.objects.filter(id=row.id).update(created_at=clock.now() - ago)
    browser.client.cookies[settings.PERSON_COOKIE_NAME] = token
    return browser


@pytest.fixture
def at_home(place: Place, ada: DirectoryPerson, settings: Any) -> Journey:
    return a_session(place, ada, settings)


def enrol(browser: Journey) -> Journey:
    answer = browser.post(GET)
    assert (answer.status_code, answer.url, browser.stage) == (303, "/recover/consent", Stage.CONSENT)
    return browser


def to_the_end(browser: Journey) -> Journey:
    enrol(browser).prove().keep().show().face()
    return browser


def test_whoever_is_signed_in_gets_a_card_that_is_tied_to_their_account(place, ada, at_home):
    assert b"Get my Verified ID" in at_home.get(PAGE).content
    to_the_end(at_home)
    assert (at_home.case.status, at_home.stage) == ("enrolled", Stage.ENROLLED), at_home.decided()
    assert b"is ready" in at_home.get("/recover/enrolled").content
    assert at_home.bound_to() == ada.id and at_home.held(ada) == ["credential", "document_number"]
    assert at_home.decided()["assurance"] == "ial2" and at_home.credential() == "valid"
    assert "pass:pass:issue" not in at_home.events() and at_home.usable_passkeys(ada) == 1
    assert at_home.notices() == ["verified_id_added"] * 2
    assert b"Renew my Verified ID" in at_home.get(PAGE).content


def test_three_days_later_it_shortens_a_recovery_and_not_before(place, ada, at_home):
    to_the_end(at_home)
    locked_out = place.browser()
    locked_out.begin("ada").post("/recover/consent", {"agree": "on"})
    assert locked_out.stage is Stage.PARTNER
    with tenant_scope(place.tenant.id):
        for rows in (CredentialBinding.objects, CaseStep.objects.filter(case=at_home.case)):
            rows.update(created_at=clock.now() - timedelta(days=4))
    later = place.browser()
    later.wallet = at_home.wallet
    later.begin("ada").post("/recover/consent", {"agree": "on"})
    later.post("/recover/prove", {"use": "held"})
    later.show().face()
    assert later.stage is Stage.PASS, later.decided()


def test_somebody_elses_document_ties_nothing(place, at_home):
    place.provider.answers.claims = {
        "given_name": "Eve",
        "family_name": "Adversary",
        "birthdate": "1990-01-01",
    }
    to_the_end(at_home)
    assert at_home.outcome()[0] == "refused" and at_home.credential() == "revoked"
    assert at_home.decided()["reasons"][0].startswith("match_") and at_home.bound_to() is None
    assert b"could not get a Verified ID" in at_home.get("/recover/ended").content


def test_a_session_that_was_left_open_gets_none(place, ada, settings):
    browser = a_session(place, ada, settings, ago=timedelta(minutes=16))
    assert b"Sign out and in again" in browser.get(PAGE).content
    assert b"signed in a while ago" in browser.post(GET).content
    with tenant_scope(place.tenant.id):
        assert not Case.objects.exists()


def test_nobody_without_a_session_begins(place, ada):
    assert client_of(place.tenant).post(GET).status_code == 401
    with tenant_scope(place.tenant.id):
        assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mode": "evaluation"}, "ahead of time"),
        ({"held_days": 0}, "ahead of time"),
        ({"status": "withdrawn"}, "ahead of time"),
        ({"who": "departments", "departments": ["Sales"]}, "for your account"),
    ],
    ids=["evaluation", "counts-for-nothing", "no-profile", "out-of-scope"],
)
def test_where_it_would_be_worth_nothing_none_is_handed_out(place, at_home, change, said):
    place.set_profile(**change)
    for answer in (at_home.get(PAGE), at_home.post(GET)):
        assert said in answer.content.decode() and b"Get my Verified ID" not in answer.content
    with tenant_scope(place.tenant.id):
        assert not Case.objects.exists()


def test_one_person_does_not_begin_without_end(place, at_home):
    for _time in range(6):
        enrol(at_home)
    assert at_home.post(GET).status_code == 200
    with tenant_scope(place.tenant.id):
        assert Case.objects.count() == 6


def test_this_was_not_me_takes_the_card_back_and_ends_the_sessions(place, ada, at_home):
    to_the_end(at_home)
    credential_id = at_home.case.credential_id
    at_home.client.post(at_home.links_mailed("ada@home.example")[-1])
    assert at_home.case.status == "repudiated" and at_home.held(ada) == []
    with tenant_scope(place.tenant.id):
        assert status_of(credential_id) == "revoked" and not CredentialBinding.objects.exists()
        assert not PersonSession.objects.filter(ended_at=None).exists()
        assert at_home.usable_passkeys(ada) == 1


def codes_made(place: Place, person: DirectoryPerson, browser: Journey) -> None:
    """Eight of an earlier session of the owner's would be void by now: the new ones take their place."""
    assert browser.post("/security/codes").status_code == 200
    with tenant_scope(place.tenant.id):
        assert saved_codes_left(person.id) == 8


@pytest.mark.parametrize(("sent", "left"), [({"codes": "end"}, 0), ({}, 8)], ids=["ended", "kept"])
def test_not_me_offers_to_end_the_codes_of_that_session_and_does_what_was_chosen(
    place, ada, at_home, sent, left
):
    to_the_end(at_home)
    codes_made(place, ada, at_home)
    link = at_home.links_mailed("ada@home.example")[-1]
    asked = at_home.client.get(link).content.decode()
    assert "End the 8 saved codes" in asked and "Your passkeys stay" in asked and "frozen" not in asked
    done = at_home.client.post(link, sent).content.decode()
    assert ("saved codes that were made in that session open nothing" in done) is not left
    with tenant_scope(place.tenant.id):
        assert saved_codes_left(ada.id) == left and at_home.usable_passkeys(ada) == 1


def test_codes_that_were_made_elsewhere_are_not_offered_and_not_ended(place, ada, at_home, settings):
    to_the_end(at_home)
    with tenant_scope(place.tenant.id):
        other = PersonSession.objects.create(
            person_id=ada.id, token_digest=digest("o"), expires_at=clock.now(), last_seen_at=clock.now()
        )
        make_saved_codes(ada.id, session_id=other.id, actor=SYSTEM)
    link = at_home.links_mailed("ada@home.example")[-1]
    assert "saved code" not in at_home.client.get(link).content.decode()
    at_home.client.post(link, {"codes": "end"})
    with tenant_scope(place.tenant.id):
        assert saved_codes_left(ada.id) == 8


def test_a_refused_enrolment_mails_its_own_words_and_not_me_ends_the_session(place, ada, at_home):
    place.provider.answers.claims = {
        "given_name": "Eve",
        "family_name": "Adversary",
        "birthdate": "1990-01-01",
    }
    mail.outbox.clear()
    to_the_end(at_home)
    assert at_home.notices() == ["enrolment_refused"] * 2
    told = mail.outbox[-1]
    assert "A Verified ID for your account" in told.subject and "wanted a Verified ID" in told.body
    assert "recover your account" not in told.body
    at_home.client.post(at_home.links_mailed("ada@home.example")[-1])
    with tenant_scope(place.tenant.id):
        assert not PersonSession.objects.filter(ended_at=None).exists()
        assert at_home.usable_passkeys(ada) == 1
    assert at_home.case.status == "refused"


def cards(place: Place) -> list[str]:
    with tenant_scope(place.tenant.id):
        return list(Credential.objects.order_by("created_at", "id").values_list("state", flat=True))


def test_renewing_voids_the_earlier_card_once_the_new_one_is_in_the_wallet(place, ada, at_home):
    to_the_end(at_home)
    first = at_home.case.credential_id
    assert "void as soon as the new one" in at_home.get(PAGE).content.decode()
    enrol(at_home).prove().keep()
    assert cards(place) == ["valid", "valid"]
    mail.outbox.clear()
    at_home.show().face()
    assert at_home.stage is Stage.ENROLLED, at_home.decided()
    assert cards(place) == ["revoked", "valid"]
    with tenant_scope(place.tenant.id):
        assert Credential.objects.get(id=first).state_reason == "renewed"
    assert at_home.held(ada) == ["credential", "document_number"]
    assert "The one you had before is void" in mail.outbox[-1].body
    shown = at_home.get(PAGE).content.decode()
    assert shown.count('term">Issued') <= 1 and shown.count("Good for a recovery") == 1


def test_a_renewal_that_is_stopped_or_refused_leaves_the_earlier_card_as_it_was(place, ada, at_home):
    to_the_end(at_home)
    enrol(at_home).prove().keep()
    at_home.post("/recover/cancel")
    at_home.work()
    assert cards(place) == ["valid", "revoked"]
    place.provider.answers.claims = {
        "given_name": "Eve",
        "family_name": "Adversary",
        "birthdate": "1990-01-01",
    }
    to_the_end(at_home)
    assert at_home.outcome()[0] == "refused" and cards(place) == ["valid", "revoked", "revoked"]


def test_stopping_on_the_way_leaves_nothing(place, at_home):
    enrol(at_home).prove().keep()
    at_home.post("/recover/cancel")
    at_home.work()
    assert at_home.outcome()[0] == "canceled" and at_home.credential() == "revoked"
    assert b"You stopped" in at_home.get("/recover/ended").content


def test_a_person_who_is_suspended_on_the_way_gets_none(place, at_home):
    enrol(at_home).prove().keep().show()
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.update(status=DirectoryPerson.Status.SUSPENDED)
    mail.outbox.clear()
    at_home.face()
    assert at_home.outcome()[0] == "refused" and at_home.credential() == "revoked"
