"""What people agreed to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import TenantModel


class ConsentRecord(TenantModel):
    """One consent, as it was shown: text by version and digest, language, purpose, partner, how long things are kept."""

    prefix: ClassVar[str] = "consent"

    case_id = models.UUIDField()
    text_version = models.CharField(max_length=60)
    text_digest = models.BinaryField()
    language = models.CharField(max_length=20)
    purpose = models.CharField(max_length=60)
    retention = models.CharField(max_length=60)
    partner = models.CharField(max_length=40)
    flashing = models.BooleanField(default=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "case_id"], name="consent_of_case")]
