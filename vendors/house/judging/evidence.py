"""What the vision process saw, as the decisions read it. No image but the portrait, and that never in a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vendors.house.provider.verified_claims import CheckMade, Facts


@dataclass(frozen=True, slots=True)
class DocumentEvidence:
    """`problems` names, for each photograph, why it must be taken again; then the rest is empty.

    `passed` is the reader's own conclusion; the decision does not rest on it alone."""

    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    passed: bool = False
    kind: str = ""
    specimen: bool = False
    checks: tuple[CheckMade, ...] = ()
    facts: Facts | None = field(default=None, repr=False)
    portrait: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class LiveEvidence:
    """`confidence` compares the clip's best frame with the portrait; None when they could not be compared."""

    passed: bool
    reasons: tuple[str, ...] = ()
    confidence: int | None = None
