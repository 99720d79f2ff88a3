"""Where a run of the bridge stands, and its moves (STYLE 12)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.transitions import TransitionTable


class RunStatus(models.TextChoices):
    PUSHED = "pushed", _("Asked for")
    OPENED = "opened", _("Reading what is checked")
    PROVING = "proving", _("With the partner")
    FACE = "face", _("At the Face Check")
    ANSWERED = "answered", _("Answer waits")
    EXCHANGED = "exchanged", _("Answered")
    ENDED = "ended", _("Ended without an answer")
    EXPIRED = "expired", _("Never fetched")


MOVES = TransitionTable(
    RunStatus,
    {
        RunStatus.PUSHED: frozenset({RunStatus.OPENED, RunStatus.EXPIRED, RunStatus.ENDED}),
        RunStatus.OPENED: frozenset({RunStatus.PROVING, RunStatus.ENDED}),
        # Back again: the partner did not decide, and the person may try once more or say no.
        RunStatus.PROVING: frozenset({RunStatus.OPENED, RunStatus.FACE, RunStatus.ANSWERED, RunStatus.ENDED}),
        RunStatus.FACE: frozenset({RunStatus.ANSWERED, RunStatus.ENDED}),
        RunStatus.ANSWERED: frozenset({RunStatus.EXCHANGED, RunStatus.ENDED, RunStatus.EXPIRED}),
        RunStatus.EXCHANGED: frozenset(),
        RunStatus.ENDED: frozenset(),
        RunStatus.EXPIRED: frozenset(),
    },
)
# Somebody sits before a page of ours.
IN_BROWSER = frozenset({RunStatus.OPENED, RunStatus.PROVING, RunStatus.FACE})
ENDS = MOVES.ends
