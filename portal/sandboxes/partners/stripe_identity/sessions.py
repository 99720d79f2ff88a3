"""A VerificationSession as the API shows it, and the events it causes."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from datetime import date
from typing import Any

from django.conf import settings

from portal.sandboxes.partners.delivering import tell
from portal.sandboxes.partners.world import Session, has, is_settled, shown_person, word

# name -> what a person reads who chooses it
SCENARIOS = {
    "verified": "Verified",
    "processing_then_verified": "Verified, after a while",
    "missing_portrait": "Verified, without a selfie",
    "mononym": "Verified, with one name only",
    "cyrillic": "Verified, with a name in Cyrillic letters",
    "document_expired": "Refused: the document has expired",
    "document_unverified_other": "Refused: the document could not be verified",
    "document_type_not_supported": "Refused: this kind of document is not supported",
    "selfie_face_mismatch": "Refused: the face is another",
    "selfie_manipulated": "Refused: the selfie was manipulated",
    "selfie_document_missing_photo": "Refused: the document has no photo",
    "selfie_unverified_other": "Refused: the selfie could not be verified",
    "id_number_mismatch": "Refused: the identity number is another",
    "under_supported_age": "Refused: too young",
    "country_not_supported": "Refused: the country is not supported",
    "device_not_supported": "Refused: the device is not supported",
    "consent_declined": "The person did not consent",
    "abandoned": "The person gave up",
    "canceled": "The session was canceled",
}
VERIFIED = frozenset({"verified", "processing_then_verified", "missing_portrait", "mononym", "cyrillic"})
NAMES = {
    "mononym": {"given": ""},
    "cyrillic": {"given": "Зоя", "family": "Космодемьянская"},
}
REDACTED = {"given": "[redacted]", "family": "[redacted]", "birthdate": "0001-01-01", "number": "[redacted]"}


def status_of(session: Session) -> str:
    if session.ended_early or session.scenario == "canceled":
        return "canceled"
    if not session.scenario:
        return "requires_input"
    if session.scenario == "processing_then_verified" and not is_settled(session):
        return "processing"
    return "verified" if session.scenario in VERIFIED else "requires_input"


def _dob(text: str) -> dict[str, int]:
    found = date.fromisoformat(text)
    return {"day": found.day, "month": found.month, "year": found.year}


def show(session: Session, expanded: set[str], *, link: bool) -> dict[str, Any]:
    """The object. Sensitive values are there only when they were asked for by name."""
    status = "pending_magic" if has("unknown_word") else status_of(session)
    is_failed = status == "requires_input" and bool(session.scenario)
    shown: dict[str, Any] = {
        "id": "vs_somebodyelses" if has("another_session") else session.id,
        "object": "identity.verification_session",
        "client_reference_id": "another" if has("another_reference") else session.reference or None,
        "client_secret": None,
        "created": session.created,
        "last_error": {"code": session.scenario, "reason": SCENARIOS[session.scenario]}
        if is_failed
        else None,
        "last_verification_report": None,
        "livemode": has("claims_to_be_live"),
        "metadata": session.wanted.get("metadata", {}),
        "options": session.wanted.get("options", {}),
        "redaction": {"status": session.redacted} if session.redacted else None,
        "status": status,
        "type": session.wanted.get("type", "document"),
        "url": _link(session) if link and status == "requires_input" and not is_failed else None,
        "verified_outputs": None,
    }
    if status == "verified":
        person = shown_person(session) | NAMES.get(session.scenario, {})
        if session.redacted == "redacted":
            person = person | REDACTED
        shown["verified_outputs"] = _outputs(person, expanded)
        shown["last_verification_report"] = (
            report(session, person, expanded)
            if "last_verification_report" in expanded
            else f"vr_{session.id[3:]}"
        )
    return shown


def _link(session: Session) -> str:
    origin = "https://verify.example" if has("link_elsewhere") else settings.SANDBOX_ORIGIN
    return f"{origin}/verify/{session.token}"


def _outputs(person: dict[str, str], expanded: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "address": None,
        "first_name": person["given"] or None,
        "last_name": person["family"],
        "id_number_type": None,
    }
    return found | ({"dob": _dob(person["birthdate"])} if "verified_outputs.dob" in expanded else {})


def report(session: Session, person: dict[str, str], expanded: set[str]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "status": "unverified" if has("no_document") else "verified",
        "error": None,
        "type": "passport",
        "issuing_country": person["country"],
        "issued_date": None,
        "first_name": person["given"] or None,
        "last_name": person["family"],
        "address": None,
        "files": [f"file_{session.id[3:]}front"],
    }
    if "last_verification_report.document.number" in expanded:
        document["number"] = person["number"]
    if "last_verification_report.document.expiration_date" in expanded:
        document["expiration_date"] = _dob(person["expires"])
    selfie = {
        "status": "verified",
        "error": None,
        "document": f"file_{session.id[3:]}front",
        "selfie": f"file_{session.id[3:]}selfie",
    }
    return {
        "id": f"vr_{session.id[3:]}",
        "object": "identity.verification_report",
        "client_reference_id": session.reference or None,
        "created": session.created,
        "livemode": has("claims_to_be_live"),
        "type": "document",
        "verification_session": session.id,
        "document": document,
        "selfie": None if session.scenario == "missing_portrait" else selfie,
    }


# ------------------------------------------------------------------ events


def announce(session: Session, kind: str) -> None:
    """`identity.verification_session.<kind>`, with the object as it is without sensitive values."""
    shown = show(session, set(), link=False)
    session.reads = max(0, session.reads - 1)  # to tell of it is no look
    if has("webhook_other_session"):
        shown["id"] = f"vs_{secrets.token_hex(12)}"
    event = {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": f"identity.verification_session.{kind}",
        "data": {"object": shown},
    }
    tell(json.dumps(event).encode(), sign)


def sign(body: bytes, signed_at: int, wrongly: bool) -> dict[str, str]:
    secret = word("another webhook secret") if wrongly else webhook_secret()
    signature = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={signed_at},v1={signature}"}


def webhook_secret() -> str:
    return f"whsec_{word('stripe webhook secret')}"


def finish(session: Session) -> None:
    status = status_of(session)
    if status != "canceled":
        announce(session, "processing")
    if status != "processing":
        announce(session, status)


def settle(session: Session) -> None:
    if session.redacted:
        session.redacted = "redacted"
        announce(session, "redacted")
        return
    announce(session, status_of(session))
