"""A session as the service tells it."""

from __future__ import annotations

from typing import Any

from portal.sandboxes.partners.handoff.issuing import presentation_of
from portal.sandboxes.partners.world import Session, has, is_settled

SCENARIOS = {
    "verified": "Verified",
    "processing_then_verified": "Verified, after a while",
    "missing_portrait": "Verified, without a portrait",
    "mononym": "Verified, with one name only",
    "cyrillic": "Verified, with a name in Cyrillic letters",
    "document_expired": "Refused: the document has expired",
    "document_not_genuine": "Refused: the document is not genuine",
    "face_mismatch": "Refused: the face is another",
    "presentation_attack": "Refused: something was held before the camera",
    "new_reason": "Refused, for a reason of its own",
    "unreadable": "Not decided: nothing could be read",
    "canceled": "The person gave up",
    "expired": "The person took too long",
    "failed": "The partner failed",
}
REFUSED = {
    "document_expired": "doc_expired",
    "document_not_genuine": "doc_not_genuine",
    "face_mismatch": "face_mismatch",
    "presentation_attack": "presentation_attack",
    "new_reason": "moon_in_the_wrong_house",
}
ENDED = frozenset({"canceled", "expired", "failed"})


def status_of(session: Session) -> str:
    if session.ended_early:
        return session.ended_early
    if not session.scenario:
        return "waiting"
    if session.scenario == "processing_then_verified" and not is_settled(session):
        return "processing"
    if session.scenario in REFUSED:
        return "refused"
    if session.scenario in ENDED:
        return session.scenario
    return "retry" if session.scenario == "unreadable" else "verified"


def show(session: Session) -> dict[str, Any]:
    status = status_of(session)
    record: dict[str, Any] = {
        "session_id": "hs_somebodyelses" if has("another_session") else session.id,
        "reference": "another" if has("another_reference") else session.reference,
        "status": "pondering" if has("unknown_word") else status,
    }
    if not has("claims_to_be_live"):
        record["sandbox"] = True
    if status in ("refused", "retry"):
        record["reasons"] = [REFUSED.get(session.scenario, "doc_unreadable")]
    if status == "verified" and not has("no_document"):
        record["vp_token"] = {session.wanted["query_id"]: [presentation_of(session)]}
    return record


def finish(session: Session) -> None:
    """The browser goes back to exactly the address that was signed."""


def settle(session: Session) -> None:
    """Nothing is told by webhook: the record is asked for."""
