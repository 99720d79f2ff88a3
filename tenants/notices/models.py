"""Mail that must go out, sealed until it has."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import PlatformModel, TenantModel


class Notice(TenantModel):
    """One mail to one address of a person. Address and words rest sealed and are gone once sent."""

    prefix: ClassVar[str] = "notice"

    template = models.CharField(max_length=40)
    case_id = models.UUIDField(null=True)
    sealed = models.BinaryField(null=True)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "case_id"], name="notice_of_case")]


class StaffMail(PlatformModel):
    """One mail to a member of staff, who may belong to no tenant yet."""

    template = models.CharField(max_length=40)
    sealed = models.BinaryField(null=True)
    sent_at = models.DateTimeField(null=True)


class LocalMessage(PlatformModel):
    """A mail in the local mailbox: it pretends to have been delivered. Refused in production."""

    prefix: ClassVar[str] = "mail"

    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="local_message_recent")]
