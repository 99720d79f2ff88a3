"""Face Checks: what was asked, what was decided. No image and no embedding is ever stored."""

from __future__ import annotations

import json
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantModel


class Decision(models.TextChoices):
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Not confirmed")
    RETAKE = "retake", _("Taken again")
    NO_ANSWER = "no_answer", _("No answer")


class Judge(models.TextChoices):
    READMIT = "readmit", _("Face Check")
    MICROSOFT = "entra_face_check", _("Face Check by Microsoft")


class FaceCheck(TenantModel):
    """One challenge for one browser. `challenge` is single use: taken and committed before anything is judged. One that
    Microsoft judges has none of ours; what came of it is written down here all the same."""

    prefix: ClassVar[str] = "face"

    reference = models.UUIDField()
    # Who judges, by the name the ledger has.
    judge = models.CharField(max_length=20, choices=Judge.choices, default=Judge.READMIT)
    browser_digest = models.BinaryField()
    threshold = models.PositiveSmallIntegerField()
    billable = models.BooleanField()
    mode = models.CharField(max_length=12)
    # What the ledger tells apart.
    profile_id = models.UUIDField(null=True)
    department = models.CharField(max_length=120, blank=True)
    challenge = models.JSONField()
    expires_at = models.DateTimeField()
    # The place in the vision process's line, and when which clip came first: a clip that waits is not late.
    ticket = models.CharField(max_length=80, blank=True)
    clip_digest = models.BinaryField(null=True)
    received_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=12, choices=Decision.choices, blank=True)
    confidence = models.PositiveSmallIntegerField(null=True)
    similarity = models.DecimalField(max_digits=7, decimal_places=5, null=True)
    calibration_version = models.CharField(max_length=40, blank=True)
    reasons = models.JSONField(default=list)
    decided_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "reference"], name="face_check_of_case")]

    def challenge_json(self) -> str:
        """What the page is asked to show and record."""
        return json.dumps(self.challenge)


class FaceTries(TenantModel):
    """How often a case has been judged. Counted and committed before the judging."""

    reference = models.UUIDField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "reference"], name="face_tries_once")]
