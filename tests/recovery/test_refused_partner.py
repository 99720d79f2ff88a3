"""What a partner, or whoever speaks for it, may try against a case."""

from __future__ import annotations

import base64
import json

import pytest

from recovery.stages import Stage
from tests.recovery.journey import Journey, Place, make_place


def assert_nothing_proven(browser: Journey) -> None:
    """No proof, no credential, nothing charged; the person may begin again, and the case is not theirs to lose."""
    assert browser.case.status == "proving" and browser.stage is Stage.PROVE
    assert "proofed" not in browser.done()
    assert browser.credential() == "none"
    assert not any(billable for _meter, billable, _why in browser.usage())
    assert "verified_id:credential:offer" not in browser.events()
    assert browser.notices() == ["confirmation_code"]


def unsigned(place: Place, asked):
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = place.provider.sign(asked).split(".")[1]
    return f"{head}.{body}."


@pytest.mark.parametrize("how", ["unsigned", "stale", "another_tenant", "another_nonce"])
def test_an_answer_that_is_not_this_cases_own_proves_nothing(place: Place, browser: Journey, how: str):
    answers = place.provider.answers
    if how == "unsigned":
        answers.algorithm = "none"
    if how == "stale":
        answers.time_offset = -7200
    if how == "another_tenant":
        answers.change_token = lambda claims: claims.update(aud="another tenant's client")
    if how == "another_nonce":
        answers.change_token = lambda claims: claims.update(nonce="n" * 43)
    browser.begin("ada").prove()
    assert_nothing_proven(browser)
    assert "partner:proofing:refuse" in browser.events()


def test_the_return_of_another_tenants_case_is_not_read(provider, vision, place: Place, browser: Journey):
    there = make_place(provider, vision)
    there.person("ada")
    query = there.browser().begin("ada").consent().at_partner()
    browser.begin("ada").consent()
    browser.come_back(query)
    assert "recovery/not_here.html" in [template.name for template in browser.last.templates]
    assert browser.stage is Stage.PARTNER and browser.credential() == "none"


def test_the_return_in_another_browser_is_not_read(place: Place, browser: Journey):
    query = browser.begin("ada").consent().at_partner()
    phisher = place.browser()
    phisher.begin("ada").consent()
    phisher.come_back(query)
    assert phisher.stage is Stage.PARTNER and browser.stage is Stage.PARTNER
    assert browser.come_back(query).stage is Stage.CREDENTIAL


@pytest.mark.parametrize(
    "reason",
    [
        "doc_expired",
        "data_inconsistent",
        "doc_not_genuine",
        "face_mismatch",
        "liveness_failed",
        "presentation_attack",
    ],
)
def test_a_no_of_the_partner_ends_the_case_and_is_charged_once(place: Place, browser: Journey, reason: str):
    place.provider.answers.level = "FAILED"
    place.provider.answers.reasons = [reason]
    browser.begin("ada").prove()
    assert browser.outcome() == ("refused", ["proofing_refused"])
    assert browser.usage() == [("decision", True, "own_contract")]
    assert browser.notices()[1:] == ["recovery_refused"] * 2
    assert browser.credential() == "none" and "verified_id:credential:offer" not in browser.events()
    completed = [event.data for event in browser.audit() if event.name == "partner:proofing:complete"]
    assert [(data["outcome"], data["reasons"]) for data in completed] == [("not_verified", [reason])]
    ended = browser.get("/recover/ended").content.decode()
    assert reason not in ended and "What was shown was not enough" in ended


def test_after_three_answers_that_could_not_be_used_the_case_is_over(place: Place, browser: Journey):
    place.provider.answers.broken["/token"] = (200, json.dumps({"id_token": "x"}).encode())
    browser.begin("ada").prove()
    for _number in range(2):
        browser.post("/recover/prove")
        browser.work().come_back(browser.at_partner())
    browser.post("/recover/prove")
    browser.work()
    assert browser.outcome() == ("refused", ["proofing_tries_used_up"])
    assert not any(billable for _meter, billable, _why in browser.usage())
