"""A recovery that goes well, and what it leaves behind."""

from __future__ import annotations

from django.core import mail

from portal.kit.scope import tenant_scope
from recovery.passkeys.models import Passkey, PersonSession
from recovery.stages import Stage
from tests.recovery.journey import Journey, Place, make_place

STEPS = [
    "confirmed",
    "consented",
    "proofed",
    "credential_issued",
    "presented",
    "face_checked",
    "matched",
    "pass_issued",
    "signed_in",
    "passkey_registered",
]
AUDIT = [
    "recovery:case:open",
    "recovery:confirmation_code:send",
    "recovery:confirmation_code:accept",
    "recovery:consent:give",
    "partner:proofing:start",
    "partner:proofing:complete",
    "verified_id:credential:offer",
    "verified_id:credential:issue",
    "verified_id:presentation:request",
    "verified_id:presentation:verify",
    "face_check:check:start",
    "face_check:check:complete",
    "recovery:case:decide",
    "pass:pass:issue",
    "pass:pass:redeem",
    "passkey:passkey:register",
]


def test_a_recovery_ends_recovered_and_every_part_of_it_is_written_down(place: Place, browser: Journey, ada):
    old_passkey, old_session = place.old_passkey(ada)
    browser.to_pass()
    assert browser.bound_to() is None and browser.held(ada) == []
    browser.use_pass().passkey()
    assert (browser.case.status, browser.stage) == ("recovered", Stage.DONE)
    assert browser.done() == STEPS
    assert [name for name in browser.events() if name in AUDIT] == AUDIT
    assert browser.credential() == "valid"
    assert browser.bound_to() == ada.id
    assert browser.held(ada) == ["credential", "document_number"]
    assert browser.usage() == [("decision", True, "own_contract"), ("face_check", True, "decided")]
    assert browser.notices() == ["confirmation_code", "account_recovered", "account_recovered"]
    with tenant_scope(place.tenant.id):
        assert Passkey.objects.get(id=old_passkey).invalidated_reason == "recovered"
        assert PersonSession.objects.get(id=old_session).ended_at is not None
    assert browser.usable_passkeys(ada) == 1


def test_the_new_passkey_signs_in_and_the_notices_reach_every_address(browser: Journey, ada):
    browser.to_pass().use_pass()
    authenticator = browser.passkey()
    told = [entry.to[0] for entry in mail.outbox if browser.case.reference in entry.body][1:]
    assert sorted(told) == ["ada@home.example", "ada@people.example"]
    assert browser.sign_in(authenticator).status_code == 200
    assert browser.get("/security/").status_code == 200


def test_this_was_not_me_takes_a_finished_recovery_back(browser: Journey, ada):
    browser.to_pass().use_pass()
    authenticator = browser.passkey()
    link = browser.links_mailed("ada@home.example")[-1]
    assert browser.get(link).status_code == 200
    assert browser.case.status == "recovered"
    browser.post(link)
    browser.work()
    assert browser.case.status == "repudiated"
    assert browser.credential() == "revoked"
    assert browser.usable_passkeys(ada) == 0
    assert browser.sign_in(authenticator).status_code == 403
    assert browser.notices().count("repudiated") == 2


def test_an_evaluation_ends_evaluated_and_changes_nothing(provider, vision):
    place = make_place(provider, vision, mode="evaluation")
    ada = place.person()
    passkey, session = place.old_passkey(ada)
    browser = place.browser().to_face()
    browser.face()
    assert (browser.case.status, browser.stage) == ("evaluated", Stage.ENDED)
    assert browser.credential() == "revoked"
    assert browser.bound_to() is None and browser.held(ada) == []
    assert "pass_issued" not in browser.done()
    assert browser.notices() == ["confirmation_code"]
    assert browser.decided()["outcome"] == "evaluated"
    with tenant_scope(place.tenant.id):
        assert Passkey.objects.get(id=passkey).invalidated_at is None
        assert PersonSession.objects.get(id=session).ended_at is None
