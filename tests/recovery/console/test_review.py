"""Two members decide a case in review; neither is the claimant."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from portal.kit.actors import SYSTEM
from portal.kit.errors import IllegalMove, NotAllowed, Refused
from portal.kit.scope import tenant_scope
from recovery.cases import get_case, move_case
from recovery.console.services import Action, act_on_case, allowed_actions
from recovery.models import Review
from recovery.review import give_verdict
from recovery.statuses import MOVES, CaseStatus
from tenants.models import User
from tenants.rights import Role
from tests.conftest import make_member
from tests.recovery.console.world import make_case, make_person, published_profile


@pytest.fixture
def case(tenant):
    with tenant_scope(tenant.id):
        return make_case(published_profile(), make_person(), CaseStatus.IN_REVIEW)


@pytest.fixture
def members(tenant):
    return [make_member(tenant, Role.HELP_DESK) for _number in range(3)]


def give(tenant, case, member, verdict, reason="The measures are weak."):
    with tenant_scope(tenant.id):
        return give_verdict(case.id, member_id=member.id, verdict=verdict, reason=reason, actor=SYSTEM)


def test_the_first_verdict_waits_and_a_second_equal_one_refuses(tenant, case, members):
    assert give(tenant, case, members[0], "refuse").state is CaseStatus.IN_REVIEW
    assert give(tenant, case, members[1], "refuse").state is CaseStatus.REFUSED


def test_more_evidence_asks_for_a_new_presence(tenant, case, members):
    give(tenant, case, members[0], "more_evidence")
    moved = give(tenant, case, members[1], "more_evidence")
    assert moved.state is CaseStatus.PROVING and moved.needs_new_presence


def test_one_member_is_not_two(tenant, case, members):
    give(tenant, case, members[0], "refuse")
    with pytest.raises(Refused):
        give(tenant, case, members[0], "refuse")
    with tenant_scope(tenant.id):
        assert get_case(case.id).state is CaseStatus.IN_REVIEW


def test_verdicts_that_differ_begin_a_new_round_with_both_shown(tenant, case, members):
    give(tenant, case, members[0], "refuse")
    assert give(tenant, case, members[1], "more_evidence").state is CaseStatus.IN_REVIEW
    assert give(tenant, case, members[2], "refuse").state is CaseStatus.IN_REVIEW
    assert give(tenant, case, members[0], "refuse").state is CaseStatus.REFUSED
    with tenant_scope(tenant.id):
        assert list(Review.objects.order_by("created_at").values_list("round", flat=True)) == [1, 1, 2, 2]


def test_nobody_reviews_their_own_account(tenant, members):
    email = User.objects.get(id=members[0].user_id).email
    with tenant_scope(tenant.id):
        own = make_case(published_profile(), make_person(emails=[email.upper()]), CaseStatus.IN_REVIEW)
    with pytest.raises(NotAllowed):
        give(tenant, own, members[0], "refuse")
    assert give(tenant, own, members[1], "refuse").state is CaseStatus.IN_REVIEW


def test_a_review_never_grants(tenant, case):
    assert CaseStatus.GRANTED not in MOVES.targets(CaseStatus.IN_REVIEW)
    assert CaseStatus.DECIDING not in MOVES.targets(CaseStatus.IN_REVIEW)
    with tenant_scope(tenant.id), pytest.raises(IllegalMove):
        move_case(case.id, CaseStatus.GRANTED)


def test_verdicts_given_at_once_act_once(tenant, case, members):
    start, outcomes = threading.Barrier(4), []

    def work(member):
        start.wait()
        try:
            outcomes.append(give(tenant, case, member, "refuse").state.value)
        except Refused as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=work, args=[member]) for member in [members[0], members[0], *members[1:]]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 1 and outcomes.count("in_review") == 1
    with tenant_scope(tenant.id):
        assert Review.objects.filter(case=case).count() == 2
        assert get_case(case.id).state is CaseStatus.REFUSED


def test_a_case_on_hold_is_sent_to_review_with_a_reason(tenant, staff_client):
    with tenant_scope(tenant.id):
        held = make_case(published_profile(), make_person(), CaseStatus.HELD)
    client = staff_client(Role.HELP_DESK)
    address = f"/o/{tenant.slug}/recovery/cases/{held.public_id}/review"
    assert client.post(address, {"reason": ""}).status_code == 200
    assert client.post(address, {"reason": "The caller sounds rushed."}).status_code == 302
    with tenant_scope(tenant.id):
        assert get_case(held.id).state is CaseStatus.IN_REVIEW
    review = f"/o/{tenant.slug}/recovery/reviews/{held.public_id}/"
    assert client.post(review, {"verdict": "refuse", "reason": "Weak."}).status_code == 302
    assert client.post(review, {"verdict": "grant", "reason": "Weak."}).status_code == 200
    assert client.post(review, {"verdict": "refuse", "reason": "Weak."}).status_code == 409


def test_time_is_given_once(tenant):
    with tenant_scope(tenant.id):
        case = make_case(published_profile(), make_person())
        before = case.expires_at
        act_on_case(case.id, Action.EXTEND, reason="A slow train.", actor=SYSTEM)
        case = get_case(case.id)
        assert (case.expires_at - before).total_seconds() == 7200
        assert Action.EXTEND not in allowed_actions(case, None)
        with pytest.raises(Refused):
            act_on_case(case.id, Action.EXTEND, reason="Again.", actor=SYSTEM)


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (CaseStatus.REFUSED, []),
        (CaseStatus.EXPIRED, []),
        (CaseStatus.REPUDIATED, []),
        (CaseStatus.RECOVERED, [Action.FREEZE]),
    ],
)
def test_an_ended_case_allows_nothing_but_freezing_what_it_gave(tenant, status, allowed):
    with tenant_scope(tenant.id):
        case = make_case(published_profile(), make_person(), status)
        assert allowed_actions(case, None) == allowed
