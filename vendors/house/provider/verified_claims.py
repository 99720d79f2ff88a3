"""The `verified_claims` object (OpenID Identity Assurance Schema Definition 1.0), holding only what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from vendors.house.provider.claims_request import VerifiedClaimsRequest
from vendors.house.provider.metadata import TRUST_FRAMEWORK

ORGANISATION = "Readmit house partner"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the document says. Never in a log."""

    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: date = field(repr=False)
    document_type: str = field(repr=False)
    document_number: str = field(repr=False)
    date_of_expiry: date | None = field(repr=False)
    country: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckMade:
    """One check that was made: `method` is a word of the specification, `name` is ours."""

    name: str
    method: str
    passed: bool | None  # None: not made


@dataclass(frozen=True, slots=True)
class Attachment:
    """OpenID Connect for Identity Assurance, external attachments: fetched once with its own token."""

    url: str
    access_token: str = field(repr=False)
    expires_in: int
    sha256: str


def verified(
    asked: VerifiedClaimsRequest,
    *,
    facts: Facts,
    made: Sequence[CheckMade],
    reference: str,
    at: datetime,
    attachment: Attachment | None,
) -> dict[str, Any]:
    verification = _verification("VERIFIED", reference, at)
    if asked.evidence:
        verification["evidence"] = [_evidence(asked, facts, made, reference, at, attachment)]
    values = {
        "given_name": facts.given_name,
        "family_name": facts.family_name,
        "birthdate": facts.birthdate.isoformat(),
    }
    return {
        "verification": verification,
        "claims": {name: values[name] or None for name in asked.claims},
    }


def failed(*, reasons: Sequence[str], reference: str, at: datetime) -> dict[str, Any]:
    """`reasons` is our member: neutral words that name no attribute of the person."""
    verification = _verification("FAILED", reference, at)
    verification["reasons"] = list(reasons)
    return {"verification": verification, "claims": {}}


def _verification(level: str, reference: str, at: datetime) -> dict[str, Any]:
    return {
        "trust_framework": TRUST_FRAMEWORK,
        "assurance_level": level,
        "time": _time(at),
        "verification_process": reference,
    }


def _evidence(
    asked: VerifiedClaimsRequest,
    facts: Facts,
    made: Sequence[CheckMade],
    reference: str,
    at: datetime,
    attachment: Attachment | None,
) -> dict[str, Any]:
    details: dict[str, Any] = {
        "type": facts.document_type,
        "document_number": facts.document_number,
        "date_of_expiry": facts.date_of_expiry.isoformat() if facts.date_of_expiry else None,
        "issuer": {"country": facts.country, "country_code": facts.country},
    }
    evidence: dict[str, Any] = {
        "type": "document",
        "time": _time(at),
        "check_details": [
            {
                "check_method": check.method,
                "organization": ORGANISATION,
                "check_id": f"{reference}/{check.name}",
                "time": _time(at),
                "name": check.name,
                "passed": check.passed,
            }
            for check in made
        ],
        "document_details": {name: details[name] for name in asked.document_details if details[name]},
    }
    if attachment is not None:
        evidence["attachments"] = [
            {
                "desc": "portrait",
                "content_type": "image/jpeg",
                "url": attachment.url,
                "access_token": attachment.access_token,
                "expires_in": attachment.expires_in,
                "digest": {"alg": "sha-256", "value": attachment.sha256},
            }
        ]
    return evidence


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
