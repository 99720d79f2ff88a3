"""An inquiry as the API shows it, with its verifications, and the events it causes."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from portal.sandboxes.partners.delivering import tell
from portal.sandboxes.partners.world import Session, has, is_settled, shown_person, word

SCENARIOS = {
    "verified": "Approved",
    "completed": "Completed, and no workflow decides",
    "review_then_verified": "Looked at by a person, then approved",
    "review_then_declined": "Looked at by a person, then declined",
    "missing_portrait": "Approved, without a picture of the face",
    "mononym": "Approved, with one name only",
    "cyrillic": "Approved, with a name in Cyrillic letters",
    "document_expired": "Declined: the document has expired",
    "document_not_genuine": "Declined: the document was tampered with",
    "document_inconsistent": "Declined: the document contradicts itself",
    "face_mismatch": "Declined: the face is another",
    "liveness_failed": "Declined: no live person",
    "too_many_tries": "Failed: too many tries",
    "expired": "The inquiry expired",
}
# scenario -> (verification, its check that failed)
FAILED = {
    "document_expired": ("government-id", "id_expired_detection"),
    "document_not_genuine": ("government-id", "id_image_tampering_detection"),
    "document_inconsistent": ("government-id", "id_inconsistency_detection"),
    "face_mismatch": ("selfie", "selfie_id_comparison"),
    "liveness_failed": ("selfie", "selfie_liveness_detection"),
    "review_then_declined": ("government-id", "id_fabrication_detection"),
    "too_many_tries": ("government-id", "a_check_of_the_templates_own"),
}
APPROVED = frozenset({"verified", "missing_portrait", "mononym", "cyrillic"})
NAMES = {
    "mononym": {"given": ""},
    "cyrillic": {"given": "Зоя", "family": "Космодемьянская"},
}


def status_of(session: Session) -> str:
    if session.ended_early:
        return session.ended_early
    scenario = session.scenario
    if not scenario:
        return "created"
    if scenario.startswith("review_") and not is_settled(session):
        return "needs_review"
    if scenario in APPROVED or scenario == "review_then_verified":
        return "approved"
    if scenario in ("completed", "expired"):
        return scenario
    return "failed" if scenario == "too_many_tries" else "declined"


def show(session: Session) -> dict[str, Any]:
    return {
        "type": "inquiry",
        "id": "inq_somebodyelses" if has("another_session") else session.id,
        "attributes": {
            "status": "pondering" if has("unknown_word") else status_of(session),
            "reference-id": "another" if has("another_reference") else session.reference,
            "note": None,
            "redirect-uri": session.back,
            "created-at": datetime.fromtimestamp(session.created, UTC).isoformat(),
            "tags": [],
            # What it was created with; nobody types over it here.
            "fields": {
                name: {"type": "date" if name == "birthdate" else "string", "value": value}
                for name, value in session.wanted.get("fields", {}).items()
            },
            "redacted-at": session.redacted or None,
        },
        "relationships": {},
    }


def verifications(session: Session) -> list[dict[str, Any]]:
    """What was submitted, once something was."""
    if not session.scenario or session.scenario == "expired" or session.redacted:
        return []
    person = shown_person(session) | NAMES.get(session.scenario, {})
    origin = "https://pictures.example" if has("picture_elsewhere") else settings.SANDBOX_ORIGIN
    face = None if session.scenario == "missing_portrait" else f"{origin}/api/v1/files/{session.id}/face.jpg"
    document = {
        "status": _verified(session, "government-id"),
        "name-first": person["given"] or None,
        "name-middle": None,
        "name-last": person["family"],
        "birthdate": person["birthdate"],
        "identification-number": person["number"],
        "id-class": "pp",
        "expiration-date": person["expires"],
        "issue-date": None,
        "country-code": person["country"],
        "front-photo-url": f"{origin}/api/v1/files/{session.id}/front.jpg",
        "back-photo-url": None,
        "selfie-photo-url": face,
        "checks": _checks(session, "government-id", ("id_expired_detection", "id_image_tampering_detection")),
    }
    selfie = {
        "status": _verified(session, "selfie"),
        "center-photo-url": face,
        "checks": _checks(session, "selfie", ("selfie_id_comparison", "selfie_liveness_detection")),
    }
    return [
        {"type": f"verification/{kind}", "id": f"ver_{session.id[4:]}{kind[:3]}", "attributes": attributes}
        for kind, attributes in (("government-id", document), ("selfie", selfie))
    ]


def _verified(session: Session, kind: str) -> str:
    if has("no_document") and kind == "government-id":
        return "failed"
    return "failed" if FAILED.get(session.scenario, ("", ""))[0] == kind else "passed"


def _checks(session: Session, kind: str, always: tuple[str, ...]) -> list[dict[str, Any]]:
    where, failed = FAILED.get(session.scenario, ("", ""))
    names = dict.fromkeys((*always, *((failed,) if where == kind else ())))
    return [
        {"name": name, "status": "failed" if name == failed else "passed", "reasons": [], "metadata": {}}
        for name in names
    ]


# ------------------------------------------------------------------ events


def announce(session: Session, name: str) -> None:
    shown = show(session)
    if has("webhook_other_session"):
        shown["id"] = f"inq_{secrets.token_hex(12)}"
    event = {
        "data": {
            "type": "event",
            "id": f"evt_{secrets.token_hex(12)}",
            "attributes": {
                "name": f"inquiry.{name}",
                "created-at": datetime.now(UTC).isoformat(),
                "payload": {"data": shown},
            },
        }
    }
    tell(json.dumps(event).encode(), sign)


def sign(body: bytes, signed_at: int, wrongly: bool) -> dict[str, str]:
    secret = word("another webhook secret") if wrongly else webhook_secret()
    signature = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Persona-Signature": f"t={signed_at},v1={signature}", "Persona-Webhook-Attempts-Made": "1"}


def webhook_secret() -> str:
    return f"wbhsec_{word('persona webhook secret')}"


EVENTS = {"needs_review": "marked-for-review"}


def finish(session: Session) -> None:
    status = status_of(session)
    if status not in ("completed", "expired"):
        announce(session, "completed")
    announce(session, EVENTS.get(status, status))


def settle(session: Session) -> None:
    announce(session, status_of(session))
