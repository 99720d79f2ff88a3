"""A pass in another directory, from the wish for it to the new way to sign in that came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel
from portal.kit.transitions import TransitionTable
from recovery.models import Case


class PassState(models.TextChoices):
    WAITING = "waiting", _("Being made")
    READY = "ready", _("Made, not shown yet")
    SHOWN = "shown", _("Shown")
    LOST = "lost", _("Replaced or removed in the directory")
    USED = "used", _("Used, and a new way to sign in was seen")
    ENDED = "ended", _("Taken back")


P = PassState
MOVES: TransitionTable[PassState] = TransitionTable(
    PassState,
    {
        P.WAITING: frozenset({P.READY, P.ENDED}),
        P.READY: frozenset({P.WAITING, P.SHOWN, P.LOST, P.ENDED}),
        P.SHOWN: frozenset({P.WAITING, P.LOST, P.USED, P.ENDED}),
        P.LOST: frozenset({P.WAITING, P.USED, P.ENDED}),
        P.USED: frozenset({P.ENDED}),
        P.ENDED: frozenset(),
    },
)
# While it is so, the directory is asked what became of it.
WATCHED = (P.READY, P.SHOWN, P.LOST)


class DirectoryPass(TenantModel):
    """One for a case, in one browser; it may be made anew. Its characters are sealed until they are shown, and destroyed then.

    Times that end in `_there` are by the directory's clock and are compared with each other only."""

    prefix: ClassVar[str] = "dirpass"

    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    # Which kind of directory it is for.
    directory = models.CharField(max_length=12)
    # The connection that it was asked for: one that is entered later may lead to another organisation.
    connection_id = models.UUIDField(null=True)
    # How the directory calls the account; empty where it does not know the person.
    object_id = models.CharField(max_length=36, blank=True)
    browser_digest = models.BinaryField()
    state = models.CharField(max_length=8, choices=PassState.choices, default=PassState.WAITING)
    # Counts up each time somebody begins to make one: who is not the last to begin writes nothing down.
    attempt = models.PositiveIntegerField(default=0)
    issues = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=60, blank=True)
    # What members were told about it, by its code: each once.
    alerts = models.JSONField(default=list)
    # Ids of what the account signed in with before the first pass. None: not read yet.
    known_methods = models.JSONField(null=True)
    pass_id = models.CharField(max_length=300, blank=True)
    # Passes that were made and are nobody's: to be deleted there.
    stray_passes = models.JSONField(default=list)
    characters_sealed = models.BinaryField(null=True)
    first_made_there = models.DateTimeField(null=True)
    # Of the last one: since and until when it can be used.
    made_there = models.DateTimeField(null=True)
    until_there = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    is_used = models.BooleanField(default=False)
    next_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    method_kind = models.CharField(max_length=60, blank=True)
    method_made_there = models.DateTimeField(null=True)
    # What is still to be done there once it is over, and how often it was tried.
    clearing = models.CharField(max_length=12, blank=True)
    clearing_tries = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "case"], name="directory_pass_one_a_case")
        ]
        indexes = [
            models.Index(fields=["tenant_id", "object_id"], name="directory_pass_account"),
            models.Index(
                fields=["tenant_id", "next_at"],
                name="directory_pass_next",
                condition=models.Q(next_at__isnull=False),
            ),
        ]
