"""From an identity's evidence to neutral words.

The samples read the status of the whole only for whether it is still being worked on; what was proven stands with each
piece of evidence. So does this: a document and the face have to be VERIFIED, one of each, and the level of assurance has to
be the one that is wanted. A word of evidence that is not known is a broken contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vendors.adapters.values import mapping, plain_date, plain_text
from vendors.contract import (
    Assurance,
    Check,
    Claim,
    ClaimState,
    ContractBroken,
    MediaRef,
    Outcome,
    Phase,
    Reason,
    Snapshot,
)

JUDGED = frozenset({"PROCESSING", "ADJUDICATION"})
VERDICTS = frozenset({"VERIFIED", "NOT_VERIFIED", "INVALID"})
DOCUMENTS = {
    "PASSPORT": "passport",
    "IDENTITY_CARD": "idcard",
    "DRIVING_LICENSE": "driving_permit",
    "RESIDENT_CARD": "residence_permit",
}
# Beginnings of indicators that failed; the first that fits says why. They explain and decide nothing.
REASONS = (
    ("DOC_EXPIRATION_DATE", Reason.DOC_EXPIRED),
    ("DOCUMENT_LOST_STOLEN", Reason.DOC_LOST_OR_STOLEN),
    ("COMPROMISED_DOCUMENT", Reason.DOC_LOST_OR_STOLEN),
    # Of the document's picture: what is held before the camera in place of a face is a matter of liveness.
    ("CAPTURE_TAMPERING", Reason.DOC_NOT_GENUINE),
    ("LCD_DETECTION", Reason.DOC_NOT_GENUINE),
    ("SCREENSHOT_DETECTION", Reason.DOC_NOT_GENUINE),
    ("PHOTOCOPY_DETECTION", Reason.DOC_NOT_GENUINE),
    ("BIOMETRIC_LIVENESS", Reason.LIVENESS_FAILED),
    ("BIOMETRIC_MATCHING", Reason.FACE_MISMATCH),
    ("BIOMETRIC_QUALITY", Reason.FACE_MISSING),
    ("AUTHORIZED_DOCUMENT_TYPE", Reason.DOC_UNSUPPORTED),
    ("MODEL_RECOGNIZED", Reason.DOC_UNSUPPORTED),
    ("DOC_ISSUING_COUNTRY", Reason.COUNTRY_UNSUPPORTED),
    ("SIDES_", Reason.DATA_INCONSISTENT),
    ("OCR", Reason.DATA_INCONSISTENT),
    ("MRZ_", Reason.DATA_INCONSISTENT),
    ("BLUR_IMAGE", Reason.DOC_UNREADABLE),
    ("GLARE_IMAGE", Reason.DOC_UNREADABLE),
    ("DARK_IMAGE", Reason.DOC_UNREADABLE),
    ("LOW_IMAGE", Reason.DOC_UNREADABLE),
)
_LEVEL = re.compile(r"LOA[0-4]\Z")


def is_being_judged(status: Mapping[str, Any]) -> bool:
    """ADJUDICATION is a person's look at one piece of evidence."""
    whole = plain_text(mapping(status.get("globalStatus"), "status_missing").get("status"))
    singles = status.get("singleStatuses", [])
    if not isinstance(singles, list) or len(singles) > 50:
        raise ContractBroken("status_unusable")
    return whole == "PROCESSING" or any(
        mapping(each, "status_unusable").get("status") in JUDGED for each in singles
    )


def decide(record: Mapping[str, Any], partner_ref: str, digest: str, *, wanted: int) -> Snapshot:
    """ContractBroken for a word or shape that is not known."""
    documents = record.get("idDocuments", [])
    if not isinstance(documents, list) or len(documents) > 20:
        raise ContractBroken("documents_unusable")
    each = [mapping(document, "documents_unusable") for document in documents]
    face = record.get("portrait")
    if not each or face is None:
        return Snapshot(Phase.WAITING_FOR_USER, None, partner_ref=partner_ref)
    portrait = mapping(face, "portrait_unusable")
    words = [_verdict(evidence) for evidence in (*each, portrait)]
    if any(word in JUDGED for word in words):
        return Snapshot(Phase.PROCESSING, None, partner_ref=partner_ref)
    verified = [document for document, word in zip(each, words, strict=False) if word == "VERIFIED"]
    level = plain_text(mapping(record["globalStatus"], "status_missing").get("levelOfAssurance"))
    if not _LEVEL.match(level):
        raise ContractBroken("level_unknown")
    checks = (Check("document", bool(verified)), Check("face", words[-1] == "VERIFIED"))
    assurance = (Assurance("vendor:idemia", level),)
    if len(verified) > 1:
        raise ContractBroken("documents_several")
    if not verified or words[-1] != "VERIFIED" or int(level[-1]) < wanted:
        why = tuple(dict.fromkeys(_reasons((*each, portrait), words)))
        low = (Reason.ASSURANCE_TOO_LOW,) if verified and words[-1] == "VERIFIED" else (Reason.OTHER,)
        return Snapshot(
            Phase.DONE,
            Outcome.NOT_VERIFIED,
            checks=checks,
            assurance=assurance,
            reasons=why or low,
            partner_ref=partner_ref,
            evidence_digest=digest,
        )
    return Snapshot(
        Phase.DONE,
        Outcome.VERIFIED,
        claims=tuple(_claims(verified[0])),
        checks=checks,
        assurance=assurance,
        media=(MediaRef("portrait_live", "portrait"),),
        partner_ref=partner_ref,
        evidence_digest=digest,
    )


def _verdict(evidence: Mapping[str, Any]) -> str:
    word = plain_text(mapping(evidence.get("evidenceStatus"), "status_missing").get("status"))
    if word not in VERDICTS | JUDGED:
        raise ContractBroken("status_unknown")
    return word


def _reasons(evidence: Sequence[Mapping[str, Any]], words: Sequence[str]) -> Iterator[Reason]:
    """Of what did not pass: why, as far as an indicator says."""
    for each, word in zip(evidence, words, strict=True):
        failed = each["evidenceStatus"].get("warningIndicators") or []
        if word == "VERIFIED" or not isinstance(failed, list):
            continue
        named = [plain_text(name) for name in failed[:200]]
        yield from (why for start, why in REASONS if any(name.startswith(start) for name in named))


def _claims(document: Mapping[str, Any]) -> Iterator[Claim]:
    """When it expires is in no public sample, so it is not read."""
    data = mapping(document.get("idDocumentData"), "document_unusable")
    person = mapping(data.get("personalAttributes"), "document_unusable")
    given = person.get("givenNames") or []
    if not isinstance(given, list) or len(given) > 10:
        raise ContractBroken("names_unusable")
    found = {
        "given_names": " ".join(filter(None, (_value(name) for name in given))),
        "family_name": _value(person.get("surname")),
        "document_number": plain_text(data.get("idDocumentNumber") or ""),
    }
    birthdate = _value(person.get("dateOfBirth"))
    if birthdate:
        found["birthdate"] = plain_date(birthdate)
    country = plain_text(data.get("issuingCountry") or "")
    if country and not (len(country) == 3 and country.isascii() and country.isalpha()):
        raise ContractBroken("country_unknown")
    found["document_country"] = country.upper()
    found["document_type"] = DOCUMENTS.get(plain_text(document.get("type") or ""), "other")
    yield from (Claim(name, ClaimState.VALUE, value) for name, value in found.items() if value)


def _value(held: object) -> str:
    return plain_text(mapping(held, "document_unusable").get("value") or "") if held is not None else ""
