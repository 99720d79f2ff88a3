"""The pure decisions, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from vendors.house.judging.document import REQUIRED, DocumentVerdict, decide_document
from vendors.house.judging.evidence import DocumentEvidence, LiveEvidence
from vendors.house.judging.face import FaceVerdict, decide_face
from vendors.house.provider.verified_claims import CheckMade, Facts
from vendors.house.stages import MOVES, Stage
from vendors.house.words import notice_sentence

TODAY = date(2026, 11, 22)
FACTS = Facts("ANNA", "ERIKSSON", date(1974, 8, 12), "passport", "L898902C3", date(2031, 4, 30), "SWE")
GOOD = DocumentEvidence(
    passed=True,
    kind="passport",
    checks=tuple(CheckMade(name, "vri", True) for name in sorted(REQUIRED)),
    facts=FACTS,
    portrait=b"jpeg",
)


def _without(name: str) -> tuple[CheckMade, ...]:
    return tuple(check for check in GOOD.checks if check.name != name)


@pytest.mark.parametrize(
    ("evidence", "notice"),
    [
        (replace(GOOD, facts=None), "document_unreadable"),
        (replace(GOOD, portrait=b""), "document_unreadable"),
        (DocumentEvidence(), "document_unreadable"),
        (replace(GOOD, specimen=True), "document_specimen"),
        (replace(GOOD, kind="idcard"), "document_other_kind"),
        (replace(GOOD, kind=""), "document_other_kind"),
        (replace(GOOD, facts=replace(FACTS, date_of_expiry=date(2026, 11, 21))), "document_expired"),
        (replace(GOOD, facts=replace(FACTS, date_of_expiry=None)), "document_expired"),
        (replace(GOOD, passed=False), "document_not_accepted"),
        (replace(GOOD, checks=()), "document_not_accepted"),
        (replace(GOOD, facts=replace(FACTS, family_name="")), "document_not_accepted"),
        (replace(GOOD, facts=replace(FACTS, document_number="")), "document_not_accepted"),
    ],
)
def test_a_document_is_refused(evidence: DocumentEvidence, notice: str) -> None:
    decision = decide_document(evidence, chosen="passport", demonstration=False, today=TODAY)
    assert (decision.verdict, decision.notice) == (DocumentVerdict.REFUSED, notice)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_check_that_was_not_made_refuses(name: str) -> None:
    for checks in (_without(name), (*_without(name), CheckMade(name, "vri", None))):
        decision = decide_document(
            replace(GOOD, checks=checks), chosen="passport", demonstration=False, today=TODAY
        )
        assert decision.notice == "document_not_accepted"


def test_any_failed_check_refuses_and_one_that_was_not_made_need_not() -> None:
    failed = (*GOOD.checks, CheckMade("issue_plausible", "vri", False))
    decision = decide_document(
        replace(GOOD, checks=failed), chosen="passport", demonstration=True, today=TODAY
    )
    assert decision.verdict is DocumentVerdict.REFUSED
    open_one = (*GOOD.checks, CheckMade("issue_plausible", "vri", None))
    decision = decide_document(
        replace(GOOD, checks=open_one), chosen="passport", demonstration=False, today=TODAY
    )
    assert decision.verdict is DocumentVerdict.ACCEPTED


def test_a_good_document_is_accepted_on_its_last_day_and_a_specimen_in_a_demonstration() -> None:
    last = replace(GOOD, facts=replace(FACTS, date_of_expiry=TODAY))
    assert (
        decide_document(last, chosen="passport", demonstration=False, today=TODAY).verdict
        is DocumentVerdict.ACCEPTED
    )
    specimen = replace(GOOD, specimen=True)
    decision = decide_document(specimen, chosen="passport", demonstration=True, today=TODAY)
    assert decision.verdict is DocumentVerdict.ACCEPTED


def test_problems_of_a_photograph_come_before_everything() -> None:
    evidence = DocumentEvidence(problems={"front": ("glare",)}, specimen=True)
    decision = decide_document(evidence, chosen="passport", demonstration=False, today=TODAY)
    assert decision.verdict is DocumentVerdict.RETAKE


@pytest.mark.parametrize(
    ("live", "tries", "verdict"),
    [
        (LiveEvidence(True, (), 70), 1, FaceVerdict.VERIFIED),
        (LiveEvidence(True, (), 100), 3, FaceVerdict.VERIFIED),
        (LiveEvidence(True, (), 69), 1, FaceVerdict.AGAIN),
        (LiveEvidence(True, (), 50), 2, FaceVerdict.AGAIN),
        (LiveEvidence(True, (), 69), 3, FaceVerdict.FAILED),
        (LiveEvidence(True, (), None), 1, FaceVerdict.AGAIN),
        (LiveEvidence(False, (), 99), 1, FaceVerdict.AGAIN),
        (LiveEvidence(False, ("head_flat",), None), 3, FaceVerdict.FAILED),
    ],
)
def test_a_face_is_judged(live: LiveEvidence, tries: int, verdict: FaceVerdict) -> None:
    assert decide_face(live, tries=tries).verdict is verdict


def test_a_match_that_fails_gives_no_hint() -> None:
    mismatch = decide_face(LiveEvidence(True, (), 3), tries=1)
    attack = decide_face(LiveEvidence(False, ("head_flat", "colours_not_answered"), None), tries=1)
    assert mismatch.notice == attack.notice == "not_confirmed"


def test_a_face_that_the_screen_could_not_light_is_told_so() -> None:
    assert decide_face(LiveEvidence(False, ("light_too_weak",), None), tries=1).notice == "light_too_weak"
    assert notice_sentence("light_too_weak")


def test_ends_have_no_way_out() -> None:
    assert MOVES.ends == {Stage.HANDED_OVER, Stage.EXPIRED}
