"""An identity as the API shows it: the whole, and each piece of evidence with its indicators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portal.sandboxes.partners.world import Session, has, is_settled, shown_person

SCENARIOS = {
    "verified": "Document and face verified",
    "review_then_verified": "Looked at by a person, then verified",
    "mononym": "Verified, with one name only",
    "cyrillic": "Verified, with a name in Cyrillic letters",
    "level_too_low": "Verified, at the lowest level",
    "document_expired": "The document has expired",
    "document_lost": "The document is reported lost or stolen",
    "document_tampered": "The picture of the document was tampered with",
    "document_not_read": "The document could not be read",
    "document_not_verified": "The document was not verified, and nothing says why",
    "face_mismatch": "The face is another",
    "liveness_failed": "No live person",
}
# scenario -> (evidence, what becomes of it, its indicator that failed)
FAILED = {
    "document_expired": ("document", "INVALID", "DOC_EXPIRATION_DATE_FAILED"),
    "document_lost": ("document", "INVALID", "DOCUMENT_LOST_STOLEN_CHECK_FAILED"),
    "document_tampered": ("document", "INVALID", "CAPTURE_TAMPERING_FAILED"),
    "document_not_read": ("document", "NOT_VERIFIED", "BLUR_IMAGE_QUALITY_FRONT_FAILED"),
    "document_not_verified": ("document", "NOT_VERIFIED", ""),
    "face_mismatch": ("face", "INVALID", "BIOMETRIC_MATCHING_CHECK_FAILED"),
    "liveness_failed": ("face", "NOT_VERIFIED", "BIOMETRIC_LIVENESS_CHALLENGE_FAILED"),
}
NAMES = {
    "mononym": {"given": ""},
    "cyrillic": {"given": "Зоя", "family": "Космодемьянская"},
}
THREE = {"GB": "GBR", "PL": "POL", "CZ": "CZE", "SE": "SWE", "FR": "FRA"}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")


def whole(session: Session) -> dict[str, Any]:
    """`globalStatus`. What it is called once everything is verified is in no public sample; this says what it said before."""
    is_judged = bool(session.scenario) and session.scenario.startswith("review_") and not is_settled(session)
    level = "LOA0"
    if session.scenario and session.scenario not in FAILED and not is_judged:
        level = "LOA1" if session.scenario == "level_too_low" else "LOA3"
    return {
        "id": "gips-somebodyelses" if has("another_session") else session.id,
        "status": "EXPECTING_INPUT",
        "levelOfAssurance": level,
        "creationDateTime": _moment(session.created),
        "evaluationDateTime": _moment(session.created),
        "upgradePaths": {},
    }


def singles(session: Session) -> list[dict[str, str]]:
    """Each piece of evidence and where it stands."""
    if not session.scenario:
        return []
    return [
        {"id": f"doc-{session.id}", "type": "PASSPORT", "status": verdict(session, "document")},
        {"id": f"face-{session.id}", "type": "PORTRAIT", "status": verdict(session, "face")},
    ]


def verdict(session: Session, kind: str) -> str:
    if session.scenario.startswith("review_") and not is_settled(session):
        return "ADJUDICATION" if kind == "document" else "VERIFIED"
    failed, becomes, _ = FAILED.get(session.scenario, ("", "", ""))
    return becomes if failed == kind else "VERIFIED"


def detailed(session: Session) -> dict[str, Any]:
    found: dict[str, Any] = {"globalStatus": whole(session), "consents": session.wanted.get("consents", [])}
    if not session.scenario:
        return found
    person = shown_person(session) | NAMES.get(session.scenario, {})
    found["idDocuments"] = [
        {
            "evidenceId": f"doc-{session.id}",
            "type": "PASSPORT",
            "submitDateTime": _moment(session.created),
            "evidenceStatus": _evidence(session, "document"),
            "idDocumentData": {
                "idDocumentNumber": person["number"],
                "issuingCountry": THREE.get(person["country"], person["country"]),
                "personalAttributes": {
                    "surname": {"value": person["family"]},
                    "givenNames": [{"value": person["given"]}] if person["given"] else [],
                    "dateOfBirth": {"value": person["birthdate"]},
                    "gender": {"value": "UNKNOWN"},
                },
            },
        }
    ]
    found["portrait"] = {
        "evidenceId": f"face-{session.id}",
        "type": "PORTRAIT",
        "submitDateTime": _moment(session.created),
        "evidenceStatus": _evidence(session, "face"),
        "portraitQuality": True,
        "portraitData": {"source": "LIVE_CAPTURE_VIDEO", "channel": "webSDK"},
    }
    return found


def _evidence(session: Session, kind: str) -> dict[str, Any]:
    failed, _, indicator = FAILED.get(session.scenario, ("", "", ""))
    return {
        "evaluationDateTime": _moment(session.created),
        "status": "PONDERING" if has("unknown_word") else verdict(session, kind),
        "strength": "LEVEL4",
        "score": "LEVEL3",
        "isAdjudicable": False,
        "positiveIndicators": [],
        "unverifiedIndicators": [],
        "warningIndicators": [indicator] if failed == kind and indicator else [],
    }


def finish(session: Session) -> None:
    """Nobody is told: the service has no webhooks in any public sample."""


def settle(session: Session) -> None:
    """A person has looked; the next who asks is told."""
