"""What the vision process saw, as the decisions read it. No image but the portrait, and that never in a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vendors.house.provider.verified_claims import CheckMade, Facts


@dataclass(frozen=True, slots=True)
class DocumentEvidence:
    """`problems` names, for each photograph, why it must be taken again; then the rest is empty.

    `unreadable` says that the photographs are good enough and the document still cannot be read."""

    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: bool = False
    kind: str = ""
    specimen: bool = False
    checks: tuple[CheckMade, ...] = ()
    facts: Facts | None = field(default=None, repr=False)
    portrait: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class LiveEvidence:
    """`probe` is the frame to compare; empty unless `passed`."""

    passed: bool
    reasons: tuple[str, ...] = ()
    probe: bytes = field(default=b"", repr=False)
