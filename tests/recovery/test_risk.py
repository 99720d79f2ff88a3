"""A recovery that passed and is odd: it waits, two members look, or both. Nobody gets in sooner, or without the rule."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.errors import Invalid, NotAllowed, Refused
from portal.kit.ids import uuid7
from portal.kit.outbox import Job
from portal.kit.scope import tenant_scope
from recovery import profiles
from recovery.cases import get_case
from recovery.console.services import Action, act_on_case
from recovery.expiring import expire_cases_of
from recovery.holding import on_hold_over
from recovery.models import Case, Profile
from recovery.review import give_verdict
from recovery.stages import Stage
from recovery.statuses import CaseStatus
from recovery.tasks import forget_networks
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.rights import Role
from tests.conftest import make_member
from tests.recovery.journey import Journey, Place
from tests.recovery.racing import race


def say(place: Place, browser: Journey, member, word: str = "go_on") -> None:
    with tenant_scope(place.tenant.id):
        give_verdict(browser.case.id, member_id=member.id, verdict=word, reason="Known.", actor=SYSTEM)


@pytest.fixture
def agents(place: Place):
    return [make_member(place.tenant, Role.HELP_DESK) for _number in range(3)]


def wait_is_over(place: Place, browser: Journey) -> None:
    """The moment has come, and the job that was put down for it runs."""
    case = browser.case
    with tenant_scope(place.tenant.id):
        Case.objects.filter(id=case.id).update(held_until=clock.now())
        on_hold_over(Job(uuid7(), "recovery.hold_over", place.tenant.id, {"case_id": str(case.id)}, 1))


def show_again(browser: Journey) -> Journey:
    browser.work()
    assert browser.stage is Stage.PRESENT, (browser.stage, browser.outcome())
    browser.show().face()
    return browser


def test_it_waits_as_long_as_the_profile_says_and_the_pass_comes_on_the_same_proof(place, browser, ada):
    place.set_profile(waiting_signs=["weakly_tied"], waiting_hours=48, told=["members_waiting"])
    browser.to_face().face()
    begun = clock.now() - timedelta(minutes=5)
    assert (browser.stage, browser.outcome()) == (Stage.WAITING, ("held", ["weakly_tied"]))
    told = [entry for entry in mail.outbox if "waits" in entry.subject and entry.to[0].startswith("ada@")]
    assert len(told) == 2 and all("/not-me/" in entry.body for entry in told)
    page = browser.get("/recover/waiting").content.decode()
    assert "Come back in this browser after" in page and "Get a code to continue there" in page
    with clock.frozen(begun + timedelta(hours=47)):
        browser.work()
        assert browser.stage is Stage.WAITING and browser.credential() == "valid"
    assert browser.case.held_until >= begun + timedelta(hours=48)
    wait_is_over(place, browser)
    show_again(browser)
    assert browser.stage is Stage.PASS, browser.decided()
    # One proof, one Face Check that is charged.
    assert sum(is_billable for _meter, is_billable, _why in browser.usage()) == 2
    browser.use_pass().passkey()
    assert browser.outcome()[0] == "recovered" and browser.bound_to() == ada.id


def test_a_face_that_was_judged_without_colours_waits_unless_the_profile_says_otherwise(place, browser):
    """A photograph that a program bends turns its head as well: whoever chooses that way gives the owner time to say no."""
    browser.to_face()
    browser.post("/recover/face/without-colours")
    browser.face()
    assert (browser.stage, browser.outcome()) == (Stage.WAITING, ("held", ["face_without_colours"]))
    place.set_profile(waiting_signs=[])
    other = place.browser()
    other.to_face()
    other.post("/recover/face/without-colours")
    other.face()
    assert other.outcome()[1] != ["face_without_colours"]


def test_the_owner_stops_it_while_it_waits_and_nothing_is_left(place, browser, ada):
    place.set_profile(waiting_signs=["every_recovery"], waiting_hours=24)
    browser.to_face().face()
    assert browser.stage is Stage.WAITING
    owner = place.browser()
    owner.post(browser.links_mailed("ada@home.example")[-1])
    browser.work()
    assert browser.outcome()[0] == "canceled" and browser.credential() == "revoked"
    with clock.frozen(clock.now() + timedelta(hours=25)):
        browser.work()
        assert browser.stage is Stage.ENDED and browser.bound_to() is None
    # Whoever comes back is looked at for it.
    again = place.browser()
    again.to_face().face()
    assert "not_me_before" in again.decided()["signs"]


def test_whoever_does_not_come_back_in_time_begins_again(place, browser, ada):
    place.set_profile(waiting_signs=["every_recovery"], waiting_hours=2)
    browser.to_face().face()
    with clock.frozen(clock.now() + timedelta(hours=26, minutes=1)):
        with tenant_scope(place.tenant.id):
            expire_cases_of(place.tenant)
        browser.work()
    assert browser.outcome()[0] == "expired" and browser.credential() == "revoked"


def test_a_wake_up_that_comes_early_twice_or_late_changes_nothing_it_should_not(place, browser, ada):
    place.set_profile(waiting_signs=["every_recovery"], waiting_hours=10)
    browser.to_face().face()
    wake = partial(
        on_hold_over,
        Job(uuid7(), "recovery.hold_over", place.tenant.id, {"case_id": str(browser.case.id)}, 1),
    )
    with tenant_scope(place.tenant.id):
        wake()
    assert browser.case.state is CaseStatus.HELD
    with clock.frozen(clock.now() + timedelta(hours=20)):
        for _time in range(2):
            with tenant_scope(place.tenant.id):
                wake()
        assert browser.case.state is CaseStatus.PROVING and browser.events().count("recovery:case:alert") == 0


def test_who_changed_the_account_lately_may_refuse_and_not_let_it_go_on(place, browser, ada, agents):
    place.set_profile(review_signs=["weakly_tied"], waiting_signs=[])
    browser.to_face().face()
    with tenant_scope(place.tenant.id):
        record_event(
            EventName.PERSON_CHANGED,
            actor=Actor(ActorKind.MEMBER, agents[0].public_id),
            subject=ada.public_id,
        )
    with pytest.raises(NotAllowed) as refused:
        say(place, browser, agents[0])
    assert refused.value.code == "changed_the_person"
    with clock.frozen(clock.now() + timedelta(days=31)):
        say(place, browser, agents[0])
    say(place, browser, agents[1], "refuse")
    assert browser.case.state is CaseStatus.IN_REVIEW
    say(place, browser, agents[0], "refuse")


def test_networks_are_forgotten_after_half_a_year(place, browser, ada):
    browser.to_face()
    with tenant_scope(place.tenant.id):
        Case.objects.update(network_digest="n" * 64)
    for days, kept in ((179, "n" * 64), (181, "")):
        with clock.frozen(clock.now() + timedelta(days=days)):
            forget_networks()
        assert browser.case.network_digest == kept


def test_two_members_let_it_go_on_and_the_rule_decides_once_more(place, browser, ada, agents):
    place.set_profile(review_signs=["weakly_tied"], waiting_signs=[])
    browser.to_face().face()
    assert browser.outcome() == ("in_review", ["weakly_tied"])
    browser.alerts()
    # Mail about cases of other tests may still be on its way.
    asked = [entry for entry in mail.outbox if "waits for a second look" in entry.subject]
    asked = [entry for entry in asked if browser.case.reference in entry.body]
    assert sorted(entry.to[0] for entry in asked) == sorted(agent.user.email for agent in agents)
    assert all("Lovelace" not in entry.body for entry in asked)
    say(place, browser, agents[0])
    assert browser.case.state is CaseStatus.IN_REVIEW
    with pytest.raises(Refused):
        say(place, browser, agents[0])
    say(place, browser, agents[1])
    assert browser.case.state is CaseStatus.PROVING
    show_again(browser)
    assert browser.stage is Stage.PASS


def test_what_they_let_go_on_fails_all_the_same_when_a_check_fails_then(place, browser, ada, agents):
    place.set_profile(review_signs=["weakly_tied"])
    browser.to_face().face()
    for agent in agents[:2]:
        say(place, browser, agent)
    with tenant_scope(place.tenant.id):
        ada.refresh_from_db()
        ada.status = ada.Status.SUSPENDED
        ada.save(update_fields=["status"])
    browser.work().show().face()
    assert browser.outcome()[0] == "refused" and "person_may_not_recover" in browser.outcome()[1]


def test_review_and_waiting_run_at_the_same_time(place, browser, ada, agents):
    place.set_profile(review_signs=["weakly_tied"], waiting_signs=["weakly_tied"], waiting_hours=30)
    browser.to_face().face()
    begun = clock.now()
    assert browser.case.state is CaseStatus.IN_REVIEW
    assert "It goes on no sooner than" in browser.get("/recover/waiting").content.decode()
    for agent in agents[:2]:
        say(place, browser, agent)
    assert browser.case.state is CaseStatus.HELD
    with clock.frozen(begun + timedelta(hours=29)):
        assert browser.work().stage is Stage.WAITING
    wait_is_over(place, browser)
    show_again(browser)
    assert browser.stage is Stage.PASS, browser.decided()


def test_nobody_lets_go_on_what_did_not_pass(place, browser, ada, agents):
    with tenant_scope(place.tenant.id):
        ada.addresses.create(kind="email", value="new@evil.example")
    browser.to_face().face()
    with tenant_scope(place.tenant.id):
        act_on_case(browser.case.id, Action.REVIEW, reason="The caller is in a hurry.", actor=SYSTEM)
    for agent in agents[:2]:
        with pytest.raises(Refused) as refused:
            say(place, browser, agent)
        assert refused.value.code == "did_not_pass"
    assert browser.case.state is CaseStatus.IN_REVIEW


def test_only_the_reviewers_that_the_profile_names_decide(place, browser, ada, agents):
    named = [str(agent.id) for agent in agents[:2]]
    place.set_profile(review_signs=["weakly_tied"], reviewers_are="named", reviewers=named)
    browser.to_face().face()
    with pytest.raises(NotAllowed) as refused:
        say(place, browser, agents[2])
    assert refused.value.code == "not_a_reviewer"
    administrator = make_member(place.tenant, Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        say(place, browser, administrator)
    for agent in agents[:2]:
        say(place, browser, agent)
    assert browser.case.state is CaseStatus.PROVING


def test_a_profile_whose_reviewers_cannot_be_two_is_refused(place, ada):
    first = make_member(place.tenant, Role.HELP_DESK)
    auditor = make_member(place.tenant, Role.AUDITOR)

    def save(**values) -> Profile:
        with tenant_scope(place.tenant.id):
            return profiles.change_profile(
                place.profile.id, actor=SYSTEM, review_signs=["every_recovery"], **values
            )

    named = {"reviewers_are": "named", "reviewers": [first.id, auditor.id]}
    for values in (
        {},
        named,
        {"reviewers_are": "role", "reviewer_role": "help_desk"},
        {"reviewers_are": "role"},
    ):
        with pytest.raises(Invalid) as refused:
            save(**values)
        assert refused.value.code == "profile_reviewers"
    second = make_member(place.tenant, Role.HELP_DESK)
    assert save(reviewers_are="named", reviewers=[first.id, second.id]).version == 2
    for values in (
        {"review_signs": ["a_sign"]},
        {"sign_limits": {"face_margin": 500}},
        {"sign_limits": {"x": 7}},
    ):
        with pytest.raises(Invalid), tenant_scope(place.tenant.id):
            profiles.change_profile(place.profile.id, actor=SYSTEM, **values)


def test_a_hundred_verdicts_at_once_count_as_two(place, browser, ada, agents):
    place.set_profile(review_signs=["weakly_tied"])
    browser.to_face().face()

    answers = race(lambda number: say(place, browser, agents[number % 2]) or "said", times=100)
    assert answers["said"] == 2 and browser.case.state is CaseStatus.PROVING


def test_a_continuation_code_of_the_waiting_page_works_once_the_wait_is_over(place, browser, ada):
    place.set_profile(waiting_signs=["every_recovery"], waiting_hours=40)
    browser.to_face().face()
    code = browser.continuation()
    early = place.browser()
    assert b"still waits" in early.post("/recover/continue", {"code": code}).content
    wait_is_over(place, browser)
    phone = place.carry(code)
    phone.wallet = browser.wallet
    assert phone.stage is Stage.PRESENT
    phone.show().face()
    assert phone.stage is Stage.PASS


def test_a_stranger_who_never_had_the_code_is_no_sign_against_the_owner(place, browser, ada):
    for _number in range(3):
        stranger = place.browser().who("ada")
        for _try in range(5):
            stranger.confirm("000000")
    browser.to_face().face()
    assert not {"refused_before", "several_recoveries"} & set(browser.decided()["signs"])
    with tenant_scope(place.tenant.id):
        assert get_case(browser.case.id).state is not CaseStatus.IN_REVIEW
