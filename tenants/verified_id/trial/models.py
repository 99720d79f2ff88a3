"""A trial: an administrator's own wallet against the authority, with every message kept for an hour."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import TenantForeignKey, TenantModel


class Trial(TenantModel):
    """One member's try. A specimen card, never anybody's; what it gave is revoked when it is over."""

    prefix: ClassVar[str] = "trial"

    member_id = models.UUIDField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "member_id", "-created_at"], name="trial_of_member")]


class TrialMessage(TenantModel):
    """One exchange between the wallet and us: what was asked and answered, as lines without what opens anything."""

    trial = TenantForeignKey(Trial, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=20)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    refusal = models.CharField(max_length=60, blank=True)
    clause = models.CharField(max_length=120, blank=True)
    # [[path, value], …]
    asked = models.JSONField(default=list)
    answered = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "trial", "created_at"], name="trial_messages")]
