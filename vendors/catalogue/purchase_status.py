"""Where a purchase stands, and its moves (STYLE 12).

    planned → reviewed → paying → paid → configuring → testing → ready        bought through us
    planned → requested → configuring → testing → ready                       under the tenant's own contract

Whoever leaves comes back to the same step. What was paid is entitled, also when it was given up before the payment came.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.transitions import TransitionTable


class PurchaseStatus(models.TextChoices):
    PLANNED = "planned", _("Plan chosen")
    REVIEWED = "reviewed", _("Agreed, not paid")
    PAYING = "paying", _("At the payment page")
    PAID = "paid", _("Paid")
    REQUESTED = "requested", _("Contract requested")
    CONFIGURING = "configuring", _("To be set up")
    TESTING = "testing", _("Being tested")
    READY = "ready", _("Ready")
    ABANDONED = "abandoned", _("Given up")
    REPLACED = "replaced", _("Replaced by another plan")
    ENDED = "ended", _("Ended")


S = PurchaseStatus
_PROGRESS = frozenset({S.CONFIGURING, S.TESTING, S.READY})
_ENDS = frozenset({S.REPLACED, S.ENDED})

MOVES = TransitionTable(
    PurchaseStatus,
    {
        S.PLANNED: frozenset({S.REVIEWED, S.REQUESTED, S.ABANDONED}),
        S.REVIEWED: frozenset({S.PLANNED, S.PAYING, S.PAID, S.ABANDONED}),
        # Back to the review when the payment page ran out or was left for another plan.
        S.PAYING: frozenset({S.PLANNED, S.REVIEWED, S.PAID, S.ABANDONED}),
        S.PAID: _PROGRESS | _ENDS,
        S.REQUESTED: frozenset({S.PLANNED, S.CONFIGURING, S.ABANDONED}),
        S.CONFIGURING: frozenset({S.TESTING, S.READY}) | _ENDS,
        S.TESTING: frozenset({S.CONFIGURING, S.READY}) | _ENDS,
        S.READY: frozenset({S.CONFIGURING, S.TESTING}) | _ENDS,
        # A payment page that was open in another tab may still be paid.
        S.ABANDONED: frozenset({S.PAID}),
        S.REPLACED: frozenset(),
        S.ENDED: frozenset(),
    },
)
# One of each at a time for each listing of a tenant.
BUYING = frozenset({S.PLANNED, S.REVIEWED, S.PAYING, S.REQUESTED})
ACTIVE = frozenset({S.PAID}) | _PROGRESS
PROGRESS = _PROGRESS
