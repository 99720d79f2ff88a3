"""What was found when everybody in the directory was looked at: for readiness, or to rehearse a profile."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel
from recovery.models import Profile
from tenants.directory.models import DirectoryPerson


class Survey(TenantModel):
    """One look at everybody. It goes through people by name and keeps its place, so that whoever takes it up goes on
    from there. Findings hold codes and no names."""

    prefix: ClassVar[str] = "survey"

    class Kind(models.TextChoices):
        READINESS = "readiness", _("Readiness")
        REHEARSAL = "rehearsal", _("Rehearsal")

    class Status(models.TextChoices):
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    # Of a rehearsal only; readiness takes the profile in force for each person.
    profile = TenantForeignKey(Profile, on_delete=models.CASCADE, related_name="+", null=True)
    profile_version = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.RUNNING)
    people = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    outside = models.PositiveIntegerField(default=0)
    # The last person looked at, in the order of the directory.
    last_sort_key = models.CharField(max_length=250, blank=True)
    last_person_id = models.UUIDField(null=True)
    # Who works at it, until when; and how often it was taken up without getting further.
    worker = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    cannot = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    doubtful = models.PositiveIntegerField(default=0)
    # How many people have each reason: {code: number}.
    reasons = models.JSONField(default=dict)
    # Sources nobody has heard from for long: [{"source", "heard_on"}].
    stale = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id"],
                condition=models.Q(status="running", kind="readiness"),
                name="survey_one_readiness",
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "profile"],
                condition=models.Q(status="running", kind="rehearsal"),
                name="survey_one_rehearsal",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "kind", "-created_at"], name="survey_newest")]


class Finding(TenantModel):
    """One person who could not recover, or might not, with every reason."""

    class Verdict(models.TextChoices):
        CANNOT = "cannot", _("Could not recover")
        # Nothing is missing that a few days or two members would not bring.
        WAITS = "waits", _("Would wait")
        DOUBTFUL = "doubtful", _("Might not")

    survey = TenantForeignKey(Survey, on_delete=models.CASCADE, related_name="+")
    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+")
    # The person's place in the order of the directory.
    place = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reasons = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "survey", "person"], name="finding_once")]
        indexes = [models.Index(fields=["tenant_id", "survey", "place"], name="finding_in_order")]


class Tally(TenantModel):
    """How a department or a group stands in the newest look at readiness."""

    class Of(models.TextChoices):
        DEPARTMENT = "department", _("Department")
        GROUP = "group", _("Group")

    survey = TenantForeignKey(Survey, on_delete=models.CASCADE, related_name="+")
    of = models.CharField(max_length=12, choices=Of.choices)
    name = models.CharField(max_length=250)
    group_id = models.UUIDField(null=True)
    people = models.PositiveIntegerField()
    cannot = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField(default=0)
    doubtful = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "survey", "of", "-cannot"], name="tally_worst")]


class ReadinessDay(TenantModel):
    """The last look of a day. Numbers only; it outlives the findings."""

    day = models.DateField()
    people = models.PositiveIntegerField()
    cannot = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField(default=0)
    doubtful = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "day"], name="readiness_day_once")]


class ReadinessMail(TenantModel):
    """Whether owners are told once a week, and when they were last."""

    is_on = models.BooleanField(default=True)
    sent_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="readiness_mail_once")]
