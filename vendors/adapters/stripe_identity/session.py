"""From a VerificationSession and its report to neutral words. A word that is not known is a broken contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vendors.adapters.rest.countries import three_letters
from vendors.adapters.values import mapping, plain_date, plain_text
from vendors.contract import (
    BadConfig,
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
    StateMismatch,
)

# What changes by being asked for, and keys to the session: no part of what was answered.
VOLATILE = frozenset({"url", "client_secret", "request"})
ABORTED = {"consent_declined": Reason.CONSENT_DECLINED, "abandoned": Reason.TIMED_OUT}
RETRIES = {
    "country_not_supported": Reason.COUNTRY_UNSUPPORTED,
    "device_not_supported": Reason.DEVICE_UNSUPPORTED,
    "document_expired": Reason.DOC_EXPIRED,
    "document_type_not_supported": Reason.DOC_UNSUPPORTED,
    "document_unverified_other": Reason.DOC_NOT_GENUINE,
    "email_unverified_other": Reason.OTHER,
    "email_verification_declined": Reason.OTHER,
    "id_number_insufficient_document_data": Reason.DOC_UNREADABLE,
    "id_number_mismatch": Reason.ID_NUMBER_MISMATCH,
    "id_number_unverified_other": Reason.ID_NUMBER_MISMATCH,
    "phone_unverified_other": Reason.OTHER,
    "phone_verification_declined": Reason.OTHER,
    "selfie_document_missing_photo": Reason.FACE_MISSING,
    "selfie_face_mismatch": Reason.FACE_MISMATCH,
    "selfie_manipulated": Reason.PRESENTATION_ATTACK,
    "selfie_unverified_other": Reason.LIVENESS_FAILED,
    "under_supported_age": Reason.UNDER_AGE,
}
DOCUMENTS = {"driving_license": "driving_permit", "id_card": "idcard", "passport": "passport"}


def read_session(session: Mapping[str, Any], partner_ref: str, digest: str) -> Snapshot:
    """SessionOver for one that was redacted; ContractBroken for a status, reason or shape that is not known, and for a verified session whose report does not say
    so; BadConfig where the key may not read what was verified."""
    if session.get("redaction") is not None:
        # What is left are places where names stood: nobody's answer.
        raise SessionOver("session_redacted")
    live = session.get("livemode")
    if not isinstance(live, bool):
        raise ContractBroken("livemode_missing")
    status = session.get("status")
    if status == "verified":
        return _verified(session, partner_ref, digest, is_live=live)
    if status == "requires_input":
        return _waiting_or_failed(session.get("last_error"), partner_ref, digest, is_live=live)
    if status == "processing":
        return Snapshot(Phase.PROCESSING, None, partner_ref=partner_ref, sandbox=not live)
    if status == "canceled":
        return Snapshot(
            Phase.DONE,
            Outcome.USER_ABORTED,
            reasons=(Reason.USER_CANCELLED,),
            partner_ref=partner_ref,
            sandbox=not live,
            evidence_digest=digest,
        )
    raise ContractBroken("status_unknown")


def _waiting_or_failed(last_error: object, partner_ref: str, digest: str, *, is_live: bool) -> Snapshot:
    if last_error is None:
        return Snapshot(Phase.WAITING_FOR_USER, None, partner_ref=partner_ref, sandbox=not is_live)
    code = mapping(last_error, "last_error_unusable").get("code")
    if code in ABORTED:
        outcome, reason = Outcome.USER_ABORTED, ABORTED[code]
    elif code in RETRIES:
        outcome, reason = Outcome.RETRY_ALLOWED, RETRIES[code]
    else:
        raise ContractBroken("last_error_unknown")
    return Snapshot(
        Phase.DONE,
        outcome,
        reasons=(reason,),
        partner_ref=partner_ref,
        sandbox=not is_live,
        evidence_digest=digest,
    )


def _verified(session: Mapping[str, Any], partner_ref: str, digest: str, *, is_live: bool) -> Snapshot:
    """What must hold: 1. the report came with it, names no other session, and is about a document that was verified; 2. a selfie,
    where there is one, was verified too."""
    report = mapping(session.get("last_verification_report"), "report_missing")
    if report.get("verification_session") not in (None, partner_ref):  # 1
        raise StateMismatch("report_of_another_session")
    document = mapping(report.get("document"), "document_missing")
    if document.get("status") != "verified":  # 1
        raise ContractBroken("verified_without_document")
    selfie = report.get("selfie")
    checks = [Check("document", True)]
    media: tuple[MediaRef, ...] = ()
    if selfie is not None:
        shown = mapping(selfie, "selfie_unusable")
        if shown.get("status") != "verified":  # 2
            raise ContractBroken("verified_without_selfie")
        checks.append(Check("selfie", True))
        if isinstance(shown.get("selfie"), str):
            media = (MediaRef("portrait_live", plain_text(shown["selfie"])),)
    return Snapshot(
        phase=Phase.DONE,
        outcome=Outcome.VERIFIED,
        claims=tuple(_claims(mapping(session.get("verified_outputs"), "outputs_missing"), document)),
        checks=tuple(checks),
        media=media,
        partner_ref=partner_ref,
        sandbox=not is_live,
        evidence_digest=digest,
    )


def _claims(outputs: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Claim]:
    if outputs.get("dob") is None:
        raise BadConfig("permission_missing", setting="api_key")
    yield from _named("given_names", outputs.get("first_name"))
    yield from _named("family_name", outputs.get("last_name"))
    yield Claim("birthdate", ClaimState.VALUE, _date(outputs["dob"]))
    yield from _named("document_number", document.get("number"))
    kind = document.get("type")
    if kind not in DOCUMENTS:
        raise ContractBroken("document_type_unknown")
    yield Claim("document_type", ClaimState.VALUE, DOCUMENTS[kind])
    if document.get("issuing_country") is not None:
        country = three_letters(plain_text(document["issuing_country"]))
        yield Claim("document_country", ClaimState.VALUE, country)
    for name, foreign in (("document_expiry", "expiration_date"), ("document_issued", "issued_date")):
        if document.get(foreign) is not None:
            yield Claim(name, ClaimState.VALUE, _date(document[foreign]))


def _named(name: str, value: object) -> Iterator[Claim]:
    """What the partner did not read is left out; who needs it misses it."""
    if value is None:
        return
    text = plain_text(value)
    if text:
        yield Claim(name, ClaimState.VALUE, text)


def _date(value: object) -> str:
    """{day, month, year}."""
    parts = mapping(value, "date_unusable")
    numbers = [parts.get(part) for part in ("year", "month", "day")]
    year, month, day = (number if type(number) is int else 0 for number in numbers)
    return plain_date(f"{year:04d}-{month:02d}-{day:02d}")
