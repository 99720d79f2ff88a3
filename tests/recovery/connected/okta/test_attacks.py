"""What somebody else tries at a recovery through Okta: many at once, another organisation; and who dies half-way."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit.errors import Misconfigured, Refused
from portal.kit.scope import tenant_scope
from recovery.connected import making, showing
from recovery.connected.models import DirectoryPass
from tenants.directory.connections import tokens
from tenants.directory.connections.models import DirectoryConnection
from tenants.directory.connections.okta import account_calls as calls
from tenants.models import Tenant
from tests.recovery.connected.okta.conftest import There, connect, shown_characters
from tests.recovery.connected.test_trouble import Killed
from tests.recovery.journey import Journey
from tests.recovery.racing import race


def _codes(there: There) -> list[str]:
    return [one["id"] for one in there.ways_in()["enrolments"] if one["key"] == "tac"]


def test_of_a_hundred_at_once_one_is_shown_the_code(there: There, browser: Journey) -> None:
    browser.to_pass()
    case_id, digest = browser.case.id, browser.browser_digest

    def ask(_number: int) -> str:
        with tenant_scope(there.place.tenant.id):
            return f"shown {len(showing.show_pass(case_id, browser_digest=digest).characters)}"

    assert race(ask, times=100) == {"shown 16": 1, "pass_not_here": 99}
    assert there.row(browser).characters_sealed is None
    assert there.ways_in()["codes_made"] == 1


@pytest.mark.parametrize(("where", "made"), [("end_sessions", 0), ("make_pass", 1), ("_keep", 1)])
def test_who_dies_half_way_leaves_one_code_and_it_is_the_one_that_is_shown(
    there: There, browser: Journey, monkeypatch: pytest.MonkeyPatch, where: str, made: int
) -> None:
    """After the sessions were ended, when Okta's answer with the code was on its way, and before it was written down."""
    room: Any = making if where == "_keep" else calls
    real = getattr(room, where)

    def done_and_died(*given: Any, **more: Any) -> Any:
        if where != "_keep":
            real(*given, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(room, where, done_and_died)
        with pytest.raises(Killed):
            browser.to_pass()
    assert (browser.case.status, there.ways_in()["codes_made"]) == ("granted", made)
    there.run()
    row = there.row(browser)
    assert (row.state, row.attempt, row.issues) == ("ready", 2, 1)
    assert _codes(there) == [row.pass_id]
    there.register(shown_characters(browser))
    there.look()
    assert browser.case.status == "recovered"


def test_another_organisation_is_shown_nothing_and_its_connection_opens_nothing(
    there: There, browser: Journey, other_tenant: Tenant
) -> None:
    """Both at the same Okta organisation, which is as near as two can come."""
    browser.to_pass()
    case_id, digest, row = browser.case.id, browser.browser_digest, there.row(browser)
    connect(other_tenant, there.okta)
    with tenant_scope(there.place.tenant.id):
        own = DirectoryConnection.objects.get()
    with tenant_scope(other_tenant.id):
        assert not DirectoryPass.objects.filter(id=row.id).exists()
        for act in (showing.show_pass, showing.ask_again):
            with pytest.raises(Refused, match="pass_not_here"):
                act(case_id, browser_digest=digest)
        # A key and a token that were copied from one organisation's row to another's.
        copied = DirectoryConnection.objects.get()
        copied.secret_sealed, copied.token_sealed = own.secret_sealed, own.token_sealed
        copied.save()
        with pytest.raises(Misconfigured):
            tokens.hold(other_tenant.id)
    assert len(shown_characters(browser)) == 16


def test_a_connection_that_was_made_since_is_asked_about_no_earlier_code(
    there: There, browser: Journey
) -> None:
    """It may lead to another organisation, whose answers would say that somebody is back in."""
    browser.to_pass()
    characters = shown_characters(browser)
    there.connect_anew()
    there.register(characters)
    asked = len(there.okta.state()["calls"])
    there.look()
    browser.work()
    there.run("connected.clear")
    assert (browser.case.status, browser.case.reasons) == ("expired", ["accounts_moved"])
    assert len(there.okta.state()["calls"]) == asked
    assert "account_not_cleared" in there.row(browser).alerts
