"""Where a proofing attempt stands, and its moves (STYLE 12)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.transitions import TransitionTable


class AttemptPhase(models.TextChoices):
    STARTING = "starting", _("Starting")
    WAITING_FOR_USER = "waiting_for_user", _("With the partner")
    PROCESSING = "processing", _("Checking")
    DONE = "done", _("Answered")
    FAILED = "failed", _("No answer")


class Errand(models.TextChoices):
    """What an attempt is for, and so who waits for its end. A trial is begun by an operator, in no browser, and nobody
    waits for it."""

    RECOVERY = "recovery", _("A recovery")
    BRIDGE = "bridge", _("A bridge")
    TRIAL = "trial", _("A trial")


MOVES = TransitionTable(
    AttemptPhase,
    {
        AttemptPhase.STARTING: frozenset(
            {AttemptPhase.WAITING_FOR_USER, AttemptPhase.DONE, AttemptPhase.FAILED}
        ),
        AttemptPhase.WAITING_FOR_USER: frozenset(
            {AttemptPhase.STARTING, AttemptPhase.PROCESSING, AttemptPhase.DONE, AttemptPhase.FAILED}
        ),
        # Back again: somebody returned without having finished at the partner.
        AttemptPhase.PROCESSING: frozenset(
            {AttemptPhase.WAITING_FOR_USER, AttemptPhase.DONE, AttemptPhase.FAILED}
        ),
        AttemptPhase.DONE: frozenset(),
        AttemptPhase.FAILED: frozenset(),
    },
)
OPEN = frozenset({AttemptPhase.STARTING, AttemptPhase.WAITING_FOR_USER, AttemptPhase.PROCESSING})
