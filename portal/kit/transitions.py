"""Statuses as tables: which moves there are, checked for completeness when the table is built (STYLE 12)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

from portal.kit.errors import IllegalMove

Status = TypeVar("Status", bound=Enum)


class TransitionTable(Generic[Status]):
    """`moves` must name every member of `statuses`; a member with no moves is an end."""

    def __init__(self, statuses: type[Status], moves: Mapping[Status, frozenset[Status]]) -> None:
        missing = set(statuses) - set(moves)
        if missing:
            raise ValueError(f"the table lacks {sorted(str(status.value) for status in missing)}")
        self._moves = dict(moves)

    @property
    def ends(self) -> frozenset[Status]:
        return frozenset(status for status, targets in self._moves.items() if not targets)

    def targets(self, status: Status) -> frozenset[Status]:
        return self._moves[status]

    def allows(self, source: Status, target: Status) -> bool:
        return target in self._moves[source]

    def check(self, source: Status, target: Status) -> bool:
        """True if there is something to do, False if already there; IllegalMove otherwise."""
        if source is target:
            return False
        if not self.allows(source, target):
            raise IllegalMove("illegal_move", detail={"from": source.value, "to": target.value})
        return True
