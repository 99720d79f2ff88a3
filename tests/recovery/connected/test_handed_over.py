"""A recovery of an account that lives at Microsoft, from the proof to the new way to sign in."""

from __future__ import annotations

from datetime import timedelta

from django.core import mail

from portal.kit import clock
from recovery.stages import Stage
from tests.recovery.connected.conftest import There, shown_characters
from tests.recovery.journey import Journey


def test_a_pass_is_made_there_shown_once_and_used_to_get_back_in(there: There, browser: Journey) -> None:
    browser.to_pass()
    assert browser.case.status == "handed_over"
    assert there.row(browser).state == "ready"
    page = browser.get("/recover/pass").content.decode()
    assert "Show my pass" in page
    characters = shown_characters(browser)
    assert len(characters) == 8
    assert f"Sign in as {there.ada.user_name}" in browser.last.content.decode()
    row = there.row(browser)
    assert (row.state, row.characters_sealed) == ("shown", None)
    assert browser.post("/recover/pass/there/show").status_code == 303
    assert characters not in browser.get("/recover/pass").content.decode()
    there.look()
    assert browser.case.status == "handed_over"
    there.register(characters)
    there.look()
    assert browser.case.status == "recovered"
    assert browser.stage is Stage.DONE
    page = browser.get("/recover/done").content.decode()
    assert "A new way to sign in was added to your account at Microsoft" in page
    assert "account_recovered" in browser.notices()
    assert browser.bound_to() == there.ada.id
    assert ("method_seen", "done") in browser.steps()
    there.run("connected.clear")
    assert there.kinds() == ["passwordMethods", "fido2Methods"]
    assert there.ways_in()["pass"] is None
    assert there.ways_in()["sessions_ended"] == 2
    assert characters not in str([event.data for event in browser.audit()])


def test_what_was_there_stays_where_the_organisation_says_so(there: There, browser: Journey) -> None:
    there.choose(removes_lost=False, ends_sessions=False)
    browser.to_pass()
    there.register(shown_characters(browser))
    there.look()
    there.run("connected.clear")
    assert browser.case.status == "recovered"
    assert there.kinds() == [
        "passwordMethods",
        "microsoftAuthenticatorMethods",
        "fido2Methods",
        "fido2Methods",
    ]
    assert there.ways_in()["sessions_ended"] == 0


def test_an_expired_pass_is_issued_again_on_the_same_proof(there: There, browser: Journey) -> None:
    browser.to_pass()
    first = shown_characters(browser)
    checks = len(browser.usage())
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        page = browser.get("/recover/pass").content.decode()
        # What is left to do stands there, and not behind a question.
        assert (
            "Your pass has expired" in page
            and "Get another pass" in page
            and "I need another pass" not in page
        )
    browser.post("/recover/pass/there/again")
    assert there.row(browser).state == "waiting"
    browser.work()
    second = shown_characters(browser)
    assert second != first
    assert there.graph.sign_in(there.account["userPrincipalName"], first)[0] == 400
    there.register(second)
    there.look()
    assert browser.case.status == "recovered"
    assert len(browser.usage()) == checks
    assert browser.steps().count(("pass_issued", "done")) == 2


def test_what_was_there_stays_and_sessions_end_where_the_profile_says_so(
    there: There, browser: Journey
) -> None:
    """Nothing can be suspended there, whatever the connection says; and nobody could confirm a passkey here."""
    there.place.old_passkey(there.ada)
    there.place.set_profile(old_ways="confirmed")
    there.choose(ends_sessions=False)
    before = there.kinds()
    browser.to_pass()
    there.register(shown_characters(browser))
    there.look()
    there.run("connected.clear")
    assert browser.case.status == "recovered"
    assert there.kinds() == [*before, "fido2Methods"] and there.ways_in()["sessions_ended"] == 2
    page = browser.get("/recover/done").content.decode()
    assert "that were there before stay" in page and "are being removed" not in page
    assert browser.usable_passkeys(there.ada) == 0
    browser.work()
    told = [entry.body for entry in mail.outbox if "was recovered" in entry.body]
    assert told and all("Those from before were kept" in body for body in told)
