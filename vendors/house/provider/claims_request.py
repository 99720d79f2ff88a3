"""Reads the `claims` parameter: OpenID Connect Core 5.5 and OpenID Identity Assurance (verified_claims request).

A request that this provider cannot fulfil is refused when it is pushed, before anybody photographs a document for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vendors.house.provider import errors
from vendors.house.provider.errors import ProtocolError
from vendors.house.provider.metadata import CLAIMS, TRUST_FRAMEWORK
from vendors.house.provider.parameters import json_object

DETAILS = ("type", "document_number", "date_of_expiry", "issuer")


@dataclass(frozen=True, slots=True)
class VerifiedClaimsRequest:
    """What may leave the house: only what was asked for."""

    claims: tuple[str, ...]
    evidence: bool
    document_details: tuple[str, ...]
    attachments: bool
    purpose: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "claims": list(self.claims),
            "evidence": self.evidence,
            "document_details": list(self.document_details),
            "attachments": self.attachments,
            "purpose": self.purpose,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> VerifiedClaimsRequest:
        return cls(
            tuple(stored["claims"]),
            bool(stored["evidence"]),
            tuple(stored["document_details"]),
            bool(stored["attachments"]),
            str(stored["purpose"]),
        )


def read_claims_request(unverified: str) -> VerifiedClaimsRequest:
    """1. `id_token.verified_claims` is there;  2. one of its elements names our trust framework, or none;
    3. it asks for at least one claim (an empty `claims` element asks for nothing);  4. its evidence, if any, is a
    document's."""
    # 1
    tree = json_object(unverified, what="claims")
    id_token = tree.get("id_token")
    asked = id_token.get("verified_claims") if isinstance(id_token, dict) else None
    elements = asked if isinstance(asked, list) else [asked]
    # 2
    for element in elements:
        if isinstance(element, dict) and _is_ours(element.get("verification")):
            return _read_element(element)
    raise _unusable("verified_claims_of_our_trust_framework_missing")


def _read_element(element: dict[str, Any]) -> VerifiedClaimsRequest:
    # 3
    claims = element.get("claims")
    if not isinstance(claims, dict):
        raise _unusable("claims_missing")
    wanted = tuple(name for name in CLAIMS if name in claims)
    if not wanted:
        raise _unusable("no_claim_we_have")
    # 4
    evidence = element["verification"].get("evidence")
    document = _document(evidence)
    if evidence is not None and document is None:
        raise _unusable("evidence_not_a_document")
    details = document.get("document_details") if document else None
    asked = tuple(name for name in DETAILS if isinstance(details, dict) and name in details)
    purpose = element.get("purpose", "")
    if not isinstance(purpose, str) or len(purpose) > 300 or not (purpose.isprintable() or not purpose):
        raise _unusable("purpose_unusable")
    return VerifiedClaimsRequest(
        wanted, document is not None, asked, document is not None and "attachments" in document, purpose
    )


def _is_ours(verification: object) -> bool:
    if not isinstance(verification, dict) or "trust_framework" not in verification:
        return False
    named = verification["trust_framework"]
    if named is None or named == {}:
        return True
    if not isinstance(named, dict):
        return False
    if "value" in named:
        return bool(named["value"] == TRUST_FRAMEWORK)
    return isinstance(named.get("values"), list) and TRUST_FRAMEWORK in named["values"]


def _document(evidence: object) -> dict[str, Any] | None:
    for item in evidence if isinstance(evidence, list) else []:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "document" or (isinstance(kind, dict) and kind.get("value", "document") == "document"):
            found: dict[str, Any] = item
            return found
    return None


def _unusable(reason: str) -> ProtocolError:
    return ProtocolError(
        errors.INVALID_REQUEST, reason, clause="OpenID Identity Assurance, verified_claims request"
    )
