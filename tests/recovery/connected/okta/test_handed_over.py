"""A recovery of an account that lives at Okta, and what somebody else tries meanwhile."""

from __future__ import annotations

import time

import pytest

from recovery.stages import Stage
from tests.recovery.connected.okta.conftest import There, shown_characters
from tests.recovery.journey import Journey


def test_a_code_is_made_there_shown_once_and_used_to_get_back_in(there: There, browser: Journey) -> None:
    browser.to_pass()
    assert browser.case.status == "handed_over"
    assert "Your pass for Okta" in browser.get("/recover/pass").content.decode()
    characters = shown_characters(browser)
    assert len(characters) == 16
    page = browser.last.content.decode()
    assert f"Enter {there.ada.user_name}, choose Temporary access code" in page
    assert f"{there.okta.origin}/enduser/settings" in page
    assert browser.post("/recover/pass/there/show").status_code == 303
    assert characters not in browser.get("/recover/pass").content.decode()
    there.look()
    assert browser.case.status == "handed_over"
    there.register(characters)
    there.look()
    assert browser.case.status == "recovered"
    assert browser.stage is Stage.DONE
    assert "added to your account at Okta" in browser.get("/recover/done").content.decode()
    there.run("connected.clear")
    # What was there before is gone, but for the password and the mailbox; the new passkey stays.
    assert there.keys() == ["okta_password", "okta_email", "webauthn"]
    assert there.ways_in()["sessions_ended"] == 2
    assert characters not in str([event.data for event in browser.audit()])


def test_another_code_on_the_same_proof_takes_the_place_of_the_first(there: There, browser: Journey) -> None:
    browser.to_pass()
    first = shown_characters(browser)
    checks = len(browser.usage())
    browser.post("/recover/pass/there/again")
    browser.work()
    second = shown_characters(browser)
    assert there.okta.sign_in(there.account["login"], first)[0] == 400
    there.register(second)
    there.look()
    assert browser.case.status == "recovered"
    assert (len(browser.usage()), there.ways_in()["codes_made"]) == (checks, 2)


def test_a_new_way_to_sign_in_while_the_code_was_not_used_is_told_and_recovers_nothing(
    there: There, browser: Journey
) -> None:
    """Whoever still holds something of the account signs in with it and adds a passkey of theirs."""
    browser.to_pass()
    shown_characters(browser)
    there.ways_in(add=[{"key": "webauthn"}], signed_in=time.time())
    there.look()
    assert browser.case.status == "handed_over"
    assert "method_without_pass" in there.row(browser).alerts


def test_a_way_to_sign_in_older_than_the_code_and_a_telephone_recover_nothing(
    there: There, browser: Journey
) -> None:
    browser.to_pass()
    there.okta.sign_in(there.account["login"], shown_characters(browser))
    there.ways_in(add=[{"key": "webauthn", "created": time.time() - 3600}, {"key": "phone_number"}])
    there.look()
    assert browser.case.status == "handed_over"
    there.ways_in(add=[{"key": "okta_verify"}])
    there.look()
    assert browser.case.status == "recovered"


def test_a_code_that_somebody_took_away_is_told(there: There, browser: Journey) -> None:
    browser.to_pass()
    taken = next(one for one in there.ways_in()["enrolments"] if one["key"] == "tac")
    there.ways_in(remove=[taken["id"]])
    there.look()
    assert there.row(browser).state == "lost"
    assert "does not work any more" in browser.get("/recover/pass").content.decode()


def test_the_clock_of_the_organisation_may_be_wrong(there: There, browser: Journey) -> None:
    there.okta.fault(clock_off=-240)
    browser.to_pass()
    there.register(shown_characters(browser))
    there.look()
    assert browser.case.status == "recovered"


@pytest.mark.parametrize(
    ("what", "reason"),
    [("off", "pass_policy_off"), ("inactive", "pass_out_of_scope"), ("suspended", "account_disabled")],
)
def test_where_no_code_can_be_made_the_case_ends_and_says_why(
    there: There, browser: Journey, what: str, reason: str
) -> None:
    match what:
        case "off":
            there.okta.authenticator(status="INACTIVE")
        case "inactive":
            there.okta.fault(code_inactive=True)
        case _:
            there.okta.change(change=[{"id": there.object_id, "status": "SUSPENDED"}])
    browser.to_face().face()
    assert (browser.case.status, browser.case.reasons) == ("refused", [reason])


def test_a_code_for_somebody_else_is_shown_to_nobody(there: There, browser: Journey) -> None:
    there.okta.fault(code_of_another=True)
    browser.to_pass()
    row = there.row(browser)
    assert (row.state, row.problem, row.characters_sealed) == ("waiting", "pass_of_another", None)
    assert "pass_of_another" in row.alerts


def test_this_was_not_me_takes_the_code_and_what_came_since(there: There, browser: Journey) -> None:
    browser.to_pass()
    there.register(shown_characters(browser))
    there.look()
    there.run("connected.clear")
    assert browser.case.status == "recovered"
    browser.work()
    browser.client.post(browser.links_mailed()[-1])
    browser.work()
    assert browser.case.status == "repudiated"
    assert there.keys() == ["okta_password", "okta_email"]
    assert there.ways_in()["sessions_ended"] == 3
