"""Temporary Access Passes: an HMAC, never the characters."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import TenantModel


class AccessPass(TenantModel):
    """One pass for one case, in one browser. Characters may be made anew; the tries stay."""

    prefix: ClassVar[str] = "pass"

    case_id = models.UUIDField()
    person_id = models.UUIDField()
    browser_digest = models.BinaryField()
    characters_digest = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    register_until = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "case_id"], name="access_pass_one_a_case"),
            models.CheckConstraint(condition=models.Q(tries__lte=5), name="access_pass_tries"),
        ]
        indexes = [models.Index(fields=["tenant_id", "browser_digest"], name="access_pass_browser")]
