"""Whether what was proven is whom the client means, and what the client is told. Pure.

The client may believe the level alone, as Okta does, so a name that differs is never VERIFIED. Names are compared by the rules of
recoveries (`tenants.directory.matching`): to the letter, or, where the client says `fuzzy`, as names on documents differ. What
it does not do: say which of them differed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from tenants.directory.matching import Candidate, Decision, MatchPolicy, Mode, ProvenIdentity, compare
from vendors.bridge.asked import BIRTHDATE, FAILED, NAMES, VERIFIED, Asked

NEUTRAL = {"given_name": "given_names", "family_name": "family_name", BIRTHDATE: "birthdate"}
DOCUMENT = {
    "type": "document_type",
    "document_number": "document_number",
    "date_of_expiry": "document_expiry",
}
MATCHED = "MATCHED"
NOBODY = UUID(int=0)


def why_not(asked: Asked, proven: Mapping[str, str]) -> str:
    """A code for why it is not VERIFIED; empty when it is. What was asked for has to be there, whether compared or not."""
    if any(not proven.get(NEUTRAL[name]) for name in NAMES):
        return "names_missing"
    wanted, found = asked.values.get(BIRTHDATE), proven.get("birthdate")
    if wanted is not None and found != wanted:
        return "does_not_agree"
    if set(NAMES) <= set(asked.values) and not _names_agree(asked, proven):
        return "does_not_agree"
    return ""


def _names_agree(asked: Asked, proven: Mapping[str, str]) -> bool:
    born = _date(proven.get("birthdate", ""))
    policy = MatchPolicy(
        given_names=_mode(asked, "given_name"),
        family_name=_mode(asked, "family_name"),
        birthdate_required=False,
    )
    found = compare(
        ProvenIdentity(proven["given_names"], proven["family_name"], born),
        Candidate(
            NOBODY,
            asked.values["given_name"],
            asked.values["family_name"],
            _date(asked.values.get(BIRTHDATE, "")),
        ),
        policy,
    )
    return found.decision is Decision.MATCH


def _mode(asked: Asked, name: str) -> Mode:
    return Mode.RELAXED if name in asked.fuzzy else Mode.EXACT


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def told(
    asked: Asked, proven: Mapping[str, str], *, is_verified: bool, hides_values: bool, process: str, at: str
) -> dict[str, Any] | list[dict[str, Any]]:
    """`verified_claims` for the client. `hides_values`: what it sent a value for and agrees is `MATCHED`, and not sent back."""
    verification: dict[str, Any] = {
        "trust_framework": asked.framework,
        "assurance_level": VERIFIED if is_verified else FAILED,
        "time": at,
        "verification_process": process,
    }
    claims: dict[str, Any] = {}
    for name in asked.names:
        value = proven.get(NEUTRAL[name])
        if not is_verified:
            claims[name] = None
        elif hides_values and name in asked.values:
            claims[name] = MATCHED
        elif value:
            claims[name] = value
    if is_verified and asked.with_document and proven.get("document_number"):
        verification["evidence"] = [_document(proven)]
    made = {"verification": verification, "claims": claims}
    return [made] if asked.as_list else made


def _document(proven: Mapping[str, str]) -> dict[str, Any]:
    details: dict[str, Any] = {
        foreign: proven[neutral] for foreign, neutral in DOCUMENT.items() if proven.get(neutral)
    }
    if proven.get("document_country"):
        details["issuer"] = {"country_code": proven["document_country"]}
    return {"type": "document", "document_details": details}
