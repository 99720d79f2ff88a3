"""Where a check stands, and where it may go from there."""

from __future__ import annotations

from enum import StrEnum

from portal.kit.transitions import TransitionTable


class Stage(StrEnum):
    CONSENT = "consent"
    CHOOSING = "choosing"
    DOCUMENT = "document"
    FACE = "face"
    FINISHED = "finished"
    HANDED_OVER = "handed_over"
    EXPIRED = "expired"


class Outcome(StrEnum):
    VERIFIED = "verified"
    FAILED = "failed"
    DECLINED = "declined"


MOVES = TransitionTable(
    Stage,
    {
        Stage.CONSENT: frozenset({Stage.CHOOSING, Stage.FINISHED, Stage.EXPIRED}),
        Stage.CHOOSING: frozenset({Stage.DOCUMENT, Stage.FINISHED, Stage.EXPIRED}),
        Stage.DOCUMENT: frozenset({Stage.CHOOSING, Stage.FACE, Stage.FINISHED, Stage.EXPIRED}),
        Stage.FACE: frozenset({Stage.FINISHED, Stage.EXPIRED}),
        Stage.FINISHED: frozenset({Stage.HANDED_OVER, Stage.EXPIRED}),
        Stage.HANDED_OVER: frozenset(),
        Stage.EXPIRED: frozenset(),
    },
)
LIVE = frozenset({Stage.CONSENT, Stage.CHOOSING, Stage.DOCUMENT, Stage.FACE})
