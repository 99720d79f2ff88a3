"""What the house partner asks of the vision process.

The words of that process end in `vision_process.py`: they become `DocumentEvidence`, `LiveEvidence` and a confidence. A
busy or silent process is `Unavailable`; a picture it will not decode is `Invalid` with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from vendors.facecheck.engine.liveness.challenge import make_challenge
from vendors.house.judging.evidence import DocumentEvidence, LiveEvidence

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Admission:
    """A place in line. When it is `ready`, the upload that carries the ticket is let in."""

    ticket: str
    ready: bool
    wait_seconds: float


class Vision(Protocol):
    """Each method may raise Unavailable: nothing was judged, and the same may be asked again."""

    def admit(self, ticket: str) -> Admission:
        """A new place in line, or how the one with this ticket stands."""

    def read_document(
        self,
        kind: str,
        photographs: Mapping[str, bytes],
        *,
        today: date,
        accept_specimens: bool,
        ticket: str,
        tell: Tell,
    ) -> DocumentEvidence:
        """`photographs` by shot: `front`, and for identity cards `closeup` and `back`. `tell` is called with the code of
        each stage as it begins."""

    def check_live(
        self,
        clip: bytes,
        challenge: Mapping[str, Any],
        *,
        portrait: bytes,
        received_at: datetime,
        ticket: str,
    ) -> LiveEvidence:
        """The clip against the challenge that was drawn for it, and its best frame against the portrait."""


def draw_challenge(*, random: Callable[[int], bytes], now: datetime, flashing: bool) -> dict[str, Any]:
    return make_challenge(random=random, now=now, flashing=flashing).to_json()
