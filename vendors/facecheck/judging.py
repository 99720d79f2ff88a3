"""Asking the vision process. Its words end here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kit.errors import Unavailable
from vendors.facecheck.models import Decision
from vendors.facecheck.reasons import CAPTURE, NO_ANSWER, is_about_capture
from vendors.facecheck.vision.client import (
    Comparison,
    Liveness,
    Ticket,
    VisionBusy,
    VisionClient,
    VisionDown,
    VisionRefused,
)

PATIENCE_SECONDS = 4.0
JUDGING_SECONDS = 30.0


class NeverJudged(Exception):
    """No place after all: nothing was looked at."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("never judged")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Judged:
    """What vision found. `live` None: it did not answer."""

    live: bool | None
    confidence: int | None = None
    similarity: float | None = None
    calibration_version: str = ""
    reasons: tuple[str, ...] = ()


def one_moment(retry_after: float) -> Unavailable:
    return Unavailable(
        "one_moment", _("One moment: somebody else is being checked."), detail={"retry_after": retry_after}
    )


def _client() -> VisionClient:
    return VisionClient(settings.VISION_URL, settings.VISION_TOKEN, JUDGING_SECONDS)


def wait_for_place(ticket: str) -> Ticket:
    """Keep the place in line, or join it; wait a few seconds for the turn. Unavailable("one_moment") if vision is away."""
    client = _client()
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        place = _look(client, ticket) or client.take_ticket()
        while not place.ready and time.monotonic() + place.retry_after < until:
            time.sleep(min(place.retry_after, 1.0))
            place = _look(client, place.ticket) or client.take_ticket()
    except VisionBusy as error:
        raise one_moment(error.retry_after) from error
    except (VisionDown, VisionRefused) as error:
        raise one_moment(2.0) from error
    return place


def _look(client: VisionClient, ticket: str) -> Ticket | None:
    """None for a ticket that was used or forgotten."""
    if not ticket:
        return None
    try:
        return client.look_at_ticket(ticket)
    except VisionRefused:
        return None


def judge(
    challenge: Mapping[str, object], *, clip: bytes, portrait: bytes, received_at: datetime, ticket: str
) -> Judged:
    """NeverJudged when the place was lost in between."""
    try:
        found = _client().check_liveness(
            clip, challenge=challenge, received_at=received_at, portrait=portrait, ticket=ticket
        )
    except VisionBusy as error:
        raise NeverJudged(error.retry_after) from error
    except VisionRefused as error:
        return Judged(False, reasons=(error.code if error.code in CAPTURE else "clip_unusable",))
    except VisionDown:
        # It may have been judged, so the challenge stays used.
        return Judged(None, reasons=(NO_ANSWER,))
    return _judged(found)


def _judged(found: Liveness) -> Judged:
    compared: Comparison | None = found.comparison
    if not found.passed or compared is None:
        return Judged(False, reasons=found.reasons or (NO_ANSWER,))
    return Judged(
        True,
        confidence=compared.confidence,
        similarity=compared.similarity,
        calibration_version=compared.calibration_version,
        reasons=compared.quality_reasons,
    )


def decide(judged: Judged, *, threshold: int) -> Decision:
    """Pure. Nothing passes without life and a confidence that reaches the threshold; what a better capture would change
    is no decision."""
    if judged.live is None:
        return Decision.NO_ANSWER
    if not judged.live:
        return Decision.RETAKE if is_about_capture(judged.reasons) else Decision.FAILED
    if judged.confidence is None:
        return Decision.RETAKE
    return Decision.PASSED if judged.confidence >= threshold else Decision.FAILED
