"""From `verified_claims` to neutral words (OpenID Identity Assurance Schema Definition 1.0, sections 5 and 6).

Only what stands inside `verified_claims` is read; the same names outside are not verified and are ignored. The trust
framework's name is compared tolerantly (providers disagree about `-` and `_`), everything else strictly: a word that is
not known is a broken contract, never a pass and never a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from vendors.adapters.oidc.attachments import PortraitNotice, read_portrait_notice
from vendors.adapters.values import mapping, plain_date, plain_text
from vendors.contract import Assurance, Check, Claim, ClaimState, ContractBroken, Outcome, Reason, Stale

MAX_PURPOSE = 300
FRESHNESS_SKEW = timedelta(seconds=60)

NEUTRAL_NAMES = {
    "given_name": "given_names",
    "middle_name": "middle_name",
    "family_name": "family_name",
    "birthdate": "birthdate",
    "gender": "sex",
}
DATES = frozenset({"birthdate", "document_expiry", "document_issued"})
_REASONS = {reason.value: reason for reason in Reason}


@dataclass(frozen=True, slots=True)
class ReadVerification:
    outcome: Outcome
    claims: tuple[Claim, ...] = field(repr=False)
    checks: tuple[Check, ...]
    assurance: tuple[Assurance, ...]
    reasons: tuple[Reason, ...]
    process: str
    portrait: PortraitNotice | None


def claims_request(trust_framework: str, purpose: str) -> dict[str, Any]:
    """The `claims` parameter (OpenID Connect for Identity Assurance 1.0, section 6). `purpose` is shown to the person."""
    verification = {
        "trust_framework": {"value": trust_framework, "essential": True},
        "assurance_level": {"essential": True},
        "time": {"essential": True},
        "verification_process": None,
        "evidence": [
            {
                "type": {"value": "document"},
                "check_details": None,
                "document_details": {
                    "type": None,
                    "document_number": None,
                    "date_of_expiry": None,
                    "issuer": {"country": None},
                },
                "attachments": None,
            }
        ],
    }
    claims = {"given_name": {"essential": True}, "family_name": {"essential": True}, "birthdate": None}
    wanted: dict[str, Any] = {"verification": verification, "claims": claims}
    if purpose:
        wanted["purpose"] = purpose[:MAX_PURPOSE]
    return {"id_token": {"verified_claims": wanted}}


def read_verified_claims(
    unverified: object, *, trust_framework: str, asked_at: datetime, now: datetime
) -> ReadVerification:
    """ContractBroken for a shape or word that is not known, Stale for a verification older than the question."""
    entry = _entry_of(unverified, trust_framework)
    verification = mapping(entry.get("verification"), "verification_unusable")
    outcome = _outcome(verification)
    _check_time(verification, asked_at, now)
    documents = list(_documents(verification))
    claims = (
        *_claims(entry, outcome),
        *(claim for document in documents for claim in _document_claims(document)),
    )
    return ReadVerification(
        outcome=outcome,
        claims=_each_once(claims) if outcome is Outcome.VERIFIED else (),
        checks=tuple(check for document in documents for check in _checks(document)),
        assurance=(
            Assurance(
                plain_text(verification["trust_framework"]),
                plain_text(verification["assurance_level"] or "none"),
            ),
        ),
        reasons=_reasons(verification) if outcome is Outcome.NOT_VERIFIED else (),
        process=plain_text(verification.get("verification_process") or ""),
        portrait=read_portrait_notice(documents) if outcome is Outcome.VERIFIED else None,
    )


def _entry_of(unverified: object, trust_framework: str) -> Mapping[str, Any]:
    """One object or an array of them: exactly one must speak of the framework that was asked for."""
    entries = unverified if isinstance(unverified, list) else [unverified]
    wanted = _framework(trust_framework)
    found = []
    for entry in entries:
        verification = mapping(
            mapping(entry, "verified_claims_missing").get("verification"), "verification_unusable"
        )
        if _framework(verification.get("trust_framework")) == wanted:
            found.append(entry)
    if len(found) != 1:
        raise ContractBroken("trust_framework_not_asked_for")
    return mapping(found[0], "verified_claims_missing")


def _framework(value: object) -> str:
    return plain_text(value).casefold().replace("_", "-")


def _outcome(verification: Mapping[str, Any]) -> Outcome:
    if "assurance_level" not in verification:
        raise ContractBroken("assurance_level_missing")
    level = verification["assurance_level"]
    if level == "VERIFIED":
        return Outcome.VERIFIED
    if level == "FAILED" or level is None:
        return Outcome.NOT_VERIFIED
    raise ContractBroken("assurance_level_unknown")


def _check_time(verification: Mapping[str, Any], asked_at: datetime, now: datetime) -> None:
    """Recovery wants a verification made for this attempt, so `time` must stand and lie after the question."""
    try:
        moment = datetime.fromisoformat(plain_text(verification.get("time")))
    except ValueError as error:
        raise ContractBroken("verification_time_unusable") from error
    if moment.tzinfo is None:
        raise ContractBroken("verification_time_unusable")
    if moment < asked_at - FRESHNESS_SKEW or moment > now + FRESHNESS_SKEW:
        raise Stale("verification_not_of_this_attempt")


def _claims(entry: Mapping[str, Any], outcome: Outcome) -> Iterator[Claim]:
    claims = mapping(entry.get("claims"), "claims_unusable")
    if outcome is not Outcome.VERIFIED:
        return
    for foreign, neutral in NEUTRAL_NAMES.items():
        if foreign in claims:
            yield _claim(neutral, claims[foreign])
        elif foreign in ("given_name", "family_name"):
            raise ContractBroken(f"{foreign}_missing")


def _claim(name: str, value: object) -> Claim:
    if value is None:
        return Claim(name, ClaimState.WITHHELD)
    if value == "MATCHED":
        return Claim(name, ClaimState.MATCHED)
    if isinstance(value, dict) and set(value) == {"fuzzy"}:
        return Claim(name, ClaimState.MATCHED_FUZZY, plain_text(value["fuzzy"]))
    text = plain_text(value)
    if not text:
        raise ContractBroken("value_empty")
    if name in DATES:
        plain_date(text)
    return Claim(name, ClaimState.VALUE, text)


def _documents(verification: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    evidence = verification.get("evidence", [])
    if not isinstance(evidence, list) or len(evidence) > 10:
        raise ContractBroken("evidence_unusable")
    for item in evidence:
        if mapping(item, "evidence_unusable").get("type") == "document":
            yield item


def _document_claims(document: Mapping[str, Any]) -> Iterator[Claim]:
    details = mapping(document.get("document_details", {}), "document_details_unusable")
    issuer = mapping(details.get("issuer") or {}, "document_details_unusable")
    found = {
        "document_type": details.get("type"),
        "document_number": details.get("document_number"),
        "document_expiry": details.get("date_of_expiry"),
        "document_issued": details.get("date_of_issuance"),
        "document_country": issuer.get("country_code") or issuer.get("country"),
    }
    for name, value in found.items():
        if value is not None:
            yield _claim(name, value)


def _each_once(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Two different values for one name cannot both be true."""
    by_name: dict[str, Claim] = {}
    for claim in claims:
        if by_name.setdefault(claim.name, claim) != claim:
            raise ContractBroken("claim_contradicts_itself")
    return tuple(by_name.values())


def _checks(document: Mapping[str, Any]) -> Iterator[Check]:
    details = document.get("check_details") or []
    if not isinstance(details, list) or len(details) > 50:
        raise ContractBroken("check_details_unusable")
    for item in details:
        detail = mapping(item, "check_details_unusable")
        passed = detail.get("passed")
        if passed is not None and not isinstance(passed, bool):
            raise ContractBroken("check_details_unusable")
        yield Check(plain_text(detail.get("name") or detail.get("check_method")), passed)


def _reasons(verification: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Reasons explain and decide nothing, so a new one is kept as OTHER."""
    told = verification.get("reasons", [])
    if not isinstance(told, list) or len(told) > 20:
        raise ContractBroken("reasons_unusable")
    return tuple(dict.fromkeys(_REASONS.get(plain_text(reason).casefold(), Reason.OTHER) for reason in told))
