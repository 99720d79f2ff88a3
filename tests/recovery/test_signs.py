"""Signs of risk, judged from facts alone; and what the decision makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from recovery.console.sign_words import HINTS, NAMES, SENTENCES
from recovery.decision import Assurance, Evidence, Outcome, Policy, decide, decide_as_in_production
from recovery.signs import BOUNDS, Limits, Sign, SignFacts, signs_of
from recovery.statuses import EvidenceKind, Mode
from tenants.directory.matching import MatchOutcome

NOTHING_ODD = SignFacts(
    is_privileged=None,
    days_since_refusal=None,
    days_since_address=None,
    other_live=0,
    network_is_new=None,
    others_in_network=None,
    is_tied=True,
    match_confidence=100,
    match_reasons=("names_agree", "birthdate_agrees"),
    face_above_threshold=20,
    document_days_left=900,
    days_since_recovery=None,
    days_since_not_me=None,
    local_time=datetime(2026, 11, 30, 12, tzinfo=ZoneInfo("Europe/Vienna")),
)
USUAL = Limits()


def fired(limits: Limits = USUAL, **facts) -> set[Sign]:
    return set(signs_of(replace(NOTHING_ODD, **facts), limits)) - {Sign.EVERY_RECOVERY}


def test_nothing_odd_and_nothing_known_are_no_sign():
    assert signs_of(NOTHING_ODD, USUAL) == (Sign.EVERY_RECOVERY,)
    assert fired(match_confidence=None, face_above_threshold=None, document_days_left=None) == set()


@pytest.mark.parametrize(
    ("facts", "sign", "just_not"),
    [
        ({"is_privileged": True}, Sign.PRIVILEGED_ACCOUNT, {"is_privileged": False}),
        ({"days_since_refusal": 3}, Sign.REFUSED_BEFORE, {"days_since_refusal": 3.01}),
        ({"days_since_address": 14}, Sign.ADDRESS_CHANGED, {"days_since_address": 14.01}),
        ({"other_live": 1}, Sign.SEVERAL_RECOVERIES, {"other_live": 0}),
        ({"network_is_new": True}, Sign.NEW_NETWORK, {"network_is_new": False}),
        ({"others_in_network": 5}, Sign.BUSY_NETWORK, {"others_in_network": 4}),
        ({"is_tied": False}, Sign.WEAKLY_TIED, {"is_tied": True}),
        ({"match_confidence": 95}, Sign.UNSURE_MATCH, {"match_confidence": 96}),
        ({"match_reasons": ("former_name_agrees",)}, Sign.UNSURE_MATCH, {"match_reasons": ()}),
        ({"face_above_threshold": 4}, Sign.FACE_BARELY_PASSED, {"face_above_threshold": 5}),
        ({"face_without_colours": True}, Sign.FACE_WITHOUT_COLOURS, {"face_without_colours": False}),
        ({"document_days_left": -1}, Sign.DOCUMENT_EXPIRED, {"document_days_left": 0}),
        ({"match_reasons": ("another_document_than_held",)}, Sign.ANOTHER_DOCUMENT, {"match_reasons": ()}),
        ({"days_since_recovery": 30}, Sign.RECOVERED_BEFORE, {"days_since_recovery": 30.01}),
        ({"days_since_not_me": 180}, Sign.NOT_ME_BEFORE, {"days_since_not_me": 180.01}),
        (
            {"local_time": datetime(2026, 11, 30, 6, 59, tzinfo=ZoneInfo("Europe/Vienna"))},
            Sign.OUT_OF_HOURS,
            {"local_time": datetime(2026, 11, 30, 7, tzinfo=ZoneInfo("Europe/Vienna"))},
        ),
        (
            {"local_time": datetime(2026, 11, 28, 12, tzinfo=ZoneInfo("Europe/Vienna"))},
            Sign.OUT_OF_HOURS,
            {"local_time": datetime(2026, 11, 27, 19, 59, tzinfo=ZoneInfo("Europe/Vienna"))},
        ),
    ],
)
def test_each_sign_begins_exactly_where_its_limit_says(facts, sign, just_not):
    assert fired(**facts) == {sign}
    assert fired(**just_not) == set()


def test_a_profile_moves_the_limits_and_what_it_does_not_name_stays():
    limits = Limits.of({"face_margin": 30, "weekends": True, "removed_long_ago": 1})
    assert fired(limits, face_above_threshold=20) == {Sign.FACE_BARELY_PASSED}
    saturday = datetime(2026, 11, 28, 12, tzinfo=ZoneInfo("Europe/Vienna"))
    assert fired(limits, local_time=saturday, face_above_threshold=50) == set()
    assert limits.refused_days == Limits().refused_days


def test_every_sign_has_words_and_every_number_its_bounds():
    assert set(NAMES) == set(HINTS) == set(SENTENCES) == set(Sign)
    for name, (least, most) in BOUNDS.items():
        assert least <= getattr(Limits(), name) <= most


# The decision -------------------------------------------------------------------------------------------------------

PASSED = Evidence(
    kinds=frozenset({EvidenceKind.DOCUMENT_PHOTOGRAPH, EvidenceKind.HELD_ADDRESS}),
    profile_in_force=True,
    person_may_recover=True,
    is_decoy=False,
    credential_is_of_this_case=True,
    credential_is_valid=True,
    face_passed=True,
    match=MatchOutcome.ONE,
    match_reasons=("names_agree",),
    contradicted=False,
    changed_recently=False,
    many_attempts=False,
    repudiated_recently=False,
    hold_is_over=False,
    account_level=Assurance.IAL1,
)
KINDS = frozenset({EvidenceKind.DOCUMENT_PHOTOGRAPH, EvidenceKind.HELD_ADDRESS})


def policy(review=(), wait=(), hours=48) -> Policy:
    return Policy(
        Mode.PRODUCTION,
        KINDS,
        review_signs=frozenset(review),
        waiting_signs=frozenset(wait),
        waiting_hours=hours,
    )


def test_a_sign_that_the_profile_names_is_looked_at_waited_for_or_both_and_every_sign_is_told():
    evidence = replace(PASSED, signs=("weakly_tied", "out_of_hours"))
    nothing = decide(evidence, policy())
    assert (nothing.outcome, nothing.signs) == (Outcome.APPROVED, ("weakly_tied", "out_of_hours"))
    waits = decide(evidence, policy(wait=["weakly_tied"]))
    assert (waits.outcome, waits.reasons, waits.wait_hours) == (Outcome.HOLD, ("weakly_tied",), 48)
    looked = decide(evidence, policy(review=["out_of_hours"]))
    assert (looked.outcome, looked.to_review, looked.wait_hours) == (
        Outcome.NEEDS_REVIEW,
        ("out_of_hours",),
        0,
    )
    both = decide(evidence, policy(review=["out_of_hours"], wait=["weakly_tied"]))
    assert (both.outcome, both.wait_hours, both.to_wait) == (Outcome.NEEDS_REVIEW, 48, ("weakly_tied",))
    trial = decide(evidence, replace(policy(review=["out_of_hours"]), mode=Mode.EVALUATION))
    assert (trial.outcome, trial.signs) == (Outcome.EVALUATED, evidence.signs)
    assert decide_as_in_production(evidence, policy(review=["out_of_hours"])).outcome is Outcome.NEEDS_REVIEW


@pytest.mark.parametrize(
    "broken",
    [
        {"face_passed": False},
        {"match": MatchOutcome.SEVERAL},
        {"credential_is_valid": False},
        {"is_decoy": True},
        {"kinds": frozenset({EvidenceKind.DOCUMENT_PHOTOGRAPH})},
    ],
)
def test_what_failed_is_refused_whatever_was_reviewed_or_waited_for(broken):
    evidence = replace(
        PASSED,
        signs=("weakly_tied",),
        signs_reviewed=frozenset({"weakly_tied"}),
        waited=frozenset({"weakly_tied"}),
        hold_is_over=True,
        **broken,
    )
    found = decide(evidence, policy(review=["weakly_tied"], wait=["weakly_tied"]))
    assert found.outcome is Outcome.REFUSED


def test_a_sign_that_comes_up_later_is_answered_for_itself():
    let_go = replace(PASSED, signs=("weakly_tied",), signs_reviewed=frozenset({"weakly_tied"}))
    asked = policy(review=["weakly_tied", "new_network"])
    assert decide(let_go, asked).outcome is Outcome.APPROVED
    later = decide(replace(let_go, signs=("weakly_tied", "new_network")), asked)
    assert (later.outcome, later.to_review) == (Outcome.NEEDS_REVIEW, ("new_network",))


def test_an_hour_of_waiting_does_not_stand_for_the_day_that_something_odd_takes():
    waited = replace(PASSED, signs=("weakly_tied",), waited=frozenset({"weakly_tied"}), hold_is_over=True)
    asked = policy(wait=["weakly_tied"], hours=1)
    assert decide(waited, asked).outcome is Outcome.APPROVED
    odd = decide(replace(waited, changed_recently=True), asked)
    assert (odd.outcome, odd.reasons, odd.wait_hours) == (Outcome.HOLD, ("changed_recently",), 24)
    early = decide(replace(waited, hold_is_over=False), asked)
    assert (early.outcome, early.wait_hours) == (Outcome.HOLD, 1)
    together = decide(replace(PASSED, signs=("weakly_tied",), changed_recently=True), asked)
    assert (together.wait_hours, together.reasons) == (24, ("changed_recently", "weakly_tied"))


def test_a_silence_of_the_organisations_own_systems_is_not_let_go_on_with_a_sign():
    doubtful = replace(PASSED, signs=("weakly_tied",), callout_doubts=("callout_silent",))
    found = decide(doubtful, policy(review=["weakly_tied"]))
    assert found.reasons == ("callout_silent", "weakly_tied") and found.to_review == ("weakly_tied",)
