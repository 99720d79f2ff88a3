"""How often a case's face is judged, and what the person is told about it."""

from __future__ import annotations

MAX_TRIES = 5


def may_be_judged(tries: int) -> bool:
    """After so many. Retakes count as well: nobody tries until a recording suits."""
    return tries < MAX_TRIES
