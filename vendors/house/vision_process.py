"""The one place that speaks with the vision process; its words end here.

Photographs pass through this process's memory on their way and are kept nowhere. A full or silent vision process is
`Unavailable`; a picture it will not decode is `Invalid` with a sentence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from django.conf import settings

from portal.kit.errors import Invalid, Unavailable
from vendors.facecheck.vision.client import (
    Document,
    VisionBusy,
    VisionClient,
    VisionDown,
    VisionRefused,
)
from vendors.house.judging.evidence import DocumentEvidence, LiveEvidence
from vendors.house.photographs import sentence_of
from vendors.house.provider.verified_claims import CheckMade, Facts
from vendors.house.vision import Admission, Tell

Answer = TypeVar("Answer")

KINDS = {"passport": "passport", "id_card": "idcard"}
WAIT_IN_LINE_SECONDS = 12.0
# Which photograph a reason of the reader concerns; a card's front and back share the rest.
_OF_ZONE = frozenset({"zone_unreadable", "several_documents", "visa"})
_OF_PRINT = frozenset({"print_unreadable", "portrait_missing", "other_side_missing"})
_SMALL = "portrait_too_small"


class VisionProcess:
    """`vendors.house.vision.Vision`, over HTTP."""

    def __init__(self) -> None:
        self.client = VisionClient(settings.VISION_URL, settings.VISION_TOKEN, timeout=60.0)

    def admit(self, ticket: str) -> Admission:
        try:
            try:
                place = self.client.look_at_ticket(ticket) if ticket else self.client.take_ticket()
            except VisionRefused:
                place = self.client.take_ticket()
        except VisionBusy as busy:
            return Admission("", ready=False, wait_seconds=busy.retry_after)
        except VisionDown as down:
            raise Unavailable("vision_down") from down
        return Admission(place.ticket, place.ready, place.retry_after)

    def read_document(
        self,
        kind: str,
        photographs: Mapping[str, bytes],
        *,
        today: date,
        accept_specimens: bool,
        ticket: str,
        tell: Tell,
    ) -> DocumentEvidence:
        tell("reading")
        other_side = photographs["front"] if "back" in photographs else None
        read = self._ask(
            lambda place: self.client.read_document(
                photographs["back" if other_side else "front"],
                other_side=other_side,
                today=today,
                accept_specimens=accept_specimens,
                ticket=place,
            ),
            ticket,
        )
        close_up = photographs.get("closeup")
        if close_up is None or not read.portrait or not _waits_for_close_up(read):
            return document_evidence(read)
        tell("portrait")
        closer = self._ask(
            lambda place: self.client.read_close_up(close_up, small_portrait=read.portrait, ticket=place), ""
        )
        if not closer.portrait:
            return DocumentEvidence(problems={"closeup": closer.retake_reasons or ("portrait_missing",)})
        return document_evidence(read, close_up=closer.portrait)

    def check_live(
        self,
        clip: bytes,
        challenge: Mapping[str, Any],
        *,
        portrait: bytes,
        received_at: datetime,
        ticket: str,
    ) -> LiveEvidence:
        try:
            told = self._ask(
                lambda place: self.client.check_liveness(
                    clip, challenge=challenge, received_at=received_at, portrait=portrait, ticket=place
                ),
                ticket,
            )
        except Invalid as refused:
            return LiveEvidence(False, ("clip_unreadable", refused.code))
        confidence = told.comparison.confidence if told.comparison else None
        return LiveEvidence(told.passed, told.reasons, confidence)

    def _ask(self, ask: Callable[[str | None], Answer], ticket: str) -> Answer:
        """With the ticket if there is one; when all places are taken, wait in line for a short while."""
        until = time.monotonic() + WAIT_IN_LINE_SECONDS
        place: str | None = ticket or None
        while True:
            try:
                return ask(place)
            except VisionBusy as busy:
                place = self._wait_in_line(busy.retry_after, until)
            except VisionDown as down:
                raise Unavailable("vision_down") from down
            except VisionRefused as refused:
                raise Invalid(refused.code, sentence_of(refused.code)) from refused

    def _wait_in_line(self, wait_seconds: float, until: float) -> str:
        admission = Admission("", ready=False, wait_seconds=wait_seconds)
        while not admission.ready:
            if time.monotonic() + admission.wait_seconds > until:
                raise Unavailable("vision_busy")
            time.sleep(max(0.1, admission.wait_seconds))
            admission = self.admit(admission.ticket)
        return admission.ticket


def document_evidence(read: Document, *, close_up: bytes = b"") -> DocumentEvidence:
    """From the reader's JSON. A shape that is not the one we know is an unreadable document, never a pass."""
    try:
        return _evidence(read, close_up)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable("reading_malformed") from error


def _evidence(read: Document, close_up: bytes) -> DocumentEvidence:
    reading = read.reading
    made = tuple(
        CheckMade(str(check["name"]), "vri", {"passed": True, "failed": False}.get(check["outcome"]))
        for check in reading["checks"]
    )
    reasons = _reasons(read)
    if close_up:
        reasons -= {_SMALL}
        made = tuple(check for check in made if check.name != "portrait_found")
        made += (CheckMade("portrait_found", "vri", True), CheckMade("portrait_same", "vri", True))
    refused = reading["outcome"] == "refused"
    if reasons and not refused:
        return DocumentEvidence(problems=_by_photograph(reasons, is_card=reading["format"] != "TD3"))
    return DocumentEvidence(
        passed=reading["outcome"] == "passed" or bool(close_up and not refused and not reasons),
        kind=KINDS.get(str(reading["document_type"]), ""),
        specimen=reading["is_specimen"] is True,
        checks=made,
        facts=_facts(reading["fields"], str(reading["document_type"])),
        portrait=close_up or read.portrait,
    )


def _waits_for_close_up(read: Document) -> bool:
    """Nothing but the size of its portrait may stand in the way of the page."""
    return read.reading["outcome"] != "refused" and not _reasons(read) - {_SMALL}


def _reasons(read: Document) -> set[str]:
    return {str(reason) for reason in read.reading["retake_reasons"]}


def _by_photograph(reasons: set[str], *, is_card: bool) -> dict[str, tuple[str, ...]]:
    front = {reason for reason in reasons if reason not in _OF_ZONE and reason != _SMALL}
    back = {reason for reason in reasons if reason not in _OF_PRINT and reason != _SMALL}
    if not is_card:
        return {"front": tuple(sorted(reasons))}
    found = {
        "front": tuple(sorted(front)),
        "closeup": (_SMALL,) if _SMALL in reasons else (),
        "back": tuple(sorted(back)),
    }
    return {shot: problems for shot, problems in found.items() if problems}


def _facts(fields: Mapping[str, Any] | None, document_type: str) -> Facts | None:
    if fields is None or not fields["birthdate"]:
        return None
    return Facts(
        given_name=str(fields["given_names"]),
        family_name=str(fields["family_name"]),
        birthdate=date.fromisoformat(fields["birthdate"]),
        document_type=KINDS.get(document_type, ""),
        document_number=str(fields["document_number"]),
        date_of_expiry=date.fromisoformat(fields["expiry"]) if fields["expiry"] else None,
        country=str(fields["issuing_state"]),
    )
