"""A partner that contradicts itself stops the case at whatever status it is; after the account it is told and can be frozen."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.console.services import Action, act_on_case
from recovery.stages import Stage
from tenants.rights import Role
from tests.conftest import make_member
from tests.recovery.journey import Journey, Place
from tests.recovery.refusals import CODE, FACE, PROOF, Left, assert_left


def answers(place: Place, browser: Journey) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two returns of one session; the second will say something else."""
    browser.begin("ada").consent()
    link = browser.get("/recover/partner", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    return place.provider.visit(link), place.provider.visit(link)


def contradict(place: Place, browser: Journey, second: dict[str, Any]) -> None:
    place.provider.answers.claims["family_name"] = "Byron"
    browser.come_back(second)


def assert_stopped(browser: Journey, until: str) -> None:
    told = (
        ("recovery_held",) * 3 + ("recovery_refused",) * 3 if until == "held" else ("recovery_refused",) * 2
    )
    left = Left(
        end=("refused", "partner_contradicted_itself"),
        audit=("recovery:case:move", "partner_contradicted_itself"),
        credential="none" if until == "credential" else "revoked",
        notices=(*CODE, *told),
        usage=(*PROOF, *(FACE if until in {"pass", "passkey", "held"} else ())),
    )
    assert_left(browser, left)
    assert browser.stage is Stage.ENDED and browser.case.reasons[-1] == "partner_contradicted_itself"
    events = browser.events()
    assert events.count("partner:proofing:contradict") == events.count("recovery:case:alert") == 1


@pytest.mark.parametrize("until", ["credential", "kept", "face", "pass", "passkey", "held"])
def test_it_stops_the_case_wherever_it_is(place: Place, browser: Journey, ada, until: str):
    owner = make_member(place.tenant, Role.OWNER)
    make_member(place.tenant, Role.AUDITOR)
    place.old_passkey(ada)
    if until == "held":
        with tenant_scope(place.tenant.id):
            ada.addresses.create(kind="email", value="new@evil.example")
    first, second = answers(place, browser)
    browser.come_back(first)
    if until != "credential":
        browser.keep()
    if until in {"face", "pass", "passkey", "held"}:
        browser.show()
    if until in {"pass", "passkey", "held"}:
        browser.face()
    if until == "passkey":
        browser.use_pass()
    contradict(place, browser, second)
    assert_stopped(browser, until)
    assert browser.alerts() == [owner.user.email]
    assert browser.post("/recover/pass/use").status_code == 303
    assert browser.post("/recover/passkey/options").status_code == 403
    assert browser.usable_passkeys(ada) == 1
    browser.work()
    contradict(place, browser, second)
    assert browser.events().count("recovery:case:alert") == 1


def test_after_the_account_was_recovered_everybody_is_told_and_a_member_can_freeze_it(
    place: Place, browser: Journey, ada
):
    make_member(place.tenant, Role.OWNER)
    first, second = answers(place, browser)
    browser.come_back(first).keep().show().face()
    browser.use_pass()
    key = browser.passkey()
    assert browser.sign_in(key).status_code == 200
    contradict(place, browser, second)
    assert browser.outcome() == ("recovered", ["partner_contradicted_itself"])
    assert browser.notices()[-2:] == ["recovery_doubted"] * 2
    assert "recovery:case:alert" in browser.events() and len(browser.alerts()) == 1
    assert browser.get("/security/").status_code == 200
    with tenant_scope(place.tenant.id):
        act_on_case(browser.case.id, Action.FREEZE, reason="The partner is doubted.", actor=SYSTEM)
    assert browser.get("/security/").status_code == 302
    assert browser.sign_in(key).status_code == 403
    assert browser.case.status == "repudiated" and browser.credential() == "revoked"
    assert browser.held(ada) == [] and browser.bound_to() is None
    browser.work()
    assert browser.notices()[-2:] == ["repudiated"] * 2
    assert "recovery:case:act" in browser.events()


def test_the_link_in_that_notice_takes_the_recovery_back(place: Place, browser: Journey, ada):
    first, second = answers(place, browser)
    browser.come_back(first).keep().show().face()
    browser.use_pass().passkey()
    contradict(place, browser, second)
    browser.post(browser.links_mailed()[-1])
    assert browser.case.status == "repudiated" and browser.credential() == "revoked"
    assert browser.usable_passkeys(ada) == 0


def test_an_equal_second_answer_stops_nothing(place: Place, browser: Journey):
    first, second = answers(place, browser)
    browser.come_back(first).keep().show()
    browser.come_back(second)
    browser.face()
    assert browser.stage is Stage.PASS
    assert "recovery:case:alert" not in browser.events()
