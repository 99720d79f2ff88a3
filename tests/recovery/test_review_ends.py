"""A case in review waits for two members, and not for ever: it ends by itself, and everybody hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from recovery.cases import REVIEW_LIFE, get_case
from recovery.console.services import Action, act_on_case
from recovery.expiring import expire_cases_of
from recovery.review import give_verdict
from recovery.stages import Stage
from recovery.statuses import CaseStatus
from tenants.rights import Role
from tests.conftest import make_member
from tests.recovery.journey import Journey, Place
from tests.recovery.refusals import CODE, FACE, PROOF, Left, assert_left


@pytest.fixture
def in_review(place: Place, browser: Journey, ada) -> Journey:
    """Held for an address that is new, and sent to review by a member."""
    with tenant_scope(place.tenant.id):
        ada.addresses.create(kind="email", value="new@evil.example")
    browser.to_face().face()
    assert browser.case.state is CaseStatus.HELD
    with tenant_scope(place.tenant.id):
        act_on_case(browser.case.id, Action.REVIEW, reason="The caller sounds rushed.", actor=SYSTEM)
    return browser


def verdict(place: Place, browser: Journey, member, word: str) -> None:
    with tenant_scope(place.tenant.id):
        give_verdict(browser.case.id, member_id=member.id, verdict=word, reason="Weak.", actor=SYSTEM)


def sweep(place: Place) -> int:
    with tenant_scope(place.tenant.id):
        return expire_cases_of(place.tenant)


@pytest.mark.parametrize("said", [[], ["refuse"], ["refuse", "more_evidence"]], ids=["none", "one", "apart"])
def test_a_review_that_nobody_decides_ends_and_everybody_hears_of_it(place: Place, in_review: Journey, said):
    members = [make_member(place.tenant, Role.HELP_DESK) for _number in range(3)]
    begun = clock.now()
    for member, word in zip(members, said, strict=False):
        verdict(place, in_review, member, word)
    assert b"ends by itself" in in_review.get("/recover/waiting").content
    with clock.frozen(begun + REVIEW_LIFE - timedelta(minutes=5)):
        assert sweep(place) == 0 and in_review.case.state is CaseStatus.IN_REVIEW
    with clock.frozen(begun + REVIEW_LIFE + timedelta(minutes=1)):
        assert sweep(place) == 1 and sweep(place) == 0
        assert_left(
            in_review,
            Left(
                end=("expired", "review_time_over"),
                audit=("recovery:case:move", "review_time_over"),
                credential="revoked",
                notices=(*CODE, *("recovery_held",) * 3, *("review_ended",) * 3),
                usage=(*PROOF, *FACE),
            ),
        )
        assert sorted(in_review.alerts()) == sorted(member.user.email for member in members)
        assert in_review.events().count("recovery:case:alert") == 1
    told = [entry for entry in mail.outbox if "was not decided in time" in entry.subject]
    assert len(told) == 3 and all("/not-me/" in entry.body for entry in told)
    alert = [entry for entry in mail.outbox if f"Case {in_review.case.reference}" in entry.subject][-1]
    assert "in review for seven days" in alert.body and "partner" not in alert.body
    assert "Lovelace" not in alert.body + alert.subject
    with pytest.raises(Refused):
        verdict(place, in_review, members[2], "refuse")
    assert in_review.stage is Stage.ENDED


def test_a_review_that_asked_for_more_evidence_keeps_the_day_it_gave(place: Place, in_review: Journey):
    for _number in range(2):
        verdict(place, in_review, make_member(place.tenant, Role.HELP_DESK), "more_evidence")
    with tenant_scope(place.tenant.id):
        case = get_case(in_review.case.id)
    assert case.state is CaseStatus.PROVING and case.expires_at <= clock.now() + timedelta(hours=24)
    with clock.frozen(clock.now() + timedelta(hours=25)):
        assert sweep(place) == 1 and in_review.work().outcome()[1][-1] == "time_over"
    assert "review_ended" not in in_review.notices()
