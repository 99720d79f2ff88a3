"""What goes wrong at Microsoft or on the way there: killed half-way, throttled, silent, refused, changed meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from portal.kit import clock, outbox
from portal.kit.scope import tenant_scope
from recovery.connected import making, tasks
from recovery.connected.reasons import ends_without_pass
from recovery.console import explaining
from recovery.console.profile_sentences import sentences_of
from recovery.models import Profile
from recovery.stages import Stage
from tenants.directory.connections.microsoft import account_calls as passes
from tenants.directory.connections.models import DirectoryConnection, RemoteObject
from tenants.directory.models import DirectoryPerson
from tenants.models import Outbox
from tests.recovery.connected.conftest import There, shown_characters
from tests.recovery.journey import Journey


class Killed(BaseException):
    """kill -9: no handler of errors sees it."""


def _die(*_given: Any, **_more: Any) -> Any:
    raise Killed


@pytest.mark.parametrize("where", ["make_pass", "list_passes", "apply"])
def test_who_dies_half_way_leaves_one_pass_and_it_is_the_one_that_is_shown(
    there: There, browser: Journey, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    real = passes.make_pass

    def made_and_died(*given: Any, **more: Any) -> Any:
        real(*given, **more)
        raise Killed

    with monkeypatch.context() as patch:
        match where:
            case "make_pass":
                patch.setattr(passes, "make_pass", made_and_died)
            case "list_passes":
                patch.setattr(passes, "list_passes", _die)
            case _:
                patch.setattr(making, "_keep", _die)
        with pytest.raises(Killed):
            browser.to_pass()
    made = there.ways_in()["passes_made"]
    assert made == (0 if where == "list_passes" else 1)
    there.run()
    row = there.row(browser)
    assert (row.state, row.attempt, row.issues) == ("ready", 2, 1)
    assert there.ways_in()["passes_made"] == made + 1
    assert there.ways_in()["pass"]["id"] == row.pass_id
    there.register(shown_characters(browser))
    there.look()
    assert browser.case.status == "recovered"


def test_who_died_before_the_case_was_stopped_leaves_no_pass(
    there: There, browser: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(making, "_keep", _die)
        with pytest.raises(Killed):
            browser.to_pass()
    assert there.ways_in()["pass"] is not None
    browser.post("/recover/cancel")
    browser.work()
    assert browser.case.status == "canceled"
    assert there.ways_in()["pass"] is None


def test_who_was_overtaken_writes_nothing_down_and_its_pass_goes(
    there: There, browser: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers at once: the later to begin wins, however late the earlier one's pass comes."""
    real, kept = making._keep, []

    def keep(*given: Any) -> None:
        if not kept:
            kept.append(given)
            raise Killed
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(making, "_keep", keep)
        with pytest.raises(Killed):
            browser.to_pass()
        there.run()
    row = there.row(browser)
    with tenant_scope(there.place.tenant.id):
        real(*kept[0])
    assert there.row(browser).pass_id == row.pass_id
    there.run("connected.clear")
    after = there.row(browser)
    assert (after.state, after.issues, after.stray_passes) == ("ready", 1, [])
    assert there.ways_in()["pass"]["id"] == row.pass_id


@pytest.mark.parametrize(
    "fault",
    [
        {"throttle": {"times": 1, "seconds": 7}},
        {"fail": {"times": 1, "status": 503}},
        {"fail": {"times": 1, "status": 500, "after": 5}},
        {"not_json": True},
    ],
)
def test_trouble_is_waited_for_and_the_pass_comes(
    there: There, browser: Journey, fault: dict[str, Any]
) -> None:
    there.graph.fault(**fault)
    browser.to_pass()
    row = there.row(browser)
    if row.state == "waiting":
        assert row.next_at > clock.now() - timedelta(seconds=5)
        assert browser.get("/recover/pass").status_code == 200
    there.graph.fault()
    there.run()
    there.run()
    assert there.row(browser).state == "ready"
    assert browser.case.status == "handed_over"


def test_it_waits_as_long_as_it_is_asked_to(there: There, browser: Journey) -> None:
    there.graph.fault(throttle={"times": 1, "seconds": 300})
    browser.to_pass()
    row = there.row(browser)
    assert (row.state, row.problem) == ("waiting", "service_busy")
    assert timedelta(seconds=280) < row.next_at - clock.now() <= timedelta(seconds=300)
    assert there.ways_in()["passes_made"] == 0


def test_a_silent_service_holds_no_worker_long(there: There, browser: Journey, monkeypatch: Any) -> None:
    monkeypatch.setattr(passes, "TIMEOUT", 0.5)
    there.graph.fault(hang={"after": 3})
    browser.to_pass()
    assert there.row(browser).state == "waiting"
    there.graph.fault()
    there.run()
    assert there.row(browser).state == "ready"


@pytest.mark.parametrize("application", ["May only read people and groups", "May not read the policy"])
def test_a_missing_permission_waits_for_who_can_give_it(
    there: There, browser: Journey, application: str
) -> None:
    there.connect(application)
    browser.to_pass()
    row = there.row(browser)
    assert row.problem.startswith("permission_missing_")
    page = browser.get("/recover/pass").content.decode()
    assert "Your pass cannot be made yet" in page
    assert browser.case.reference in page
    assert "permission" not in page
    assert len(browser.alerts()) >= 1
    there.run()
    there.connect()
    there.run()
    assert there.row(browser).state == "ready"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"userType": "Guest"}, "account_guest"),
        ({"accountEnabled": False}, "account_disabled"),
        ("remove", "account_gone"),
        ({"policy": {"state": "disabled"}}, "pass_policy_off"),
        ({"policy": {"includeTargets": []}}, "pass_out_of_scope"),
        ({"policy": {"excludeTargets": [{"targetType": "group", "id": "all_users"}]}}, "pass_out_of_scope"),
        ("here", "accounts_moved"),
    ],
)
def test_whom_no_pass_can_be_made_for_is_told_to_call(
    there: There, browser: Journey, monkeypatch: Any, change: Any, code: str
) -> None:
    real = making._begin

    def begin(*given: Any) -> Any:
        """What was so when the case was granted is not so any more."""
        if change == "here":
            DirectoryConnection.objects.update(accounts_since=None)
        return real(*given)

    monkeypatch.setattr(making, "_begin", begin)
    if change == "remove":
        there.graph.change(remove=[there.object_id])
    elif "policy" in change:
        there.graph.tell("/control", change)
    elif change != "here":
        there.graph.change(change=[{"id": there.object_id, **change}])
    browser.to_face().face()
    assert browser.outcome() == ("refused", [code])
    assert browser.stage is Stage.ENDED
    page = browser.get("/recover/ended").content.decode()
    assert "beginning again would end the same way" in page
    assert browser.case.reference in page
    assert code not in page
    assert browser.alerts()
    assert there.ways_in()["pass"] is None
    assert browser.credential() == "revoked"
    told = next(one.body for one in mail.outbox if "was refused" in one.subject)
    assert any("in the directory where it lives" in one.body for one in mail.outbox)
    assert "starting again would end the same way" in told and "could not prove" not in told
    with tenant_scope(there.place.tenant.id):
        assert ends_without_pass(browser.case)
    words = explaining.words_for(browser.case.state, without_pass=True)
    assert "beginning again would end the same way" in words


def test_who_is_given_no_other_pass_there_is_told_to_call(there: There, browser: Journey) -> None:
    browser.to_pass()
    there.graph.tell("/control", {"policy": {"state": "disabled"}})
    browser.post("/recover/pass/there/again")
    browser.work()
    assert browser.outcome() == ("expired", ["pass_policy_off"])
    page = browser.get("/recover/ended").content.decode()
    assert "gives you no pass any more" in page and "The time is over" not in page
    assert "Start again" not in page and browser.case.reference in page


@pytest.mark.parametrize("code", ["account_not_there", "account_guest"])
def test_who_gets_no_pass_there_hears_so_before_any_document(
    there: There, browser: Journey, code: str
) -> None:
    """Once a code was read: until then they are like everybody. Whoever is a guest by a colleague's word alone is asked for
    at the directory, which knows better."""
    with tenant_scope(there.place.tenant.id):
        if code == "account_guest":
            DirectoryPerson.objects.filter(id=there.ada.id).update(is_guest=True, source="entra")
        else:
            RemoteObject.objects.all().delete()
    browser.begin("ada").consent()
    assert browser.outcome() == ("refused", [code])
    assert not browser.usage() and browser.case.attempt_id is None
    page = browser.get("/recover/ended").content.decode()
    assert "no document was asked for" in page and "Start again" not in page
    assert browser.case.reference in page


def test_who_leaves_the_directory_there_on_the_way_is_told_to_call(there: There, browser: Journey) -> None:
    browser.to_face()
    with tenant_scope(there.place.tenant.id):
        RemoteObject.objects.all().delete()
    browser.face()
    assert (browser.outcome()[0], browser.outcome()[1][0]) == ("refused", "account_not_there")
    page = browser.get("/recover/ended").content.decode()
    assert "You proved who you are" in page and "no document was asked for" not in page


def test_who_is_somebody_else_reads_nothing_of_the_account_there(there: There, browser: Journey) -> None:
    there.place.provider.answers.claims.update(birthdate="1991-02-03")
    browser.to_face()
    with tenant_scope(there.place.tenant.id):
        RemoteObject.objects.all().delete()
    browser.face()
    assert browser.outcome()[1][:2] == ["match_none", "account_not_there"]
    page = browser.get("/recover/ended").content.decode()
    assert "You proved who you are" not in page and "Start again" in page


def test_a_guest_by_a_colleagues_word_is_asked_for_there(there: There, browser: Journey) -> None:
    with tenant_scope(there.place.tenant.id):
        DirectoryPerson.objects.filter(id=there.ada.id).update(is_guest=True)
    browser.begin("ada").consent()
    assert browser.stage is Stage.PARTNER


def test_an_account_that_is_blocked_while_it_is_handed_over_ends_it(there: There, browser: Journey) -> None:
    browser.to_pass()
    shown_characters(browser)
    there.graph.change(change=[{"id": there.object_id, "accountEnabled": False}])
    there.look()
    browser.work()
    assert browser.outcome() == ("expired", ["account_disabled"])
    assert there.ways_in()["pass"] is None


def test_looking_goes_on_after_trouble(there: There, browser: Journey) -> None:
    browser.to_pass()
    there.register(shown_characters(browser))
    there.graph.fault(fail={"times": 1, "status": 503})
    there.look()
    assert browser.case.status == "handed_over"
    there.look()
    assert browser.case.status == "recovered"


def test_a_method_that_cannot_be_removed_is_told(there: There, browser: Journey, monkeypatch: Any) -> None:
    browser.to_pass()
    there.register(shown_characters(browser))
    there.look()
    monkeypatch.setattr(passes, "delete_method", lambda *_given: False)
    there.run("connected.clear")
    assert browser.alerts()
    assert there.row(browser).clearing == ""


def test_clearing_goes_on_after_trouble(there: There, browser: Journey) -> None:
    browser.to_pass()
    there.register(shown_characters(browser))
    there.look()
    there.graph.fault(fail={"times": 1, "status": 503, "after": 2})
    there.run("connected.clear")
    assert there.row(browser).clearing == "lost"
    there.run("connected.clear")
    assert there.kinds() == ["passwordMethods", "fido2Methods"]


def test_work_that_was_lost_is_taken_up(there: There, browser: Journey) -> None:
    browser.to_pass()
    shown_characters(browser)
    Outbox.objects.filter(tenant_id=there.place.tenant.id).delete()
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        tasks.keep_going()
        tasks.keep_going()
    waiting = Outbox.objects.filter(tenant_id=there.place.tenant.id, topic="connected.look")
    assert waiting.count() == 1
    assert outbox.run(waiting.get().id)


def test_the_policy_bounds_how_long_a_pass_lives(there: There, browser: Journey) -> None:
    there.graph.tell(
        "/control", {"policy": {"minimumLifetimeInMinutes": 120, "maximumLifetimeInMinutes": 240}}
    )
    there.connect()
    browser.to_pass()
    assert there.row(browser).expires_at - clock.now() > timedelta(minutes=115)
    with tenant_scope(there.place.tenant.id):
        told = {one.heading: one.sentences for one in sentences_of(Profile.objects.get())}["What they get"]
    assert told[0] == "In production: a pass at Microsoft that works once, for 120 minutes."
    assert "passkey" not in " ".join(told)
