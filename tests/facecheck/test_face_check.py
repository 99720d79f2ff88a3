"""A challenge is taken before it is judged, tries are counted first, and nobody learns how near they were."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from portal.kit import clock
from portal.kit.codes import digest
from portal.kit.errors import Refused, TooMany, Unavailable
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.vendors.conftest import work
from vendors.billing.models import UsageEntry
from vendors.facecheck import selectors, services
from vendors.facecheck.judging import Judged, decide
from vendors.facecheck.models import Decision, FaceCheck

BROWSER = digest("this browser")


def begin(tenant, reference=None, **changes):
    values = {
        "reference": reference or uuid7(),
        "browser_digest": BROWSER,
        "threshold": 70,
        "flashing": True,
        "billable": True,
        "mode": "production",
        **changes,
    }
    with tenant_scope(tenant.id):
        return services.begin_face_check(services.Wanted(**values), face_check_id=uuid7())


def submit(tenant, check, *, browser=BROWSER, clip=b"clip"):
    return services.submit_face_check(
        check.id, tenant_id=tenant.id, browser_digest=browser, clip=clip, portrait=b"portrait"
    )


def row(tenant, check):
    with tenant_scope(tenant.id):
        return FaceCheck.objects.get(id=check.id)


def tries(tenant, reference):
    with tenant_scope(tenant.id):
        return selectors.tries_of(reference)


def usage(tenant, check):
    work(tenant)
    with tenant_scope(tenant.id):
        return [(entry.billable, entry.why) for entry in UsageEntry.objects.filter(case_id=check.reference)]


def test_a_good_face_passes_and_is_charged_once(tenant, vision):
    check = begin(tenant)
    assert json.loads(check.challenge_json())["flashing"] is True
    result = submit(tenant, check)
    assert (result.passed, result.confidence, result.reasons, result.retry) == (True, 88, (), False)
    kept = row(tenant, check)
    assert (kept.decision, kept.confidence, kept.calibration_version) == ("passed", 88, "test-1")
    assert usage(tenant, check) == [(True, "decided")]
    with tenant_scope(tenant.id):
        (event,) = AuditEvent.objects.filter(name="face_check:check:complete")
    assert event.data["threshold"] == 70


@pytest.mark.parametrize(("confidence", "passed"), [(69, False), (70, True), (None, False), (0, False)])
def test_only_a_confidence_that_reaches_the_threshold_passes(tenant, vision, confidence, passed):
    vision.confidence = confidence
    assert submit(tenant, begin(tenant)).passed is passed


def test_a_face_that_does_not_match_and_one_that_does_not_live_read_the_same(tenant, vision):
    vision.confidence = 69
    mismatch = submit(tenant, begin(tenant))
    vision.passed, vision.reasons = False, ["face_lit_like_flat", "too_near"]
    attack = submit(tenant, begin(tenant))
    assert mismatch.reasons == attack.reasons == ("not_confirmed",)
    sentences = selectors.told_to_person(mismatch.reasons)
    assert sentences == selectors.told_to_person(["face_lit_like_flat"])
    assert "69" not in str(sentences)


def test_a_decision_against_is_charged_as_well(tenant, vision):
    vision.confidence = 10
    check = begin(tenant)
    submit(tenant, check)
    assert usage(tenant, check) == [(True, "decided")]


def test_a_retake_for_quality_is_said_and_costs_nothing(tenant, vision):
    vision.passed, vision.reasons = False, ["no_face", "light_too_weak"]
    check = begin(tenant)
    result = submit(tenant, check)
    assert (result.passed, result.retry, result.reasons) == (False, True, ("no_face", "light_too_weak"))
    assert "Look straight at the camera." in selectors.told_to_person(result.reasons)[0]
    assert usage(tenant, check) == [(False, "retake")]


def test_one_sign_of_an_attack_among_bad_light_is_a_decision(tenant, vision):
    vision.passed, vision.reasons = False, ["light_too_weak", "head_flat"]
    check = begin(tenant)
    assert submit(tenant, check).reasons == ("not_confirmed",)
    assert row(tenant, check).decision == "failed"


def test_a_check_repeated_because_the_case_moved_costs_nothing(tenant, vision):
    check = begin(tenant, billable=False)
    submit(tenant, check)
    assert usage(tenant, check) == [(False, "moved_browsers")]


def test_a_challenge_is_answered_once(tenant, vision):
    check = begin(tenant)
    submit(tenant, check)
    with pytest.raises(Refused, match="face_check_answered"):
        submit(tenant, check)
    assert len(vision.judged) == 1


def test_twenty_answers_at_once_to_one_challenge_are_judged_once(tenant, vision):
    check = begin(tenant)

    def one(_number):
        try:
            return submit(tenant, check).passed
        except Refused:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(20)))
    assert [answer for answer in answers if answer is not None] == [True]
    assert len(vision.judged) == 1
    assert tries(tenant, check.reference) == 1


def test_another_browser_is_refused_before_anything_is_consumed(tenant, vision):
    check = begin(tenant)
    with pytest.raises(Refused, match="face_check_other_browser"):
        submit(tenant, check, browser=digest("another"))
    assert (row(tenant, check).taken_at, vision.judged) == (None, [])


def test_another_tenant_cannot_submit(tenant, other_tenant, vision):
    check = begin(tenant)
    with pytest.raises(Refused, match="face_check_unknown"):
        submit(other_tenant, check)


def test_five_tries_in_a_case_and_no_more(tenant, vision):
    vision.confidence = 10
    reference = uuid7()
    retries = [submit(tenant, begin(tenant, reference)).retry for _ in range(5)]
    assert retries == [True, True, True, True, False]
    vision.confidence = 99
    sixth = begin(tenant, reference)
    with pytest.raises(TooMany, match="face_tries"):
        submit(tenant, sixth)
    assert len(vision.judged) == 5
    assert tries(tenant, reference) == 5


def test_a_judgement_that_breaks_off_leaves_the_try_counted(tenant, vision):
    vision.broken = (500, b"{}")
    check = begin(tenant)
    result = submit(tenant, check)
    assert (result.passed, result.reasons, result.retry) == (False, ("no_answer",), True)
    assert tries(tenant, check.reference) == 1
    assert usage(tenant, check) == [(False, "partner_failed")]
    with pytest.raises(Refused):
        submit(tenant, check)


@pytest.mark.parametrize("where", ["busy_at_ticket", "waiting", "busy_at_clip"])
def test_one_moment_consumes_nothing_and_the_same_clip_passes_later(tenant, vision, where, monkeypatch):
    monkeypatch.setattr("vendors.facecheck.judging.PATIENCE_SECONDS", 0.2)
    setattr(vision, where, True)
    check = begin(tenant)
    with pytest.raises(Unavailable, match="one_moment"):
        submit(tenant, check)
    assert tries(tenant, check.reference) == 0
    setattr(vision, where, False)
    assert submit(tenant, check).passed
    assert tries(tenant, check.reference) == 1


def test_a_place_in_line_is_kept_between_two_calls(tenant, vision, monkeypatch):
    monkeypatch.setattr("vendors.facecheck.judging.PATIENCE_SECONDS", 0.1)
    vision.waiting = True
    check = begin(tenant)
    for _ in range(3):
        with pytest.raises(Unavailable):
            submit(tenant, check)
    assert vision.tickets == 1


def test_waiting_does_not_make_a_clip_late_and_another_clip_gains_no_time(tenant, vision, monkeypatch):
    monkeypatch.setattr("vendors.facecheck.judging.PATIENCE_SECONDS", 0.1)
    vision.busy_at_ticket = True
    check = begin(tenant)
    began = clock.now()
    with pytest.raises(Unavailable):
        submit(tenant, check, clip=b"first")
    later = began + timedelta(minutes=2)
    with clock.frozen(later), pytest.raises(Unavailable):
        submit(tenant, check, clip=b"first")
    assert row(tenant, check).received_at < later
    vision.busy_at_ticket = False
    with clock.frozen(later):
        submit(tenant, check, clip=b"second")
    assert vision.judged[0]["received_at"] == later.isoformat()


def test_vision_that_is_away_is_one_moment(tenant, settings):
    settings.VISION_URL = "http://127.0.0.1:1"
    check = begin(tenant)
    with pytest.raises(Unavailable, match="one_moment"):
        submit(tenant, check)
    assert row(tenant, check).taken_at is None


def test_it_refuses_to_run_inside_a_transaction(tenant, vision):
    check = begin(tenant)
    with tenant_scope(tenant.id), pytest.raises(RuntimeError):
        submit(tenant, check)


@pytest.mark.parametrize("threshold", [0, 49, 101])
def test_a_threshold_outside_50_to_100_is_refused(tenant, threshold):
    with pytest.raises(ValueError, match="threshold"):
        begin(tenant, threshold=threshold)


def test_nothing_of_an_image_is_stored(tenant, vision):
    check = begin(tenant)
    submit(tenant, check, clip=b"CLIP-BYTES")
    kept = str([getattr(row(tenant, check), field.attname) for field in FaceCheck._meta.fields])
    assert "CLIP-BYTES" not in kept and "a face" not in kept


@pytest.mark.parametrize(
    ("judged", "decision"),
    [
        (Judged(None), Decision.NO_ANSWER),
        (Judged(False, confidence=100), Decision.FAILED),
        (Judged(False, reasons=("a_reason_from_next_year",)), Decision.FAILED),
        (Judged(True, confidence=None), Decision.RETAKE),
        (Judged(True, confidence=70), Decision.PASSED),
    ],
)
def test_the_decision_fails_closed(judged, decision):
    assert decide(judged, threshold=70) is decision
