"""What a profile says about attestation: how many voices, who beside the manager, and how long they have. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

MOST_VOICES = 2
HOURS = (1, 72)
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class AttestationRule:
    """`named`: ids of people who are asked where there is no manager, or beside the manager where two are asked for."""

    voices: int = 1
    named: tuple[UUID, ...] = ()
    hours: int = 24

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> AttestationRule:
        """As a profile keeps it; what it does not name has the usual value."""
        return cls(
            voices=int(kept.get("voices", 1)),
            named=tuple(UUID(one) for one in kept.get("named", ())),
            hours=int(kept.get("hours", 24)),
        )

    def kept(self) -> dict[str, Any]:
        return {**asdict(self), "named": [str(one) for one in self.named]}

    @property
    def is_sound(self) -> bool:
        """Whether every number is within its bounds: profiles are also written by programs and restored."""
        return (
            1 <= self.voices <= MOST_VOICES
            and HOURS[0] <= self.hours <= HOURS[1]
            and len(set(self.named)) == len(self.named) <= MOST_NAMED
        )
