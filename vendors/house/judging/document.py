"""Is the photographed document accepted? Pure: evidence and date in, decision out.

Protects whoever relies on the house partner from unreadable, expired, inconsistent and specimen documents. It cannot
see through a self-made document whose zones agree: a photograph does not show holograms or a chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from vendors.house.judging.evidence import DocumentEvidence

MAX_DOCUMENTS = 5
MAX_PHOTOGRAPHS = 15
# What must have been checked and must have held, whatever the reader concludes.
REQUIRED = frozenset(
    {
        "check_digits",
        "zone_layout",
        "genuine_issuer",
        "not_expired",
        "birthdate_plausible",
        "family_name_match",
        "given_names_match",
        "document_number_match",
        "birthdate_match",
        "expiry_match",
        "portrait_found",
    }
)


class DocumentVerdict(StrEnum):
    ACCEPTED = "accepted"
    RETAKE = "retake"  # the photographs, not the document
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DocumentDecision:
    """`notice` is what the person is told; `problems` which photograph to take again and why."""

    verdict: DocumentVerdict
    notice: str = ""
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def needs_retake(evidence: DocumentEvidence) -> bool:
    """Photographs that cannot be judged are no judgement: they do not count as a document."""
    return bool(evidence.problems)


def decide_document(
    evidence: DocumentEvidence, *, chosen: str, demonstration: bool, today: date
) -> DocumentDecision:
    """In this order, the first that holds decides:

    1. a photograph is not good enough: take it again;  2. nothing could be read, or no portrait was found: refused;
    3. a specimen counts for a demonstration client only;  4. it is not the kind that was chosen;
    5. expired, or without a date of expiry;  6. the reader did not pass it, a check failed or a required one was not made. The person is not told which.
    """
    # 1
    if evidence.problems:
        return DocumentDecision(DocumentVerdict.RETAKE, problems=evidence.problems)
    # 2
    if evidence.facts is None or not evidence.portrait:
        return _refused("document_unreadable")
    # 3
    if evidence.specimen and not demonstration:
        return _refused("document_specimen")
    # 4
    if evidence.kind != chosen:
        return _refused("document_other_kind")
    # 5
    expiry = evidence.facts.date_of_expiry
    if expiry is None or expiry < today:
        return _refused("document_expired")
    # 6
    held = {check.name for check in evidence.checks if check.passed is True}
    failed = any(check.passed is False for check in evidence.checks)
    if not evidence.passed or failed or not held >= REQUIRED:
        return _refused("document_not_accepted")
    if not evidence.facts.family_name or not evidence.facts.document_number:
        return _refused("document_not_accepted")
    return DocumentDecision(DocumentVerdict.ACCEPTED)


def _refused(notice: str) -> DocumentDecision:
    return DocumentDecision(DocumentVerdict.REFUSED, notice)
