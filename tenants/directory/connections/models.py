"""A tenant's connection to its directory elsewhere, how far it was read, and what was read of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel
from portal.kit.transitions import TransitionTable


class Kind(models.TextChoices):
    USERS = "users", _("People")
    GROUPS = "groups", _("Groups")


class DirectoryConnection(TenantModel):
    """What the administrator entered. The secret and the token made with it are sealed. One for a tenant: its people come from
    one directory, and an account lives in one place."""

    prefix: ClassVar[str] = "directory"

    # Of `registry.PROVIDERS`.
    kind = models.CharField(max_length=12)
    # By the names in `Provider.settings`.
    settings = models.JSONField(default=dict)
    secret_sealed = models.BinaryField()
    token_sealed = models.BinaryField(null=True)
    token_expires_at = models.DateTimeField(null=True)
    # What the last test found: [{"step", "ok", "problem"}].
    found = models.JSONField(default=list)
    test_asked_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    # When a synchronisation last came to its end.
    synced_at = models.DateTimeField(null=True)
    # How many wait for an owner's word before they are removed or suspended; told again when there are more.
    held_people = models.PositiveIntegerField(default=0)
    held_memberships = models.PositiveIntegerField(default=0)
    held_suspensions = models.PositiveIntegerField(default=0)
    # An owner's word: for that many, once.
    allowed_people = models.PositiveIntegerField(default=0)
    allowed_memberships = models.PositiveIntegerField(default=0)
    allowed_suspensions = models.PositiveIntegerField(default=0)
    # Since when people's accounts live there: a recovery hands over to it. None: they live here.
    accounts_since = models.DateTimeField(null=True)
    removes_lost = models.BooleanField(default=True)
    ends_sessions = models.BooleanField(default=True)
    # What the last test found of what passes need: [{"step", "ok", "problem"}], and the policy of passes as it was read then.
    found_of_passes = models.JSONField(default=list)
    pass_policy = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="directory_connection_one")]


class Track(TenantModel):
    """How far a collection was read. `next_link` leads on in a round that has begun, `delta_link` begins the next. A round
    that tells everything has a number of its own, so that what it did not tell is known."""

    kind = models.CharField(max_length=8, choices=Kind.choices)
    delta_link = models.TextField(blank=True)
    next_link = models.TextField(blank=True)
    is_full = models.BooleanField(default=True)
    round = models.PositiveIntegerField(default=0)
    # When a round that told everything last came to its end.
    told_everything_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "kind"], name="directory_track_once")]


class SyncRun(TenantModel):
    """One synchronisation."""

    prefix: ClassVar[str] = "sync"

    class State(models.TextChoices):
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped by a problem")
        CANCELED = "canceled", _("Stopped by a colleague")

    class Stage(models.TextChoices):
        USERS = "users", _("Reading people")
        LEAVING = "leaving", _("Removing who left")
        GROUPS = "groups", _("Reading groups")
        MEMBERS = "members", _("Putting people into groups")

    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.USERS)
    # Counts up with every step, so that a step that is done twice is done once.
    step = models.PositiveIntegerField(default=0)
    # Tries in a row without an answer, and until when the other side is left alone.
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    # A second one that was asked for meanwhile: it follows.
    is_wanted_again = models.BooleanField(default=False)
    # And the one that follows reads the whole directory.
    is_everything_wanted = models.BooleanField(default=False)
    # What the stage that is under way was allowed to do.
    may_remove = models.BooleanField(default=False)
    may_suspend = models.BooleanField(default=False)
    problem = models.CharField(max_length=60, blank=True)
    counts = models.JSONField(default=dict)
    # What could not be kept: [{"code", "object"}], the object by its id there.
    problems = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id"], condition=models.Q(state="running"), name="directory_run_one_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="directory_run_recent")]


MOVES = TransitionTable(
    SyncRun.State,
    {
        SyncRun.State.RUNNING: frozenset({SyncRun.State.DONE, SyncRun.State.FAILED, SyncRun.State.CANCELED}),
        SyncRun.State.DONE: frozenset(),
        SyncRun.State.FAILED: frozenset(),
        SyncRun.State.CANCELED: frozenset(),
    },
)


class RemoteObject(TenantModel):
    """A user or a group there, and whom it is here. It has nobody when it cannot be kept."""

    kind = models.CharField(max_length=8, choices=Kind.choices)
    object_id = models.CharField(max_length=36)
    person = TenantForeignKey("directory.DirectoryPerson", on_delete=models.CASCADE, null=True)
    group = TenantForeignKey("directory.Group", on_delete=models.CASCADE, null=True)
    seen_round = models.PositiveIntegerField()
    # Left the directory there; here it goes when a round is complete.
    leaving_at = models.DateTimeField(null=True)
    # Disabled there while active here; suspended here when a round is complete.
    suspending_at = models.DateTimeField(null=True)
    # Counts up each time the members of a group are told whole, so that who is not among them any more is known.
    telling = models.PositiveIntegerField(default=0)
    # A group whose members have to be counted anew.
    is_touched = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "object_id"], name="directory_object_once")
        ]
        indexes = [
            models.Index(fields=["tenant_id", "kind", "seen_round"], name="directory_object_seen"),
            models.Index(fields=["tenant_id", "person"], name="directory_object_person"),
            models.Index(fields=["tenant_id", "group"], name="directory_object_group"),
            models.Index(
                fields=["tenant_id", "kind", "leaving_at"],
                name="directory_object_leaving",
                condition=models.Q(leaving_at__isnull=False),
            ),
            models.Index(
                fields=["tenant_id", "suspending_at"],
                name="directory_object_suspending",
                condition=models.Q(suspending_at__isnull=False),
            ),
            models.Index(
                fields=["tenant_id"], name="directory_object_touched", condition=models.Q(is_touched=True)
            ),
        ]


class RemoteEdge(TenantModel):
    """One member of one group there, which may be a group itself, or nobody we know yet."""

    group = TenantForeignKey(RemoteObject, on_delete=models.CASCADE, related_name="+")
    member_id = models.CharField(max_length=36)
    is_user = models.BooleanField()
    seen_round = models.PositiveIntegerField()
    telling = models.PositiveIntegerField(default=0)
    # Told to have ended.
    is_leaving = models.BooleanField(default=False)
    # Not among the members when they were told whole.
    is_missing = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "group", "member_id"], name="directory_edge_once")
        ]
        indexes = [
            models.Index(fields=["tenant_id", "member_id"], name="directory_edge_member"),
            models.Index(
                fields=["tenant_id"],
                name="directory_edge_leaving",
                condition=models.Q(is_leaving=True) | models.Q(is_missing=True),
            ),
        ]
