"""The live face: a challenge drawn by us, answered once, compared with the document's portrait."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import Unavailable
from vendors.house.judging.evidence import LiveEvidence
from vendors.house.judging.face import FaceDecision, FaceVerdict, decide_face
from vendors.house.models import Check
from vendors.house.services import checks, work
from vendors.house.services.portraits import open_portrait
from vendors.house.stages import Outcome, Stage
from vendors.house.vision import Vision, draw_challenge


def begin_challenge(check_id: UUID, browser_digest: bytes, *, flashing: bool) -> dict[str, Any]:
    """A new challenge; one that was drawn before can no longer be answered."""
    challenge = draw_challenge(random=secrets.token_bytes, now=clock.now(), flashing=flashing)
    with checks.locked_check(check_id, browser_digest) as check:
        if not checks.is_open(check, Stage.FACE):
            raise work.not_now()
        check.challenge = challenge
        check.save(update_fields=["challenge"])
    return challenge


def submit_clip(
    check_id: UUID, browser_digest: bytes, clip: bytes, *, vision: Vision, ticket: str = ""
) -> FaceDecision:
    """Take the challenge, count, judge. Unavailable when the vision process is busy: then nothing was counted."""
    received_at = clock.now()
    portrait = open_portrait(checks.load_check(check_id, browser_digest))
    challenge = work.begin_face(check_id, browser_digest)
    try:
        with work.under_way(check_id):
            live = vision.check_live(
                clip, challenge, portrait=portrait, received_at=received_at, ticket=ticket
            )
    except Unavailable:
        work.give_back_face(check_id, challenge)
        raise
    except Exception:
        work.end_work(check_id)
        raise
    return _apply(check_id, browser_digest, live)


def _apply(check_id: UUID, browser_digest: bytes, live: LiveEvidence) -> FaceDecision:
    with checks.locked_check(check_id, browser_digest) as check:
        decision = decide_face(live, tries=check.face_tries)
        check.working_until, check.progress, check.notice = None, "", decision.notice
        check.save(update_fields=["working_until", "progress", "notice"])
        if checks.is_open(check, Stage.FACE):
            _finish(check, decision)
        return decision


def _finish(check: Check, decision: FaceDecision) -> None:
    checks.remember_checks(check, decision.checks, replacing="face")
    if decision.verdict is FaceVerdict.VERIFIED:
        checks.finish_check(check, Outcome.VERIFIED)
    elif decision.verdict is FaceVerdict.FAILED:
        checks.finish_check(check, Outcome.FAILED, reasons=decision.reasons)
