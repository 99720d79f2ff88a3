"""A case that the organisation's own systems are asked about, over real HTTP to a process of its own."""

from __future__ import annotations

from uuid import uuid4

import pytest

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.callouts import asking
from recovery.callouts.models import CalloutAsk
from recovery.callouts.sending import Heard
from recovery.callouts.shape import Answer
from recovery.models import Profile
from recovery.stages import Stage
from recovery.statuses import CaseStatus, Mode
from tenants.directory.models import DirectoryPerson

LIES = [
    "down",
    "rate_limited",
    "not_json",
    "names_twice",
    "huge",
    "unknown_word",
    "both_actions",
    "elsewhere",
    "wrong_type",
]


def calls(endpoint):
    return [call for call in endpoint.calls if call == "POST /api/claims"]


def came_to(browser):
    """The status, and the first reason: those of the match stand after it."""
    status, reasons = browser.outcome()
    return status, reasons[0]


def test_whoever_the_callout_passes_gets_a_pass(checked, browser, endpoint):
    row = checked.add()
    checked.use(row)
    browser.to_pass()
    assert [(ask.state, ask.tries) for ask in checked.asks(browser)] == [("passed", 1)]
    assert "claims_checked" in browser.done()
    assert browser.done().index("matched") < browser.done().index("claims_checked")
    assert checked.callout(row).answered_at is not None


def test_a_no_refuses_and_says_which_claims_by_name_alone(checked, browser, endpoint):
    checked.use(checked.add())
    endpoint.misbehave("says_no")
    browser.to_face().face()
    assert came_to(browser) == (CaseStatus.REFUSED, "callout_failed")
    assert checked.asks(browser)[0].failed_claims == ["dateOfBirth"]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("rule", ["refuse", "review"])
def test_a_lie_is_silence_and_silence_is_never_a_pass(checked, browser, endpoint, lie, rule):
    row = checked.add(on_silence=rule)
    checked.use(row)
    endpoint.misbehave(lie)
    browser.to_face().face()
    expected = {
        "refuse": (CaseStatus.REFUSED, "callout_silent"),
        "review": (CaseStatus.IN_REVIEW, "callout_unanswered"),
    }
    assert came_to(browser) == expected[rule]
    assert [ask.state for ask in checked.asks(browser)] == ["silent"]
    assert "pass_issued" not in browser.done()
    assert checked.callout(row).silent_in_row == 1


def test_an_answer_that_drips_is_cut_off_when_the_time_is_over(checked, browser, endpoint):
    checked.use(checked.add(timeout_seconds=1))
    endpoint.misbehave("drips")
    before = clock.now()
    browser.to_face().face()
    assert came_to(browser) == (CaseStatus.REFUSED, "callout_silent")
    # The answer would take more than half a minute to drip in.
    assert (clock.now() - before).total_seconds() < 20
    assert checked.asks(browser)[0].problem == "no_answer"


def test_an_endpoint_that_is_down_is_asked_again_with_a_pause_and_the_same_name(
    checked, browser, endpoint, monkeypatch
):
    monkeypatch.setattr(asking, "BACK_OFF", asking.BACK_OFF / 100)
    checked.use(checked.add(retries=2))
    endpoint.misbehave("down")
    browser.to_face().face()
    assert browser.outcome()[0] == CaseStatus.REFUSED
    assert [ask.tries for ask in checked.asks(browser)] == [3]
    assert len(calls(endpoint)) == 3


def test_the_first_no_spares_the_rest(checked, browser, endpoint):
    checked.use(checked.add("First"), checked.add("Second"))
    endpoint.misbehave("says_no")
    browser.to_face().face()
    assert [ask.state for ask in checked.asks(browser)] == ["failed", "spared"]
    assert came_to(browser) == (CaseStatus.REFUSED, "callout_failed")


def test_several_are_asked_in_the_order_of_the_profile(checked, browser):
    second, first = checked.add("Second"), checked.add("First")
    checked.use(first, second)
    browser.to_pass()
    with tenant_scope(checked.place.tenant.id):
        rows = CalloutAsk.objects.select_related("callout").order_by("answered_at")
        assert [ask.callout.name for ask in rows] == ["First", "Second"]


def test_nobody_is_asked_about_a_case_that_is_refused_already(checked, place, endpoint):
    """A yes could mend nothing, and the organisation hears of nobody who is not the account's owner."""
    checked.use(checked.add())
    place.person("ben", given_names="Ben", family_name="Okri")
    stranger = place.browser()
    stranger.to_face("ben").face()
    assert stranger.outcome()[0] == CaseStatus.REFUSED
    assert "match_none" in stranger.outcome()[1]
    assert calls(endpoint) == []


def test_a_failed_face_is_not_asked_about(checked, browser, endpoint, vision):
    checked.use(checked.add())
    browser.to_face()
    vision.passed = False
    browser.face()
    assert calls(endpoint) == []


def test_a_person_suspended_while_the_endpoint_thinks_is_refused(checked, browser, ada, monkeypatch):
    checked.use(checked.add())
    ask = asking.ask_endpoint

    def suspended_meanwhile(question, *, token_id):
        with tenant_scope(checked.place.tenant.id):
            DirectoryPerson.objects.filter(id=ada.id).update(status="suspended")
        return ask(question, token_id=token_id)

    monkeypatch.setattr(asking, "ask_endpoint", suspended_meanwhile)
    browser.to_face().face()
    assert browser.outcome()[0] == CaseStatus.REFUSED
    assert "person_may_not_recover" in browser.outcome()[1]


def test_a_callout_that_is_gone_refuses(checked, browser):
    checked.place.set_profile(callouts=[str(uuid4())])
    browser.to_face().face()
    assert came_to(browser) == (CaseStatus.REFUSED, "callout_gone")


def test_in_evaluation_it_is_asked_as_well_and_the_other_answer_stands_beside(checked, browser, endpoint):
    checked.use(checked.add(on_silence="review"))
    checked.place.set_profile(mode=Mode.EVALUATION)
    endpoint.misbehave("down")
    browser.to_face().face()
    assert browser.outcome()[0] == CaseStatus.EVALUATED
    assert browser.decided()["in_production"] == "needs_review"


def test_a_second_delivery_asks_nobody_again(checked, browser, endpoint):
    checked.use(checked.add())
    browser.to_pass()
    case = browser.case
    with tenant_scope(checked.place.tenant.id):
        for topic in ("callouts.ask", "recovery.callouts_answered"):
            asking.enqueue(
                topic, tenant_id=case.tenant_id, reference=case.id, presentation=case.presentation_id
            )
    browser.work()
    assert len(calls(endpoint)) == 1
    assert browser.stage is Stage.PASS


def test_a_worker_that_dies_over_the_endpoint_is_stood_in_for_and_asks_no_more_than_it_may(
    checked, browser, endpoint, monkeypatch
):
    checked.use(checked.add())
    browser.to_face()
    ask = asking.ask_endpoint

    def dies(question, *, token_id):
        ask(question, token_id=token_id)
        raise SystemError("killed")

    monkeypatch.setattr(asking, "ask_endpoint", dies)
    browser.face()
    for _again in range(4):
        browser.work()
    assert len(calls(endpoint)) <= 2
    monkeypatch.setattr(asking, "ask_endpoint", ask)
    browser.work()
    assert browser.outcome()[0] in (CaseStatus.GRANTED, CaseStatus.REFUSED)


def test_a_second_answer_that_differs_makes_both_worth_nothing(checked, browser):
    row = checked.add()
    checked.use(row)
    browser.to_face()
    client = browser.client
    assert client is not None
    browser.get("/recover/face")
    browser.clip()
    case = browser.case
    with tenant_scope(checked.place.tenant.id):
        asking.begin_asking(
            [row.id],
            reference=case.id,
            presentation_id=case.presentation_id,
            person_id=case.person_id,
        )
        made = asking._next_try(case.presentation_id)
        asking._note(made, Heard(Answer(True)))
        asking._note(made, Heard(Answer(False)))
        said = asking.said_in(asking.asks_of(case.presentation_id))
    assert (said.refusals, said.doubts) == (("callout_silent",), ())


def test_values_of_claims_stand_in_no_event_no_row_and_no_log(checked, browser, endpoint, caplog):
    checked.use(checked.add())
    endpoint.misbehave("says_no")
    browser.to_face().face()
    told = [event.data for event in browser.audit() if event.name == "recovery:callout:answer"]
    assert told
    with tenant_scope(checked.place.tenant.id):
        rows = [str(vars(ask)) for ask in CalloutAsk.objects.all()]
    for text in (str(told), caplog.text, *rows):
        assert "Lovelace" not in text and "1985" not in text


def test_other_profiles_are_decided_as_before(place, browser):
    with tenant_scope(place.tenant.id):
        assert Profile.objects.get(id=place.profile.id).callouts == []
    browser.to_pass()
    assert "claims_checked" not in browser.done()
