"""From an inquiry and its verifications to neutral words. A word that is not known is a broken contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vendors.adapters.rest.countries import three_letters
from vendors.adapters.values import mapping, plain_date, plain_text
from vendors.contract import (
    Check,
    Claim,
    ClaimState,
    ContractBroken,
    MediaRef,
    Outcome,
    Phase,
    Reason,
    SessionOver,
    Snapshot,
)

GOVERNMENT_ID = "verification/government-id"
SELFIE = "verification/selfie"
WAITING = frozenset({"created", "pending"})
ENDS = {
    "declined": Outcome.NOT_VERIFIED,
    "failed": Outcome.NOT_VERIFIED,
    "expired": Outcome.EXPIRED,
}
# Of a verification, and of one of its checks.
STATUSES = frozenset(
    {"initiated", "submitted", "confirmed", "passed", "failed", "requires_retry", "canceled", "skipped"}
)
RESULTS = {"passed": True, "failed": False, "not_applicable": None, "requires_retry": None}
DOCUMENTS = {"pp": "passport", "dl": "driving_permit", "id": "idcard", "rp": "residence_permit"}
DOCUMENTS |= {"pr": "residence_permit", "ppc": "passport"}
# Checks explain and decide nothing: one without a word of ours is OTHER.
REASONS = {
    "id_expired_detection": Reason.DOC_EXPIRED,
    "id_unprocessable_detection": Reason.DOC_UNREADABLE,
    "id_disallowed_type_detection": Reason.DOC_UNSUPPORTED,
    "id_disallowed_country_detection": Reason.COUNTRY_UNSUPPORTED,
    "id_age_restriction": Reason.UNDER_AGE,
    "id_compromised_detection": Reason.DOC_NOT_GENUINE,
    "id_image_tampering_detection": Reason.DOC_NOT_GENUINE,
    "id_fabrication_detection": Reason.DOC_NOT_GENUINE,
    "id_physical_tampering_detection": Reason.DOC_NOT_GENUINE,
    "id_electronic_replica_detection": Reason.DOC_NOT_GENUINE,
    "id_paper_detection": Reason.DOC_NOT_GENUINE,
    "id_inconsistency_detection": Reason.DATA_INCONSISTENT,
    "id_barcode_inconsistency_detection": Reason.DATA_INCONSISTENT,
    "id_mrz_detection": Reason.DOC_UNREADABLE,
    "id_portrait_detection": Reason.FACE_MISSING,
    "id_selfie_comparison": Reason.FACE_MISMATCH,
    "selfie_id_comparison": Reason.FACE_MISMATCH,
    "selfie_liveness_detection": Reason.LIVENESS_FAILED,
    "selfie_pose_detection": Reason.LIVENESS_FAILED,
    "selfie_suspicious_entity_detection": Reason.PRESENTATION_ATTACK,
}


def read_inquiry(
    inquiry: Mapping[str, Any],
    included: object,
    *,
    decision_status: str,
    partner_ref: str,
    is_sandbox: bool,
    digest: str,
) -> Snapshot:
    """SessionOver for one that was redacted; ContractBroken for a status or shape that is not known, and for an inquiry that was approved although no document
    passed: a look at the partner may refuse, it turns no failed check into a pass."""
    attributes = mapping(inquiry.get("attributes"), "inquiry_unusable")
    if attributes.get("redacted-at") is not None:
        raise SessionOver("session_redacted")
    status = attributes.get("status")
    verifications = _verifications(included)
    if status in WAITING:
        return Snapshot(Phase.WAITING_FOR_USER, None, partner_ref=partner_ref, sandbox=is_sandbox)
    if status == "needs_review" or (status == "completed" and decision_status != "completed"):
        return Snapshot(Phase.PROCESSING, None, partner_ref=partner_ref, sandbox=is_sandbox)
    checks = tuple(check for kind, found in verifications for check in _checks(kind, found))
    if status in ("completed", "approved"):
        document = _passed_document(verifications)
        return Snapshot(
            phase=Phase.DONE,
            outcome=Outcome.VERIFIED,
            claims=tuple(_claims(document)),
            checks=checks,
            media=tuple(_media(document, verifications)),
            partner_ref=partner_ref,
            sandbox=is_sandbox,
            evidence_digest=digest,
        )
    if status not in ENDS:
        raise ContractBroken("status_unknown")
    return Snapshot(
        phase=Phase.DONE,
        outcome=ENDS[status],
        checks=checks,
        reasons=_why_ended(status, _reasons(checks)),
        partner_ref=partner_ref,
        sandbox=is_sandbox,
        evidence_digest=digest,
    )


def _why_ended(status: object, seen: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """`failed` says that there were more tries than the template allows; the checks say what went wrong in them."""
    if status == "expired":
        return (Reason.TIMED_OUT,)
    if status == "failed":
        return (Reason.TOO_MANY_TRIES, *(reason for reason in seen if reason is not Reason.OTHER))
    return seen


def _verifications(included: object) -> list[tuple[str, Mapping[str, Any]]]:
    """(type, attributes) of each, in the partner's order. Other kinds of resources are none of ours."""
    if not isinstance(included, list) or len(included) > 50:
        raise ContractBroken("verifications_unusable")
    found = []
    for item in included:
        resource = mapping(item, "verifications_unusable")
        kind = plain_text(resource.get("type"))
        if kind.startswith("verification/"):
            attributes = mapping(resource.get("attributes"), "verifications_unusable")
            if attributes.get("status") not in STATUSES:
                raise ContractBroken("verification_status_unknown")
            found.append((kind, attributes))
    return found


def _passed_document(verifications: Sequence[tuple[str, Mapping[str, Any]]]) -> Mapping[str, Any]:
    """What must hold: 1. exactly one document passed; 2. of selfies, if any was taken, one passed."""
    documents = [
        found for kind, found in verifications if kind == GOVERNMENT_ID and found["status"] == "passed"
    ]
    if len(documents) != 1:  # 1
        raise ContractBroken("approved_without_document" if not documents else "documents_ambiguous")
    selfies = [found["status"] for kind, found in verifications if kind == SELFIE]
    if selfies and "passed" not in selfies:  # 2
        raise ContractBroken("approved_without_selfie")
    return documents[0]


def _checks(kind: str, attributes: Mapping[str, Any]) -> Iterator[Check]:
    listed = attributes.get("checks") or []
    if not isinstance(listed, list) or len(listed) > 60:
        raise ContractBroken("checks_unusable")
    for item in listed:
        told = mapping(item, "checks_unusable")
        name, status = plain_text(told.get("name")), told.get("status")
        if status not in RESULTS:
            raise ContractBroken("check_status_unknown")
        passed = RESULTS[status]
        reason = REASONS.get(name, Reason.OTHER)
        yield Check(name, passed, (reason,) if passed is False else ())


def _reasons(checks: Sequence[Check]) -> tuple[Reason, ...]:
    told = tuple(dict.fromkeys(reason for check in checks for reason in check.reasons))
    return told or (Reason.OTHER,)


def _claims(document: Mapping[str, Any]) -> Iterator[Claim]:
    names = (
        ("given_names", "name-first"),
        ("middle_name", "name-middle"),
        ("family_name", "name-last"),
        ("document_number", "identification-number"),
    )
    for neutral, foreign in names:
        text = plain_text(document.get(foreign) or "")
        if text:
            yield Claim(neutral, ClaimState.VALUE, text)
    dates = (
        ("birthdate", "birthdate"),
        ("document_expiry", "expiration-date"),
        ("document_issued", "issue-date"),
    )
    for neutral, foreign in dates:
        if document.get(foreign) is not None:
            yield Claim(neutral, ClaimState.VALUE, plain_date(plain_text(document[foreign])))
    yield Claim(
        "document_type", ClaimState.VALUE, DOCUMENTS.get(plain_text(document.get("id-class")), "other")
    )
    if document.get("country-code") is not None:
        country = three_letters(plain_text(document["country-code"]))
        yield Claim("document_country", ClaimState.VALUE, country)


def _media(
    document: Mapping[str, Any], verifications: Sequence[tuple[str, Mapping[str, Any]]]
) -> Iterator[MediaRef]:
    """The face in the document; the live one where that is missing."""
    if document.get("selfie-photo-url"):
        yield MediaRef("portrait_document", plain_text(document["selfie-photo-url"], longest=4_000))
    for kind, found in verifications:
        if kind == SELFIE and found["status"] == "passed" and found.get("center-photo-url"):
            yield MediaRef("portrait_live", plain_text(found["center-photo-url"], longest=4_000))
            return
