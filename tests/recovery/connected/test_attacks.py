"""What somebody else tries: another browser, another tenant, another account's pass, an older method, one without the pass."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.codes import digest
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from recovery.connected import showing
from recovery.connected.models import DirectoryPass
from recovery.expiring import expire_cases_of
from recovery.models import Case
from recovery.repudiation import make_repudiation_link
from tenants.models import Tenant
from tests.holder import path_of
from tests.recovery.connected.conftest import There, shown_characters
from tests.recovery.journey import Journey
from tests.recovery.racing import race


def test_of_fifty_at_once_one_is_shown_the_pass(there: There, browser: Journey) -> None:
    browser.to_pass()
    case_id, digest = browser.case.id, browser.browser_digest
    tenant = there.place.tenant

    def ask(_number: int) -> str:
        with tenant_scope(tenant.id):
            showing.show_pass(case_id, browser_digest=digest)
        return "shown"

    assert race(ask, times=50) == {"shown": 1, "pass_not_here": 49}
    assert there.ways_in()["passes_made"] == 1


def test_another_browser_is_shown_nothing(there: There, browser: Journey) -> None:
    browser.to_pass()
    other = there.place.browser()
    assert other.post("/recover/pass/there/show").url == "/recover/"
    assert other.post("/recover/pass/there/again").url == "/recover/"
    assert other.get("/recover/pass/there").url == "/recover/"
    assert there.row(browser).state == "ready"
    assert len(shown_characters(browser)) == 8


def test_a_case_that_was_moved_to_another_browser_shows_nothing_there(there: There, browser: Journey) -> None:
    """Nothing moves a case that was granted; if anything ever did, the pass stays where it was made for."""
    browser.to_pass()
    case, other = browser.case, digest("another browser")
    with tenant_scope(there.place.tenant.id):
        Case.objects.filter(id=case.id).update(browser_digest=other)
        for act in (showing.show_pass, showing.ask_again):
            with pytest.raises(Refused, match="pass_not_here"):
                act(case.id, browser_digest=other)


def test_another_tenant_finds_no_pass(there: There, browser: Journey, other_tenant: Tenant) -> None:
    browser.to_pass()
    row = there.row(browser)
    with tenant_scope(other_tenant.id):
        assert not DirectoryPass.objects.filter(id=row.id).exists()


@pytest.mark.parametrize(
    ("fault", "problem"), [("pass_of_another", "pass_of_another"), ("pass_used_often", "pass_not_once")]
)
def test_a_pass_for_somebody_else_or_for_several_uses_is_shown_to_nobody(
    there: There, browser: Journey, fault: str, problem: str
) -> None:
    there.graph.fault(**{fault: True})
    browser.to_pass()
    row = there.row(browser)
    assert (browser.case.status, row.state, row.problem) == ("granted", "waiting", problem)
    assert row.characters_sealed is None
    assert browser.alerts()
    assert "cannot be made yet" in browser.get("/recover/pass").content.decode()
    there.graph.fault()
    there.run()
    assert there.row(browser).state == "ready"


def test_a_clock_that_is_off_there_changes_nothing(there: There, browser: Journey) -> None:
    there.graph.fault(clock_off=-7200)
    browser.to_pass()
    row = there.row(browser)
    assert row.first_made_there < clock.now() - timedelta(minutes=110)
    assert timedelta(minutes=55) < row.expires_at - clock.now() < timedelta(minutes=61)
    there.register(shown_characters(browser))
    there.look()
    assert browser.case.status == "recovered"


def test_a_method_from_before_with_a_later_date_does_not_count(there: There, browser: Journey) -> None:
    old = next(each for each in there.ways_in()["methods"] if each["kind"] == "fido2Methods")
    browser.to_pass()
    there.graph.sign_in(there.account["userPrincipalName"], shown_characters(browser))
    again = {"kind": "fido2Methods", "id": old["id"], "name": "Lost key", "created": time.time() + 3600}
    there.ways_in(remove=[old["id"]])
    there.ways_in(add=[again])
    there.look()
    assert there.row(browser).is_used
    assert browser.case.status == "handed_over"


def test_a_method_that_says_it_is_older_than_the_pass_does_not_count(there: There, browser: Journey) -> None:
    browser.to_pass()
    there.graph.sign_in(there.account["userPrincipalName"], shown_characters(browser))
    assert "Now use your pass" in browser.get("/recover/pass").content.decode()
    there.ways_in(add=[{"kind": "fido2Methods", "created": time.time() - 3600}])
    there.look()
    assert browser.case.status == "handed_over"
    assert "Your pass was used" in browser.get("/recover/pass").content.decode()


@pytest.mark.parametrize("is_shown", [False, True])
def test_whoever_had_the_account_before_adds_a_method_and_recovers_nothing(
    there: There, browser: Journey, is_shown: bool
) -> None:
    browser.to_pass()
    if is_shown:
        shown_characters(browser)
    there.ways_in(add=[{"kind": "fido2Methods", "name": "Somebody else's"}])
    there.look()
    assert browser.case.status == "handed_over"
    assert browser.alerts()
    assert browser.bound_to() is None


@pytest.mark.parametrize("kind", ["phoneMethods", "emailMethods", "softwareOathMethods"])
def test_a_method_that_says_nothing_of_its_age_does_not_count(
    there: There, browser: Journey, kind: str
) -> None:
    browser.to_pass()
    there.graph.sign_in(there.account["userPrincipalName"], shown_characters(browser))
    there.ways_in(add=[{"kind": kind}])
    there.look()
    assert browser.case.status == "handed_over"


def test_a_pass_that_somebody_replaced_there_is_said_to_be_lost(there: There, browser: Journey) -> None:
    browser.to_pass()
    shown_characters(browser)
    path = f"/users/{there.object_id}/authentication/temporaryAccessPassMethods"
    foreign = there.graph.call("POST", path, {"isUsableOnce": True})[2]
    there.register(foreign["temporaryAccessPass"])
    there.look()
    assert browser.case.status == "handed_over"
    assert there.row(browser).state == "lost"
    assert browser.alerts()
    assert "replaced or removed at Microsoft" in browser.get("/recover/pass").content.decode()
    browser.post("/recover/pass/there/again")
    browser.work()
    assert there.row(browser).state == "ready"


def test_there_are_five_passes_and_no_more(there: There, browser: Journey) -> None:
    browser.to_pass()
    for _number in range(8):
        browser.post("/recover/pass/there/again")
        browser.work()
    assert there.row(browser).issues == 5
    assert there.ways_in()["passes_made"] == 5
    shown_characters(browser)
    page = browser.get("/recover/pass").content.decode()
    assert "I need another pass" not in page
    assert "Call your help desk" in page


def test_without_a_new_method_the_case_ends_and_the_pass_goes(there: There, browser: Journey) -> None:
    browser.to_pass()
    shown_characters(browser)
    with clock.frozen(clock.now() + timedelta(hours=25)):
        with tenant_scope(there.place.tenant.id):
            assert expire_cases_of(there.place.tenant) == 1
        browser.work()
        assert "No new way to sign in was added in time" in browser.get("/recover/ended").content.decode()
    assert (browser.case.status, there.row(browser).state) == ("expired", "ended")
    assert there.ways_in()["pass"] is None
    assert len(there.kinds()) == 3
    assert there.ways_in()["sessions_ended"] == 1
    assert browser.credential() == "revoked"


def test_this_was_not_me_takes_back_what_came_of_a_pass(there: There, browser: Journey) -> None:
    browser.to_pass()
    there.register(shown_characters(browser))
    there.look()
    there.run("connected.clear")
    assert there.kinds() == ["passwordMethods", "fido2Methods"]
    browser.work()
    browser.client.post(browser.links_mailed()[-1])
    browser.work()
    assert browser.case.status == "repudiated"
    assert there.kinds() == ["passwordMethods"]
    assert there.ways_in()["sessions_ended"] == 3
    assert there.row(browser).clearing == ""


def test_this_was_not_me_while_it_is_handed_over_takes_the_pass(there: There, browser: Journey) -> None:
    there.choose(removes_lost=False, ends_sessions=False)
    browser.to_pass()
    characters = shown_characters(browser)
    there.register(characters)
    with tenant_scope(there.place.tenant.id):
        from_mail = path_of(make_repudiation_link(there.place.tenant, browser.case))
    browser.client.post(from_mail)
    browser.work()
    assert browser.case.status == "repudiated"
    assert there.kinds() == ["passwordMethods", "microsoftAuthenticatorMethods", "fido2Methods"]
    assert there.ways_in()["pass"] is None
    assert there.ways_in()["sessions_ended"] == 1
    there.look()
    assert browser.case.status == "repudiated"


def test_a_later_recovery_replaces_the_earlier_ones_pass(there: There, browser: Journey) -> None:
    browser.to_pass()
    first = shown_characters(browser)
    second = there.place.browser().to_pass()
    characters = shown_characters(second)
    there.run()
    assert browser.case.status == "superseded"
    assert there.graph.sign_in(there.account["userPrincipalName"], first)[0] == 400
    there.register(characters)
    there.look()
    assert (browser.case.status, second.case.status) == ("superseded", "recovered")
